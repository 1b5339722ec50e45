package porting

import (
	"testing"

	"golang.org/x/net/websocket"

	"github.com/sans-io/websocket-driver/adapters/nethttp"
	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
)

// TestXNetServer: our client and a server of golang.org/x/net/websocket.
func TestXNetServer(t *testing.T) {
	url := serve(t, websocket.Handler(func(c *websocket.Conn) {
		for {
			var s string
			if websocket.Message.Receive(c, &s) != nil || websocket.Message.Send(c, s) != nil {
				return
			}
		}
	}))
	c := dial(t, url, &driver.Config{Fields: []driver.Field{{Name: "Origin", Value: "http://localhost/"}}})
	ask(t, c, "grüße")
}

// TestXNetClient: our server, as a stream of bytes, and a client of
// golang.org/x/net/websocket.
func TestXNetClient(t *testing.T) {
	url := ours(t, &nethttp.Upgrader{Origins: []string{"*"}}, func(conn *stream.Conn) {
		c := conn.NetConn(driver.Text)
		p := make([]byte, 3)
		for {
			n, err := c.Read(p)
			if err != nil {
				return
			}
			if _, err := c.Write(p[:n]); err != nil {
				return
			}
		}
	})
	c, err := websocket.Dial(url, "", "http://localhost/")
	must(t, err)
	defer c.Close()
	if _, err := c.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	got := ""
	for p := make([]byte, 10); len(got) < 5; {
		n, err := c.Read(p)
		if got += string(p[:n]); err != nil {
			t.Fatal(err)
		}
	}
	if got != "hello" {
		t.Errorf("%q", got)
	}
}
