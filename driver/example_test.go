package driver_test

import (
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/sans-io/websocket-driver/driver"
)

// A driver over a transport that blocks: do what Needs says. Here an echo server is
// on one end of a net.Pipe, and a client on the other.
func Example() {
	run := func(transport net.Conn, d *driver.Driver, handle func(driver.Event)) {
		defer transport.Close()
		in, out := make([]byte, 4096), []byte(nil)
		for d.Needs() != driver.NeedFinish {
			n := 0
			switch needs := d.Needs(); {
			case needs&driver.NeedFetch != 0:
			case needs&driver.NeedOutput != 0:
				out = d.Take(out)
				transport.Write(out)
			default:
				var err error
				if n, err = transport.Read(in); err != nil {
					d.EOF()
				}
			}
			for ev := range d.Events(in[:n]) {
				handle(ev)
			}
		}
	}
	near, far := net.Pipe()
	server := driver.NewServer(nil)
	go run(far, server, func(ev driver.Event) {
		switch ev.Kind {
		case driver.Connect:
			if err := server.Start(); err != nil {
				server.Refuse(err)
			}
		case driver.Text:
			server.Text(ev.Data)
		}
	})

	client, err := driver.NewClient("ws://example.com/", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	client.Start()
	client.Text([]byte("hello")) // leaves when the connection is open
	run(near, client, func(ev driver.Event) {
		fmt.Printf("%v %q\n", ev.Kind, ev.Data)
		if ev.Kind == driver.Text {
			client.Close(driver.CodeNormal, "")
		}
	})
	// Output:
	// Open ""
	// Text "hello"
	// Close ""
}

// A server decides about each request at its Connect event.
func ExampleNewServer() {
	d := driver.NewServer(&driver.Config{Subprotocols: []string{"chat"}})
	request := "GET /private HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
	for ev := range d.Events([]byte(request)) {
		switch ev.Kind {
		case driver.Connect:
			if d.Request().Target != "/public" {
				d.Reject(403, nil, []byte("not here\n"))
				break
			}
			if err := d.Start(); err != nil {
				fmt.Println(err)
			}
		case driver.Close:
			fmt.Println("closed:", d.Err())
		}
	}
	status, _, _ := strings.Cut(string(d.Take(nil)), "\r\n")
	fmt.Println(status)
	// Output:
	// closed: websocket: rejected with status 403
	// HTTP/1.1 403 Forbidden
}

// A client shows what it will send, and why it was refused.
func ExampleNewClient() {
	d, err := driver.NewClient("ws://user:secret@example.com/chat", &driver.Config{
		Subprotocols: []string{"chat", "superchat"},
		Fields:       []driver.Field{{Name: "Origin", Value: "http://example.com"}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	d.Start()
	fmt.Println(d.Request().Get("Sec-WebSocket-Protocol"))
	fmt.Println(d.Request().Get("Authorization"))

	answer := "HTTP/1.1 401 Unauthorized\r\nContent-Length: 4\r\n\r\nnope"
	for ev := range d.Events([]byte(answer)) {
		fmt.Println(ev.Kind, d.Err())
		fmt.Println(d.Response().Status, string(d.Response().Body))
	}
	// Output:
	// chat, superchat
	// Basic dXNlcjpzZWNyZXQ=
	// Close websocket: handshake refused with status 401 (Unauthorized)
	// 401 nope
}

// FromRequest is for servers whose HTTP is done by somebody else.
func ExampleFromRequest() {
	r := &driver.Request{Method: "CONNECT", Protocol: "websocket", Scheme: "https", Authority: "example.com", Target: "/chat",
		Major: 2, Fields: []driver.Field{{Name: "sec-websocket-version", Value: "13"}}}
	d := driver.FromRequest(r, nil)
	fmt.Println("status to send:", d.Response().Status)
	if d.Err() == nil {
		d.Start()
	}
	for ev := range d.Events(nil) {
		fmt.Println(ev.Kind)
	}
	// Output:
	// status to send: 200
	// Open
}

// One port can serve plain HTTP too: Detach gives the bytes back.
func ExampleDriver_Detach() {
	d := driver.NewServer(nil)
	in := "POST /form HTTP/1.1\r\nHost: example.com\r\nContent-Length: 3\r\n\r\na=1"
	for ev := range d.Events([]byte(in)) {
		if ev.Kind == driver.Connect && !driver.IsWebSocket(d.Request()) {
			taken := d.Detach() // and what the transport gives after them
			fmt.Println(string(taken) == in)
		}
	}
	// Output: true
}

// A message that goes to many is encoded once for each form.
func ExampleDriver_SendPrepared() {
	var rooms []*driver.Driver // open servers
	for _, fragmentSize := range []int{0, 0, 4} {
		r := &driver.Request{Method: "CONNECT", Protocol: "websocket",
			Fields: []driver.Field{{Name: "sec-websocket-version", Value: "13"}}}
		d := driver.FromRequest(r, &driver.Config{FragmentSize: fragmentSize})
		d.Start()
		rooms = append(rooms, d)
	}
	m, err := driver.NewPrepared(driver.Text, []byte("to all"), rooms[0].Variant(), rooms[2].Variant())
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, d := range rooms {
		d.SendPrepared(m)
		fmt.Printf("%q\n", d.Take(nil))
	}
	// Output:
	// "\x81\x06to all"
	// "\x81\x06to all"
	// "\x01\x04to a\x80\x02ll"
}

// Time is an argument: a test needs no waiting.
func ExampleDriver_Tick() {
	d := driver.NewServer(&driver.Config{HandshakeTimeout: 3 * time.Second})
	start := time.Date(2011, 12, 11, 0, 0, 0, 0, time.UTC)
	d.Tick(start)
	due, _ := d.NextTick()
	fmt.Println("due after", due.Sub(start))
	d.Tick(due)
	for ev := range d.Events(nil) {
		fmt.Println(ev.Kind, d.Err())
	}
	// Output:
	// due after 3s
	// Close websocket: the opening handshake took longer than 3s
}

// Messages are readers and writers, too.
func ExampleDriver_Messages() {
	r := &driver.Request{Method: "CONNECT", Protocol: "websocket",
		Fields: []driver.Field{{Name: "sec-websocket-version", Value: "13"}}}
	d := driver.FromRequest(r, nil)
	d.Start()
	io.WriteString(d.IO(), "\x81\x85\x00\x00\x00\x00hello") // what comes from the transport
	m := d.Messages()
	for ev := m.Next(); ev.Kind != driver.None; ev = m.Next() {
		if ev.Kind == driver.Text {
			io.Copy(m, m) // echo
		}
	}
	fmt.Printf("%q\n", d.Take(nil))
	// Output: "\x81\x05hello"
}
