package porting

import (
	"testing"

	"github.com/lesismal/nbio/nbhttp"
	"github.com/lesismal/nbio/nbhttp/websocket"
	"net/http"

	"github.com/sans-io/websocket-driver/adapters/nethttp"
	"github.com/sans-io/websocket-driver/driver"
)

// TestNbioServer: our client and a server of nbio.
func TestNbioServer(t *testing.T) {
	up := websocket.NewUpgrader()
	up.Subprotocols = []string{"chat"}
	up.OnMessage(func(c *websocket.Conn, kind websocket.MessageType, p []byte) { c.WriteMessage(kind, p) })
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { up.Upgrade(w, r, nil) }))
	tryClient(t, url, nil)
}

// TestNbioClient: our server and a client of nbio.
func TestNbioClient(t *testing.T) {
	url := ours(t, &nethttp.Upgrader{Config: &driver.Config{Subprotocols: []string{"chat"}}}, echo)
	engine := nbhttp.NewEngine(nbhttp.Config{})
	must(t, engine.Start())
	defer engine.Stop()
	got := make(chan string, 1)
	o := websocket.NewOptions()
	o.OnMessage(func(_ *websocket.Conn, _ websocket.MessageType, p []byte) { got <- string(p) })
	d := websocket.Dialer{Engine: engine, Options: o, Subprotocols: []string{"chat"}}
	c, _, err := d.Dial(url, nil)
	must(t, err)
	defer c.Close()
	must(t, c.WriteMessage(websocket.TextMessage, []byte("hello")))
	if p := <-got; p != "hello" {
		t.Errorf("%q", p)
	}
}
