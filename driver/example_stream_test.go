package driver_test

import (
	"context"
	"fmt"
	"io"
	"net"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
)

// echo serves a WebSocket on any transport.
func echo(ctx context.Context, transport io.ReadWriteCloser) error {
	conn := stream.New(transport, driver.NewServer(nil), nil)
	defer conn.CloseNow()
	if err := conn.Handshake(ctx); err != nil {
		return err
	}
	for m, err := range conn.Messages() {
		if err != nil {
			return err
		}
		conn.WriteMessage(m.Kind, m.Data) // an error of the transport ends reading, too
	}
	return nil
}

// dial opens a WebSocket on any transport.
func dial(ctx context.Context, transport io.ReadWriteCloser) (*stream.Conn, error) {
	d, err := driver.NewClient("ws://localhost/", nil)
	if err != nil {
		return nil, err
	}
	conn := stream.New(transport, d, nil)
	if err := conn.Handshake(ctx); err != nil {
		return nil, err
	}
	return conn, nil
}

// A transport that blocks: package adapters/stream does the input and output.
func Example_stream() {
	ctx := context.Background()
	near, far := net.Pipe()
	go echo(ctx, far)
	conn, err := dial(ctx, near)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := conn.WriteMessage(driver.Text, []byte("hello")); err != nil {
		fmt.Println(err)
		return
	}
	_, p, err := conn.ReadMessage(nil)
	fmt.Printf("%s %v\n", p, err)
	fmt.Println(conn.Close(ctx, driver.CodeNormal, ""))
	// Output:
	// hello <nil>
	// <nil>
}
