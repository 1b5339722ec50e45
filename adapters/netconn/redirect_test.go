package netconn_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http/cookiejar"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sans-io/websocket-driver/adapters/netconn"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

// site is a server for all hosts, with ws and wss, on ports 80 and 443 and all others.
// It records the requests, and redirects as the test says.
type site struct {
	dialer netconn.Dialer

	mu       sync.Mutex
	requests []string // "scheme://host/path", then the values of Authorization, Cookie and X
}

// newSite returns a site where answers maps "scheme://host/path" to fields of an
// answer with status 302; other requests are accepted.
func newSite(t *testing.T, status int, answers map[string][]driver.Field) *site {
	t.Helper()
	cert, pool := certificate(t)
	s := &site{}
	addrs := map[bool]string{}
	for _, secure := range []bool{false, true} {
		nl, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		addrs[secure] = nl.Addr().String()
		if secure {
			nl = tls.NewListener(nl, &tls.Config{Certificates: []tls.Certificate{cert}})
		}
		l := newListener(t, nl, &driver.Config{Cookies: []driver.Field{{Name: "open", Value: `"yes, it is"; Path=/`}}})
		l.Check = func(r *driver.Request) *driver.Response {
			scheme := "ws"
			if secure {
				scheme = "wss"
			}
			url := scheme + "://" + r.Get("Host") + r.Target
			note := url
			for _, name := range []string{"Authorization", "Cookie", "X"} {
				if value := r.Get(name); value != "" {
					note += " " + name + "=" + value
				}
			}
			s.mu.Lock()
			s.requests = append(s.requests, note)
			s.mu.Unlock()
			if fields, ok := answers[url]; ok {
				return &driver.Response{Status: status, Fields: fields}
			}
			return nil
		}
		serve(t, l)
	}
	s.dialer = netconn.Dialer{
		Proxy: netconn.NoProxy,
		TLS:   &tls.Config{RootCAs: pool, ServerName: "localhost"},
		DialContext: func(_ context.Context, _, addr string) (net.Conn, error) {
			return net.Dial("tcp", addrs[strings.HasSuffix(addr, "443")])
		},
	}
	return s
}

// to is the fields of an answer that redirects.
func to(location string) []driver.Field {
	return []driver.Field{{Name: "Location", Value: location}}
}

func TestRedirect(t *testing.T) {
	const basic = " Authorization=Basic dXNlcjpwYXNz"
	config := &driver.Config{
		Fields:  []driver.Field{{Name: "Authorization", Value: "Bearer x"}, {Name: "X", Value: "y"}},
		Cookies: []driver.Field{{Name: "a", Value: "1"}},
	}
	const all, rest = " Authorization=Bearer x Cookie=a=1 X=y", " X=y"
	tests := []struct {
		name    string
		url     string
		config  *driver.Config
		answers map[string][]driver.Field
		want    []string
	}{
		{"relative, fragment", "ws://a.test/x/y?q=1", nil,
			map[string][]driver.Field{"ws://a.test/x/y?q=1": to("../z?r=%41#top")},
			[]string{"ws://a.test/x/y?q=1", "ws://a.test/z?r=%41"}},
		{"http and https are ws and wss", "ws://a.test/", nil,
			map[string][]driver.Field{"ws://a.test/": to("http://b.test/"), "ws://b.test/": to("https://c.test/"), "wss://c.test/": to("wss://d.test:8443/")},
			[]string{"ws://a.test/", "ws://b.test/", "wss://c.test/", "wss://d.test:8443/"}},
		{"same host", "ws://a.test/", config,
			map[string][]driver.Field{"ws://a.test/": to("/b"), "ws://a.test/b": to("//A.test:80/c")},
			[]string{"ws://a.test/" + all, "ws://a.test/b" + all, "ws://A.test/c" + all}},
		{"from ws to wss", "ws://a.test/", config,
			map[string][]driver.Field{"ws://a.test/": to("https://a.test/")},
			[]string{"ws://a.test/" + all, "wss://a.test/" + all}},
		{"another port", "ws://a.test/", config,
			map[string][]driver.Field{"ws://a.test/": to("http://a.test:8080/")},
			[]string{"ws://a.test/" + all, "ws://a.test:8080/" + rest}},
		{"from ws to wss on another port", "ws://a.test/", config,
			map[string][]driver.Field{"ws://a.test/": to("https://a.test:8443/")},
			[]string{"ws://a.test/" + all, "wss://a.test:8443/" + rest}},
		{"another host and back", "ws://a.test/", config,
			map[string][]driver.Field{"ws://a.test/": to("http://b.a.test/"), "ws://b.a.test/": to("http://a.test/2")},
			[]string{"ws://a.test/" + all, "ws://b.a.test/" + rest, "ws://a.test/2" + rest}},
		{"user name and password", "ws://user:pass@a.test/", nil,
			map[string][]driver.Field{"ws://a.test/": to("/b"), "ws://a.test/b": to("ws://eve:x@b.test/")},
			[]string{"ws://a.test/" + basic, "ws://a.test/b" + basic, "ws://b.test/"}},
		{"Host", "ws://a.test/", &driver.Config{Fields: []driver.Field{{Name: "Host", Value: "virtual.test"}}},
			map[string][]driver.Field{"ws://virtual.test/": to("/b"), "ws://virtual.test/b": to("ws://b.test/")},
			[]string{"ws://virtual.test/", "ws://virtual.test/b", "ws://b.test/"}},
	}
	for _, test := range tests {
		for _, status := range []int{301, 302, 303, 307, 308} {
			t.Run(test.name, func(t *testing.T) {
				wstest.NoLeaks(t)
				s := newSite(t, status, test.answers)
				s.dialer.Config, s.dialer.MaxRedirects = test.config, len(test.answers)
				conn, err := s.dialer.Dial(context.Background(), test.url)
				if err != nil {
					t.Fatal(err)
				}
				exchange(t, conn)
				if diff := cmp.Diff(test.want, s.requests); diff != "" {
					t.Errorf("requests (-want +got):\n%s", diff)
				}
			})
		}
	}
	if len(config.Fields) != 2 || len(config.Cookies) != 1 {
		t.Errorf("the caller's Config has changed: %v %v", config.Fields, config.Cookies)
	}
}

