package stream

import (
	"io"
	"net"

	"github.com/sans-io/websocket-driver/driver"
)

// State returns the state of the connection. It is StateClosed once the Close event
// has been received or the transport is being closed, while the last bytes may still
// be on their way: see Done.
func (c *Conn) State() driver.State {
	c.lock()
	defer c.unlock()
	return c.currentState()
}

func (c *Conn) currentState() driver.State {
	if c.end.err != nil || c.end.phase >= shutting {
		return driver.StateClosed
	}
	return c.d.State()
}

// Buffered returns the number of bytes that have been queued and that the transport
// has not taken yet.
func (c *Conn) Buffered() int {
	c.lock()
	defer c.unlock()
	return c.buffered()
}

// Version returns the version spoken, or 0 on a server that has not received the
// request.
func (c *Conn) Version() driver.Version {
	c.lock()
	defer c.unlock()
	return c.d.Version()
}

// Subprotocol returns the negotiated subprotocol, or "".
func (c *Conn) Subprotocol() string {
	c.lock()
	defer c.unlock()
	return c.d.Subprotocol()
}

// Extensions returns the extensions as negotiated in the handshake, or "".
func (c *Conn) Extensions() string {
	c.lock()
	defer c.unlock()
	return c.d.Extensions()
}

// Request returns the request of the handshake. Once the connection is open, each
// call parses it anew, and with Config.DropHandshake it is nil.
func (c *Conn) Request() *driver.Request {
	c.lock()
	defer c.unlock()
	return c.d.Request()
}

// Response returns the response of the handshake. A refusal has up to 1 KiB of the
// body. Once the connection is open, a client parses it anew at each call, and it is
// nil with Config.DropHandshake and on a server.
func (c *Conn) Response() *driver.Response {
	c.lock()
	defer c.unlock()
	return c.d.Response()
}

// RelayCode returns the code with which WriteClose or Close passes on the code of
// another connection's *CloseError: see driver.Driver.RelayCode.
func (c *Conn) RelayCode(code driver.Code) driver.Code {
	c.lock()
	defer c.unlock()
	return c.d.RelayCode(code)
}

// Transport returns the argument of New, to inspect it: the state of TLS, say. The
// caller must not read, write or set deadlines.
func (c *Conn) Transport() io.ReadWriteCloser { return c.rwc }

// LocalAddr returns the local address of the transport. If that has none, it is an
// address whose Network and String are "websocket".
func (c *Conn) LocalAddr() net.Addr {
	if t, ok := c.rwc.(interface{ LocalAddr() net.Addr }); ok {
		return t.LocalAddr()
	}
	return noAddr{}
}

// RemoteAddr returns the peer's address, like LocalAddr.
func (c *Conn) RemoteAddr() net.Addr {
	if t, ok := c.rwc.(interface{ RemoteAddr() net.Addr }); ok {
		return t.RemoteAddr()
	}
	return noAddr{}
}

// network is the name of the network in errors and addresses.
const network = "websocket"

// noAddr is the address of a transport that has none.
type noAddr struct{}

func (noAddr) Network() string { return network }
func (noAddr) String() string  { return network }
