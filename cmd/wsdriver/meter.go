package main

import (
	"crypto/tls"
	"net"
	"sync/atomic"
)

// meter counts the bytes of a connection: those of HTTP and WebSocket, inside TLS.
type meter struct{ in, out atomic.Int64 }

// wire returns m. It is a method of the types that embed a meter.
func (m *meter) wire() *meter { return m }

func (m *meter) read(n int, err error) (int, error) {
	m.in.Add(int64(n))
	return n, err
}

// write counts before f writes, so that a message that the peer has is counted.
func (m *meter) write(p []byte, f func([]byte) (int, error)) (int, error) {
	m.out.Add(int64(len(p)))
	n, err := f(p)
	m.out.Add(int64(n - len(p)))
	return n, err
}

// meteredSocket and meteredTLS have the methods of the connections in them, some of
// which netconn and stream use if they are there.
type (
	meteredSocket struct {
		socket
		meter
	}
	meteredTLS struct {
		*tls.Conn
		meter
	}
)

// socket is a *net.TCPConn or *net.UnixConn.
type socket interface {
	net.Conn
	CloseWrite() error
}

func (c *meteredSocket) Read(p []byte) (int, error)  { return c.read(c.socket.Read(p)) }
func (c *meteredSocket) Write(p []byte) (int, error) { return c.write(p, c.socket.Write) }
func (c *meteredTLS) Read(p []byte) (int, error)     { return c.read(c.Conn.Read(p)) }
func (c *meteredTLS) Write(p []byte) (int, error)    { return c.write(p, c.Conn.Write) }

// meteredListener is a TCP or Unix listener that counts the bytes of the connections
// it accepts.
type meteredListener struct {
	net.Listener
	tls *tls.Config // nil without TLS
}

func (l *meteredListener) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	switch {
	case err != nil:
		return nil, err
	case l.tls != nil:
		return &meteredTLS{Conn: tls.Server(nc, l.tls)}, nil
	}
	return &meteredSocket{socket: nc.(socket)}, nil
}
