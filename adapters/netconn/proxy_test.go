package netconn_test

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sans-io/websocket-driver/adapters/netconn"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
	"github.com/sans-io/websocket-driver/proxy"
)

// echoServers serves ws and wss, and returns the addresses.
func echoServers(t *testing.T, cert tls.Certificate) map[string]string {
	t.Helper()
	plain := listen(t, nil)
	serve(t, plain)
	nl, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	secure := newListener(t, tls.NewListener(nl, &tls.Config{Certificates: []tls.Certificate{cert}}), nil)
	serve(t, secure)
	return map[string]string{"ws": plain.Addr().String(), "wss": secure.Addr().String()}
}

// TestProxy goes to ws and wss servers through every kind of proxy. The name of
// the server is one that only the proxy knows.
func TestProxy(t *testing.T) {
	cert, pool := certificate(t)
	trust := &tls.Config{RootCAs: pool, ServerName: "localhost"}
	for _, kind := range []string{"http", "https", "socks5", "socks5h", "socks5 with password"} {
		for _, scheme := range []string{"ws", "wss"} {
			t.Run(kind+" "+scheme, func(t *testing.T) {
				wstest.NoLeaks(t)
				wstest.NoDescriptors(t)
				target := echoServers(t, cert)[scheme]
				check := func(_ io.Writer, r *http.Request) bool {
					want := map[string]string{"ws": "server.test:80", "wss": "server.test:443"}[scheme]
					if r.Method != "CONNECT" || r.RequestURI != want || r.Host != want || len(r.Header) > 0 {
						t.Errorf("the proxy was asked %s %s, Host %s, %v", r.Method, r.RequestURI, r.Host, r.Header)
					}
					return true
				}
				var via *url.URL
				switch kind {
				case "http":
					via = urlOf(t, "http://%s", serveTCP(t, nil, connectProxy(target, check)))
				case "https":
					config := &tls.Config{Certificates: []tls.Certificate{cert}}
					via = urlOf(t, "https://%s", serveTCP(t, config, connectProxy(target, check)))
				case "socks5", "socks5h":
					via = urlOf(t, "%s://%s", kind, serveTCP(t, nil, socksProxy(t, target, "", "")))
				default:
					via = urlOf(t, "socks5://us%%20er:pass@%s", serveTCP(t, nil, socksProxy(t, target, "us er", "pass")))
				}
				d := netconn.Dialer{Proxy: netconn.ProxyURL(via), ProxyTLS: trust, TLS: trust}
				conn, err := d.Dial(context.Background(), scheme+"://alice:secret@server.test/path")
				if err != nil {
					t.Fatal(err)
				}
				exchange(t, conn)
			})
		}
	}
}

// TestProxyAuthorization: a challenge is answered on the same connection, and on
// a new one where the proxy wants that.
func TestProxyAuthorization(t *testing.T) {
	const (
		basic  = "Proxy-Authenticate: Basic realm=\"x\"\r\n"
		digest = "Proxy-Authenticate: Digest realm=\"x\", nonce=\"n\", qop=\"auth\", algorithm=SHA-256\r\n"
	)
	tests := []struct {
		name   string
		user   *url.Userinfo
		config *proxy.Config
		refuse string // the answer to a request without authorization
		want   string // how the authorization begins
		conns  int32
	}{
		{"basic at once", url.UserPassword("user", "pa ss"), nil, "",
			"Basic " + base64.StdEncoding.EncodeToString([]byte("user:pa ss")), 1},
		{"basic when asked", nil, &proxy.Config{Challenge: proxy.Basic("user", "pass")},
			"HTTP/1.1 407 No\r\n" + basic + "Content-Length: 4\r\n\r\nbody", "Basic ", 1},
		{"digest", nil, &proxy.Config{Challenge: proxy.Digest("user", "pass")},
			"HTTP/1.1 407 No\r\n" + digest + "Content-Length: 0\r\n\r\n", "Digest ", 1},
		{"digest on a new connection", nil, &proxy.Config{Challenge: proxy.Digest("user", "pass")},
			"HTTP/1.1 407 No\r\n" + digest + "Connection: close\r\n\r\n", "Digest ", 2},
		{"on a new connection, HTTP/1.0", nil, &proxy.Config{Challenge: proxy.Basic("user", "pass")},
			"HTTP/1.0 407 No\r\n" + basic + "\r\n", "Basic ", 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			wstest.NoLeaks(t)
			wstest.NoDescriptors(t)
			l := listen(t, nil)
			serve(t, l)
			var conns atomic.Int32
			handle := connectProxy(l.Addr().String(), func(w io.Writer, r *http.Request) bool {
				got := r.Header.Get("Proxy-Authorization")
				if got == "" && test.refuse != "" {
					io.WriteString(w, test.refuse)
					return false
				}
				if !strings.HasPrefix(got, test.want) {
					t.Errorf("authorization %q", got)
				}
				return true
			})
			via := urlOf(t, "http://%s", serveTCP(t, nil, func(nc net.Conn) {
				conns.Add(1)
				handle(nc)
			}))
			via.User = test.user
			d := netconn.Dialer{Proxy: netconn.ProxyURL(via), ProxyConfig: test.config}
			conn, err := d.Dial(context.Background(), "ws://server.test/")
			if err != nil {
				t.Fatal(err)
			}
			exchange(t, conn)
			if got := conns.Load(); got != test.conns {
				t.Errorf("%d connections to the proxy, not %d", got, test.conns)
			}
		})
	}
}

