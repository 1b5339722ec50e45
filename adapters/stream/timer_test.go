package stream

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/extensions/deflate"
)

// TestRestIsNoLimit: a Tick that makes an idle extension release its memory leaves the
// connection open. (It was closed 2 s after the last message.)
func TestRestIsNoLimit(t *testing.T) {
	d := driver.FromRequest(&driver.Request{Method: "GET", Target: "/", Major: 1, Minor: 1, Fields: []driver.Field{
		{Name: "Upgrade", Value: "websocket"}, {Name: "Connection", Value: "Upgrade"},
		{Name: "Sec-WebSocket-Key", Value: "dGhlIHNhbXBsZSBub25jZQ=="}, {Name: "Sec-WebSocket-Version", Value: "13"},
		{Name: "Sec-WebSocket-Extensions", Value: deflate.Name}}},
		&driver.Config{Extensions: []driver.Extension{&deflate.Extension{}}})
	if err := d.Start(); err != nil {
		t.Fatal(err)
	}
	d.Parse(nil)
	start := time.Now().Add(-time.Hour)
	d.Tick(start)
	if err := d.Text([]byte(strings.Repeat("again and ", 100))); err != nil {
		t.Fatal(err)
	}
	d.Tick(start.Add(time.Second))
	if next, ok := d.NextTick(); !ok || next.After(time.Now()) {
		t.Fatalf("the extension does not ask for a Tick: %v", next)
	}
	near, far := net.Pipe()
	defer far.Close()
	c := New(near, d, nil)
	c.onTimer()
	c.lock()
	ended := c.end.phase
	c.unlock()
	if ended != going {
		t.Error("the transport is being closed")
	}
	if _, ok := d.NextTick(); ok {
		t.Error("the extension has not released its memory")
	}
	_ = c.CloseNow()
}
