package porting

import (
	"net/http"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/sans-io/websocket-driver/adapters/nethttp"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/extensions/deflate"
)

// TestGorillaServer: our client and a server of gorilla.
func TestGorillaServer(t *testing.T) {
	up := websocket.Upgrader{Subprotocols: []string{"chat"}, EnableCompression: true}
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := up.Upgrade(w, r, http.Header{"X-Room": {"7"}})
		if err != nil {
			return
		}
		defer c.Close()
		for {
			kind, p, err := c.ReadMessage()
			if err != nil || c.WriteMessage(kind, p) != nil {
				return
			}
		}
	}))
	tryClient(t, url, &deflate.Extension{Fallback: []deflate.Params{{ServerNoContextTakeover: true, ClientNoContextTakeover: true}}})
}

// TestGorillaClient: our server and a client of gorilla.
func TestGorillaClient(t *testing.T) {
	url := ours(t, &nethttp.Upgrader{Config: &driver.Config{Subprotocols: []string{"chat"},
		Extensions: []driver.Extension{&deflate.Extension{}}}}, echo)
	d := websocket.Dialer{Subprotocols: []string{"chat"}, EnableCompression: true}
	c, _, err := d.DialContext(limit(t), url, nil)
	must(t, err)
	defer c.Close()
	for _, kind := range []int{websocket.TextMessage, websocket.BinaryMessage} {
		must(t, c.WriteMessage(kind, []byte("hello")))
		if k, p, err := c.ReadMessage(); k != kind || string(p) != "hello" || err != nil {
			t.Errorf("%d %q, %v", k, p, err)
		}
	}
	must(t, c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(4000, "bye"), time.Now().Add(time.Second)))
	if _, _, err := c.ReadMessage(); !websocket.IsCloseError(err, 4000) || c.Subprotocol() != "chat" {
		t.Errorf("%v, subprotocol %q", err, c.Subprotocol())
	}
}
