package porting

import (
	"net/http"
	"testing"

	"github.com/lxzan/gws"

	"github.com/sans-io/websocket-driver/adapters/nethttp"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/extensions/deflate"
)

// gwsEcho sends messages back; gwsClient passes on what it gets.
type (
	gwsEcho   struct{ gws.BuiltinEventHandler }
	gwsClient struct {
		gws.BuiltinEventHandler
		got chan string
	}
)

func (gwsEcho) OnMessage(c *gws.Conn, m *gws.Message) {
	defer m.Close()
	c.WriteMessage(m.Opcode, m.Bytes())
}

func (gwsEcho) OnPing(c *gws.Conn, p []byte) { c.WritePong(p) }

func (h gwsClient) OnMessage(_ *gws.Conn, m *gws.Message) {
	defer m.Close()
	h.got <- string(m.Bytes())
}

func (h gwsClient) OnClose(_ *gws.Conn, err error) { h.got <- err.Error() }

// TestGWSServer: our client and a server of gws.
func TestGWSServer(t *testing.T) {
	up := gws.NewUpgrader(gwsEcho{}, &gws.ServerOption{SubProtocols: []string{"chat"}, CheckUtf8Enabled: true,
		PermessageDeflate: gws.PermessageDeflate{Enabled: true, ServerContextTakeover: true, ClientContextTakeover: true}})
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := up.Upgrade(w, r); err == nil {
			c.ReadLoop()
		}
	}))
	tryClient(t, url, &deflate.Extension{})
}

// TestGWSClient: our server, detached from net/http, and a client of gws.
func TestGWSClient(t *testing.T) {
	url := serve(t, detached(&nethttp.Upgrader{Config: &driver.Config{Subprotocols: []string{"chat"}}}))
	h := gwsClient{got: make(chan string, 1)}
	c, _, err := gws.NewClient(h, &gws.ClientOption{Addr: url, RequestHeader: http.Header{"Sec-WebSocket-Protocol": {"chat"}}})
	must(t, err)
	go c.ReadLoop()
	must(t, c.WriteString("hello"))
	if got := <-h.got; got != "hello" {
		t.Errorf("%q", got)
	}
	must(t, c.WriteClose(4000, []byte("bye")))
	t.Log(<-h.got)
}
