package netconn

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
)

// The defaults of Listener.MaxHandshakes and Listener.MaxPending.
const (
	defaultHandshakes = 1024
	defaultPending    = 1024
)

// Listener accepts WebSocket connections on a net.Listener. Opening handshakes run
// concurrently, so a slow client does not delay others.
//
// The exported fields may be set before the first call of Accept.
type Listener struct {
	// Check, if not nil, is called with each request before it is answered. Unless
	// Handler is set, that includes requests that are not for a WebSocket, which
	// driver.IsWebSocket tells apart. If Check returns nil, the request is accepted
	// (a plain one is answered with 426). A response with Status 101, such as one of
	// AcceptWith, accepts it too, and its Fields are added to the answer. Any other
	// response refuses it, with its Status, Fields and Body. If the response cannot
	// be sent, the client gets 500. Several goroutines call Check.
	Check func(r *driver.Request) *driver.Response

	// OnRefuse, if not nil, is called after a request has been refused. r is nil if
	// it could not be parsed. err is or wraps a *driver.Error with the Status, unless
	// the Status is 500; if the response of Check could not be sent, it says why.
	// Several goroutines call OnRefuse.
	OnRefuse func(r *driver.Request, err error)

	// OnOpen, if not nil, is called with each connection that is open, before Accept
	// returns it. If it returns false, Accept does not, and the connection is closed
	// with 1001 (going away). The Add of a hub.Registry can be used as OnOpen. Several
	// goroutines call OnOpen.
	OnOpen func(conn *stream.Conn) bool

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

	// MaxHandshakes is the maximum number of connections whose client has yet to act:
	// to complete the TLS handshake or the head of its request, or to take the answer.
	// For a further one the oldest is dropped that comes from the address with the
	// most of them, so that clients that never complete a handshake keep no others
	// out. In IPv6 the first 64 bits are the address. Default 1024.
	MaxHandshakes int

	// MaxPending is the maximum number of requests that Check has not answered and
	// connections that Accept has not returned, together. Further requests wait among
	// the handshakes, and may be dropped as these are. Default 1024.
	MaxPending int

	// Proxies lists the addresses of reverse proxies. Each connection from them
	// counts for MaxHandshakes as if it had an address of its own, and so does each
	// that has no IP address, as over a Unix socket. If one of them is not valid, or
	// is an IPv4 address mapped to IPv6, Accept returns an error.
	Proxies []netip.Prefix

	// Stream holds the options of the connections that Accept returns.
	Stream *stream.Options

	listener net.Listener
	config   *driver.Config
	begin    sync.Once
	invalid  error // of the settings
	running  sync.WaitGroup
	accepted chan result
	pending  chan struct{}   // has as many elements as count for MaxPending
	plain    *plain          // for Handler, or nil
	ctx      context.Context // ends at Close
	cancel   context.CancelFunc

	handshakes *handshakes // those that count for MaxHandshakes
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
// net.ErrClosed. If Origins or Proxies has an element that matches nothing, it wraps
// driver.ErrInvalid, at every call. Any other error comes from the net.Listener, and
// Accept may be called again; it may take a second then.
func (l *Listener) Accept() (*stream.Conn, error) {
	l.begin.Do(func() {
		if l.invalid = l.checkSettings(); l.ctx.Err() == nil && l.invalid == nil {
			l.handshakes = newHandshakes(orDefault(l.MaxHandshakes, defaultHandshakes))
			l.pending = make(chan struct{}, orDefault(l.MaxPending, defaultPending))
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

// orDefault returns n, or the default if n is zero or less.
func orDefault(n, byDefault int) int {
	if n <= 0 {
		return byDefault
	}
	return n
}

// checkSettings returns the first mistake in the fields.
func (l *Listener) checkSettings() error {
	for _, p := range l.Proxies {
		if !p.IsValid() || p.Addr().Is4In6() {
			return fmt.Errorf("%w: %v in Listener.Proxies matches no address", driver.ErrInvalid, p)
		}
	}
	return driver.CheckOrigins(l.Origins)
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

// maxAcceptPause is the longest pause after an error of the net.Listener.
const maxAcceptPause = time.Second

// run accepts connections from the net.Listener. After an error it pauses, as net/http
// does: while too many files are open another attempt fails at once.
func (l *Listener) run() {
	var pause time.Duration
	for {
		nc, err := l.listener.Accept()
		if err == nil {
			pause = 0
			l.running.Go(func() { l.open(nc) })
			continue
		}
		if !l.deliver(result{err: err}) {
			return
		}
		pause = min(max(2*pause, 5*time.Millisecond), maxAcceptPause)
		sleep(l.ctx, pause)
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
