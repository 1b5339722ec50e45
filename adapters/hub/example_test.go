package hub_test

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/sans-io/websocket-driver/adapters/hub"
	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

// A room: all connections in it get the message, which is encoded once.
func ExampleBroadcast() {
	var room hub.Registry
	var clients []*stream.Conn
	for range 3 {
		client, err := driver.NewClient("ws://example.com/", nil)
		if err != nil {
			log.Fatal(err)
		}
		server := driver.NewServer(nil)
		if err := wstest.Pair(client, server); err != nil { // opens both
			log.Fatal(err)
		}
		a, b := net.Pipe()
		clients = append(clients, stream.New(a, client, nil))
		room.Add(stream.New(b, server, nil))
	}
	sent, left, err := hub.Broadcast(room.All(), driver.Text, []byte("hello, all"))
	fmt.Println(sent, len(left), err)
	for _, c := range clients {
		_, p, _ := c.ReadMessage(nil)
		fmt.Printf("%s\n", p)
	}
	// Output:
	// 3 0 <nil>
	// hello, all
	// hello, all
	// hello, all
}

// A server of net/http that closes its connections when it shuts down.
func ExampleRegistry_Shutdown() {
	var conns hub.Registry
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	server := &http.Server{}
	server.RegisterOnShutdown(func() { conns.Shutdown(ctx, "restarting") })

	client, err := driver.NewClient("ws://example.com/", nil)
	if err != nil {
		log.Fatal(err)
	}
	accepted := driver.NewServer(nil) // a handler has its Conn from nethttp.Upgrade
	if err := wstest.Pair(client, accepted); err != nil {
		log.Fatal(err)
	}
	a, b := net.Pipe()
	peer, conn := stream.New(a, client, nil), stream.New(b, accepted, nil)
	if !conns.Add(conn) {
		conn.Close(ctx, driver.CodeGoingAway, "")
	}

	closed := make(chan error)
	go func() {
		_, _, err := peer.ReadMessage(nil)
		closed <- err
	}()
	server.Shutdown(ctx)                           // begins to close the connections
	fmt.Println(conns.Shutdown(ctx, "restarting")) // waits for them
	fmt.Println(<-closed)
	// Output:
	// <nil>
	// websocket: closed with 1001 (going away): restarting
}
