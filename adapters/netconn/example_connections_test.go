package netconn_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/sans-io/websocket-driver/adapters/netconn"
	"github.com/sans-io/websocket-driver/driver"
)

// follow prints what a server says, and connects again whenever the connection is
// lost, until ctx ends or the server refuses for good.
func follow(ctx context.Context, d *netconn.Dialer, url string) {
	for conn, err := range d.Connections(ctx, url) {
		if err != nil {
			log.Print(err)
			continue
		}
		for m, err := range conn.Messages() {
			if err != nil {
				log.Print(err)
				break
			}
			fmt.Printf("%s\n", m.Data)
		}
	}
}

// A client of a server that closes each connection after one message.
func ExampleDialer_Connections() {
	l, err := netconn.Listen("tcp", "127.0.0.1:0", nil)
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		defer cancel()
		for n := range 3 {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			conn.WriteMessage(driver.Text, fmt.Appendf(nil, "connection %d", n+1))
			conn.Close(ctx, driver.CodeServiceRestart, "")
		}
	}()

	d := &netconn.Dialer{Backoff: netconn.Backoff{Max: time.Millisecond}}
	follow(ctx, d, "ws://"+l.Addr().String())
	// Output:
	// connection 1
	// connection 2
	// connection 3
}
