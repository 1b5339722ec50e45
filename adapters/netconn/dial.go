// Package netconn connects WebSockets over TCP, TLS and Unix sockets. Dial is for
// clients, also through proxies, and Listen is for servers.
package netconn

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/proxy"
)

// Dialer holds the settings for Dial. The zero Dialer is valid. A Dialer may be
// used by several goroutines and must not be modified meanwhile.
type Dialer struct {
	// Config is the configuration of the driver.
	Config *driver.Config

	// TLS is the configuration for wss. If they are not set, ServerName is the
	// host of the URL and NextProtos is http/1.1.
	TLS *tls.Config

	// Net makes the TCP connection to the server or to its proxy.
	Net *net.Dialer

	// DialContext, if not nil, makes the connection instead of Net, as
	// http.Transport.DialContext does.
	DialContext func(ctx context.Context, network, addr string) (net.Conn, error)

	// DialTLSContext, if not nil, makes the connection for a wss URL in place of
	// DialContext and TLS, unless a proxy is used, as http.Transport.DialTLSContext
	// does. The connection must speak HTTP/1.1 over TLS. If it has a HandshakeContext
	// method, as a *tls.Conn has, that is called.
	DialTLSContext func(ctx context.Context, network, addr string) (net.Conn, error)

	// Unix, if not empty, is the path of a Unix socket. Connections are made to it
	// regardless of the host of the URL, and without a proxy.
	Unix string

	// Proxy returns the proxy for a ws or wss URL: an http or https URL for
	// CONNECT or a socks5 URL, with user name and password if the proxy requires
	// them, or nil for none. A socks5 proxy looks up the host, as socks5h says
	// explicitly. If Proxy is nil, ProxyFromEnvironment is used. NoProxy connects
	// directly.
	Proxy func(*url.URL) (*url.URL, error)

	// ProxyTLS is the configuration for https proxies, with the defaults of TLS.
	ProxyTLS *tls.Config

	// ProxyConfig is the configuration for CONNECT: fields, and the function that
	// answers a challenge of the proxy. Its Timeout defaults to
	// Config.HandshakeTimeout.
	ProxyConfig *proxy.Config

	// Jar, if not nil, provides the cookies that are sent in addition to
	// Config.Cookies, and stores those of every response. It sees a ws URL as the
	// http URL and a wss URL as the https URL. The response is kept even if
	// Config.DropHandshake is set.
	Jar http.CookieJar

	// MaxRedirects is the maximum number of redirects (301, 302, 303, 307 and
	// 308) to follow. By default none is followed: the response is a refusal.
	// Redirects from wss to ws are refused. Config.Cookies, the fields
	// Authorization, Cookie, Proxy-Authorization and Host, and the user name and
	// password of the URL are not sent to another host. The same name with
	// another port is another host, except from ws to wss on their default ports.
	MaxRedirects int

	// Backoff holds the settings of Connections.
	Backoff Backoff

	// Stream holds the options of the connection that Dial returns.
	Stream *stream.Options
}

// HandshakeError is the error of a failed opening handshake.
type HandshakeError struct {
	// Response is the response of the server with up to 1 KiB of the body, or nil
	// if there was none.
	Response *driver.Response

	// Err is the cause: an error that wraps a *driver.Error, with the Status if
	// the server refused, or io.ErrUnexpectedEOF, or the error of the context.
	Err error
}

// Error returns the text of Err.
func (e *HandshakeError) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *HandshakeError) Unwrap() error { return e.Err }

// Dial connects to a ws or wss URL with the defaults of Dialer. c may be nil.
func Dial(ctx context.Context, url string, c *driver.Config) (*stream.Conn, error) {
	return (&Dialer{Config: c}).Dial(ctx, url)
}

// Dial connects to a ws or wss URL and returns when the connection is open. Once
// it has returned, the end of ctx has no effect. Config.HandshakeTimeout applies to
// each stage separately: connecting, the TLS handshake, the response of the proxy,
// and the opening handshake of WebSocket.
//
// If the server was reached and the opening handshake failed, the error is a
// *HandshakeError. If connecting to or through the proxy failed, it is a
// *ProxyError. Errors do not contain passwords.
//
// Dial calls the hooks of an httptrace.ClientTrace in ctx, except those for idle
// connections, for 100 (Continue) and for other interim responses. A connection that
// is traced is wrapped, so that package stream keeps a read buffer for it.
func (d *Dialer) Dial(ctx context.Context, rawURL string) (*stream.Conn, error) {
	u, err := parseURL(rawURL)
	if err != nil {
		return nil, err
	}
	t := &target{url: u}
	if d.Config != nil {
		t.config = *d.Config
	}
	for redirects := 0; ; redirects++ {
		conn, err := d.open(ctx, t)
		var refused *HandshakeError
		if !errors.As(err, &refused) || !isRedirect(refused.Response) {
			return conn, err
		}
		if redirects >= d.MaxRedirects {
			err = t.unfollowed(refused.Response.Get("Location"), d.MaxRedirects)
		} else {
			err = t.follow(refused.Response.Get("Location"))
		}
		if err != nil {
			refused.Err = fmt.Errorf("%w: %w", refused.Err, err)
			return nil, refused
		}
	}
}

// open connects to t and performs the opening handshake.
func (d *Dialer) open(ctx context.Context, t *target) (*stream.Conn, error) {
	config := t.config
	if d.Jar != nil {
		config.Cookies = withCookies(config.Cookies, d.Jar.Cookies(httpURL(t.url)))
		config.DropHandshake = false
	}
	drv, err := driver.FromURL(t.url, &config)
	if err != nil {
		return nil, err
	}
	nc, err := d.connect(ctx, t.url)
	if err != nil {
		return nil, err
	}
	conn := stream.New(traceOf(ctx).wrap(nc, drv.Request()), drv, d.Stream)
	err = conn.Handshake(ctx)
	if err != nil {
		_ = conn.CloseNow()
		err = &HandshakeError{Response: conn.Response(), Err: err}
	}
	if d.Jar != nil {
		if response := conn.Response(); response != nil {
			storeCookies(d.Jar, httpURL(t.url), response)
		}
	}
	if err != nil {
		return nil, err
	}
	return conn, nil
}