// TestNoRedirect: none is followed unless asked for, nor beyond the limit, nor to
// where it must not lead. The answer is the caller's then.
func TestNoRedirect(t *testing.T) {
	loop := map[string][]driver.Field{"ws://a.test/": to("/")}
	tests := []struct {
		name     string
		max      int
		status   int
		url      string
		answers  map[string][]driver.Field
		requests int
		want     string
	}{
		{"not asked for", 0, 302, "ws://a.test/", loop, 1, "redirect to ws://a.test/, not followed without MaxRedirects"},
		{"not asked for, secrets", 0, 302, "ws://a.test/", map[string][]driver.Field{"ws://a.test/": to("https://secret:secret@b.test/c?secret#secret")}, 1,
			"redirect to wss://b.test/c, not followed without MaxRedirects"},
		{"not asked for, no Location", 0, 302, "ws://a.test/", map[string][]driver.Field{"ws://a.test/": {}}, 1, "redirect without Location"},
		{"limit", 2, 302, "ws://a.test/", loop, 3, "redirect to ws://a.test/ after 2 redirects, the maximum"},
		{"wss to ws", 5, 302, "wss://a.test/", map[string][]driver.Field{"wss://a.test/": to("http://a.test/secret")}, 1, "redirect from wss to ws, to a.test"},
		{"other scheme", 5, 302, "ws://a.test/", map[string][]driver.Field{"ws://a.test/": to("ftp://secret@b.test/")}, 1, `redirect to scheme "ftp"`},
		{"no host", 5, 302, "ws://a.test/", map[string][]driver.Field{"ws://a.test/": to("http:/secret")}, 1, "redirect to a URL without a host"},
		{"malformed", 5, 302, "ws://a.test/", map[string][]driver.Field{"ws://a.test/": to("http://secret:x/")}, 1, "redirect with a malformed Location"},
		{"no Location", 5, 302, "ws://a.test/", map[string][]driver.Field{"ws://a.test/": {}}, 1, "redirect without Location"},
		{"no redirect", 5, 300, "ws://a.test/", loop, 1, ""},
		{"use proxy", 5, 305, "ws://a.test/", loop, 1, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			wstest.NoLeaks(t)
			s := newSite(t, test.status, test.answers)
			s.dialer.MaxRedirects = test.max
			_, err := s.dialer.Dial(context.Background(), test.url)
			var refused *netconn.HandshakeError
			var e *driver.Error
			if !errors.As(err, &refused) || !errors.As(err, &e) || refused.Response.Status != test.status || e.Status != test.status {
				t.Fatalf("%v", err)
			}
			if !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "secret") {
				t.Errorf("%v", err)
			}
			if len(s.requests) != test.requests {
				t.Errorf("requests %q", s.requests)
			}
		})
	}
}

// TestJar: cookies of every answer are stored, and sent where they belong.
func TestJar(t *testing.T) {
	wstest.NoLeaks(t)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	set := func(location string, cookies ...string) []driver.Field {
		fields := to(location)
		for _, c := range cookies {
			fields = append(fields, driver.Field{Name: "Set-Cookie", Value: c})
		}
		return fields
	}
	s := newSite(t, 302, map[string][]driver.Field{
		"ws://a.test/login": set("https://a.test/", "plain=1; Path=/", "safe=2; Path=/; Secure", "old=3; Max-Age=0"),
		"wss://a.test/":     set("/chat", `list="x, y"; Path=/chat`),
		"wss://a.test/no":   {{Name: "Set-Cookie", Value: "refused=5; Path=/last"}},
	})
	s.dialer.Jar, s.dialer.MaxRedirects = jar, 5
	s.dialer.Config = &driver.Config{Cookies: []driver.Field{{Name: "own", Value: "0"}}}
	for _, url := range []string{"ws://a.test/login", "ws://b.test/", "ws://a.test/"} {
		conn, err := s.dialer.Dial(context.Background(), url)
		if err != nil {
			t.Fatal(err)
		}
		exchange(t, conn)
	}
	if _, err := s.dialer.Dial(context.Background(), "wss://a.test/no"); err == nil {
		t.Error("connected")
	}
	want := []string{
		"ws://a.test/login Cookie=own=0",
		"wss://a.test/ Cookie=own=0; plain=1; safe=2",
		`wss://a.test/chat Cookie=own=0; list="x, y"; plain=1; safe=2`,
		"ws://b.test/ Cookie=own=0",
		`ws://a.test/ Cookie=own=0; plain=1; open="yes, it is"`,
		`wss://a.test/no Cookie=own=0; plain=1; safe=2; open="yes, it is"`,
	}
	if diff := cmp.Diff(want, s.requests); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	var names []string
	for _, c := range jar.Cookies(urlOf(t, "http://a.test/last")) {
		names = append(names, c.Name)
	}
	if got := strings.Join(names, " "); got != "refused plain open" {
		t.Errorf("the jar has %s", got)
	}
}
