package nethttp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sans-io/websocket-driver/adapters/netconn"
	"github.com/sans-io/websocket-driver/adapters/nethttp"
	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
)

// handshake makes the opening handshake of a client with a server. Fields of the
// request are name, value and so on.
func handshake(t *testing.T, s *httptest.Server, fields ...string) (*stream.Conn, error) {
	t.Helper()
	c := &driver.Config{}
	for i := 0; i < len(fields); i += 2 {
		if fields[i] == "Sec-WebSocket-Protocol" {
			c.Subprotocols = strings.Split(fields[i+1], ", ")
			continue
		}
		c.Fields = append(c.Fields, driver.Field{Name: fields[i], Value: fields[i+1]})
	}
	conn, err := netconn.Dial(context.Background(), "ws"+strings.TrimPrefix(s.URL, "http"), c)
	if err == nil {
		t.Cleanup(func() { conn.CloseNow() })
	}
	return conn, err
}

// wantStatus fails the test unless err is a handshake refused with status, and with
// text in the body.
func wantStatus(t *testing.T, err error, status int, text string) {
	t.Helper()
	var e *netconn.HandshakeError
	if !errors.As(err, &e) || e.Response == nil || e.Response.Status != status || !strings.Contains(string(e.Response.Body), text) {
		if e != nil && e.Response != nil {
			t.Errorf("%d %q", e.Response.Status, e.Response.Body)
		}
		t.Errorf("%v, not %d with %q", err, status, text)
	}
}

// newServer returns a server with one handler.
func newServer(t *testing.T, h http.Handler) *httptest.Server {
	t.Helper()
	noLeaks(t)
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

func TestOrigin(t *testing.T) {
	secret := errors.New("not in the table of tenants")
	tests := []struct {
		name     string
		upgrader nethttp.Upgrader
		origin   string // HOST stands for the server's address
		status   int    // 0: accepted
		body     string
	}{
		{"no browser", nethttp.Upgrader{}, "", 0, ""},
		{"same origin", nethttp.Upgrader{}, "http://HOST", 0, ""},
		{"same origin through a proxy with TLS", nethttp.Upgrader{}, "https://HOST", 0, ""},
		{"other origin", nethttp.Upgrader{}, "http://evil.org", 403, `"http://evil.org"`},
		{"pattern", nethttp.Upgrader{Origins: []string{"*.example.com"}}, "https://a.example.com", 0, ""},
		{"same origin beside patterns", nethttp.Upgrader{Origins: []string{"*.example.com"}}, "http://HOST", 0, ""},
		{"no pattern", nethttp.Upgrader{Origins: []string{"*.example.com"}}, "https://example.org", 403, "example.org"},
		{"bad pattern", nethttp.Upgrader{Origins: []string{"["}}, "https://example.org", 500, "misconfigured"},
		{"function, yes", nethttp.Upgrader{CheckOrigin: func(*http.Request) error { return nil }}, "http://evil.org", 0, ""},
		{"function, no", nethttp.Upgrader{CheckOrigin: func(*http.Request) error { return secret }}, "http://HOST", 403, "the origin is not allowed\n"},
		{"function, status", nethttp.Upgrader{CheckOrigin: func(*http.Request) error {
			return &driver.Error{Status: 401, Msg: "who are you?"}
		}}, "", 401, "who are you?"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			errs := make(chan error, 1)
			s := newServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				conn, err := test.upgrader.Upgrade(w, r)
				if err == nil {
					conn.CloseNow()
				}
				errs <- err
			}))
			var fields []string
			if test.origin != "" {
				fields = []string{"Origin", strings.Replace(test.origin, "HOST", s.Listener.Addr().String(), 1)}
			}
			_, err := handshake(t, s, fields...)
			got := <-errs
			if test.status == 0 {
				if err != nil || got != nil {
					t.Errorf("%v, %v", err, got)
				}
				return
			}
			wantStatus(t, err, test.status, test.body)
			var e *driver.Error
			if !errors.As(got, &e) || e.Status != test.status {
				t.Errorf("Upgrade: %v", got)
			}
			if strings.HasPrefix(test.name, "function, no") && !errors.Is(got, secret) {
				t.Errorf("Upgrade: %v does not wrap what CheckOrigin said", got)
			}
		})
	}
}

