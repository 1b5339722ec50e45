package netconn

import (
	"crypto/tls"
	"errors"
	"net"
)

// replay returns nc with p, which has been read from it, in front of what it
// reads. It keeps p.
func replay(nc net.Conn, p []byte) net.Conn {
	if len(p) == 0 {
		return nc
	}
	if tc, ok := nc.(*tls.Conn); ok {
		return &replayTLS{Conn: tc, unread: p}
	}
	return &replayConn{Conn: nc, unread: p}
}

// unread is what has been read before and is read again.
type unread []byte

// read moves bytes to p and reports whether there were any.
func (u *unread) read(p []byte) (int, bool) {
	if *u == nil {
		return 0, false
	}
	n := copy(p, *u)
	if *u = (*u)[n:]; len(*u) == 0 {
		*u = nil
	}
	return n, true
}

type replayConn struct {
	net.Conn
	unread unread
}

func (c *replayConn) Read(p []byte) (int, error) {
	if n, ok := c.unread.read(p); ok {
		return n, nil
	}
	return c.Conn.Read(p)
}

// CloseWrite is what net/http and stream.Conn look for in a connection.
func (c *replayConn) CloseWrite() error {
	if w, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return w.CloseWrite()
	}
	return errors.ErrUnsupported
}

// replayTLS tells what *tls.Conn tells: that it is TLS, and its state.
type replayTLS struct {
	*tls.Conn
	unread unread
}

func (c *replayTLS) Read(p []byte) (int, error) {
	if n, ok := c.unread.read(p); ok {
		return n, nil
	}
	return c.Conn.Read(p)
}
