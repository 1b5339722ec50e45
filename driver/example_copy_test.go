package driver_test

import (
	"context"
	"fmt"
	"io"
	"net"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
)

// through connects a Conn to a transport by io.Copy: what arrives passes through the
// wire to the Conn, and what the Conn sends leaves through it.
func through(transport io.ReadWriteCloser, d *driver.Driver) *stream.Conn {
	conn, wire := stream.Pipe(d, nil)
	go func() {
		io.Copy(wire, transport)
		wire.Close()
	}()
	go func() {
		io.Copy(transport, wire)
		transport.Close()
	}()
	return conn
}

// io.Copy in both directions. The bytes can be inspected on the way.
func Example_copy() {
	ctx := context.Background()
	a, b := net.Pipe()
	d, err := driver.NewClient("ws://localhost/", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	client, server := through(a, d), through(b, driver.NewServer(nil))
	go func() {
		if server.Handshake(ctx) == nil {
			server.WriteMessage(driver.Text, []byte("hello"))
			server.ReadMessage(nil) // until the client closes
		}
	}()
	if err := client.Handshake(ctx); err != nil {
		fmt.Println(err)
		return
	}
	_, p, err := client.ReadMessage(nil)
	fmt.Printf("%s %v\n", p, err)
	fmt.Println(client.Close(ctx, driver.CodeNormal, ""))
	// Output:
	// hello <nil>
	// <nil>
}
