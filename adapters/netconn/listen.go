package netconn

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
)

// defaultHandshakes is how many opening handshakes may be under way.
const defaultHandshakes = 256

// Listener accepts WebSocket connections on a net.Listener. Opening handshakes
// run beside each other, so a slow client holds up no other.
//
// The exported fields may be set before the first call of Accept.
type Listener struct {
	// Check, if set, sees each request before it is answered, also those that
	// are not for a WebSocket, unless there is a Handler; driver.IsWebSocket
	// tells. Nil accepts the request (a plain one gets 426); anything else is the
	// answer that refuses it, of which Status, Fields and Body are sent. It is
	// called by several goroutines.
	Check func(r *driver.Request) *driver.Response

	// Origins lists from where pages of other hosts may connect, as patterns for
	// driver.CheckOrigin: "example.com", "https://*.example.com", "*" for all.
	// Pages of the request's own host always may; others get 403.
	Origins []string

	// Handler, if set, serves the connections that begin with a request that is
	// not for a WebSocket. They are net/http's from then on, with keep-alive and,
	// for requests, the limits Config.MaxHead and Config.HandshakeTimeout. When a
	// WebSocket request follows on such a connection Handler gets it too, and may
	// accept it by nethttp.Upgrade.
	Handler http.Handler

	// MaxHandshakes is how many connections may be between TCP and Accept; when
	// there are more, new ones wait. Default 256.
	MaxHandshakes int

	// Stream is for the connections that Accept returns.
	Stream *stream.Options

	listener net.Listener
	config   *driver.Config
	begin    sync.Once
	running  sync.WaitGroup
	accepted chan result
	plain    *plain          // for Handler, or nil
	ctx      context.Context // ends at Close
	cancel   context.CancelFunc
}

// result is what Accept returns.
type result struct {
	conn *stream.Conn
	err  error
}

// Listen listens on an address, as net.Listen does, for bare TCP or a unix
// socket. c may be nil. The error is that of c.Check or of net.Listen.
func Listen(network, addr string, c *driver.Config) (*Listener, error) {
	l, err := net.Listen(network, addr)
	if err != nil {
		return nil, err
	}
	wl, err := NewListener(l, c)
	if err != nil {
		_ = l.Close()
		return nil, err
	}
	return wl, nil
}

// NewListener returns a Listener on top of another, which may be one of
// crypto/tls. c may be nil. The error is that of c.Check.
func NewListener(l net.Listener, c *driver.Config) (*Listener, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	return &Listener{listener: l, config: c, accepted: make(chan result), ctx: ctx, cancel: cancel}, nil
}

// Accept returns the next connection whose opening handshake is complete. Those
// that fail are closed without a word. An error wraps net.ErrClosed after Close;
// any other comes from the net.Listener, and Accept may be called again.
func (l *Listener) Accept() (*stream.Conn, error) {
	l.begin.Do(func() {
		if l.ctx.Err() == nil {
			if l.Handler != nil {
				l.plain = newPlain(l.ctx, l.Addr(), l.Handler, l.config)
				l.running.Go(l.plain.run)
			}
			l.running.Go(l.run)
		}
	})
	select {
	case <-l.ctx.Done():
	case r := <-l.accepted:
		return r.conn, r.err
	}
	return nil, fmt.Errorf("websocket: listener on %v: %w", l.Addr(), net.ErrClosed)
}

// Addr returns the address of the net.Listener.
func (l *Listener) Addr() net.Addr { return l.listener.Addr() }

// Close closes the net.Listener, all connections that Accept has not returned yet
// and those of Handler. WebSockets that are open for their clients already are
// closed with 1001 (going away). It returns when no goroutine of l is left, after
// Config.CloseTimeout at the latest; it does not wait for calls of Handler, of whose
// requests the contexts have ended.
func (l *Listener) Close() error {
	l.cancel()
	err := l.listener.Close()
	l.begin.Do(func() {}) // from now on nothing begins
	l.running.Wait()
	if l.plain != nil {
		l.plain.close()
	}
	return err
}

// run accepts from the net.Listener.
func (l *Listener) run() {
	most := l.MaxHandshakes
	if most <= 0 {
		most = defaultHandshakes
	}
	slots := make(chan struct{}, most)
	for {
		select {
		case slots <- struct{}{}:
		case <-l.ctx.Done():
			return
		}
		nc, err := l.listener.Accept()
		if err != nil {
			<-slots
			if !l.deliver(result{err: err}) {
				return
			}
			continue
		}
		l.running.Go(func() {
			defer func() { <-slots }()
			l.open(nc)
		})
	}
}

// deliver hands r to Accept. It reports false if l has been closed instead.
func (l *Listener) deliver(r result) bool {
	select {
	case l.accepted <- r:
		return true
	case <-l.ctx.Done():
		return false
	}
}

// open makes the handshakes on nc and hands the connection to Accept or Handler.
func (l *Listener) open(nc net.Conn) {
	tc, isTLS := nc.(handshaker)
	if isTLS && handshakeTLS(l.ctx, tc, l.config) != nil {
		_ = nc.Close()
		return
	}
	conn := stream.New(nc, driver.NewServer(l.config), l.Stream)
	r, err := conn.ReadRequest(l.ctx)
	switch {
	case err == nil && l.plain != nil && !driver.IsWebSocket(r):
		l.plain.hand(nc, conn)
	case err != nil || !l.answer(conn, r, isTLS):
		_ = conn.Close(l.ctx, driver.CodeNormal, "") // waits until the refusal has been sent
	case !l.deliver(result{conn: conn}): // it is open for the client
		_ = conn.Close(context.Background(), driver.CodeGoingAway, "")
	}
}

// answer answers r and reports whether conn is open.
func (l *Listener) answer(conn *stream.Conn, r *driver.Request, isTLS bool) bool {
	if isTLS {
		r.Scheme = "wss"
	}
	var no *driver.Response
	if l.Check != nil {
		no = l.Check(r)
	}
	switch {
	case no != nil:
		_ = conn.Reject(no.Status, no.Fields, no.Body)
		return false
	case driver.IsWebSocket(r): // Handshake refuses all others
		if err := driver.CheckOrigin(r, l.Origins); err != nil {
			_ = conn.Refuse(err)
			return false
		}
	}
	return conn.Handshake(context.WithoutCancel(l.ctx)) == nil // once the response is on its way it shall be known
}
