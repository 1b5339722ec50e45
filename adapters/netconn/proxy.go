package netconn

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"time"

	"golang.org/x/net/http/httpproxy"
	socks "golang.org/x/net/proxy"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/proxy"
)

// ProxyFromEnvironment is for Dialer.Proxy. As in net/http, the environment variable
// HTTP_PROXY is the proxy for ws, HTTPS_PROXY the one for wss, and NO_PROXY lists
// the hosts that are reached without a proxy, as localhost and loopback addresses
// always are; the lower case names work too. They are read at every call.
func ProxyFromEnvironment(u *url.URL) (*url.URL, error) {
	return httpproxy.FromEnvironment().ProxyFunc()(httpURL(u))
}

// NoProxy is for Dialer.Proxy. It makes connections direct.
func NoProxy(*url.URL) (*url.URL, error) { return nil, nil }

// ProxyURL returns a function for Dialer.Proxy that makes all connections use the
// proxy at u.
func ProxyURL(u *url.URL) func(*url.URL) (*url.URL, error) {
	return func(*url.URL) (*url.URL, error) { return u, nil }
}

// ProxyError is the error of a failed connection to or through a proxy.
type ProxyError struct {
	// Proxy is the URL of the proxy, without user name and password.
	Proxy string

	// Response is the response of the proxy to CONNECT with up to 1 KiB of the
	// body, or nil if there was none.
	Response *driver.Response

	// Err is the cause. It wraps a *driver.Error with the Status if the proxy
	// refused.
	Err error
}

// Error returns a text that names the proxy and the stage that failed.
func (e *ProxyError) Error() string { return "websocket: proxy " + e.Proxy + ": " + e.Err.Error() }

// Unwrap returns Err.
func (e *ProxyError) Unwrap() error { return e.Err }

// proxyFor returns the URL of the proxy for u, or nil.
func (d *Dialer) proxyFor(u *url.URL) (*url.URL, error) {
	if d.Unix != "" {
		return nil, nil
	}
	choose := d.Proxy
	if choose == nil {
		choose = ProxyFromEnvironment
	}
	via, err := choose(u)
	if via == nil || err != nil {
		return nil, err
	}
	own := *via
	return &own, toASCII(&own)
}

// connectVia connects to the host of u through the proxy at via.
func (d *Dialer) connectVia(ctx context.Context, via, u *url.URL) (net.Conn, error) {
	var nc net.Conn
	var response *driver.Response
	var err error
	switch via.Scheme {
	case "http", "https":
		nc, response, err = d.connectHTTP(ctx, via, u)
	case "socks5", "socks5h":
		nc, err = d.connectSOCKS(ctx, via, u)
	default:
		err = fmt.Errorf("%w: scheme %q of the proxy is not http, https, socks5 or socks5h", driver.ErrInvalid, via.Scheme)
	}
	if err != nil {
		shown := &url.URL{Scheme: via.Scheme, Host: via.Host}
		return nil, &ProxyError{Proxy: shown.String(), Response: response, Err: err}
	}
	return nc, nil
}

// connectHTTP connects to the host of u by CONNECT. It makes a new connection if a
// challenge can be answered only on one. The response is set only with an error.
func (d *Dialer) connectHTTP(ctx context.Context, via, u *url.URL) (net.Conn, *driver.Response, error) {
	config := proxy.Config{}
	if d.ProxyConfig != nil {
		config = *d.ProxyConfig
	}
	if config.Timeout == 0 {
		config.Timeout = handshakeTimeout(d.Config)
	}
	p, err := proxy.FromURL(via, u, &config)
	if err != nil {
		return nil, nil, err
	}
	for {
		nc, err := d.dial(ctx, via)
		if err != nil {
			return nil, nil, err
		}
		if via.Scheme == "https" {
			if nc, err = d.startTLS(ctx, nc, d.ProxyTLS, via); err != nil {
				return nil, nil, fmt.Errorf("TLS handshake: %w", err)
			}
		}
		rest, err := tunnel(ctx, nc, p)
		if err == nil {
			return replay(nc, rest), nil, nil
		}
		_ = stream.Abort(nc)
		retry := p.Retry()
		if retry == nil || ctx.Err() != nil {
			return nil, p.Response(), fmt.Errorf("CONNECT %s: %w", p.Target(), err)
		}
		p = retry
	}
}

// tunnelBuffer is the size of the buffer for a proxy's response.
const tunnelBuffer = 2 << 10

// tunnel runs p over nc. It returns the bytes that followed the response of the
// proxy, which come from the server. When the time limit of p or ctx expires, nc is
// closed: a net.Conn of Dialer.DialContext may not support deadlines.
func tunnel(ctx context.Context, nc net.Conn, p *proxy.Exchange) ([]byte, error) {
	if err := p.Start(); err != nil {
		return nil, err
	}
	p.Tick(time.Now())
	limit, cancel := ctx, context.CancelFunc(func() {})
	if next, ok := p.NextTick(); ok {
		limit, cancel = context.WithDeadline(ctx, next)
	}
	defer cancel()
	stop := context.AfterFunc(limit, func() { _ = stream.Abort(nc) })
	defer stop()
	in := make([]byte, tunnelBuffer)
	var out []byte
	for {
		if out = p.Take(out); len(out) > 0 {
			_, _ = nc.Write(out) // if it fails, the proxy may have responded before
		}
		n, readErr := nc.Read(in)
		if readErr != nil {
			p.Tick(time.Now())
			p.EOF()
		}
		used, ev := p.Parse(in[:n])
		switch {
		case ev.Kind == driver.Open && !stop():
			return nil, context.Cause(limit)
		case ev.Kind == driver.Open:
			return in[used:n], nil
		case ev.Kind == driver.Close:
			err := p.Err()
			if err == io.ErrUnexpectedEOF && readErr != io.EOF {
				err = fmt.Errorf("%w: %w", err, readErr)
			}
			return nil, cause(ctx, err)
		}
	}
}

// cause returns the cause of ctx if it has ended, else err.
func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// connectSOCKS connects to the host of u by SOCKS5 (RFC 1928), with the user name
// and password of via, if any (RFC 1929).
func (d *Dialer) connectSOCKS(ctx context.Context, via, u *url.URL) (net.Conn, error) {
	nc, err := d.dial(ctx, via)
	if err != nil {
		return nil, err
	}
	var auth *socks.Auth
	if via.User != nil {
		password, _ := via.User.Password()
		auth = &socks.Auth{User: via.User.Username(), Password: password}
	}
	dialer, err := socks.SOCKS5("tcp", address(via), auth, connected{nc})
	if err != nil {
		_ = stream.Abort(nc)
		return nil, err
	}
	limit, cancel := limited(ctx, d.Config)
	defer cancel()
	stop := context.AfterFunc(limit, func() { _ = stream.Abort(nc) })
	_, err = dialer.(socks.ContextDialer).DialContext(limit, "tcp", address(u))
	if !stop() || err != nil {
		_ = stream.Abort(nc)
		return nil, cause(limit, err)
	}
	return nc, nil
}

// connected is a dialer that returns an existing connection: package socks does not
// accept a connection.
type connected struct{ nc net.Conn }

func (c connected) Dial(string, string) (net.Conn, error) { return c.nc, nil }

func (c connected) DialContext(context.Context, string, string) (net.Conn, error) { return c.nc, nil }
