package main

import (
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
)

// A page cannot see how many bytes its WebSocket has on the wire. So it puts an
// id which nobody else can guess into the query of its ws URL, "?id=…", and
// asks for the numbers of that connection with a plain GET of /stats?id=….
// They live as long as the connection.

// idLength is how many hexadecimal digits an id has: 128 bits.
const idLength = 32

// connection is a live connection and what is counted of it.
type connection struct {
	id             string // "" if it has chosen none
	received, sent tally
}

// tally counts one direction.
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

// idOf returns the id in the query of a WebSocket's request, "" if there is none.
func idOf(r *driver.Request) string {
	_, query, _ := strings.Cut(r.Target, "?")
	values, _ := url.ParseQuery(query)
	id := values.Get("id")
	if len(id) != idLength || strings.Trim(id, "0123456789abcdef") != "" {
		return ""
	}
	return id
}

// stats answers with the numbers of the connection that has the id; 204 if none
// has, or none any more.
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
