package netconn

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
)

// idleTimeout is how long a connection of Listener.Handler may be idle between two
// requests.
const idleTimeout = 2 * time.Minute

// plain serves the connections that begin with a plain request. It is the
// net.Listener of its http.Server.
type plain struct {
	server *http.Server
	conns  chan net.Conn
	addr   net.Addr
	ctx    context.Context // ends at Close of the Listener
}

// newPlain returns a plain that calls h until ctx ends.
func newPlain(ctx context.Context, addr net.Addr, h http.Handler, c *driver.Config) *plain {
	head := driver.DefaultMaxHead
	if c != nil && c.MaxHead > 0 {
		head = c.MaxHead
	}
	return &plain{
		server: &http.Server{
			Handler:           h,
			ReadHeaderTimeout: handshakeTimeout(c),
			IdleTimeout:       idleTimeout,
			MaxHeaderBytes:    head,
			BaseContext:       func(net.Listener) context.Context { return ctx },
		},
		conns: make(chan net.Conn),
		addr:  addr,
		ctx:   ctx,
	}
}

// run serves until ctx ends. Requests in progress continue until close.
func (p *plain) run() { _ = p.server.Serve(p) }

// close closes all connections that are being served. run must have returned: the
// server does not close a connection that it accepts after Close.
func (p *plain) close() { _ = p.server.Close() }

// serve passes nc to the server. conn runs over nc and has a request that has not
// been answered.
func (p *plain) serve(nc net.Conn, conn *stream.Conn) {
	head, err := conn.Detach()
	if err != nil { // closed in the meantime
		return
	}
	nc = replay(nc, head)
	select {
	case p.conns <- nc:
	case <-p.ctx.Done():
		_ = nc.Close()
	}
}

// Accept waits for the next connection.
func (p *plain) Accept() (net.Conn, error) {
	select {
	case nc := <-p.conns:
		return nc, nil
	case <-p.ctx.Done():
		return nil, net.ErrClosed
	}
}

// Close does nothing: p is closed when ctx ends.
func (p *plain) Close() error { return nil }

func (p *plain) Addr() net.Addr { return p.addr }
