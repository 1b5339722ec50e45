package stream_test

import (
	"errors"
	"fmt"
	"log"
	"net"
	"os"
	"time"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

// readWithin waits for a message for at most d. ok reports whether one arrived. If
// not, it may be called again.
func readWithin(conn *stream.Conn, d time.Duration) (p []byte, ok bool, err error) {
	conn.SetReadDeadline(time.Now().Add(d))
	defer conn.SetReadDeadline(time.Time{})
	_, p, err = conn.ReadMessage(nil)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, false, nil
	}
	return p, err == nil, err
}

// A deadline ends the waiting, not the connection.
func ExampleConn_SetReadDeadline() {
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
	_, ok, err := readWithin(server, time.Nanosecond)
	fmt.Println(ok, err)
	go client.WriteMessage(driver.Text, []byte("late"))
	p, ok, err := readWithin(server, time.Minute)
	fmt.Printf("%s %v %v\n", p, ok, err)
	// Output:
	// false <nil>
	// late true <nil>
}
