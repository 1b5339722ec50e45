package stream_test

import (
	"context"
	"fmt"
	"io"
	"log"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
)

// accept returns the server side of a connection over any transport.
func accept(ctx context.Context, transport io.ReadWriteCloser) (*stream.Conn, error) {
	conn := stream.New(transport, driver.NewServer(nil), nil)
	if err := conn.Handshake(ctx); err != nil {
		return nil, err
	}
	return conn, nil
}

// connect returns the client side of a connection over any transport.
func connect(ctx context.Context, transport io.ReadWriteCloser) (*stream.Conn, error) {
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

// A Conn runs over anything that reads, writes and closes: here two pipes.
func ExampleNew() {
	type end struct {
		io.Reader
		io.WriteCloser
	}
	ctx := context.Background()
	toServer, fromClient := io.Pipe()
	toClient, fromServer := io.Pipe()
	go func() {
		conn, err := accept(ctx, end{toServer, fromServer})
		if err != nil {
			log.Fatal(err)
		}
		for m, err := range conn.Messages() {
			if err == nil {
				err = conn.WriteMessage(m.Kind, m.Data)
			}
			if err != nil {
				log.Fatal(err)
			}
		}
	}()
	conn, err := connect(ctx, end{toClient, fromClient})
	if err != nil {
		log.Fatal(err)
	}
	if err := conn.WriteMessage(driver.Text, []byte("over pipes")); err != nil {
		log.Fatal(err)
	}
	_, p, err := conn.ReadMessage(nil)
	fmt.Printf("%s %v\n", p, err)
	fmt.Println(conn.Close(ctx, driver.CodeNormal, ""))
	// Output:
	// over pipes <nil>
	// <nil>
}
