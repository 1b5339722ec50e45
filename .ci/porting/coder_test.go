package porting

import (
	"net/http"
	"testing"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"

	"github.com/sans-io/websocket-driver/adapters/nethttp"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/extensions/deflate"
)

// TestCoderServer: our client and a server of coder.
func TestCoderServer(t *testing.T) {
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"chat"},
			CompressionMode: websocket.CompressionContextTakeover})
		if err != nil {
			return
		}
		defer c.CloseNow()
		c.SetReadLimit(-1)
		for {
			kind, p, err := c.Read(r.Context())
			if err != nil || c.Write(r.Context(), kind, p) != nil {
				return
			}
		}
	}))
	tryClient(t, url, &deflate.Extension{Threshold: 64, Level: 1})
}

// TestCoderClient: our server and a client of coder.
func TestCoderClient(t *testing.T) {
	url := ours(t, &nethttp.Upgrader{Config: &driver.Config{Subprotocols: []string{"chat"},
		Extensions: []driver.Extension{&deflate.Extension{}}}}, echo)
	ctx := limit(t)
	c, _, err := websocket.Dial(ctx, url, &websocket.DialOptions{Subprotocols: []string{"chat"},
		CompressionMode: websocket.CompressionContextTakeover})
	must(t, err)
	defer c.CloseNow()
	must(t, wsjson.Write(ctx, c, map[string]int{"n": 7}))
	var got map[string]int
	if err := wsjson.Read(ctx, c, &got); got["n"] != 7 || err != nil || c.Subprotocol() != "chat" {
		t.Errorf("%v, %v, subprotocol %q", got, err, c.Subprotocol())
	}
	must(t, c.Close(4000, "bye"))
}
