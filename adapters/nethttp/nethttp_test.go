package nethttp_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sans-io/websocket-driver/adapters/netconn"
	"github.com/sans-io/websocket-driver/adapters/nethttp"
	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

var all = &driver.Config{Versions: driver.AllVersions(), Subprotocols: []string{"b"}}

// noLeaks is wstest.NoLeaks without the idle connections of http.DefaultClient.
func noLeaks(t *testing.T) {
	t.Helper()
	wstest.NoLeaks(t)
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
}

// serve returns a server whose handler echoes, and where its errors go.
func serve(t *testing.T, c *driver.Config, start func(*httptest.Server)) (*httptest.Server, chan error) {
	t.Helper()
	noLeaks(t)
	errs := make(chan error, 100)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := nethttp.Upgrade(w, r, c)
		if err != nil {
			errs <- err
			return
		}
		defer conn.CloseNow()
		errs <- echo(conn)
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Config.ReadTimeout = time.Hour // its deadlines must not stay
	start(s)
	t.Cleanup(s.Close)
	return s, errs
}

func echo(c *stream.Conn) error {
	for {
		kind, p, err := c.ReadMessage(nil)
		if err != nil {
			return err
		}
		if err := c.WriteMessage(kind, p); err != nil {
			return err
		}
	}
}

func exchange(t *testing.T, c *stream.Conn) {
	t.Helper()
	if err := c.WriteMessage(driver.Text, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	if kind, p, err := c.ReadMessage(nil); err != nil || kind != driver.Text || string(p) != "hello" {
		t.Fatalf("%v %q, %v", kind, p, err)
	}
	if err := c.Close(context.Background(), driver.CodeNormal, ""); err != nil {
		t.Fatal(err)
	}
}

func TestEveryVersion(t *testing.T) {
	for _, scheme := range []string{"ws", "wss"} {
		start := (*httptest.Server).Start
		if scheme == "wss" {
			start = (*httptest.Server).StartTLS
		}
		s, errs := serve(t, all, start)
		d := netconn.Dialer{}
		if scheme == "wss" {
			d.TLS = s.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
			d.TLS.NextProtos = nil
		}
		for _, v := range driver.AllVersions() {
			d.Config = &driver.Config{Version: v, Subprotocols: []string{"a", "b"}}
			c, err := d.Dial(context.Background(), scheme+"://"+s.Listener.Addr().String()+"/path")
			if err != nil {
				t.Fatalf("%s %v: %v", scheme, v, err)
			}
			if c.Version() != v || c.Subprotocol() != "b" {
				t.Errorf("%s %v: %v %q", scheme, v, c.Version(), c.Subprotocol())
			}
			exchange(t, c)
			var e *stream.CloseError
			if err := <-errs; !errors.As(err, &e) {
				t.Errorf("%s %v: the server ended with %v", scheme, v, err)
			}
		}
	}
}

const request13 = "GET / HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"

const (
	request76 = "GET /demo HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Key2: 12998 5 Y3 1  .P00\r\nUpgrade: WebSocket\r\n" +
		"Sec-WebSocket-Key1: 4 @1  46546xW%0l 1 5\r\nOrigin: http://example.com\r\n\r\n"
	body76   = "^n:ds[4U"
	digest76 = "8jKS'y:G*Co,Wxa-"
)

// TestGluedBytes: the bytes after the handshake arrive together with it, and all bytes
// arrive one by one.
func TestGluedBytes(t *testing.T) {
	text := wstest.ClientFrame(0x81, "hello")
	closing := wstest.ClientFrame(0x88, "\x03\xe8")
	tests := []struct {
		name string
		in   string
		out  string // after the head of the response
	}{
		{"hybi-13", request13 + text + closing, "\x81\x05hello\x88\x02\x03\xe8"},
		{"hixie-76", request76 + body76 + "\x00hello\xff\xff\x00", digest76 + "\x00hello\xff\xff\x00"},
		{"hixie-76 with the length of its body, as Netty sends it",
			strings.Replace(request76, "Origin", "Content-Length: 8\r\nOrigin", 1) + body76 + "\x00hello\xff\xff\x00",
			digest76 + "\x00hello\xff\xff\x00"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, _ := serve(t, all, (*httptest.Server).Start)
			head := strings.Index(test.in, "\r\n\r\n") + 4
			cuts := [][]string{{test.in}, strings.Split(test.in, ""), {test.in[:head], test.in[head:]}}
			for i := head - 2; i < min(head+20, len(test.in)); i++ {
				cuts = append(cuts, []string{test.in[:i], test.in[i:]})
			}
			for i, cut := range cuts {
				nc, err := net.Dial("tcp", s.Listener.Addr().String())
				if err != nil {
					t.Fatal(err)
				}
				for _, part := range cut {
					io.WriteString(nc, part)
				}
				r := bufio.NewReader(nc)
				res, err := http.ReadResponse(r, nil)
				if err != nil || res.StatusCode != 101 {
					t.Fatalf("cut %d: %v, %v", i, res, err)
				}
				rest, err := io.ReadAll(r)
				if err != nil {
					t.Fatalf("cut %d: %v", i, err)
				}
				if diff := cmp.Diff(test.out, string(rest)); diff != "" {
					t.Errorf("cut %d: %s", i, diff)
				}
				nc.Close()
			}
		})
	}
}

