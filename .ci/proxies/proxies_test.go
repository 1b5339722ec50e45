package proxies

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sans-io/websocket-driver/adapters/netconn"
	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/proxy"
)

// lab is what the tests need in addition to a proxy: two echo servers, and a Dialer that
// can dial only the proxy.
type lab struct {
	*identity
	ports map[string]string // of the servers, by scheme
}

func newLab(t *testing.T) *lab {
	t.Helper()
	l := &lab{identity: newIdentity(t), ports: map[string]string{}}
	for _, scheme := range []string{"ws", "wss"} {
		nl, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		_, l.ports[scheme], _ = net.SplitHostPort(nl.Addr().String())
		if scheme == "wss" {
			nl = tls.NewListener(nl, &tls.Config{Certificates: []tls.Certificate{l.cert}})
		}
		wl, err := netconn.NewListener(nl, nil)
		if err != nil {
			t.Fatal(err)
		}
		serve(t, wl)
	}
	return l
}

// serve echoes on every connection that l accepts, until the end of the test.
func serve(t *testing.T, l *netconn.Listener) {
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { echo(conn) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		all.Wait()
	})
}

func echo(c *stream.Conn) {
	for {
		kind, p, err := c.ReadMessage(nil)
		if err != nil {
			return
		}
		if c.WriteMessage(kind, p) != nil {
			return
		}
	}
}

// url returns the URL of a server.
func (l *lab) url(scheme, host string) string {
	return scheme + "://" + host + ":" + l.ports[scheme] + "/path"
}

// dialer returns a Dialer that goes through the proxy at addr and nowhere else.
func (l *lab) dialer(t *testing.T, scheme string, userinfo *url.Userinfo, addr string) *netconn.Dialer {
	t.Helper()
	trust := &tls.Config{RootCAs: l.pool}
	return &netconn.Dialer{
		Proxy:    netconn.ProxyURL(&url.URL{Scheme: scheme, User: userinfo, Host: addr}),
		TLS:      trust,
		ProxyTLS: trust,
		DialContext: func(ctx context.Context, network, to string) (net.Conn, error) {
			if to != addr {
				t.Errorf("%s is dialed, not the proxy at %s", to, addr)
			}
			return (&net.Dialer{}).DialContext(ctx, network, to)
		},
	}
}

