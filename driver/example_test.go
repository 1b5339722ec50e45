package driver_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

// A connection from beginning to end, without a transport: the output of each side
// is the input of the other.
func Example() {
	server := driver.NewServer(nil)
	client, err := driver.NewClient("ws://example.com/", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	client.Start()
	client.Text([]byte("hello")) // leaves when the connection is open
	for client.Buffered() > 0 {
		for ev := range server.Events(client.Take(nil)) {
			fmt.Printf("server: %v %q\n", ev.Kind, ev.Data)
			switch ev.Kind {
			case driver.Connect:
				if err := server.Start(); err != nil {
					server.Refuse(err)
				}
			case driver.Text:
				server.Text(ev.Data) // echo
			}
		}
		for ev := range client.Events(server.Take(nil)) {
			fmt.Printf("client: %v %q\n", ev.Kind, ev.Data)
			if ev.Kind == driver.Text {
				client.Close(driver.CodeNormal, "")
			}
		}
	}
	// Output:
	// server: Connect ""
	// server: Open ""
	// client: Open ""
	// server: Text "hello"
	// client: Text "hello"
	// server: Close ""
	// client: Close ""
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
				d.Refuse(err)
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

// A client knows what it will send, and why it was refused.
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

// FromRequest is for servers whose requests are parsed by another package.
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

// A stream of HTTP/2 or HTTP/3: the request and the response are header fields, and
// the bytes of both drivers are the data of the stream.
func ExampleDriver_Respond() {
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

// A server checks its settings when it starts, not at the first request.
func ExampleConfig() {
	c := &driver.Config{
		MaxMessage:   64 << 10,
		PingInterval: 30 * time.Second,
		IdleTimeout:  20 * time.Second,
		Versions:     driver.AllVersions(),
	}
	fmt.Println(c.Check())
	c.IdleTimeout = 5 * time.Minute
	fmt.Println(c.Check())
	// Output:
	// websocket: invalid argument: IdleTimeout 20s is not longer than PingInterval 30s
	// <nil>
}

// A server that trusts cookies checks where the page comes from.
func ExampleCheckOrigin() {
	r := &driver.Request{Fields: []driver.Field{{Name: "Host", Value: "example.com"}, {Name: "Origin", Value: "https://evil.test"}}}
	err := driver.CheckOrigin(r, []string{"https://*.example.com"})
	fmt.Println(err)
	var refusal *driver.Error
	fmt.Println(errors.As(err, &refusal) && refusal.Status == 403) // Refuse sends it
	// Output:
	// websocket: origin "https://evil.test" is not allowed
	// true
}

// One port can serve plain HTTP too: Detach returns the bytes.
func ExampleDriver_Detach() {
	d := driver.NewServer(nil)
	in := "POST /form HTTP/1.1\r\nHost: example.com\r\nContent-Length: 3\r\n\r\na=1"
	for ev := range d.Events([]byte(in)) {
		if ev.Kind == driver.Connect && !driver.IsWebSocket(d.Request()) {
			taken := d.Detach() // what the transport gives after them follows
			fmt.Println(string(taken) == in)
		}
	}
	// Output: true
}

// A violation by the peer is the Close event, and Err says what it was.
func ExampleDriver_Err() {
	server := driver.NewServer(&driver.Config{MaxMessage: 10})
	client, err := driver.NewClient("ws://example.com/", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := wstest.Pair(client, server); err != nil {
		fmt.Println(err)
		return
	}
	client.Text([]byte("more than ten bytes"))
	for ev := range server.Events(client.Take(nil)) {
		fmt.Println(ev.Kind, server.Err())
	}
	for ev := range client.Events(server.Take(nil)) {
		fmt.Println(ev.Kind, ev.Code)
	}
	// Output:
	// Close websocket: message of at least 19 bytes, the limit is 10
	// Close 1009 (message too big)
}

// A message of unknown length leaves in fragments.
func ExampleDriver_Fragment() {
	server := driver.NewServer(nil)
	client, err := driver.NewClient("ws://example.com/", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := wstest.Pair(client, server); err != nil {
		fmt.Println(err)
		return
	}
	server.Fragment(driver.Text, []byte("in "), false)
	server.Fragment(driver.Text, []byte("parts"), true)
	for ev := range client.Events(server.Take(nil)) {
		fmt.Printf("%v %q\n", ev.Kind, ev.Data)
	}
	// Output: Text "in parts"
}

// A message for many connections is encoded once for each form in which it is sent.
func ExamplePrepared() {
	var room []*driver.Driver
	for _, fragmentSize := range []int{0, 0, 4} {
		server := driver.NewServer(&driver.Config{FragmentSize: fragmentSize})
		client, err := driver.NewClient("ws://example.com/", nil)
		if err != nil {
			fmt.Println(err)
			return
		}
		if err := wstest.Pair(client, server); err != nil {
			fmt.Println(err)
			return
		}
		room = append(room, server)
	}
	m, err := driver.NewPrepared(driver.Text, []byte("to all"), room[0].Variant(), room[2].Variant())
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, d := range room {
		d.SendPrepared(m)
		fmt.Printf("%q\n", d.Take(nil))
	}
	// Output:
	// "\x81\x06to all"
	// "\x81\x06to all"
	// "\x01\x04to a\x80\x02ll"
}

// Time is an argument: a test does not wait.
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

// Messages and IO are readers and writers: this echo copies.
func ExampleMessages() {
	server := driver.NewServer(nil)
	client, err := driver.NewClient("ws://example.com/", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := wstest.Pair(client, server); err != nil {
		fmt.Println(err)
		return
	}
	client.Text([]byte("hello"))
	io.Copy(server.IO(), client.IO()) // what the client has to send
	m := server.Messages()
	for ev := m.Next(); ev.Kind != driver.None; ev = m.Next() {
		if ev.Kind == driver.Text || ev.Kind == driver.Binary {
			io.Copy(m, m) // the payload, as one message
		}
	}
	for ev := range client.Events(server.Take(nil)) {
		fmt.Printf("%v %q\n", ev.Kind, ev.Data)
	}
	// Output: Text "hello"
}
