package stream_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"time"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
)

// accept makes a Conn of any transport, as a server.
func accept(ctx context.Context, transport io.ReadWriteCloser) (*stream.Conn, error) {
	conn := stream.New(transport, driver.NewServer(nil), nil)
	if err := conn.Handshake(ctx); err != nil {
		return nil, err
	}
	return conn, nil
}

// connect makes a Conn of any transport, as a client.
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

// readWithin waits a while for a message; ok says that one has come. Whoever reads
// may call it again.
func readWithin(conn *stream.Conn, d time.Duration) (p []byte, ok bool, err error) {
	conn.SetReadDeadline(time.Now().Add(d))
	defer conn.SetReadDeadline(time.Time{})
	_, p, err = conn.ReadMessage(nil)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, false, nil
	}
	return p, err == nil, err
}

// A deadline ends the waiting, and never the connection.
func ExampleConn_SetReadDeadline() {
	client, server := pair(nil, nil)
	_, ok, err := readWithin(server, time.Nanosecond)
	fmt.Println(ok, err)
	go client.WriteMessage(driver.Text, []byte("late"))
	p, ok, err := readWithin(server, time.Minute)
	fmt.Printf("%s %v %v\n", p, ok, err)
	// Output:
	// false <nil>
	// late true <nil>
}

// why says how a connection has ended; err is what ReadMessage has returned.
func why(err error) string {
	var end *stream.CloseError
	var fault *driver.Error
	switch {
	case errors.As(err, &end):
	case errors.Is(err, net.ErrClosed):
		return "this side has called CloseNow"
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "it has not: a deadline has passed"
	default:
		return "it has not: the call was wrong"
	}
	switch {
	case errors.As(err, &fault): // a violation or a time limit
		return fmt.Sprintf("failed by this side with %d: %s", end.Code, fault.Msg)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "the transport has ended without a close frame"
	}
	return fmt.Sprintf("closed by the peer with %d: %s", end.Code, end.Reason)
}

func ExampleCloseError() {
	a, b := pair(nil, nil)
	go a.Close(context.Background(), 3001, "enough")
	_, _, err := b.ReadMessage(nil)
	fmt.Println(why(err))

	a, b = pair(nil, nil)
	a.CloseNow()
	_, _, err = a.ReadMessage(nil)
	fmt.Println(why(err))
	_, _, err = b.ReadMessage(nil)
	fmt.Println(why(err))

	a, b = pair(nil, nil)
	b.Raw(func(d *driver.Driver) { d.SetMaxMessage(1000) })
	go func() {
		a.WriteMessage(driver.Binary, make([]byte, 1001))
		a.ReadMessage(nil) // takes the close frame
	}()
	_, _, err = b.ReadMessage(nil)
	fmt.Println(why(err))
	// Output:
	// closed by the peer with 3001: enough
	// this side has called CloseNow
	// the transport has ended without a close frame
	// failed by this side with 1009: message of at least 1001 bytes, the limit is 1000
}
