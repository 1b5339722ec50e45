package main

import (
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
)

// A page cannot see how many bytes its WebSocket sends and receives on the wire. So
// it puts an unguessable id into the query of its ws URL, "?id=…", and gets the
// numbers of that connection with a plain GET of /stats?id=…. They exist as long as
// the connection.

// idLength is the number of hexadecimal digits in an id: 128 bits.
const idLength = 32

// connection is an open connection with its numbers.
type connection struct {
	id             string // chosen by the client, or ""
	received, sent tally
}

// tally holds the numbers of one direction.
type tally struct {
	messages, payload atomic.Int64
	wire              *atomic.Int64
	handshake         int64 // bytes on the wire before the first frame
}

func newConnection(conn *stream.Conn) *connection {
	m := conn.Transport().(interface{ wire() *meter }).wire()
	c := &connection{id: idOf(conn.Request())}
	c.received.wire, c.received.handshake = &m.in, m.in.Load()
	c.sent.wire, c.sent.handshake = &m.out, m.out.Load()
	return c
}

// count counts a message with n bytes of payload.
func (t *tally) count(n int) {
	t.messages.Add(1)
	t.payload.Add(int64(n))
}

// String returns the numbers as JSON: messages, bytes of payload, and bytes on
// the wire, frame headers and control frames included.
func (t *tally) String() string {
	return fmt.Sprintf(`{"messages":%d,"payload":%d,"wire":%d}`,
		t.messages.Load(), t.payload.Load(), t.wire.Load()-t.handshake)
}

// idOf returns the id in the query of a WebSocket's request, or "".
func idOf(r *driver.Request) string {
	_, query, _ := strings.Cut(r.Target, "?")
	values, _ := url.ParseQuery(query)
	id := values.Get("id")
	if len(id) != idLength || strings.Trim(id, "0123456789abcdef") != "" {
		return ""
	}
	return id
}

// stats returns a response with the numbers of the open connection with that id, or
// with status 204 if there is none.
func (s *server) stats(id string) *driver.Response {
	s.mu.Lock()
	c := s.ids[id]
	s.mu.Unlock()
	if c == nil {
		return &driver.Response{Status: 204}
	}
	return &driver.Response{
		Status: 200,
		Fields: []driver.Field{{Name: "Content-Type", Value: "application/json"}},
		Body:   fmt.Appendf(nil, `{"received":%v,"sent":%v}`, &c.received, &c.sent),
	}
}
