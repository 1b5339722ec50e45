package nethttp_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/sans-io/websocket-driver/adapters/netconn"
	"github.com/sans-io/websocket-driver/adapters/nethttp"
	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
)

// Applications by path: each is an http.Handler, so http.ServeMux selects it.
func ExampleUpgrader_Handler() {
	echoAll := func(conn *stream.Conn, _ *http.Request) {
		for {
			kind, p, err := conn.ReadMessage(nil)
			if err != nil {
				return
			}
			if err := conn.WriteMessage(kind, p); err != nil {
				return
			}
		}
	}
	u := &nethttp.Upgrader{Origins: []string{"https://*.example.com"}} // beside those of the same host
	mux := http.NewServeMux()
	mux.Handle("GET /echo", u.Handler(echoAll))
	mux.Handle("GET /rooms/{room}", u.Handler(func(conn *stream.Conn, r *http.Request) {
		conn.WriteMessage(driver.Text, []byte("welcome to "+r.PathValue("room")))
	}))
	server := httptest.NewServer(mux)
	defer server.Close()

	greet := func(url string) {
		conn, err := netconn.Dial(context.Background(), url, nil)
		if err != nil {
			fmt.Println(err)
			return
		}
		defer conn.CloseNow()
		_, p, err := conn.ReadMessage(nil)
		fmt.Printf("%s %v\n", p, err)
	}
	url := "ws" + strings.TrimPrefix(server.URL, "http")
	greet(url + "/rooms/kitchen")
	greet(url + "/attic")
	// Output:
	// welcome to kitchen <nil>
	// websocket: handshake refused with status 404 (Not Found)
}