// TestBodyAfterHead: the last part of a hixie-76 request is sent only after the response
// has arrived, as by some proxies.
func TestBodyAfterHead(t *testing.T) {
	s, _ := serve(t, all, (*httptest.Server).Start)
	nc, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	io.WriteString(nc, request76)
	r := bufio.NewReader(nc)
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := res.Header.Get("Sec-Websocket-Location"); got != "ws://example.com/demo" {
		t.Errorf("location %q", got)
	}
	io.WriteString(nc, body76)
	digest := make([]byte, 16)
	if _, err := io.ReadFull(r, digest); err != nil || string(digest) != digest76 {
		t.Errorf("digest %q, %v", digest, err)
	}
}

func TestRefused(t *testing.T) {
	s, errs := serve(t, nil, (*httptest.Server).Start)
	tests := []struct {
		name   string
		change func(r *http.Request)
		status int
		want   string // in the body
		field  string
	}{
		{"plain", func(r *http.Request) { r.Header = http.Header{} }, 426, "not a WebSocket request", "13, 8, 7"},
		{"version", func(r *http.Request) { r.Header.Set("Sec-WebSocket-Version", "14") }, 426, `"14"`, "13, 8, 7"},
		{"plain with a body", func(r *http.Request) {
			r.Header = http.Header{}
			r.Method, r.Body, r.ContentLength = "POST", io.NopCloser(strings.NewReader("x")), 1
		}, 426, "not a WebSocket request", "13, 8, 7"},
		{"method", func(r *http.Request) { r.Method = "POST" }, 405, "POST", ""},
		{"no key", func(r *http.Request) { r.Header.Del("Sec-WebSocket-Key") }, 400, "", ""},
		{"hixie", func(r *http.Request) {
			r.Header.Del("Sec-WebSocket-Key")
			r.Header.Del("Sec-WebSocket-Version")
		}, 426, "hixie-75", "13, 8, 7"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r, err := http.NewRequest("GET", s.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			for name, value := range map[string]string{"Upgrade": "websocket", "Connection": "Upgrade",
				"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version": "13"} {
				r.Header.Set(name, value)
			}
			test.change(r)
			res, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(res.Body)
			res.Body.Close()
			if res.StatusCode != test.status || !strings.Contains(string(body), test.want) ||
				res.Header.Get("Sec-Websocket-Version") != test.field {
				t.Errorf("%s %v %q", res.Status, res.Header, body)
			}
			var e *driver.Error
			if err := <-errs; !errors.As(err, &e) || e.Status != test.status {
				t.Errorf("Upgrade: %v", err)
			}
		})
	}
}

func TestNoTakeover(t *testing.T) {
	r := httptest.NewRequest("GET", "http://example.com/", nil)
	for name, value := range map[string]string{"Upgrade": "websocket", "Connection": "Upgrade",
		"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version": "13"} {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	if _, err := nethttp.Upgrade(w, r, nil); !errors.Is(err, http.ErrNotSupported) || w.Code != 500 {
		t.Errorf("%v, status %d", err, w.Code)
	}
}

func TestHTTP2(t *testing.T) {
	s, errs := serve(t, all, func(s *httptest.Server) {
		s.EnableHTTP2 = true
		s.StartTLS()
	})
	res, err := s.Client().Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	var e *driver.Error
	if err := <-errs; res.StatusCode != 505 || !errors.As(err, &e) || e.Status != 505 {
		t.Errorf("%s, %v", res.Status, err)
	}
	s.Client().CloseIdleConnections()
}

// TestRequest: the driver gets all fields, including those that appear more than once.
func TestRequest(t *testing.T) {
	got := make(chan *driver.Request, 1)
	c := &driver.Config{Select: func(r *driver.Request, offered []string) string {
		got <- r
		return offered[len(offered)-1]
	}}
	s, _ := serve(t, c, (*httptest.Server).StartTLS)
	d := netconn.Dialer{
		Config: &driver.Config{
			Subprotocols: []string{"a", "b"},
			Fields:       []driver.Field{{Name: "X-Twice", Value: "1"}, {Name: "x-twice", Value: "2"}},
		},
		TLS: &tls.Config{InsecureSkipVerify: true},
	}
	conn, err := d.Dial(context.Background(), "wss://"+s.Listener.Addr().String()+"/a%20b?c=d")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background(), driver.CodeNormal, "")
	if conn.Subprotocol() != "b" {
		t.Errorf("subprotocol %q", conn.Subprotocol())
	}
	r := <-got
	host := s.Listener.Addr().String()
	if diff := cmp.Diff([]string{"GET", "/a%20b?c=d", "https", host, host}, []string{r.Method, r.Target, r.Scheme, r.Authority, r.Get("Host")}); diff != "" {
		t.Error(diff)
	}
	var twice []string
	for _, f := range r.Fields {
		if f.Name == "X-Twice" {
			twice = append(twice, f.Value)
		}
	}
	if diff := cmp.Diff([]string{"1", "2"}, twice); diff != "" {
		t.Error(diff)
	}
	if r.Major != 1 || r.Minor != 1 {
		t.Errorf("HTTP/%d.%d", r.Major, r.Minor)
	}
}
