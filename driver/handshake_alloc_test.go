package driver_test

import (
	"testing"

	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/head"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

// TestHandshakeAllocs: a server makes the Driver, what it drops at Open, the head
// as it keeps it, the Request with its fields, the output and the hybi.Conn. A
// client makes the URL, the key and what it expects in return besides.
func TestHandshakeAllocs(t *testing.T) {
	in, c := []byte(requestChrome), &driver.Config{}
	if n := wstest.Allocs(100, func() { handshakeServer(t, c, in) }); n > 6 {
		t.Errorf("server: %v allocations, not 6", n)
	}
	in, c = []byte(response13()), &driver.Config{Rand: &fixedKey{}}
	if n := wstest.Allocs(100, func() { handshakeClient(t, c, in) }); n > 14 {
		t.Errorf("client: %v allocations, not 14", n)
	}
}

// TestQueuedResponse: Start sends the response that Response returns, whether or
// not it has been called, and with what has been added to it (RFC 6455, section
// 4.2.2).
func TestQueuedResponse(t *testing.T) {
	c := &driver.Config{
		Subprotocols: []string{"chat"},
		Extensions:   []driver.Extension{flip1},
		Fields:       []driver.Field{{Name: "X-Room", Value: "7"}},
		Cookies:      []driver.Field{{Name: "a", Value: "b; Path=/"}},
	}
	in := request13("Sec-WebSocket-Protocol: chat", "Sec-WebSocket-Extensions: flip1")
	start := func(d *driver.Driver) string {
		t.Helper()
		if err := d.Start(); err != nil {
			t.Fatal(err)
		}
		return string(d.Take(nil))
	}
	const want = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: " + sampleAccept + "\r\nSec-WebSocket-Protocol: chat\r\n" +
		"Sec-WebSocket-Extensions: flip1\r\nX-Room: 7\r\nSet-Cookie: a=b; Path=/\r\n"

	d := driver.NewServer(c)
	parse(d, in)
	if got := start(d); got != want+"\r\n" {
		t.Errorf("sent %q", got)
	}
	d = driver.NewServer(c)
	parse(d, in)
	r := d.Response()
	if b, err := head.AppendResponse(nil, r); string(b) != want+"\r\n" || d.Response() != r {
		t.Errorf("Response is %q, %v, or another each time", b, err)
	}
	if got := start(d); got != want+"\r\n" {
		t.Errorf("sent %q after Response", got)
	}
	d = driver.FromRequest(parsed(t, in), c)
	r = d.Response()
	r.Fields = append(r.Fields, driver.Field{Name: "X-Added", Value: "1"})
	if got := start(d); got != want+"X-Added: 1\r\n\r\n" {
		t.Errorf("sent %q with a field added", got)
	}
}