// TestProxyFails: proxies fail at every stage. The error names the stage and does not
// contain passwords.
func TestProxyFails(t *testing.T) {
	cert, _ := certificate(t)
	say := func(answer string) func(net.Conn) {
		return func(nc net.Conn) {
			buf := make([]byte, 4096)
			nc.Read(buf)
			io.WriteString(nc, answer)
			nc.(interface{ CloseWrite() error }).CloseWrite()
			wstest.UntilEnd(nc)
		}
	}
	tests := []struct {
		name   string
		scheme string
		serve  func(net.Conn)
		want   string // in the error
		is     error
		status int
		body   string
	}{
		{"refused", "http", say("HTTP/1.1 403 No\r\nContent-Length: 8\r\n\r\nnot that"), "CONNECT server.test:80: ", nil, 403, "not that"},
		{"wrong password", "http", say("HTTP/1.0 407 No\r\nProxy-Authenticate: Basic\r\n\r\nwho?"), "CONNECT server.test:80: ", nil, 407, "who?"},
		{"ends in its answer", "http", say("HTTP/1.1 200 O"), "CONNECT server.test:80: ", io.ErrUnexpectedEOF, 0, ""},
		{"ends at once", "http", say(""), "CONNECT server.test:80: ", io.ErrUnexpectedEOF, 0, ""},
		{"no HTTP", "http", say("SSH-2.0-x\r\n"), "CONNECT server.test:80: ", nil, 0, ""},
		{"no TLS", "https", say("HTTP/1.1 400 No\r\n\r\n"), "TLS handshake: ", nil, 0, ""},
		{"no SOCKS", "socks5", say("HTTP/1.1 400 No\r\n\r\n"), "socks connect", nil, 0, ""},
		{"SOCKS wants another password", "socks5", socksProxy(t, "", "user", "pass"), "socks connect", nil, 0, ""},
		{"SOCKS ends", "socks5", say("\x05"), "socks connect", io.ErrUnexpectedEOF, 0, ""},
		{"other scheme", "ftp", wstest.UntilEnd, `scheme "ftp" of the proxy`, driver.ErrInvalid, 0, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			wstest.NoLeaks(t)
			wstest.NoDescriptors(t)
			addr := serveTCP(t, nil, test.serve)
			d := netconn.Dialer{Proxy: netconn.ProxyURL(urlOf(t, "%s://user:secret@%s", test.scheme, addr))}
			_, err := d.Dial(context.Background(), "ws://alice:secret@server.test/secret")
			var pe *netconn.ProxyError
			if !errors.As(err, &pe) {
				t.Fatalf("%v", err)
			}
			if want := test.scheme + "://" + addr; pe.Proxy != want || !strings.HasPrefix(err.Error(), "websocket: proxy "+want+": ") {
				t.Errorf("error of proxy %s, not %s: %v", pe.Proxy, want, err)
			}
			if !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "secret") || test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("%v", err)
			}
			if test.status == 0 {
				if pe.Response != nil {
					t.Errorf("response %v", pe.Response)
				}
				return
			}
			var e *driver.Error
			if !errors.As(err, &e) || e.Status != test.status || pe.Response.Status != test.status || string(pe.Response.Body) != test.body {
				t.Errorf("%#v, response %v", e, pe.Response)
			}
		})
	}
	t.Run("no listener", func(t *testing.T) {
		l := listen(t, nil)
		addr := l.Addr().String()
		l.Close()
		for _, scheme := range []string{"http", "https", "socks5"} {
			d := netconn.Dialer{Proxy: netconn.ProxyURL(urlOf(t, "%s://%s", scheme, addr))}
			_, err := d.Dial(context.Background(), "ws://server.test/")
			var pe *netconn.ProxyError
			var op *net.OpError
			if !errors.As(err, &pe) || !errors.As(err, &op) || op.Op != "dial" {
				t.Errorf("%s: %v", scheme, err)
			}
		}
	})
	t.Run("the function fails", func(t *testing.T) {
		failed := errors.New("no such day")
		d := netconn.Dialer{Proxy: func(*url.URL) (*url.URL, error) { return nil, failed }}
		if _, err := d.Dial(context.Background(), "ws://server.test/"); !errors.Is(err, failed) {
			t.Errorf("%v", err)
		}
	})
	t.Run("TLS with the server", func(t *testing.T) {
		wstest.NoLeaks(t)
		wstest.NoDescriptors(t)
		target := echoServers(t, cert)["ws"]
		d := netconn.Dialer{Proxy: netconn.ProxyURL(urlOf(t, "http://%s", serveTCP(t, nil, connectProxy(target, agree))))}
		_, err := d.Dial(context.Background(), "wss://server.test/")
		if err == nil || errors.As(err, new(*netconn.ProxyError)) || !strings.Contains(err.Error(), "TLS handshake with server.test: ") {
			t.Errorf("%v", err)
		}
	})
}

