package nethttp_test

import (
	"bytes"
	"context"
	"errors"
	"log"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/sans-io/websocket-driver/adapters/netconn"
	"github.com/sans-io/websocket-driver/adapters/nethttp"
	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
)

// lockedBuffer is where a server logs.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// newLogged returns a server with one handler, and its log.
func newLogged(t *testing.T, h http.Handler) (*httptest.Server, *lockedBuffer) {
	t.Helper()
	noLeaks(t)
	l := &lockedBuffer{}
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = log.New(l, "", 0)
	s.Start()
	t.Cleanup(s.Close)
	return s, l
}

// wantClose fails the test unless the server closes with code.
func wantClose(t *testing.T, c *stream.Conn, code driver.Code) {
	t.Helper()
	_, _, err := c.ReadMessage(nil)
	var e *stream.CloseError
	if !errors.As(err, &e) || e.Code != code {
		t.Errorf("%v, not closed with %v", err, code)
	}
}

type key struct{}

// TestHandler: the handler of net/http returns, and the connection continues with a
// context that has the values of the request and never ends.
func TestHandler(t *testing.T) {
	for _, start := range []func(*httptest.Server){(*httptest.Server).Start, (*httptest.Server).StartTLS} {
		returned := make(chan bool, 1)
		h := (&nethttp.Upgrader{}).Handler(func(conn *stream.Conn, r *http.Request) {
			if !<-returned {
				t.Error("the handler has not returned")
			}
			if r.Context().Err() != nil || r.Context().Value(key{}) != "value" || r.URL.Path != "/path" {
				t.Errorf("%s with %v, %v", r.URL, r.Context().Err(), r.Context().Value(key{}))
			}
			echo(conn)
		})
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), key{}, "value")))
			returned <- true
		}))
		start(s)
		d := netconn.Dialer{}
		if s.TLS != nil {
			d.TLS = s.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
			d.TLS.NextProtos = nil
		}
		conn, err := d.Dial(context.Background(), "ws"+strings.TrimPrefix(s.URL, "http")+"/path")
		if err != nil {
			t.Fatal(err)
		}
		exchange(t, conn)
		s.Close()
	}
}

func TestHandlerReturns(t *testing.T) {
	s := newServer(t, (&nethttp.Upgrader{}).Handler(func(conn *stream.Conn, _ *http.Request) {
		conn.WriteMessage(driver.Text, []byte("bye"))
	}))
	conn, err := handshake(t, s)
	if err != nil {
		t.Fatal(err)
	}
	if _, p, err := conn.ReadMessage(nil); err != nil || string(p) != "bye" {
		t.Errorf("%q, %v", p, err)
	}
	wantClose(t, conn, driver.CodeNormal)
}

func TestPanic(t *testing.T) {
	tests := []struct {
		name  string
		value any
		log   string
	}{
		{"panic", "a bug", "a bug"},
		{"error", errors.New("an error"), "an error"},
		{"abort", http.ErrAbortHandler, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, l := newLogged(t, (&nethttp.Upgrader{}).Handler(func(*stream.Conn, *http.Request) { panic(test.value) }))
			conn, err := handshake(t, s)
			if err != nil {
				t.Fatal(err)
			}
			wantClose(t, conn, driver.CodeInternalError)
			text := l.String()
			if test.log == "" && text != "" || !strings.Contains(text, test.log) {
				t.Errorf("log: %q", text)
			}
			if test.log != "" && (!strings.Contains(text, "handler_test.go") || !strings.Contains(text, "127.0.0.1:")) {
				t.Errorf("neither stack nor address in %q", text)
			}
		})
	}
}

// TestFaultIsLogged: an error that the client does not see is logged. One that the
// client has caused is not.
func TestFaultIsLogged(t *testing.T) {
	u := &nethttp.Upgrader{Origins: []string{"["}}
	s, l := newLogged(t, u.Handler(func(*stream.Conn, *http.Request) {}))
	_, err := handshake(t, s, "Origin", "http://example.org")
	wantStatus(t, err, 500, "misconfigured")
	if !strings.Contains(l.String(), `"["`) {
		t.Errorf("log: %q", l.String())
	}
	before := l.String()
	res, err := http.Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 426 || l.String() != before {
		t.Errorf("%s, log: %q", res.Status, l.String())
	}
}

// TestCheckOrigins: Check finds a pattern that matches nothing.
func TestCheckOrigins(t *testing.T) {
	if err := (&nethttp.Upgrader{Origins: []string{"*.example.com", "http://[::1]:3000"}}).Check(); err != nil {
		t.Error(err)
	}
	for _, pattern := range []string{"", "https:/example.com", "a.example b.example", "https://user@example.com", "bücher.example"} {
		err := (&nethttp.Upgrader{Origins: []string{pattern}}).Check()
		if !errors.Is(err, driver.ErrInvalid) || !strings.Contains(err.Error(), strconv.Quote(pattern)) {
			t.Errorf("%q: %v", pattern, err)
		}
	}
}

func TestProtocols(t *testing.T) {
	say := func(text string) func(*stream.Conn, *http.Request) {
		return func(conn *stream.Conn, _ *http.Request) { conn.WriteMessage(driver.Text, []byte(text)) }
	}
	config := &driver.Config{
		Subprotocols: []string{"z"},
		Select:       func(*driver.Request, []string) string { return "z" },
	}
	u := &nethttp.Upgrader{Config: config, Select: func(*http.Request, []string) string { return "z" }}
	named := []nethttp.Protocol{{Name: "b", Serve: say("I am b")}, {Name: "a", Serve: say("I am a")}}
	strict := newServer(t, u.Protocols(named...))
	lax := newServer(t, u.Protocols(append(named, nethttp.Protocol{Serve: say("I am none")})...))
	tests := []struct {
		server         *httptest.Server
		offer          string
		protocol, says string // "" refused
	}{
		{strict, "a", "a", "I am a"},
		{strict, "a, b", "b", "I am b"},
		{strict, "z, a", "a", "I am a"},
		{strict, "z", "", ""},
		{strict, "", "", ""},
		{lax, "a, b", "b", "I am b"},
		{lax, "z", "", "I am none"},
		{lax, "", "", "I am none"},
	}
	for _, test := range tests {
		var fields []string
		if test.offer != "" {
			fields = []string{"Sec-WebSocket-Protocol", test.offer}
		}
		conn, err := handshake(t, test.server, fields...)
		if test.says == "" {
			wantStatus(t, err, 400, "none of the subprotocols b, a is offered")
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", test.offer, err)
			continue
		}
		if _, p, err := conn.ReadMessage(nil); err != nil || string(p) != test.says || conn.Subprotocol() != test.protocol {
			t.Errorf("%q: %q %q, %v", test.offer, conn.Subprotocol(), p, err)
		}
		wantClose(t, conn, driver.CodeNormal)
	}
	if config.Select == nil || len(config.Subprotocols) != 1 || u.Select == nil {
		t.Error("the settings were changed")
	}
}
