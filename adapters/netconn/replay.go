package netconn

import (
	"crypto/tls"
	"errors"
	"net"
)

// replay returns nc with a Read that returns p first, which has been read from nc
// before. It keeps p.
func replay(nc net.Conn, p []byte) net.Conn {
	if len(p) == 0 {
		return nc
	}
	r := &replayConn{Conn: nc, unread: p}
	if s, ok := nc.(stater); ok {
		return &replayTLS{replayConn: r, stater: s}
	}
	return r
}

type replayConn struct {
	net.Conn
	unread []byte
}

// Read returns the unread bytes first.
func (c *replayConn) Read(p []byte) (int, error) {
	if c.unread == nil {
		return c.Conn.Read(p)
	}
	n := copy(p, c.unread)
	if c.unread = c.unread[n:]; len(c.unread) == 0 {
		c.unread = nil
	}
	return n, nil
}

// CloseWrite is called by net/http and stream.Conn if the connection has it.
func (c *replayConn) CloseWrite() error {
	if w, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return w.CloseWrite()
	}
	return errors.ErrUnsupported
}

// stater is how net/http and stream.Conn recognize TLS.
type stater interface{ ConnectionState() tls.ConnectionState }

type replayTLS struct {
	*replayConn
	stater
}

// NetConn returns the connection that TLS runs over.
func (c *replayTLS) NetConn() net.Conn {
	if t, ok := c.Conn.(interface{ NetConn() net.Conn }); ok {
		return t.NetConn()
	}
	return c.Conn
}
