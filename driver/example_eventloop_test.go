package driver_test

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/sans-io/websocket-driver/driver"
)

// loopConn is a connection of an event loop.
type loopConn struct {
	*driver.Driver
	socket io.Writer // takes what it can now, else it returns io.ErrShortWrite
}

// ready is called when the socket has input, has ended or can be written again, and
// at the time that NextTick returns. It reports whether to close the socket. Nothing
// in it blocks.
func (c *loopConn) ready(in []byte, eof bool, now func() time.Time) (done bool) {
	for ev := range c.Wake(in, eof, now) {
		switch ev.Kind {
		case driver.Connect:
			if err := c.Start(); err != nil {
				c.Refuse(err)
			}
		case driver.Text:
			c.Text(ev.Data)
		}
	}
	_, err := c.IO().WriteTo(c.socket) // what the socket does not take remains
	return c.Needs() == driver.NeedFinish || err != nil && !errors.Is(err, io.ErrShortWrite)
}

// narrow is a socket that takes room bytes more.
type narrow struct {
	room int
	got  string
}

func (s *narrow) Write(p []byte) (int, error) {
	n := min(len(p), s.room)
	s.room -= n
	s.got += string(p[:n])
	if n < len(p) {
		return n, io.ErrShortWrite
	}
	return n, nil
}

// A connection of an event loop, whose clock and socket are simulated.
func ExampleDriver_Wake() {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	now := start
	clock := func() time.Time { return now }
	socket := &narrow{room: 1 << 10}
	c := &loopConn{driver.NewServer(&driver.Config{PingInterval: time.Minute}), socket}
	next := func() time.Time {
		at, _ := c.NextTick()
		return at
	}

	c.ready(nil, false, clock)
	fmt.Println("the request within", next().Sub(start))
	client, err := driver.NewClient("ws://example.com/", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	client.Start()
	c.ready(client.Take(nil), false, clock)

	now, socket.room, socket.got = next(), 1, ""
	c.ready(nil, false, clock)
	fmt.Printf("after %v: %q, %v\n", now.Sub(start), socket.got, c.Needs()) // half a ping
	socket.room = 1
	c.ready(nil, false, clock)
	fmt.Printf("after %v: %q, %v\n", now.Sub(start), socket.got, c.Needs())

	now = next()
	done := c.ready(nil, false, clock)
	fmt.Printf("after %v: done %v, %v\n", now.Sub(start), done, c.Err())
	// Output:
	// the request within 10s
	// after 1m0s: "\x89", NeedInput|NeedOutput
	// after 1m0s: "\x89\x00", NeedInput
	// after 2m0s: done true, websocket: no sign of life for 1m0s after a ping
}
