package netconn_test

import (
	"context"
	"fmt"
	"log"

	"github.com/sans-io/websocket-driver/adapters/netconn"
	"github.com/sans-io/websocket-driver/driver"
)

// A client that offers subprotocols, adds a header field, and shows why it was
// refused.
func ExampleDialer() {
	l, err := netconn.Listen("tcp", "127.0.0.1:0", nil)
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	l.Check = func(r *driver.Request) *driver.Response {
		return &driver.Response{Status: 403, Body: []byte("not from " + r.Get("Origin"))}
	}
	go l.Accept()

	d := netconn.Dialer{Config: &driver.Config{
		Subprotocols: []string{"chat", "superchat"},
		Fields:       []driver.Field{{Name: "Origin", Value: "http://example.com"}},
	}}
	_, err = d.Dial(context.Background(), "ws://"+l.Addr().String()+"/chat")
	fmt.Println(err)
	if refused, ok := err.(*netconn.HandshakeError); ok {
		fmt.Printf("%d %s\n", refused.Response.Status, refused.Response.Body)
	}
	// Output:
	// websocket: handshake refused with status 403 (Forbidden)
	// 403 not from http://example.com
}
