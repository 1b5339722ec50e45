package stream

import (
	"io"
	"net"

	"github.com/sans-io/websocket-driver/driver"
)

// Pipe returns a Conn that runs d over memory, and the other end of its transport. What
// is read from wire belongs on the way to the peer, and what comes from the peer is
// written to wire. So io.Copy in both directions connects the Conn to any transport:
//
//	go func() {
//		io.Copy(wire, transport)
//		wire.Close()
//	}()
//	io.Copy(transport, wire)
//	transport.Close()
//
// A Write to wire returns when the Conn has read the bytes, so the Conn must be read.
// wire reads io.EOF when the Conn has closed its end; closing wire is the end of the
// transport for the Conn.
func Pipe(d *driver.Driver, o *Options) (c *Conn, wire io.ReadWriteCloser) {
	near, far := net.Pipe()
	return New(near, d, o), far
}
