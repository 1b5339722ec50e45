package driver_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/sans-io/websocket-driver/driver"
)

// ask sends one question over any transport, and returns the answer.
func ask(transport io.ReadWriter, question string) (answer string, err error) {
	d, err := driver.NewClient("ws://localhost/", nil)
	if err != nil {
		return "", err
	}
	d.Start()
	d.Text([]byte(question)) // waits for the handshake
	err = run(transport, d, func(ev driver.Event) {
		if ev.Kind == driver.Text {
			answer = string(ev.Data)
			d.Close(driver.CodeNormal, "")
		}
	})
	return answer, err
}

// Two pipes, one for each direction.
func Example_pipes() {
	type end struct {
		io.Reader
		io.WriteCloser
	}
	toServer, fromClient := io.Pipe()
	toClient, fromServer := io.Pipe()
	go func() {
		serve(end{toServer, fromServer})
		fromServer.Close() // the server closes first
	}()
	fmt.Println(ask(end{toClient, fromClient}, "over pipes"))
	// Output: over pipes <nil>
}

// serveInTime is serve with time limits, on a transport whose Read can be
// interrupted.
func serveInTime(transport net.Conn, c *driver.Config) error {
	d := driver.NewServer(c)
	in, out := make([]byte, 4096), []byte(nil)
	for d.Needs() != driver.NeedFinish {
		next, ok := d.NextTick()
		if ok && next.IsZero() { // a limit that waits for its start
			d.Tick(time.Now())
			next, ok = d.NextTick()
		}
		if !ok {
			next = time.Time{} // no deadline
		}
		transport.SetReadDeadline(next)
		n, err := transport.Read(in)
		ended := err != nil && !errors.Is(err, os.ErrDeadlineExceeded)
		for ev := range d.Wake(in[:n], ended, time.Now) {
			switch ev.Kind {
			case driver.Connect:
				if err := d.Start(); err != nil {
					d.Refuse(err)
				}
			case driver.Text:
				d.Text(ev.Data)
			}
		}
		if out = d.Take(out); len(out) > 0 { // a pipe waits for a reader of nothing, too
			transport.Write(out)
		}
	}
	return d.Err()
}

// A client that says nothing does not stay for ever.
func Example_timeLimits() {
	near, far := net.Pipe()
	defer far.Close()
	fmt.Println(serveInTime(near, &driver.Config{HandshakeTimeout: time.Millisecond}))
	near.Close()
	// Output: websocket: the opening handshake took longer than 1ms
}

// loopConn is a connection in an event loop: the one goroutine of the loop calls
// all of it, and nothing blocks.
type loopConn struct {
	*driver.Driver
	socket io.Writer // takes what it can now, else it returns io.ErrShortWrite
	handle func(*loopConn, driver.Event)
}

// ready is called when the socket has input, has ended, can be written again, or
// when the time that NextTick has returned last has come. It reports whether to
// close the socket.
func (c *loopConn) ready(in []byte, ended bool, now func() time.Time) (done bool) {
	for ev := range c.Wake(in, ended, now) {
		c.handle(c, ev)
	}
	_, err := c.IO().WriteTo(c.socket) // what the socket does not take remains
	if err != nil && !errors.Is(err, io.ErrShortWrite) {
		return true
	}
	return c.Needs() == driver.NeedFinish
}

// A connection of an event loop, whose clock and poller are played here.
func Example_eventLoop() {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	now := start
	clock := func() time.Time { return now }
	socket := &narrow{room: 1 << 10}
	c := &loopConn{
		Driver: driver.NewServer(&driver.Config{PingInterval: time.Minute}),
		socket: socket,
		handle: func(c *loopConn, ev driver.Event) {
			fmt.Println(now.Sub(start), ev.Kind, c.Err())
			if ev.Kind == driver.Connect {
				c.Start()
			}
		},
	}
	next := func() time.Time {
		at, _ := c.NextTick()
		return at
	}
	c.ready(nil, false, clock)
	fmt.Println("the request within", next().Sub(now))
	c.ready([]byte(request13()), false, clock)

	now, socket.room, socket.got = next(), 1, ""
	c.ready(nil, false, clock)
	fmt.Printf("%q %v\n", socket.got, c.Needs()) // half a ping
	socket.room = 1
	c.ready(nil, false, clock)
	fmt.Printf("%q %v\n", socket.got, c.Needs())

	now = next()
	fmt.Println("done", c.ready(nil, false, clock))
	// Output:
	// the request within 10s
	// 0s Connect <nil>
	// 0s Open <nil>
	// "\x89" NeedInput|NeedOutput
	// "\x89\x00" NeedInput
	// 2m0s Close websocket: no sign of life for 1m0s after a ping
	// done true
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

// A stream of HTTP/2 or HTTP/3: the request and the answer are header fields, the
// bytes of both drivers are the stream's data.
func Example_extendedConnect() {
	client, err := driver.NewClient("wss://example.com/chat", &driver.Config{ExtendedConnect: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	client.Start() // queues no bytes
	r := client.Request()
	fmt.Println(r.Method, r.Protocol, r.Scheme, r.Authority, r.Target)

	server := driver.FromRequest(r, nil) // r has come as header fields
	answer := server.Response()          // to be sent, good or bad
	if server.Err() == nil {
		server.Start()
	}
	if err := client.Respond(answer); err != nil {
		fmt.Println(err)
		return
	}
	for ev := range client.Events(nil) {
		fmt.Println(ev.Kind, answer.Status)
	}
	client.Text([]byte("hello"))
	for ev := range server.Events(client.Take(nil)) {
		fmt.Printf("%v %q\n", ev.Kind, ev.Data)
	}
	// Output:
	// CONNECT websocket https example.com /chat
	// Open 200
	// Open ""
	// Text "hello"
}