// TestAfterTheResponse: bytes that arrive together with the proxy's response belong to
// the WebSocket or to TLS.
func TestAfterTheResponse(t *testing.T) {
	wstest.NoLeaks(t)
	wstest.NoDescriptors(t)
	const (
		established = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" // the length means nothing
		handshake   = "HTTP/1.1 101 Web Socket Protocol Handshake\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n" +
			"WebSocket-Origin: http://server.test\r\nWebSocket-Location: ws://server.test/\r\n\r\n"
		message = "\x00hello\xff"
		alert   = "\x15\x03\x03\x00\x02\x02\x70" // fatal, unrecognized_name
	)
	glued := func(answer string) *netconn.Dialer {
		addr := serveTCP(t, nil, func(nc net.Conn) {
			buf := make([]byte, 4096)
			nc.Read(buf)
			io.WriteString(nc, established+answer)
			wstest.UntilEnd(nc)
		})
		return &netconn.Dialer{
			Proxy: netconn.ProxyURL(urlOf(t, "http://%s", addr)),
			Config: &driver.Config{
				Version: driver.Hixie75, // its answer does not depend on the request
				Fields:  []driver.Field{{Name: "Origin", Value: "http://server.test"}},
			},
		}
	}
	conn, err := glued(handshake+message).Dial(context.Background(), "ws://server.test/")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow()
	if _, p, err := conn.ReadMessage(nil); err != nil || string(p) != "hello" {
		t.Errorf("%q, %v", p, err)
	}
	_, err = glued(alert).Dial(context.Background(), "wss://server.test/")
	if want := tls.AlertError(112); !errors.As(err, new(*net.OpError)) || !strings.Contains(err.Error(), want.Error()) {
		t.Errorf("an alert of TLS: %v", err)
	}
}