// exchange connects, sends messages of several sizes, waits for their echoes, and
// closes.
func exchange(t *testing.T, d *netconn.Dialer, url string) {
	t.Helper()
	conn, err := d.Dial(t.Context(), url)
	if err != nil {
		t.Errorf("%s: %v", url, err)
		return
	}
	defer conn.CloseNow()
	for _, size := range []int{0, 5, 70_000, 1 << 20} {
		message := strings.Repeat("x", size)
		sent := make(chan error, 1)
		go func() { sent <- conn.WriteMessage(driver.Text, []byte(message)) }()
		if _, p, err := conn.ReadMessage(nil); err != nil || string(p) != message {
			t.Errorf("%s: message of %d bytes: %d bytes came back, %v", url, size, len(p), err)
		}
		if err := <-sent; err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
	if err := conn.Close(context.Background(), driver.CodeNormal, ""); err != nil {
		t.Errorf("%s: %v", url, err)
	}
}

// refused wants the proxy to refuse with one of the statuses, and to say why.
func refused(t *testing.T, d *netconn.Dialer, url string, status int) {
	t.Helper()
	_, err := d.Dial(t.Context(), url)
	var pe *netconn.ProxyError
	var e *driver.Error
	switch {
	case !errors.As(err, &pe) || !errors.As(err, &e) || pe.Response == nil:
		t.Errorf("%s: %v", url, err)
	case pe.Response.Status != status || e.Status != status:
		t.Errorf("%s: status %d, not %d: %v", url, pe.Response.Status, status, err)
	case !strings.Contains(strings.ToLower(string(pe.Response.Body)), "<html"):
		t.Errorf("%s: the body is %q", url, pe.Response.Body)
	case strings.Contains(err.Error(), "wrong") || strings.Contains(err.Error(), password):
		t.Errorf("%s: the error shows the password: %v", url, err)
	}
}

var (
	known    = url.UserPassword(user, password)
	mistaken = url.UserPassword(user, "wrong")
)

func TestSquid(t *testing.T) {
	l := newLab(t)
	httpAddr, httpsAddr := startSquid(t, l.identity, "")
	for proxyScheme, addr := range map[string]string{"http": httpAddr, "https": httpsAddr} {
		d := l.dialer(t, proxyScheme, nil, addr)
		for _, scheme := range []string{"ws", "wss"} {
			exchange(t, d, l.url(scheme, "127.0.0.1"))
			exchange(t, d, l.url(scheme, "server.test"))
			refused(t, d, l.url(scheme, "blocked.test"), 403)
		}
		refused(t, d, "ws://"+freeAddr(t), 503) // without a listener
	}
}

func TestSquidBasic(t *testing.T) {
	l := newLab(t)
	httpAddr, httpsAddr := startSquid(t, l.identity, "basic")
	for proxyScheme, addr := range map[string]string{"http": httpAddr, "https": httpsAddr} {
		d := l.dialer(t, proxyScheme, known, addr)
		asked := l.dialer(t, proxyScheme, nil, addr)
		asked.ProxyConfig = &proxy.Config{Challenge: proxy.Basic(user, password)}
		for _, scheme := range []string{"ws", "wss"} {
			exchange(t, d, l.url(scheme, "127.0.0.1"))
			exchange(t, asked, l.url(scheme, "127.0.0.1"))
			refused(t, l.dialer(t, proxyScheme, nil, addr), l.url(scheme, "127.0.0.1"), 407)
			refused(t, l.dialer(t, proxyScheme, mistaken, addr), l.url(scheme, "127.0.0.1"), 407)
		}
	}
}

func TestSquidDigest(t *testing.T) {
	l := newLab(t)
	httpAddr, httpsAddr := startSquid(t, l.identity, "digest")
	for proxyScheme, addr := range map[string]string{"http": httpAddr, "https": httpsAddr} {
		d := l.dialer(t, proxyScheme, nil, addr)
		wrong := l.dialer(t, proxyScheme, nil, addr)
		d.ProxyConfig = &proxy.Config{Challenge: proxy.Digest(user, password)}
		wrong.ProxyConfig = &proxy.Config{Challenge: proxy.Digest(user, "wrong")}
		for _, scheme := range []string{"ws", "wss"} {
			exchange(t, d, l.url(scheme, "127.0.0.1"))
			exchange(t, l.dialer(t, proxyScheme, known, addr), l.url(scheme, "127.0.0.1")) // Basic is refused first
			refused(t, wrong, l.url(scheme, "127.0.0.1"), 407)
			refused(t, l.dialer(t, proxyScheme, nil, addr), l.url(scheme, "127.0.0.1"), 407)
		}
	}
}

func TestTinyproxy(t *testing.T) {
	l := newLab(t)
	addr, _ := startTinyproxy(t, false)
	d := l.dialer(t, "http", nil, addr)
	for _, scheme := range []string{"ws", "wss"} {
		exchange(t, d, l.url(scheme, "127.0.0.1"))
		refused(t, d, l.url(scheme, "blocked.test"), 403)
	}
}

func TestTinyproxyBasic(t *testing.T) {
	l := newLab(t)
	addr, _ := startTinyproxy(t, true)
	d := l.dialer(t, "http", url.UserPassword(user, tinyPassword), addr)
	asked := l.dialer(t, "http", nil, addr)
	asked.ProxyConfig = &proxy.Config{Challenge: proxy.Basic(user, tinyPassword)}
	for _, scheme := range []string{"ws", "wss"} {
		exchange(t, d, l.url(scheme, "127.0.0.1"))
		exchange(t, asked, l.url(scheme, "127.0.0.1"))
		refused(t, l.dialer(t, "http", nil, addr), l.url(scheme, "127.0.0.1"), 407)
		refused(t, l.dialer(t, "http", mistaken, addr), l.url(scheme, "127.0.0.1"), 401)
	}
}

// TestStopped stops tinyproxy: the kernel still accepts, and no answer comes.
func TestStopped(t *testing.T) {
	l := newLab(t)
	addr, p := startTinyproxy(t, false)
	if err := p.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	d := l.dialer(t, "http", nil, addr)
	d.Config = &driver.Config{HandshakeTimeout: 200 * time.Millisecond}
	_, err := d.Dial(t.Context(), l.url("ws", "127.0.0.1"))
	if !errors.As(err, new(*netconn.ProxyError)) {
		t.Errorf("time limit: %v", err)
	}
	d.Config = nil
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := d.Dial(ctx, l.url("ws", "127.0.0.1")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("context: %v", err)
	}
	if err := p.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	exchange(t, d, l.url("ws", "127.0.0.1"))
}

// TestKilled kills tinyproxy under an open connection.
func TestKilled(t *testing.T) {
	l := newLab(t)
	addr, p := startTinyproxy(t, false)
	conn, err := l.dialer(t, "http", nil, addr).Dial(t.Context(), l.url("wss", "127.0.0.1"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow()
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	var end *stream.CloseError
	if _, _, err := conn.ReadMessage(nil); !errors.As(err, &end) || end.Code != driver.CodeAbnormal {
		t.Errorf("%v", err)
	}
}

func TestSOCKS(t *testing.T) {
	l := newLab(t)
	addr := startMicrosocks(t, false)
	for _, proxyScheme := range []string{"socks5", "socks5h"} {
		d := l.dialer(t, proxyScheme, nil, addr)
		for _, scheme := range []string{"ws", "wss"} {
			exchange(t, d, l.url(scheme, "127.0.0.1"))
		}
		_, err := d.Dial(t.Context(), "ws://"+freeAddr(t))
		if !errors.As(err, new(*netconn.ProxyError)) || !strings.Contains(err.Error(), "refused") {
			t.Errorf("without a server: %v", err)
		}
	}
}

func TestSOCKSPassword(t *testing.T) {
	l := newLab(t)
	addr := startMicrosocks(t, true)
	for _, scheme := range []string{"ws", "wss"} {
		exchange(t, l.dialer(t, "socks5", known, addr), l.url(scheme, "127.0.0.1"))
		for _, userinfo := range []*url.Userinfo{nil, mistaken} {
			_, err := l.dialer(t, "socks5", userinfo, addr).Dial(t.Context(), l.url(scheme, "127.0.0.1"))
			if !errors.As(err, new(*netconn.ProxyError)) || strings.Contains(err.Error(), "wrong") {
				t.Errorf("%v", err)
			}
		}
	}
}

// TestEnvironment: the environment chooses the proxy. Only squid knows where
// server.test is.
func TestEnvironment(t *testing.T) {
	l := newLab(t)
	httpAddr, httpsAddr := startSquid(t, l.identity, "basic")
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "REQUEST_METHOD"} {
		t.Setenv(name, "")
		t.Setenv(strings.ToLower(name), "")
	}
	t.Setenv("HTTP_PROXY", (&url.URL{Scheme: "http", User: known, Host: httpAddr}).String())
	t.Setenv("HTTPS_PROXY", (&url.URL{Scheme: "https", User: known, Host: httpsAddr}).String())
	trust := &tls.Config{RootCAs: l.pool}
	d := &netconn.Dialer{TLS: trust, ProxyTLS: trust}
	for _, scheme := range []string{"ws", "wss"} {
		exchange(t, d, l.url(scheme, "server.test"))
	}
	t.Setenv("NO_PROXY", "server.test")
	var direct net.Error
	if _, err := d.Dial(t.Context(), l.url("ws", "server.test")); !errors.As(err, &direct) || errors.As(err, new(*netconn.ProxyError)) {
		t.Errorf("NO_PROXY: %v", err)
	}
}
