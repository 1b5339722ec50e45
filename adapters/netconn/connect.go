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
func (d *Dialer) connect(ctx context.Context, u *url.URL) (net.Conn, error) {
	via, err := d.proxyFor(u)
	if err != nil {
		return nil, err
	}
	var nc net.Conn
	if via != nil {
		nc, err = d.connectVia(ctx, via, u)
	} else {
		nc, err = d.dial(ctx, u)
	}
	if err != nil || u.Scheme != "wss" {
		return nc, err
	}
	tc, err := d.startTLS(ctx, nc, d.TLS, u)
	if err != nil {
		return nil, fmt.Errorf("websocket: TLS handshake with %s: %w", u.Host, err)
	}
	return tc, nil
}

// dial connects to the host of u.
func (d *Dialer) dial(ctx context.Context, u *url.URL) (net.Conn, error) {
	ctx, cancel := limited(ctx, d.Config)
	defer cancel()
	network, addr := "tcp", address(u)
	if d.Unix != "" {
		network, addr = "unix", d.Unix
	}
	switch {
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
	err := handshakeTLS(ctx, tc, d.Config)
	if err == nil && tc.ConnectionState().NegotiatedProtocol == "h2" {
		err = fmt.Errorf("%w: HTTP/2, which tls.Config.NextProtos offers", driver.ErrUnsupported)
	}
	if err != nil {
		_ = stream.Abort(tc)
		return nil, err
	}
	return tc, nil
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