// TestResponseFields: the fields that handlers and middleware have set in w.Header are
// sent with the response, except those that they cannot set.
func TestResponseFields(t *testing.T) {
	config := &driver.Config{
		Fields:   append(make([]driver.Field, 0, 10), driver.Field{Name: "X-Config", Value: "1"}),
		Cookies:  []driver.Field{{Name: "c", Value: "1; Path=/"}},
		Versions: driver.AllVersions(),
	}
	s := newServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Request-Id", r.URL.Query().Get("id"))
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "1", HttpOnly: true})
		http.SetCookie(w, &http.Cookie{Name: "b", Value: "2"})
		h["x-raw"] = []string{"case is kept"}
		for _, name := range []string{"Content-Type", "Content-Length", "Content-Encoding", "Connection", "Upgrade", "Keep-Alive",
			"Transfer-Encoding", "Trailer", "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions", "Websocket-Origin", http.TrailerPrefix + "X"} {
			h.Set(name, "17")
		}
		conn, err := nethttp.Upgrade(w, r, config)
		if err != nil {
			t.Error(err)
			return
		}
		conn.Close(context.Background(), driver.CodeNormal, "")
	}))
	for _, v := range driver.AllVersions() {
		conn, err := netconn.Dial(context.Background(), "ws"+strings.TrimPrefix(s.URL, "http")+"/?id=7",
			&driver.Config{Version: v})
		if err != nil {
			t.Fatalf("%v: %v", v, err)
		}
		var got []string
		for _, f := range conn.Response().Fields {
			switch f.Name {
			case "Upgrade", "Connection", "Sec-WebSocket-Accept", "Sec-WebSocket-Origin", "Sec-WebSocket-Location",
				"WebSocket-Origin", "WebSocket-Location":
				if f.Value == "17" {
					t.Errorf("%v: %s: %s", v, f.Name, f.Value)
				}
				continue
			}
			got = append(got, f.Name+": "+f.Value)
		}
		want := []string{"X-Config: 1", "Set-Cookie: c=1; Path=/", "Set-Cookie: a=1; HttpOnly", "Set-Cookie: b=2", "X-Request-Id: 7", "x-raw: case is kept"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%v: %s", v, diff)
		}
		conn.Close(context.Background(), driver.CodeNormal, "")
	}
	if full := config.Fields[:cap(config.Fields)]; full[1] != (driver.Field{}) || len(config.Fields) != 1 {
		t.Errorf("the Config was changed: %q", full)
	}
}

// TestSelect: the subprotocol depends on the request, and concurrent requests share a
// Config.
func TestSelect(t *testing.T) {
	u := nethttp.Upgrader{
		Config: &driver.Config{Subprotocols: []string{"a"}},
		Select: func(r *http.Request, offered []string) string {
			return r.Header.Get("X-Want")
		},
	}
	s, _ := newLogged(t, u.Handler(func(*stream.Conn, *http.Request) {}))
	var wg sync.WaitGroup
	for _, want := range []string{"a", "b", "", "a", "b", ""} {
		wg.Go(func() {
			conn, err := handshake(t, s, "Sec-WebSocket-Protocol", "a, b", "X-Want", want)
			if err != nil || conn.Subprotocol() != want {
				t.Errorf("%v, not %q", err, want)
			}
		})
	}
	wg.Wait()
	if u.Config.Select != nil {
		t.Error("the Config was changed")
	}
	_, err := handshake(t, s, "Sec-WebSocket-Protocol", "a, b", "X-Want", "z")
	wantStatus(t, err, 500, "misconfigured")
}

// wrapper is a ResponseWriter of a middleware.
type wrapper struct{ http.ResponseWriter }

func (w wrapper) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// opaque is one that its author has forgotten Unwrap of.
type opaque struct{ http.ResponseWriter }

