package nethttp_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"

	"github.com/sans-io/websocket-driver/adapters/netconn"
	"github.com/sans-io/websocket-driver/adapters/nethttp"
	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
)

// Metrics of all connections of a server.
func ExampleUpgrader_trace() {
	var open, received atomic.Int64
	trace := &stream.Trace{
		Opened: func(*stream.Conn) { open.Add(1) },
		Closed: func(*stream.Conn, driver.Code, error) { open.Add(-1) },
		Received: func(_ *stream.Conn, _ driver.Kind, n int) {
			received.Add(int64(n))
		},
	}
	upgrader := &nethttp.Upgrader{Stream: &stream.Options{Trace: trace}}

	s := httptest.NewServer(upgrader.Handler(func(conn *stream.Conn, r *http.Request) {
		conn.ReadMessage(nil)
		fmt.Println(open.Load(), "open")
		conn.Close(context.Background(), driver.CodeNormal, "")
	}))
	defer s.Close()
	ctx := context.Background()
	client, err := netconn.Dial(ctx, "ws"+strings.TrimPrefix(s.URL, "http"), nil)
	if err != nil {
		log.Fatal(err)
	}
	client.WriteMessage(driver.Text, []byte("hello"))
	client.ReadMessage(nil) // until the server closes
	fmt.Println(received.Load(), "bytes received")
	// Output:
	// 1 open
	// 5 bytes received
}
