package nethttp_test

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/sans-io/websocket-driver/adapters/hub"
	"github.com/sans-io/websocket-driver/adapters/netconn"
	"github.com/sans-io/websocket-driver/adapters/nethttp"
	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/extensions/deflate"
)

// newUpgrader returns the settings of a public server. One Upgrader with its
// extensions serves all connections.
func newUpgrader() *nethttp.Upgrader {
	return &nethttp.Upgrader{
		Config: &driver.Config{
			MaxMessage:   64 << 10,
			PingInterval: 30 * time.Second,
			Extensions:   []driver.Extension{&deflate.Extension{}},
		},
		Stream:  &stream.Options{Slow: stream.SlowClose, WriteTimeout: time.Minute},
		Origins: []string{"https://*.example.com"}, // beside those of the same host
	}
}

// echoAll serves a connection of an Upgrader's Handler.
func echoAll(conn *stream.Conn, r *http.Request) {
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

// serveUntil serves on l until stop ends. Then it closes all connections, which takes
// at most 10 s.
func serveUntil(stop context.Context, l net.Listener) error {
	var open hub.Registry
	u := newUpgrader()
	u.OnOpen = open.Add
	server := &http.Server{Handler: u.Handler(echoAll), ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-stop.Done():
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	server.RegisterOnShutdown(func() { open.Shutdown(ctx, driver.CodeGoingAway, "restarting") })
	if err := server.Shutdown(ctx); err != nil { // does not wait for WebSockets
		return err
	}
	return open.Shutdown(ctx, driver.CodeGoingAway, "restarting") // waits
}

// A server that shuts down gracefully.
func ExampleUpgrader() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	stop, end := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- serveUntil(stop, l) }()

	conn, err := netconn.Dial(context.Background(), "ws://"+l.Addr().String(), nil)
	if err != nil {
		log.Fatal(err)
	}
	if err := conn.WriteMessage(driver.Text, []byte("hello")); err != nil {
		log.Fatal(err)
	}
	if _, _, err := conn.ReadMessage(nil); err != nil {
		log.Fatal(err)
	}
	end()
	_, _, err = conn.ReadMessage(nil)
	fmt.Println(err)
	fmt.Println(<-ended)
	// Output:
	// websocket: closed with 1001 (going away): restarting
	// <nil>
}
