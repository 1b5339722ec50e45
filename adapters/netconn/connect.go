package netconn

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/url"
	"time"

	"github.com/sans-io/websocket-driver/driver"
)

// connect makes the connection to the server of u, as far as the opening
// handshake of WebSocket.
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

// defaultPorts are the ports of URLs without one.
var defaultPorts = map[string]string{
	"ws": "80", "wss": "443", "http": "80", "https": "443", "socks5": "1080", "socks5h": "1080",
}

// port returns the port of u.
func port(u *url.URL) string {
	if port := u.Port(); port != "" {
		return port
	}
	return defaultPorts[u.Scheme]
}

// address returns the host and port of u.
func address(u *url.URL) string { return net.JoinHostPort(u.Hostname(), port(u)) }

// startTLS makes the handshake of TLS with the host of u, over nc, which is
// closed if it fails.
func (d *Dialer) startTLS(ctx context.Context, nc net.Conn, config *tls.Config, u *url.URL) (net.Conn, error) {
	if config = config.Clone(); config == nil {
		config = &tls.Config{}
	}
	if config.ServerName == "" {
		config.ServerName = u.Hostname()
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
		abort(tc)
		return nil, err
	}
	return tc, nil
}

// abort closes nc at once, without the last words of TLS.
func abort(nc net.Conn) {
	for {
		outer, ok := nc.(interface{ NetConn() net.Conn })
		if !ok {
			break
		}
		nc = outer.NetConn()
	}
	_ = nc.Close()
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
		return driver.DefaultHandshakeTimeout
	}
	return c.HandshakeTimeout
}
