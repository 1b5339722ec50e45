package netconn_test

import (
	"context"
	"fmt"
	"log"

	"github.com/sans-io/websocket-driver/adapters/netconn"
	"github.com/sans-io/websocket-driver/driver"
)

// hello sends a message to an echo server and prints the reply.
func hello(ctx context.Context, url string) error {
	conn, err := netconn.Dial(ctx, url, nil)
	if err != nil {
		return err
	}
	defer conn.CloseNow()
	conn.WriteMessage(driver.Text, []byte("hello")) // an error of the transport ends reading, too
	_, reply, err := conn.ReadMessage(nil)
	if err != nil {
		return err
	}
	fmt.Printf("%s\n", reply)
	return conn.Close(ctx, driver.CodeNormal, "")
}

// An echo server on TCP, and a client.
func Example() {
	l, err := netconn.Listen("tcp", "127.0.0.1:0", nil)
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.CloseNow()
				for {
					kind, p, err := conn.ReadMessage(nil)
					if err != nil {
						return
					}
					if err := conn.WriteMessage(kind, p); err != nil {
						return
					}
				}
			}()
		}
	}()

	if err := hello(context.Background(), "ws://"+l.Addr().String()+"/"); err != nil {
		log.Fatal(err)
	}
	// Output: hello
}
