package hub_test

import (
	"context"
	"fmt"
	"iter"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/sans-io/websocket-driver/adapters/hub"
	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

// All connections get the message, which is encoded once.
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

// A chat: what a client says goes to the others of its room.
func ExampleRooms() {
	var rooms hub.Rooms[string]
	var clients, servers []*stream.Conn
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
		servers = append(servers, stream.New(b, server, nil))
		rooms.Join("tea", servers[len(servers)-1])
	}
	others := func(room string, sender *stream.Conn) iter.Seq[*stream.Conn] {
		return func(yield func(*stream.Conn) bool) {
			for c := range rooms.Members(room) {
				if c != sender && !yield(c) {
					return
				}
			}
		}
	}
	sent, slow, err := hub.Broadcast(others("tea", servers[0]), driver.Text, []byte("one lump or two?"))
	for _, c := range slow {
		c.CloseNow() // they could not follow
	}
	fmt.Println(sent, len(slow), err)
	for _, c := range clients[1:] {
		_, p, _ := c.ReadMessage(nil)
		fmt.Printf("%s\n", p)
	}
	for _, c := range servers {
		c.CloseNow() // leaves all rooms
	}
	fmt.Println(rooms.Len("tea"), "members,", len(rooms.Keys()), "rooms")
	// Output:
	// 2 0 <nil>
	// one lump or two?
	// one lump or two?
	// 0 members, 0 rooms
}

// A server of net/http that closes its connections when it shuts down.
func ExampleRegistry_Shutdown() {
	var conns hub.Registry
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	server := &http.Server{}
	server.RegisterOnShutdown(func() { conns.Shutdown(ctx, driver.CodeGoingAway, "restarting") })

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
	server.Shutdown(ctx)                                                 // begins to close the connections
	fmt.Println(conns.Shutdown(ctx, driver.CodeGoingAway, "restarting")) // waits for them
	fmt.Println(<-closed)
	// Output:
	// <nil>
	// websocket: closed with 1001 (going away): restarting
}
