package netconn

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
)

// idleTimeout is how long a connection of Listener.Handler may rest between two
// requests.
const idleTimeout = 2 * time.Minute

// plain serves the connections on which plain requests have come. To its
// http.Server it is the net.Listener.
type plain struct {
	server *http.Server
	conns  chan net.Conn
	addr   net.Addr
	ctx    context.Context // ends at Close of the Listener
}

// newPlain returns a plain that serves by h until ctx ends.
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

// run serves until ctx ends. What is being served then goes on until close.
func (p *plain) run() { _ = p.server.Serve(p) }

// close closes all connections that are being served. run must have returned,
// since the server forgets to close what it accepts after that.
func (p *plain) close() { _ = p.server.Close() }

// hand hands nc to the server. conn, which runs on it, has a request that waits.
func (p *plain) hand(nc net.Conn, conn *stream.Conn) {
	head, err := conn.Detach()
	if err != nil { // closed meanwhile
		return
	}
	nc = replay(nc, head)
	select {
	case p.conns <- nc:
	case <-p.ctx.Done():
		_ = nc.Close()
	}
}

// Accept waits for the next connection: p is a net.Listener.
func (p *plain) Accept() (net.Conn, error) {
	select {
	case nc := <-p.conns:
		return nc, nil
	case <-p.ctx.Done():
		return nil, net.ErrClosed
	}
}

// Close does nothing: ctx says when p is closed.
func (p *plain) Close() error { return nil }

func (p *plain) Addr() net.Addr { return p.addr }
