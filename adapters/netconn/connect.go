package netconn

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/url"
	"time"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
)

// connect connects to the server of u, through a proxy and over TLS if need be. It
// does not start the opening handshake of WebSocket.
func (d *Dialer) connect(ctx context.Context, u *url.URL) (nc net.Conn, err error) {
	via, err := d.proxyFor(u)
	if err != nil {
		return nil, err
	}
	trace := traceOf(ctx)
	switch {
	case via != nil:
		trace.getConn(address(via))
		nc, err = d.connectVia(ctx, via, u)
	default:
		trace.getConn(address(u))
		nc, err = d.dial(ctx, u)
	}
	if err != nil {
		return nil, err
	}
	if u.Scheme == "wss" {
		if via != nil || d.DialTLSContext == nil {
			nc, err = d.startTLS(ctx, nc, d.TLS, u)
		} else {
			err = d.finishTLS(ctx, nc)
		}
		if err != nil {
			return nil, fmt.Errorf("websocket: TLS handshake with %s: %w", u.Host, err)
		}
	}
	trace.gotConn(nc)
	return nc, nil
}

// dial connects to the host of u, which is a proxy or the server. For a wss URL
// DialTLSContext does, if set.
func (d *Dialer) dial(ctx context.Context, u *url.URL) (net.Conn, error) {
	ctx, cancel := limited(ctx, d.Config)
	defer cancel()
	network, addr := "tcp", address(u)
	if d.Unix != "" {
		network, addr = "unix", d.Unix
	}
	switch {
	case u.Scheme == "wss" && d.DialTLSContext != nil:
		return d.DialTLSContext(ctx, network, addr)
	case d.DialContext != nil:
		return d.DialContext(ctx, network, addr)
	case d.Net != nil:
		return d.Net.DialContext(ctx, network, addr)
	}
	return (&net.Dialer{}).DialContext(ctx, network, addr)
}

// startTLS performs the TLS handshake with the host of u over nc. On error it closes
// nc.
func (d *Dialer) startTLS(ctx context.Context, nc net.Conn, config *tls.Config, u *url.URL) (net.Conn, error) {
	if config = config.Clone(); config == nil {
		config = &tls.Config{}
	}
	if config.ServerName == "" {
		config.ServerName = serverName(u)
	}
	if config.NextProtos == nil {
		config.NextProtos = []string{"http/1.1"}
	}
	tc := tls.Client(nc, config)
	if err := d.finishTLS(ctx, tc); err != nil {
		return nil, err
	}
	return tc, nil
}

// finishTLS completes the TLS handshake of nc, if it has one. On error it closes nc.
func (d *Dialer) finishTLS(ctx context.Context, nc net.Conn) error {
	var err error
	if tc, ok := nc.(handshaker); ok {
		trace := traceOf(ctx)
		trace.tlsStart()
		err = handshakeTLS(ctx, tc, d.Config)
		trace.tlsDone(nc, err)
	}
	if tc, ok := nc.(stater); ok && err == nil && tc.ConnectionState().NegotiatedProtocol == "h2" {
		err = fmt.Errorf("%w: HTTP/2, which tls.Config.NextProtos offers", driver.ErrUnsupported)
	}
	if err != nil {
		_ = stream.Abort(nc)
	}
	return err
}

// handshaker is implemented by *tls.Conn and by types that embed one.
type handshaker interface{ HandshakeContext(context.Context) error }

// handshakeTLS performs the TLS handshake within c.HandshakeTimeout.
func handshakeTLS(ctx context.Context, tc handshaker, c *driver.Config) error {
	ctx, cancel := limited(ctx, c)
	defer cancel()
	return tc.HandshakeContext(ctx)
}

// limited returns a copy of ctx that expires after c.HandshakeTimeout.
func limited(ctx context.Context, c *driver.Config) (context.Context, context.CancelFunc) {
	if limit := handshakeTimeout(c); limit > 0 {
		return context.WithTimeout(ctx, limit)
	}
	return context.WithCancel(ctx)
}

// handshakeTimeout returns the effective c.HandshakeTimeout. If negative, there is
// no limit.
func handshakeTimeout(c *driver.Config) time.Duration {
	if c == nil || c.HandshakeTimeout == 0 {
		return driver.DefaultHandshakeTimeout
	}
	return c.HandshakeTimeout
}
