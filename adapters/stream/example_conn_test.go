package stream_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"strings"
	"time"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

// A loop over messages, which ends when the peer has closed.
func ExampleConn_Messages() {
	cd, err := driver.NewClient("ws://example.com/", nil)
	if err != nil {
		log.Fatal(err)
	}
	sd := driver.NewServer(nil)
	if err := wstest.Pair(cd, sd); err != nil { // performs the opening handshake
		log.Fatal(err)
	}
	a, b := net.Pipe()
	client, server := stream.New(a, cd, nil), stream.New(b, sd, nil)
	go func() {
		client.WriteMessage(driver.Text, []byte("one"))
		client.WriteMessage(driver.Binary, []byte("two"))
		client.Close(context.Background(), driver.CodeNormal, "")
	}()
	for m, err := range server.Messages() {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%v %s\n", m.Kind, m.Data)
	}
	// Output:
	// Text one
	// Binary two
}

// A message of any length, from one stream to another.
func ExampleConn_NextWriter() {
	cd, err := driver.NewClient("ws://example.com/", nil)
	if err != nil {
		log.Fatal(err)
	}
	sd := driver.NewServer(nil)
	if err := wstest.Pair(cd, sd); err != nil { // performs the opening handshake
		log.Fatal(err)
	}
	a, b := net.Pipe()
	client, server := stream.New(a, cd, nil), stream.New(b, sd, nil)
	go func() {
		w, err := client.NextWriter(driver.Text)
		if err != nil {
			log.Fatal(err)
		}
		io.Copy(w, strings.NewReader("as long as you like\n"))
		w.Close()
	}()
	_, r, err := server.NextReader()
	if err != nil {
		log.Fatal(err)
	}
	io.Copy(os.Stdout, r)
	// Output: as long as you like
}

func ExampleConn_WriteJSON() {
	type point struct{ X, Y int }
	cd, err := driver.NewClient("ws://example.com/", nil)
	if err != nil {
		log.Fatal(err)
	}
	sd := driver.NewServer(nil)
	if err := wstest.Pair(cd, sd); err != nil { // performs the opening handshake
		log.Fatal(err)
	}
	a, b := net.Pipe()
	client, server := stream.New(a, cd, nil), stream.New(b, sd, nil)
	go client.WriteJSON(point{1, 2})
	var p point
	if err := server.ReadJSON(&p); err != nil {
		log.Fatal(err)
	}
	fmt.Println(p.X, p.Y)
	// Output: 1 2
}

// An echo that answers all messages of one read in one write.
func ExampleConn_Queue() {
	cd, err := driver.NewClient("ws://example.com/", nil)
	if err != nil {
		log.Fatal(err)
	}
	sd := driver.NewServer(nil)
	if err := wstest.Pair(cd, sd); err != nil { // performs the opening handshake
		log.Fatal(err)
	}
	a, b := net.Pipe()
	client, server := stream.New(a, cd, nil), stream.New(b, sd, nil)
	go func() {
		for m, err := range server.Messages() {
			if err == nil {
				err = server.Queue(m.Kind, m.Data)
			}
			if err != nil {
				return
			}
		}
	}()
	client.WriteMessage(driver.Text, []byte("hello"))
	_, p, err := client.ReadMessage(nil)
	fmt.Printf("%s %v\n", p, err)
	// Output: hello <nil>
}

// A peer that does not read: what waits for it is bounded.
func ExampleOptions_slow() {
	cd, err := driver.NewClient("ws://example.com/", nil)
	if err != nil {
		log.Fatal(err)
	}
	config := &driver.Config{MaxBuffered: 1000}
	sd := driver.NewServer(config)
	if err := wstest.Pair(cd, sd); err != nil { // performs the opening handshake
		log.Fatal(err)
	}
	a, b := net.Pipe()
	server := stream.New(b, sd, &stream.Options{Slow: stream.SlowDrop})
	defer a.Close()
	for i := range 100 {
		if err := server.Queue(driver.Binary, make([]byte, 500)); errors.Is(err, driver.ErrFull) {
			fmt.Println("message", i, "was dropped")
			break
		}
	}
	server.CloseNow()
	// Output: message 2 was dropped
}

func ExampleConn_Ping() {
	cd, err := driver.NewClient("ws://example.com/", nil)
	if err != nil {
		log.Fatal(err)
	}
	sd := driver.NewServer(nil)
	if err := wstest.Pair(cd, sd); err != nil { // performs the opening handshake
		log.Fatal(err)
	}
	a, b := net.Pipe()
	client, server := stream.New(a, cd, nil), stream.New(b, sd, nil)
	go client.ReadMessage(nil) // both ends must read
	go server.ReadMessage(nil)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_, err = client.Ping(ctx) // and how long it took
	fmt.Println(err)
	// Output: <nil>
}

// A protocol for net.Conn over a WebSocket.
func ExampleConn_NetConn() {
	cd, err := driver.NewClient("ws://example.com/", nil)
	if err != nil {
		log.Fatal(err)
	}
	sd := driver.NewServer(nil)
	if err := wstest.Pair(cd, sd); err != nil { // performs the opening handshake
		log.Fatal(err)
	}
	a, b := net.Pipe()
	client, server := stream.New(a, cd, nil), stream.New(b, sd, nil)
	go func() {
		conn := server.NetConn(driver.Binary)
		io.Copy(conn, conn)
	}()
	conn := client.NetConn(driver.Binary)
	fmt.Fprintln(conn, "hello")
	p := make([]byte, 6)
	io.ReadFull(conn, p)
	fmt.Printf("%s", p)
	// Output: hello
}

// Single fragments, by the driver.
func ExampleConn_Raw() {
	cd, err := driver.NewClient("ws://example.com/", nil)
	if err != nil {
		log.Fatal(err)
	}
	sd := driver.NewServer(nil)
	if err := wstest.Pair(cd, sd); err != nil { // performs the opening handshake
		log.Fatal(err)
	}
	a, b := net.Pipe()
	client, server := stream.New(a, cd, nil), stream.New(b, sd, nil)
	client.Raw(func(d *driver.Driver) {
		d.Fragment(driver.Text, []byte("in "), false)
		d.Fragment(driver.Text, []byte("parts"), true)
	})
	_, p, err := server.ReadMessage(nil)
	fmt.Printf("%s %v\n", p, err)
	// Output: in parts <nil>
}
