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

// defaultHandshakes is the default of Listener.MaxHandshakes.
const defaultHandshakes = 256

// Listener accepts WebSocket connections on a net.Listener. Opening handshakes run
// concurrently, so a slow client does not delay others.
//
// The exported fields may be set before the first call of Accept.
type Listener struct {
	// Check, if not nil, is called with each request before it is answered. Unless
	// Handler is set, that includes requests that are not for a WebSocket, which
	// driver.IsWebSocket tells apart. If Check returns nil, the request is accepted
	// (a plain one is answered with 426). Otherwise it is refused with the Status,
	// Fields and Body of the response. Several goroutines call Check.
	Check func(r *driver.Request) *driver.Response

	// Origins lists the pages of other hosts that may connect, as patterns for
	// driver.CheckOrigin: "example.com", "https://*.example.com", "*" for all.
	// Pages of the host of the request are always allowed. Others are answered with
	// 403. If driver.CheckOrigins refuses the patterns, Accept returns its error.
	Origins []string

	// Handler, if not nil, serves the connections that begin with a request that is
	// not for a WebSocket. They belong to net/http from then on, with keep-alive and
	// with Config.MaxHead and Config.HandshakeTimeout as limits of a request's
	// header. If a WebSocket request follows on such a connection, it goes to Handler
	// too, which may accept it with nethttp.Upgrade.
	Handler http.Handler

	// MaxHandshakes is the maximum number of connections that have been accepted
	// from the net.Listener and not yet returned by Accept. Further ones wait.
	// Default 256.
	MaxHandshakes int

	// Stream holds the options of the connections that Accept returns.
	Stream *stream.Options

	listener net.Listener
	config   *driver.Config
	begin    sync.Once
	invalid  error // of Origins
	running  sync.WaitGroup
	accepted chan result
	plain    *plain          // for Handler, or nil
	ctx      context.Context // ends at Close
	cancel   context.CancelFunc
}

// result holds the results of Accept.
type result struct {
	conn *stream.Conn
	err  error
}

// Listen announces on an address as net.Listen does, for TCP without TLS or for a
// Unix socket. c may be nil. The error is that of c.Check or net.Listen.
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

// NewListener returns a Listener that accepts connections from l, which may be one
// of crypto/tls. c may be nil. The error is that of c.Check.
func NewListener(l net.Listener, c *driver.Config) (*Listener, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	return &Listener{listener: l, config: c, accepted: make(chan result), ctx: ctx, cancel: cancel}, nil
}

// Accept returns the next connection whose opening handshake is complete.
// Connections whose handshake fails are closed silently. After Close the error wraps
// net.ErrClosed. If Origins has a pattern that matches nothing, it wraps
// driver.ErrInvalid, at every call. Any other error comes from the net.Listener, and
// Accept may be called again.
func (l *Listener) Accept() (*stream.Conn, error) {
	l.begin.Do(func() {
		if l.invalid = driver.CheckOrigins(l.Origins); l.ctx.Err() == nil && l.invalid == nil {
			if l.Handler != nil {
				l.plain = newPlain(l.ctx, l.Addr(), l.Handler, l.config)
				l.running.Go(l.plain.run)
			}
			l.running.Go(l.run)
		}
	})
	if l.invalid != nil && l.ctx.Err() == nil {
		return nil, l.invalid
	}
	select {
	case <-l.ctx.Done():
	case r := <-l.accepted:
		return r.conn, r.err
	}
	return nil, fmt.Errorf("websocket: listener on %v: %w", l.Addr(), net.ErrClosed)
}

// Addr returns the address of the net.Listener.
func (l *Listener) Addr() net.Addr { return l.listener.Addr() }

// Close closes the net.Listener, the connections that Accept has not returned and
// those of Handler. WebSockets that are already open for their clients are closed
// with 1001 (going away). Close returns when no goroutine of l is left, at the latest
// after Config.CloseTimeout. It does not wait for calls of Handler, but the contexts
// of their requests end.
func (l *Listener) Close() error {
	l.cancel()
	err := l.listener.Close()
	l.begin.Do(func() {}) // Accept starts nothing from now on
	l.running.Wait()
	if l.plain != nil {
		l.plain.close()
	}
	return err
}

// run accepts connections from the net.Listener.
func (l *Listener) run() {
	limit := l.MaxHandshakes
	if limit <= 0 {
		limit = defaultHandshakes
	}
	slots := make(chan struct{}, limit)
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

// deliver passes r to Accept. It reports false if l was closed instead.
func (l *Listener) deliver(r result) bool {
	select {
	case l.accepted <- r:
		return true
	case <-l.ctx.Done():
		return false
	}
}

// open performs the handshakes on nc and passes the connection to Accept or Handler.
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
		l.plain.serve(nc, conn)
	case err != nil || !l.answer(conn, r, isTLS):
		_ = conn.Close(l.ctx, driver.CodeNormal, "") // waits until the refusal has been sent
	case !l.deliver(result{conn: conn}): // for the client it is open
		_ = conn.Close(context.Background(), driver.CodeGoingAway, "")
	}
}

// answer answers r and reports whether conn is open.
func (l *Listener) answer(conn *stream.Conn, r *driver.Request, isTLS bool) bool {
	if isTLS {
		r.Scheme = "wss"
	}
	var refusal *driver.Response
	if l.Check != nil {
		refusal = l.Check(r)
	}
	switch {
	case refusal != nil:
		_ = conn.Reject(refusal.Status, refusal.Fields, refusal.Body)
		return false
	case driver.IsWebSocket(r): // Handshake refuses all others
		if err := driver.CheckOrigin(r, l.Origins); err != nil {
			_ = conn.Refuse(err)
			return false
		}
	}
	return conn.Handshake(context.WithoutCancel(l.ctx)) == nil // the result must be known once the response is being sent
}
