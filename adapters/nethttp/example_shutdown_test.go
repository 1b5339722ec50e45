package nethttp_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/sans-io/websocket-driver/adapters/hub"
	"github.com/sans-io/websocket-driver/adapters/netconn"
	"github.com/sans-io/websocket-driver/adapters/nethttp"
	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
)

// A server that closes its WebSockets when it shuts down.
func ExampleUpgrader_Handler_shutdown() {
	var open hub.Registry
	u := &nethttp.Upgrader{}
	server := httptest.NewServer(u.Handler(func(conn *stream.Conn, _ *http.Request) {
		if !open.Add(conn) {
			conn.Close(context.Background(), driver.CodeGoingAway, "restarting")
			return
		}
		for m, err := range conn.Messages() {
			if err != nil || conn.WriteMessage(m.Kind, m.Data) != nil {
				return
			}
		}
	}))
	conn, err := netconn.Dial(context.Background(), "ws"+strings.TrimPrefix(server.URL, "http"), nil)
	if err != nil {
		log.Fatal(err)
	}
	if err := conn.WriteMessage(driver.Text, []byte("hello")); err != nil {
		log.Fatal(err)
	}
	if _, _, err := conn.ReadMessage(nil); err != nil {
		log.Fatal(err)
	}

	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		server.Config.Shutdown(ctx) // does not close WebSockets
		open.Shutdown(ctx, driver.CodeGoingAway, "restarting")
	}()
	_, _, err = conn.ReadMessage(nil)
	fmt.Println(err)
	conn.CloseNow()
	server.Close()
	// Output:
	// websocket: closed with 1001 (going away): restarting
}
