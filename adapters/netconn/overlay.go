package netconn

import (
	"crypto/tls"
	"errors"
	"net"
)

// overlay is a connection over another, for types that replace some of its methods.
type overlay struct{ net.Conn }

// CloseWrite is called by net/http and stream.Conn if the connection has it.
func (o overlay) CloseWrite() error {
	if w, ok := o.Conn.(interface{ CloseWrite() error }); ok {
		return w.CloseWrite()
	}
	return errors.ErrUnsupported
}

// stater is how net/http and stream.Conn recognize TLS.
type stater interface{ ConnectionState() tls.ConnectionState }

// halfCloser is implemented by types that embed an overlay.
type halfCloser interface {
	net.Conn
	CloseWrite() error
}

// overlayTLS is an overlay over TLS.
type overlayTLS struct {
	halfCloser
	stater
	below net.Conn
}

// withTLS returns nc, which is an overlay over below, with the methods that TLS has
// if below is TLS.
func withTLS(nc halfCloser, below net.Conn) net.Conn {
	if s, ok := below.(stater); ok {
		return &overlayTLS{nc, s, below}
	}
	return nc
}

// NetConn returns the connection that TLS runs over.
func (o *overlayTLS) NetConn() net.Conn {
	if t, ok := o.below.(interface{ NetConn() net.Conn }); ok {
		return t.NetConn()
	}
	return o.below
}
