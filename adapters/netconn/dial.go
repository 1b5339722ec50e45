// Package netconn connects WebSockets over TCP, TLS and unix sockets: Dial for
// clients, also through proxies, Listen for servers.
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

// Dialer holds the settings for Dial. The zero Dialer works. A Dialer may be used
// by several goroutines, and must not be changed meanwhile.
type Dialer struct {
	// Config is for the driver.
	Config *driver.Config

	// TLS is for wss. Where they are not set, ServerName is the host of the URL
	// and NextProtos is http/1.1.
	TLS *tls.Config

	// Net makes the TCP connection, to the server or to its proxy.
	Net *net.Dialer

	// DialContext, if set, makes it instead, as http.Transport.DialContext does.
	DialContext func(ctx context.Context, network, addr string) (net.Conn, error)

	// Unix, if set, is the path of a unix socket: connections go there whatever
	// the host of the URL is, and through no proxy.
	Unix string

	// Proxy says through which proxy a ws or wss URL is reached: an http or https
	// URL (CONNECT) or a socks5 URL (which leaves it to the proxy to look up the
	// host, as socks5h does), with a user name and password if it wants them; nil
	// is none. If Proxy itself is nil it is ProxyFromEnvironment; NoProxy connects
	// directly.
	Proxy func(*url.URL) (*url.URL, error)

	// ProxyTLS is for https proxies, with the same defaults as TLS.
	ProxyTLS *tls.Config

	// ProxyConfig is for CONNECT: fields, and who answers a challenge of the
	// proxy. The default of its Timeout is Config.HandshakeTimeout.
	ProxyConfig *proxy.Config

	// Jar, if set, has the cookies that are sent beside Config.Cookies, and gets
	// those of every answer. For it a ws URL is the http URL and a wss URL the
	// https URL. It keeps the response, whatever Config.DropHandshake says.
	Jar http.CookieJar

	// MaxRedirects is how many redirects (301, 302, 303, 307 and 308) are
	// followed. By default none is: the answer is a refusal. None leads from wss
	// to ws. To another host go neither Config.Cookies nor the fields
	// Authorization, Cookie, Proxy-Authorization and Host nor the user name and
	// password of the URL. The same name on another port is another host, but
	// for the way from ws to wss on their default ports.
	MaxRedirects int

	// Stream is for the connection that Dial returns.
	Stream *stream.Options
}

// HandshakeError is a failed opening handshake.
type HandshakeError struct {
	// Response is what the server has answered, with up to 1 KiB of the body,
	// or nil if there was no answer.
	Response *driver.Response

	// Err says what went wrong: an error that wraps a *driver.Error, with the
	// Status if the server has refused, or io.ErrUnexpectedEOF, or that of the
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
// each stage for itself: connecting, the handshake of TLS, the proxy's answer, and
// the handshake of WebSocket.
//
// If the server has been reached and the opening handshake of WebSocket fails,
// the error is a *HandshakeError; if the proxy is to blame, a *ProxyError. No
// error shows a password.
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
		if d.MaxRedirects <= 0 || !errors.As(err, &refused) || !isRedirect(refused.Response) {
			return conn, err
		}
		if redirects == d.MaxRedirects {
			err = fmt.Errorf("%d redirects have been followed", redirects)
		} else {
			err = t.follow(refused.Response.Get("Location"))
		}
		if err != nil {
			refused.Err = fmt.Errorf("%w: %w", refused.Err, err)
			return nil, refused
		}
	}
}

// open connects to t and makes the opening handshake.
func (d *Dialer) open(ctx context.Context, t *target) (*stream.Conn, error) {
	config := t.config
	if d.Jar != nil {
		config.Cookies = withCookies(config.Cookies, d.Jar.Cookies(httpURL(t.url)))
		config.DropHandshake = false
	}
	drv, err := driver.NewClient(t.url.String(), &config)
	if err != nil {
		return nil, err
	}
	nc, err := d.connect(ctx, t.url)
	if err != nil {
		return nil, err
	}
	conn := stream.New(nc, drv, d.Stream)
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
