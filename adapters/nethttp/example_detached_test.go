package nethttp_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/sans-io/websocket-driver/adapters/netconn"
	"github.com/sans-io/websocket-driver/adapters/nethttp"
	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
)

// A server for many connections: what the application needs of the request is taken
// before the upgrade, and nothing of net/http is kept.
func ExampleUpgrader_Detached() {
	u := &nethttp.Upgrader{}
	mux := http.NewServeMux()
	mux.Handle("GET /rooms/{room}", u.Detached(func(w http.ResponseWriter, r *http.Request) (func(*stream.Conn), error) {
		name, _, ok := r.BasicAuth() // on the goroutine of net/http, before the upgrade
		if !ok {
			return nil, &driver.Error{Status: 401, Msg: "who are you?"}
		}
		room := r.PathValue("room")
		return func(conn *stream.Conn) { // on a goroutine of its own, without r
			conn.WriteMessage(driver.Text, []byte(name+" enters the "+room))
		}, nil
	}))
	server := httptest.NewServer(mux)
	defer server.Close()

	url := "ws://ann:secret@" + strings.TrimPrefix(server.URL, "http://") + "/rooms/kitchen"
	conn, err := netconn.Dial(context.Background(), url, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer conn.CloseNow()
	_, p, err := conn.ReadMessage(nil)
	fmt.Printf("%s %v\n", p, err)
	// Output: ann enters the kitchen <nil>
}
