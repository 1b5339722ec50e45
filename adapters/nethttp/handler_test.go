package nethttp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/sans-io/websocket-driver/adapters/hub"
	"github.com/sans-io/websocket-driver/adapters/netconn"
	"github.com/sans-io/websocket-driver/adapters/nethttp"
	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
)

// lockedBuffer is where a server logs.
type lockedBuffer struct {
	mu    sync.Mutex
	b     bytes.Buffer
	wrote chan struct{} // receives after a Write
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case l.wrote <- struct{}{}:
	default:
	}
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// await returns the log once it contains text.
func (l *lockedBuffer) await(text string) string {
	for !strings.Contains(l.String(), text) {
		<-l.wrote
	}
	return l.String()
}

// newLogged returns a server with one handler, and its log.
func newLogged(t *testing.T, h http.Handler) (*httptest.Server, *lockedBuffer) {
	t.Helper()
	noLeaks(t)
	l := &lockedBuffer{wrote: make(chan struct{}, 1)}
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

// dialer returns a Dialer for s.
func dialer(s *httptest.Server) *netconn.Dialer {
	d := &netconn.Dialer{}
	if s.TLS != nil {
		d.TLS = s.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
		d.TLS.NextProtos = nil
	}
	return d
}

var starts = map[string]func(*httptest.Server){"HTTP": (*httptest.Server).Start, "HTTPS": (*httptest.Server).StartTLS}

// TestHandler: the application runs inside the handler, with a context that has the
// values of the request and ends with the connection.
func TestHandler(t *testing.T) {
	for name, start := range starts {
		t.Run(name, func(t *testing.T) {
			noLeaks(t)
			inside := false
			ended := make(chan error, 1)
			h := (&nethttp.Upgrader{}).Handler(func(conn *stream.Conn, r *http.Request) {
				if !inside || r.Context().Err() != nil || r.Context().Value(key{}) != "value" || r.URL.Path != "/path" {
					t.Errorf("inside %t: %s with %v, %v", inside, r.URL, r.Context().Err(), r.Context().Value(key{}))
				}
				_ = echo(conn)
				<-r.Context().Done()
				ended <- r.Context().Err()
			})
			s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				inside = true
				defer func() { inside = false }()
				h.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), key{}, "value")))
			}))
			start(s)
			defer s.Close()
			conn, err := dialer(s).Dial(context.Background(), "ws"+strings.TrimPrefix(s.URL, "http")+"/path")
			if err != nil {
				t.Fatal(err)
			}
			exchange(t, conn)
			if err := <-ended; err != context.Canceled {
				t.Errorf("the context ended with %v", err)
			}
		})
	}
}

// TestDetached: the handler of net/http returns, and the application continues with what
// the function before it has taken from the request.
func TestDetached(t *testing.T) {
	for name, start := range starts {
		t.Run(name, func(t *testing.T) {
			noLeaks(t)
			returned := make(chan bool, 1)
			h := (&nethttp.Upgrader{}).Detached(func(w http.ResponseWriter, r *http.Request) (func(*stream.Conn), error) {
				if r.URL.Path != "/path" {
					return nil, &driver.Error{Status: 401, Msg: "who are you?"}
				}
				http.SetCookie(w, &http.Cookie{Name: "seen", Value: "yes"})
				value := r.Context().Value(key{})
				return func(conn *stream.Conn) {
					if <-returned; value != "value" {
						t.Errorf("%v", value)
					}
					_ = echo(conn)
				}, nil
			})
			s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				h.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), key{}, "value")))
				returned <- true
			}))
			start(s)
			defer s.Close()
			url := "ws" + strings.TrimPrefix(s.URL, "http")
			conn, err := dialer(s).Dial(context.Background(), url+"/path")
			if err != nil {
				t.Fatal(err)
			}
			if got := conn.Response().Get("Set-Cookie"); got != "seen=yes" {
				t.Errorf("cookie %q", got)
			}
			exchange(t, conn)
			_, err = dialer(s).Dial(context.Background(), url+"/other")
			wantStatus(t, err, 401, "who are you?")
			<-returned
		})
	}
}