func TestWrapped(t *testing.T) {
	s, _ := serve(t, nil, func(s *httptest.Server) {
		inner := s.Config.Handler
		s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			inner.ServeHTTP(wrapper{wrapper{w}}, r)
		})
		s.Start()
	})
	conn, err := handshake(t, s)
	if err != nil {
		t.Fatal(err)
	}
	exchange(t, conn)
}

func TestOpaque(t *testing.T) {
	s, errs := serve(t, nil, func(s *httptest.Server) {
		inner := s.Config.Handler
		s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { inner.ServeHTTP(opaque{w}, r) })
		s.Start()
	})
	_, err := handshake(t, s)
	wantStatus(t, err, 500, "misconfigured")
	if err := <-errs; !errors.Is(err, http.ErrNotSupported) || !strings.Contains(err.Error(), "nethttp_test.opaque") {
		t.Errorf("Upgrade: %v", err)
	}
}

// TestHijackedBefore: a response is no longer possible.
func TestHijackedBefore(t *testing.T) {
	s, errs := serve(t, nil, func(s *httptest.Server) {
		inner := s.Config.Handler
		s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			nc, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer nc.Close()
			inner.ServeHTTP(w, r)
		})
		s.Start()
	})
	if _, err := handshake(t, s); err == nil {
		t.Error("a handshake without a connection")
	}
	var e *driver.Error
	if err := <-errs; !errors.Is(err, http.ErrHijacked) || errors.As(err, &e) {
		t.Errorf("Upgrade: %v", err)
	}
}

// TestBody: a body would be taken for frames.
func TestBody(t *testing.T) {
	s, errs := serve(t, nil, (*httptest.Server).Start)
	for _, body := range []string{"Content-Length: 3\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"} {
		nc, err := net.Dial("tcp", s.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(nc, strings.TrimSuffix(request13, "\r\n")+body)
		answer := make([]byte, 12)
		if _, err := io.ReadFull(nc, answer); err != nil || string(answer) != "HTTP/1.1 400" {
			t.Errorf("%q, %v", answer, err)
		}
		nc.Close()
		var e *driver.Error
		if err := <-errs; !errors.As(err, &e) || e.Status != 400 {
			t.Errorf("Upgrade: %v", err)
		}
	}
}

// timed remembers the deadlines of a connection.
type timed struct {
	net.Conn
	mu          sync.Mutex
	read, write time.Time
	set         bool // a deadline was set
}

func (c *timed) note(read, write bool, t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.set = c.set || t.After(time.Now())
	if read {
		c.read = t
	}
	if write {
		c.write = t
	}
}

func (c *timed) SetDeadline(t time.Time) error {
	c.note(true, true, t)
	return c.Conn.SetDeadline(t)
}

func (c *timed) SetReadDeadline(t time.Time) error {
	c.note(true, false, t)
	return c.Conn.SetReadDeadline(t)
}

func (c *timed) SetWriteDeadline(t time.Time) error {
	c.note(false, true, t)
	return c.Conn.SetWriteDeadline(t)
}

type timedListener struct{ net.Listener }

func (l timedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return &timed{Conn: c}, err
}

// TestDeadlines: those of the server end.
func TestDeadlines(t *testing.T) {
	s := httptest.NewUnstartedServer((&nethttp.Upgrader{}).Handler(func(conn *stream.Conn, _ *http.Request) {
		c := conn.Transport().(*timed)
		c.mu.Lock()
		defer c.mu.Unlock()
		if !c.set || !c.read.IsZero() || !c.write.IsZero() {
			t.Errorf("deadlines %v, %v", c.read, c.write)
		}
	}))
	s.Listener = timedListener{s.Listener}
	s.Config.ReadTimeout, s.Config.WriteTimeout = time.Hour, time.Hour
	s.Start()
	defer s.Close()
	conn, err := handshake(t, s)
	if err != nil {
		t.Fatal(err)
	}
	conn.ReadMessage(nil)
}
