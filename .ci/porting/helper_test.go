package porting

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sans-io/websocket-driver/adapters/netconn"
	"github.com/sans-io/websocket-driver/adapters/nethttp"
	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/extensions/deflate"
)

// limit returns a context that ends a test which hangs.
func limit(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// serve serves h, and returns its ws URL.
func serve(t *testing.T, h http.Handler) string {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return "ws" + strings.TrimPrefix(s.URL, "http")
}

// ours serves our side of a connection, and returns the URL. The end of the test waits for
// app to return.
func ours(t *testing.T, u *nethttp.Upgrader, app func(*stream.Conn)) string {
	return serve(t, u.Handler(func(conn *stream.Conn, r *http.Request) {
		defer conn.CloseNow()
		app(conn)
	}))
}

// dial connects our client.
func dial(t *testing.T, url string, c *driver.Config) *stream.Conn {
	t.Helper()
	conn, err := netconn.Dial(limit(t), url, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.CloseNow() })
	return conn
}

// echo sends messages back until the connection ends.
func echo(conn *stream.Conn) {
	for m, err := range conn.Messages() {
		if err != nil || conn.WriteMessage(m.Kind, m.Data) != nil {
			return
		}
	}
}

// ask sends a text and expects it back.
func ask(t *testing.T, conn *stream.Conn, text string) {
	t.Helper()
	if err := conn.WriteMessage(driver.Text, []byte(text)); err != nil {
		t.Fatal(err)
	}
	if kind, p, err := conn.ReadMessage(nil); kind != driver.Text || string(p) != text || err != nil {
		t.Fatalf("%v %.40q, %v, not %.40q", kind, p, err, text)
	}
}

// must fails the test on an error.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// detached is echo for Detached.
func detached(u *nethttp.Upgrader) http.Handler {
	return u.Detached(func(http.ResponseWriter, *http.Request) (func(*stream.Conn), error) { return echo, nil })
}

// tryClient does with a server that sends messages back and speaks the subprotocol chat
// what programs do with a connection. e may be nil.
func tryClient(t *testing.T, url string, e *deflate.Extension) {
	cfg := &driver.Config{Subprotocols: []string{"other", "chat"}, Fields: []driver.Field{{Name: "X-Token", Value: "secret"}}}
	if e != nil {
		cfg.Extensions = []driver.Extension{e}
	}
	conn := dial(t, url, cfg)
	if got := conn.Subprotocol(); got != "chat" || (conn.Extensions() != "") != (e != nil) || conn.Response().Status != 101 {
		t.Errorf("subprotocol %q, extensions %q, status %d", got, conn.Extensions(), conn.Response().Status)
	}
	ask(t, conn, "grüße")
	ask(t, conn, strings.Repeat("long ", 20000))
	must(t, conn.WriteMessageContext(limit(t), driver.Binary, []byte{0, 255}))
	if kind, p, err := conn.ReadMessageContext(limit(t), nil); kind != driver.Binary || string(p) != "\x00\xff" || err != nil {
		t.Errorf("%v %q, %v", kind, p, err)
	}
	must(t, conn.WriteJSON(map[string]int{"n": 7}))
	var got map[string]int
	if err := conn.ReadJSON(&got); got["n"] != 7 || err != nil {
		t.Errorf("%v, %v", got, err)
	}
	w, err := conn.NextWriter(driver.Text)
	must(t, err)
	io.WriteString(w, "in ")
	io.WriteString(w, "parts")
	must(t, w.Close())
	kind, r, err := conn.NextReader()
	must(t, err)
	if p, err := io.ReadAll(r); kind != driver.Text || string(p) != "in parts" || err != nil {
		t.Errorf("%v %q, %v", kind, p, err)
	}
	pong := make(chan error, 1)
	go func() {
		_, err := conn.Ping(limit(t))
		if err == nil {
			err = conn.WriteMessage(driver.Text, []byte("after the pong"))
		}
		pong <- err
	}()
	if _, p, err := conn.ReadMessage(nil); string(p) != "after the pong" || err != nil {
		t.Errorf("%q, %v", p, err)
	}
	must(t, <-pong)
	conn.SetCompression(false)
	must(t, conn.WriteUncompressed(driver.Text, []byte("plain")))
	var last stream.Message
	for last, err = range conn.Messages() {
		break
	}
	if string(last.Data) != "plain" || last.Kind != driver.Text || err != nil {
		t.Errorf("%v, %v", last, err)
	}
	must(t, conn.Close(limit(t), driver.CodeNormal, "bye"))
	<-conn.Done()
}

// openServer returns a server's driver that has accepted a request with these fields.
func openServer(t *testing.T, c *driver.Config, fields ...string) *driver.Driver {
	t.Helper()
	d := driver.NewServer(c)
	request := append([]string{"GET / HTTP/1.1", "Host: x", "Upgrade: websocket", "Connection: Upgrade",
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"}, fields...)
	d.Parse([]byte(strings.Join(request, "\r\n") + "\r\n\r\n"))
	must(t, d.Start())
	if _, ev := d.Parse(nil); ev.Kind != driver.Open {
		t.Fatalf("%v: %v", ev.Kind, d.Err())
	}
	d.Take(nil)
	return d
}
