package netconn_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/sans-io/websocket-driver/adapters/netconn"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

// hooks records the calls of a ClientTrace.
type hooks struct {
	mu    sync.Mutex
	calls []string
}

func (h *hooks) add(call string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calls = append(h.calls, call)
}

func (h *hooks) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Join(h.calls, " ")
}

func (h *hooks) trace() *httptrace.ClientTrace {
	outcome := func(err error) string {
		if err != nil {
			return ":failed"
		}
		return ""
	}
	return &httptrace.ClientTrace{
		GetConn:      func(hostPort string) { h.add("get:" + hostPort) },
		DNSStart:     func(httptrace.DNSStartInfo) { h.add("dns") },
		ConnectStart: func(network, addr string) { h.add("connect") },
		ConnectDone:  func(network, addr string, err error) { h.add("connected" + outcome(err)) },
		TLSHandshakeStart: func() {
			h.add("tls")
		},
		TLSHandshakeDone: func(s tls.ConnectionState, err error) {
			h.add(fmt.Sprintf("secure:%t", s.HandshakeComplete) + outcome(err))
		},
		GotConn: func(i httptrace.GotConnInfo) { h.add(fmt.Sprintf("got:%T", i.Conn)) },
		WroteHeaderField: func(name string, values []string) {
			if name == "X-Test" {
				h.add(fmt.Sprintf("field:%s", values))
			}
		},
		WroteHeaders:         func() { h.add("head") },
		WroteRequest:         func(i httptrace.WroteRequestInfo) { h.add("wrote" + outcome(i.Err)) },
		GotFirstResponseByte: func() { h.add("byte") },
	}
}

// TestTrace: the hooks are called in order, for every way to connect.
func TestTrace(t *testing.T) {
	wstest.NoLeaks(t)
	cert, pool := certificate(t)
	servers := echoServers(t, cert)
	trust := &tls.Config{RootCAs: pool, ServerName: "localhost"}
	plain, secure := servers["ws"], servers["wss"]
	via := func(scheme string, config *tls.Config, serve func(net.Conn)) string {
		return scheme + "://" + serveTCP(t, config, serve)
	}
	config := &tls.Config{Certificates: []tls.Certificate{cert}}
	proxies := map[string]string{
		"http":   via("http", nil, connectProxy(plain, agree)),
		"https":  via("https", config, connectProxy(secure, agree)),
		"socks5": via("socks5", nil, socksProxy(t, plain, "", "")),
	}
	const request = "field:[1] head wrote byte"
	refusing := listen(t, nil)
	refusing.Check = func(*driver.Request) *driver.Response { return &driver.Response{Status: 403} }
	serve(t, refusing)
	mute := serveTCP(t, nil, func(net.Conn) {})
	tests := []struct {
		name, url, proxy string
		want             string
	}{
		{"ws", "ws://" + plain, "", "get:" + plain + " connect connected got:*net.TCPConn " + request},
		{"wss", "wss://" + secure, "", "get:" + secure + " connect connected tls secure:true got:*tls.Conn " + request},
		{"http proxy", "ws://server.test", "http", "get:{proxy} connect connected got:*net.TCPConn " + request},
		{"https proxy", "wss://server.test", "https",
			"get:{proxy} connect connected tls secure:true tls secure:true got:*tls.Conn " + request},
		{"SOCKS proxy", "ws://server.test", "socks5", "get:{proxy} connect connected got:*net.TCPConn " + request},
		{"refused", "ws://" + refusing.Addr().String(), "",
			"get:" + refusing.Addr().String() + " connect connected got:*net.TCPConn " + request},
		{"no TLS", "wss://" + mute, "", "get:" + mute + " connect connected tls secure:false:failed"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := netconn.Dialer{
				Config: &driver.Config{Fields: []driver.Field{{Name: "X-Test", Value: "1"}}},
				TLS:    trust, ProxyTLS: trust, Proxy: netconn.NoProxy,
			}
			if p := proxies[test.proxy]; p != "" {
				d.Proxy = netconn.ProxyURL(urlOf(t, "%s", p))
				test.want = strings.Replace(test.want, "{proxy}", p[strings.Index(p, "//")+2:], 1)
			}
			var h hooks
			conn, err := d.Dial(httptrace.WithClientTrace(context.Background(), h.trace()), test.url)
			if err == nil {
				exchange(t, conn)
			} else if test.name != "refused" && test.name != "no TLS" {
				t.Fatal(err)
			}
			if got := h.String(); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// TestTraceDNS: names are looked up by package net, which calls the hooks for it.
func TestTraceDNS(t *testing.T) {
	l := listen(t, nil)
	serve(t, l)
	_, port, _ := net.SplitHostPort(l.Addr().String())
	var h hooks
	conn, err := netconn.Dial(httptrace.WithClientTrace(context.Background(), h.trace()), "ws://localhost:"+port, nil)
	if err != nil {
		t.Fatal(err)
	}
	exchange(t, conn)
	if !slices.Contains(strings.Fields(h.String()), "dns") {
		t.Errorf("%s", &h)
	}
}

// TestDialTLSContext: DialTLSContext makes the connections for wss, and only those.
func TestDialTLSContext(t *testing.T) {
	wstest.NoLeaks(t)
	cert, pool := certificate(t)
	servers := echoServers(t, cert)
	config := &tls.Config{RootCAs: pool, ServerName: "localhost"}
	proxy := urlOf(t, "http://%s", serveTCP(t, nil, connectProxy(servers["wss"], agree)))
	complete := func(ctx context.Context, network, addr string) (net.Conn, error) {
		return (&tls.Dialer{Config: config}).DialContext(ctx, network, servers["wss"])
	}
	begin := func(ctx context.Context, network, addr string) (net.Conn, error) {
		nc, err := (&net.Dialer{}).DialContext(ctx, network, servers["wss"])
		return tls.Client(nc, config), err
	}
	tests := []struct {
		name, url string
		proxied   bool
		dial      func(ctx context.Context, network, addr string) (net.Conn, error)
		want      string // the address, or "" if it is not called
	}{
		{"handshake completed", "wss://server.test", false, complete, "server.test:443"},
		{"handshake not begun", "wss://server.test:4433", false, begin, "server.test:4433"},
		{"ws", "ws://" + servers["ws"], false, nil, ""},
		{"through a proxy", "wss://server.test", true, nil, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			called := ""
			d := netconn.Dialer{TLS: config, Proxy: netconn.NoProxy}
			d.DialTLSContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
				called = addr
				return test.dial(ctx, network, addr)
			}
			if test.proxied {
				d.Proxy = netconn.ProxyURL(proxy)
			}
			conn, err := d.Dial(context.Background(), test.url)
			if err != nil {
				t.Fatal(err)
			}
			exchange(t, conn)
			if called != test.want {
				t.Errorf("called for %q, not %q", called, test.want)
			}
		})
	}
}
