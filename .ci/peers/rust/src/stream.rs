//! A TCP stream that can put bytes behind the handshake, in the same write.

use std::cell::RefCell;
use std::io::{Read, Result, Write};
use std::net::TcpStream;
use std::rc::Rc;
use std::time::Duration;

/// Only what hangs gets there.
pub const TIMEOUT: Duration = Duration::from_secs(60);

/// What leaves in the same write as the next bytes that are written.
pub type Behind = Rc<RefCell<Vec<u8>>>;

pub struct Stream {
    pub tcp: TcpStream,
    behind: Behind,
}

impl Stream {
    pub fn new(tcp: TcpStream, behind: Behind) -> Result<Stream> {
        tcp.set_nodelay(true)?;
        tcp.set_read_timeout(Some(TIMEOUT))?;
        tcp.set_write_timeout(Some(TIMEOUT))?;
        Ok(Stream { tcp, behind })
    }
}

impl Read for Stream {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize> {
        self.tcp.read(buf)
    }
}

impl Write for Stream {
    fn write(&mut self, data: &[u8]) -> Result<usize> {
        let behind = self.behind.take();
        if behind.is_empty() {
            return self.tcp.write(data);
        }
        self.tcp.write_all(&[data, &behind].concat())?;
        Ok(data.len())
    }

    fn flush(&mut self) -> Result<()> {
        self.tcp.flush()
    }
}
