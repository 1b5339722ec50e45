// Package netconn connects WebSockets over TCP, TLS and unix sockets: Dial for
// clients, Listen for servers that need no net/http.
package netconn

import (
	"context"
	"crypto/tls"
	"net"
	"net/url"
	"time"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
)

// defaultHandshakeTimeout is the default of Config.HandshakeTimeout.
const defaultHandshakeTimeout = 10 * time.Second

// Dialer holds the settings for Dial. The zero Dialer works.
type Dialer struct {
	// Config is for the driver.
	Config *driver.Config

	// TLS is for wss. Where they are not set, ServerName is the host of the URL
	// and NextProtos is http/1.1.
	TLS *tls.Config

	// Net makes the TCP connection.
	Net *net.Dialer

	// Stream is for the connection that Dial returns.
	Stream *stream.Options
}

// HandshakeError is a failed opening handshake.
type HandshakeError struct {
	// Response is what the server has answered, with up to 1 KiB of the body,
	// or nil if there was no answer.
	Response *driver.Response

	// Err says what went wrong: a *driver.Error, with the Status if the server
	// has refused, an error that wraps io.ErrUnexpectedEOF, or that of the
	// context.
	Err error
}

// Error returns the text of Err.
func (e *HandshakeError) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *HandshakeError) Unwrap() error { return e.Err }

// Dial connects to a ws or wss URL. c may be nil.
func Dial(ctx context.Context, url string, c *driver.Config) (*stream.Conn, error) {
	return (&Dialer{Config: c}).Dial(ctx, url)
}

// Dial connects to a ws or wss URL, and returns when the connection is open. ctx
// ends the attempt, and has no effect afterwards. Config.HandshakeTimeout limits
// the handshake of TLS and that of WebSocket, each for itself.
//
// If the server has been reached and the opening handshake fails, the error is
// a *HandshakeError.
func (d *Dialer) Dial(ctx context.Context, rawURL string) (*stream.Conn, error) {
	drv, err := driver.NewClient(rawURL, d.Config)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(rawURL)
	if err != nil { // NewClient has parsed it
		return nil, driver.ErrUnsupported
	}
	nc, err := d.connect(ctx, u)
	if err != nil {
		return nil, err
	}
	conn := stream.New(nc, drv, d.Stream)
	if err := conn.Handshake(ctx); err != nil {
		response := conn.Response()
		_ = conn.CloseNow()
		return nil, &HandshakeError{Response: response, Err: err}
	}
	return conn, nil
}

// connect makes the TCP connection and, for wss, the handshake of TLS.
func (d *Dialer) connect(ctx context.Context, u *url.URL) (net.Conn, error) {
	dialer := d.Net
	if dialer == nil {
		dialer = &net.Dialer{}
	}
	port := u.Port()
	switch {
	case port != "":
	case u.Scheme == "wss":
		port = "443"
	default:
		port = "80"
	}
	nc, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil || u.Scheme != "wss" {
		return nc, err
	}
	config := d.TLS.Clone()
	if config == nil {
		config = &tls.Config{}
	}
	if config.ServerName == "" {
		config.ServerName = u.Hostname()
	}
	if config.NextProtos == nil {
		config.NextProtos = []string{"http/1.1"}
	}
	tc := tls.Client(nc, config)
	if err := handshakeTLS(ctx, tc, d.Config); err != nil {
		_ = nc.Close()
		return nil, err
	}
	return tc, nil
}

// handshaker is what connections of crypto/tls have.
type handshaker interface{ HandshakeContext(context.Context) error }

// handshakeTLS makes the handshake of TLS within c.HandshakeTimeout.
func handshakeTLS(ctx context.Context, tc handshaker, c *driver.Config) error {
	ctx, cancel := limited(ctx, c)
	defer cancel()
	return tc.HandshakeContext(ctx)
}

// limited returns a copy of ctx that ends after c.HandshakeTimeout.
func limited(ctx context.Context, c *driver.Config) (context.Context, context.CancelFunc) {
	if limit := handshakeTimeout(c); limit > 0 {
		return context.WithTimeout(ctx, limit)
	}
	return context.WithCancel(ctx)
}

// handshakeTimeout returns c.HandshakeTimeout: below 0 is none.
func handshakeTimeout(c *driver.Config) time.Duration {
	if c == nil || c.HandshakeTimeout == 0 {
		return defaultHandshakeTimeout
	}
	return c.HandshakeTimeout
}