// TestDetachedPanic: a panic of a detached application is logged, and the connection is
// closed with 1011.
func TestDetachedPanic(t *testing.T) {
	for _, value := range []any{"a bug", http.ErrAbortHandler} {
		s, l := newLogged(t, (&nethttp.Upgrader{}).Detached(func(http.ResponseWriter, *http.Request) (func(*stream.Conn), error) {
			return func(*stream.Conn) { panic(value) }, nil
		}))
		conn, err := handshake(t, s)
		if err != nil {
			t.Fatal(err)
		}
		wantClose(t, conn, driver.CodeInternalError)
		text := l.String()
		if value == http.ErrAbortHandler && text != "" ||
			value == "a bug" && (!strings.Contains(text, "a bug") || !strings.Contains(text, "handler_test.go") || !strings.Contains(text, "127.0.0.1:")) {
			t.Errorf("log: %q", text)
		}
	}
}

// TestPanicPasses: middleware sees a panic of an application that is not detached.
func TestPanicPasses(t *testing.T) {
	seen := make(chan any, 1)
	h := (&nethttp.Upgrader{}).Handler(func(*stream.Conn, *http.Request) { panic("a bug") })
	s := newServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { seen <- recover() }()
		h.ServeHTTP(w, r)
	}))
	conn, err := handshake(t, s)
	if err != nil {
		t.Fatal(err)
	}
	wantClose(t, conn, driver.CodeInternalError)
	if p := <-seen; p != "a bug" {
		t.Errorf("the middleware recovers %v", p)
	}
}

// TestOnRefuse: a server may write a refusal itself, and then has the fields that the
// status demands.
func TestOnRefuse(t *testing.T) {
	var told error
	u := &nethttp.Upgrader{OnRefuse: func(w http.ResponseWriter, r *http.Request, err error) {
		told = err
		if r.URL.Path == "/own" {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusTeapot)
			w.Write([]byte(`{"error":"no"}`))
		}
	}}
	s := newServer(t, u.Handler(func(*stream.Conn, *http.Request) {}))
	for path, want := range map[string]string{"/own": `418 application/json {"error":"no"}`, "/": "426 text/plain; charset=utf-8 "} {
		res, err := http.Get(s.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		res.Body.Close()
		got := fmt.Sprint(res.StatusCode, " ", res.Header.Get("Content-Type"), " ", string(body))
		if !strings.HasPrefix(got, want) || res.Header.Get("Sec-WebSocket-Version") == "" || !res.Close {
			t.Errorf("%s: %s, %v", path, got, res.Header)
		}
		var e *driver.Error
		if !errors.As(told, &e) || e.Status != 426 {
			t.Errorf("%s: OnRefuse is told %v", path, told)
		}
	}
}

// TestRequests: what handlers may ask before they upgrade.
func TestRequests(t *testing.T) {
	type answer struct {
		is           bool
		subprotocols []string
		host         string
	}
	answers := make(chan answer, 1)
	s := newServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answers <- answer{nethttp.IsWebSocket(r), nethttp.Subprotocols(r), nethttp.Request(r).Get("Host")}
	}))
	host := strings.TrimPrefix(s.URL, "http://")
	for _, v := range driver.AllVersions() {
		_, _ = netconn.Dial(context.Background(), "ws://"+host, &driver.Config{Version: v, Subprotocols: []string{"b", "a"}})
		got := <-answers
		if !got.is || got.host != host || len(got.subprotocols) == 0 || got.subprotocols[0] != "b" {
			t.Errorf("%v: %+v", v, got)
		}
	}
	res, err := http.Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if got := <-answers; got.is || got.subprotocols != nil {
		t.Errorf("a plain request: %+v", got)
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
			text := l.await(test.log)
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

// TestOnOpen: a Registry gets every connection of an Upgrader, and one that it does not
// take is closed with 1001.
func TestOnOpen(t *testing.T) {
	var open hub.Registry
	u := &nethttp.Upgrader{OnOpen: open.Add}
	s := newServer(t, u.Handler(func(conn *stream.Conn, _ *http.Request) { _ = echo(conn) }))
	conn, err := handshake(t, s)
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.WriteMessage(driver.Text, nil); err != nil {
		t.Fatal(err)
	}
	if _, _, err := conn.ReadMessage(nil); err != nil { // from the application, which runs after OnOpen
		t.Fatal(err)
	}
	if n := len(slices.Collect(open.All())); n != 1 {
		t.Errorf("%d connections", n)
	}
	go open.Shutdown(context.Background(), driver.CodeGoingAway, "")
	wantClose(t, conn, driver.CodeGoingAway)
	if conn, err = handshake(t, s); err != nil {
		t.Fatal(err)
	}
	wantClose(t, conn, driver.CodeGoingAway)
}
