package netconn

import "net"

// replay returns nc with a Read that returns p first, which has been read from nc
// before. It keeps p.
func replay(nc net.Conn, p []byte) net.Conn {
	if len(p) == 0 {
		return nc
	}
	return withTLS(&replayConn{overlay{nc}, p}, nc)
}

type replayConn struct {
	overlay
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
