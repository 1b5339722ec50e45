package main

import (
	"crypto/tls"
	"net"
	"sync/atomic"
)

// meter counts the bytes of a connection: those of HTTP and WebSocket, inside
// TLS.
type meter struct{ in, out atomic.Int64 }

// wire gives access to it.
func (m *meter) wire() *meter { return m }

func (m *meter) read(n int, err error) (int, error) {
	m.in.Add(int64(n))
	return n, err
}

// write counts before f writes: once the peer has a message it is counted.
func (m *meter) write(p []byte, f func([]byte) (int, error)) (int, error) {
	m.out.Add(int64(len(p)))
	n, err := f(p)
	m.out.Add(int64(n - len(p)))
	return n, err
}

// meteredTCP and meteredTLS keep the methods of what they embed, some of which
// netconn and stream look for.
type (
	meteredTCP struct {
		*net.TCPConn
		meter
	}
	meteredTLS struct {
		*tls.Conn
		meter
	}
)

func (c *meteredTCP) Read(p []byte) (int, error)  { return c.read(c.TCPConn.Read(p)) }
func (c *meteredTCP) Write(p []byte) (int, error) { return c.write(p, c.TCPConn.Write) }
func (c *meteredTLS) Read(p []byte) (int, error)  { return c.read(c.Conn.Read(p)) }
func (c *meteredTLS) Write(p []byte) (int, error) { return c.write(p, c.Conn.Write) }

// meteredListener counts the bytes of the connections that it accepts.
type meteredListener struct {
	*net.TCPListener
	tls *tls.Config // nil for plain TCP
}

func (l *meteredListener) Accept() (net.Conn, error) {
	nc, err := l.AcceptTCP()
	switch {
	case err != nil:
		return nil, err
	case l.tls != nil:
		return &meteredTLS{Conn: tls.Server(nc, l.tls)}, nil
	}
	return &meteredTCP{TCPConn: nc}, nil
}
