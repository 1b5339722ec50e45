package stream_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"os"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

// why returns how a connection has ended, given the error of ReadMessage.
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
	case errors.Is(err, driver.ErrFull):
		return "closed by this side: the peer is too slow for SlowClose"
	case errors.Is(err, net.ErrClosed):
		return "closed by this side: the peer takes nothing, says WriteTimeout"
	}
	return fmt.Sprintf("closed by the peer with %d: %s", end.Code, end.Reason)
}

// openPair returns the two ends of an open connection.
func openPair() (client, server *stream.Conn) {
	cd, err := driver.NewClient("ws://example.com/", nil)
	if err != nil {
		log.Fatal(err)
	}
	sd := driver.NewServer(nil)
	if err := wstest.Pair(cd, sd); err != nil { // performs the opening handshake
		log.Fatal(err)
	}
	a, b := net.Pipe()
	return stream.New(a, cd, nil), stream.New(b, sd, nil)
}

func ExampleCloseError() {
	a, b := openPair()
	go a.Close(context.Background(), 3001, "enough")
	_, _, err := b.ReadMessage(nil)
	fmt.Println(why(err))

	a, b = openPair()
	a.CloseNow()
	_, _, err = a.ReadMessage(nil)
	fmt.Println(why(err))
	_, _, err = b.ReadMessage(nil)
	fmt.Println(why(err))

	a, b = openPair()
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