// TestEnvironment: without Dialer.Proxy the environment counts, as in net/http.
func TestEnvironment(t *testing.T) {
	wstest.NoLeaks(t)
	cert, pool := certificate(t)
	addrs := echoServers(t, cert)
	asked := make(chan string, 1)
	proxies := map[string]string{}
	for scheme, addr := range addrs {
		proxies[scheme] = "http://user:pass@" + serveTCP(t, nil, connectProxy(addr, func(_ io.Writer, r *http.Request) bool {
			asked <- r.Host
			return true
		}))
	}
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "REQUEST_METHOD"} {
		t.Setenv(name, "")
		t.Setenv(strings.ToLower(name), "")
	}
	t.Setenv("HTTP_PROXY", proxies["ws"])
	t.Setenv("https_proxy", proxies["wss"])
	t.Setenv("NO_PROXY", "direct.test,.inside.test")

	d := netconn.Dialer{TLS: &tls.Config{RootCAs: pool, ServerName: "localhost"}}
	for scheme, want := range map[string]string{"ws": "server.test:80", "wss": "server.test:443"} {
		conn, err := d.Dial(context.Background(), scheme+"://server.test/")
		if err != nil {
			t.Fatal(err)
		}
		exchange(t, conn)
		if got := <-asked; got != want {
			t.Errorf("the proxy was asked for %s, not %s", got, want)
		}
	}
	// Connections without the proxy are dialed by name.
	var dialed []string
	refuse := errors.New("not today")
	d.DialContext = func(_ context.Context, network, addr string) (net.Conn, error) {
		dialed = append(dialed, network+" "+addr)
		return nil, refuse
	}
	for _, url := range []string{"ws://direct.test/", "wss://a.inside.test:8443/", "ws://127.0.0.1:9/", "ws://[::1]/"} {
		if _, err := d.Dial(context.Background(), url); !errors.Is(err, refuse) {
			t.Errorf("%s: %v", url, err)
		}
	}
	d.Proxy = netconn.NoProxy
	if _, err := d.Dial(context.Background(), "ws://server.test/"); !errors.Is(err, refuse) {
		t.Errorf("NoProxy: %v", err)
	}
	want := []string{"tcp direct.test:80", "tcp a.inside.test:8443", "tcp 127.0.0.1:9", "tcp [::1]:80", "tcp server.test:80"}
	if !slices.Equal(dialed, want) {
		t.Errorf("dialed %q, want %q", dialed, want)
	}
}

// TestProxyTimeLimit: Config.HandshakeTimeout and proxy.Config.Timeout end the exchange
// with a slow proxy.
func TestProxyTimeLimit(t *testing.T) {
	wstest.NoLeaks(t)
	wstest.NoDescriptors(t)
	slow := serveTCP(t, nil, wstest.UntilEnd)
	midway := serveTCP(t, nil, func(nc net.Conn) {
		io.WriteString(nc, "HTTP/1.1 200 O")
		wstest.UntilEnd(nc)
	})
	handshake := &driver.Config{HandshakeTimeout: time.Millisecond}
	connect := &proxy.Config{Timeout: time.Millisecond}
	for _, test := range []struct {
		via string
		d   netconn.Dialer
	}{
		{"http://" + slow, netconn.Dialer{Config: handshake}},
		{"http://" + midway, netconn.Dialer{Config: handshake}},
		{"http://" + slow, netconn.Dialer{ProxyConfig: connect}},
		{"https://" + slow, netconn.Dialer{Config: handshake}},
		{"socks5://" + slow, netconn.Dialer{Config: handshake}},
	} {
		test.d.Proxy = netconn.ProxyURL(urlOf(t, "%s", test.via))
		_, err := test.d.Dial(context.Background(), "ws://server.test/")
		if !errors.As(err, new(*netconn.ProxyError)) {
			t.Errorf("%s: %v", test.via, err)
		}
	}
}

// ExampleProxyURL connects through one proxy, which wants Digest authorization.
func ExampleProxyURL() {
	d := netconn.Dialer{
		Proxy:       netconn.ProxyURL(&url.URL{Scheme: "http", Host: "proxy.example:3128"}),
		ProxyConfig: &proxy.Config{Challenge: proxy.Digest("user", "password")},
		DialContext: func(_ context.Context, _, addr string) (net.Conn, error) {
			return nil, fmt.Errorf("%s is away", addr)
		},
	}
	_, err := d.Dial(context.Background(), "wss://example.com/chat")
	fmt.Println(err)
	// Output: websocket: proxy http://proxy.example:3128: proxy.example:3128 is away
}
