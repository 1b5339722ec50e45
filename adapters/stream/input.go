package stream

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
)

// input reads from a transport. While it waits, it holds as little as possible:
//
//   - for a *net.TCPConn or *net.UnixConn nothing: it takes a buffer only to try
//     a read, and returns it if there is no data
//   - for a *tls.Conn, which does not tell when a record arrives, a small buffer
//   - for all others a buffer from the first read on
//
// A type that embeds one of these may have its own Read, so it is one of the others.
//
// An idle connection should need no more than 2 KiB of stack, the minimum of a
// goroutine. So there are few calls between ReadMessage and the system call, and
// rare cases have functions of their own.
type input struct {
	rwc    io.ReadWriteCloser
	size   int    // maximum number of bytes in a read
	buffer []byte // nil while none is held

	// For sockets; raw is nil for others.
	raw syscall.RawConn
	try func(fd uintptr) bool // see tryRead
	n   int                   // its result; 0 is the end
	err error                 // its error

	// For TLS; small is nil for others.
	small *[smallBuffer]byte
	more  bool // the last read filled its buffer, so there may be more
}

// smallBuffer is the size of the buffer of an idle TLS connection: enough for a
// short message and its frame header.
const smallBuffer = 128

func (in *input) init(rwc io.ReadWriteCloser, size int) {
	in.rwc, in.size = rwc, size
	var conn syscall.Conn
	switch c := rwc.(type) {
	case *net.TCPConn:
		conn = c
	case *net.UnixConn:
		conn = c
	case *tls.Conn:
		in.small = new([smallBuffer]byte)
	}
	if conn == nil {
		return
	}
	in.try = tryRead(in)
	if raw, err := conn.SyscallConn(); err == nil && in.try != nil {
		in.raw = raw
	}
}

// read waits for input and returns it, valid until the next call or release.
func (in *input) read() ([]byte, error) {
	if in.raw == nil {
		return in.readBuffered()
	}
	if err := in.raw.Read(in.try); err != nil || in.err != nil || in.n == 0 {
		return nil, in.socketError(err)
	}
	return in.buffer[:in.n], nil
}

// socketError returns the error that Read of the connection would return. err is the
// error of waiting: a deadline has passed, or the connection has been closed.
func (in *input) socketError(err error) error {
	var op *net.OpError
	switch {
	case errors.As(err, &op):
		err = op.Err
	case in.err != nil:
		err = os.NewSyscallError("read", in.err)
	default:
		return io.EOF
	}
	local, remote := in.rwc.(net.Conn).LocalAddr(), in.rwc.(net.Conn).RemoteAddr()
	return &net.OpError{Op: "read", Net: local.Network(), Source: local, Addr: remote, Err: err}
}

// readBuffered reads into a buffer that is held while waiting.
func (in *input) readBuffered() ([]byte, error) {
	var p []byte
	if in.small == nil || in.more {
		p = in.hold()
	} else {
		in.release()
		p = in.small[:]
	}
	n, err := in.rwc.Read(p)
	n = min(max(n, 0), len(p))
	in.more = n == len(p)
	return p[:n], err
}

// hold returns the buffer. It gets one if there is none.
func (in *input) hold() []byte {
	if in.buffer == nil {
		in.buffer = buffers.Get(in.size)
	}
	return in.buffer[:in.size]
}

// release returns the buffer to the pool.
func (in *input) release() {
	if in.buffer != nil {
		buffers.Put(in.buffer)
		in.buffer = nil
	}
}
