// Package hub holds many connections of package stream: all connections of a server in
// a Registry, which closes them when the server shuts down, and those that belong
// together in Rooms. Broadcast sends a message to any of them.
package hub

import (
	"iter"
	"sync"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
)

// Prepared is a message that is encoded once for each form in which it is sent, when
// the first connection needs that form. Any number of connections and goroutines may
// send it. Only servers benefit: a client masks each message with a new key.
type Prepared struct {
	kind  driver.Kind
	data  []byte
	plain *driver.Prepared // in the zero Variant

	mu    sync.Mutex
	forms map[driver.Variant]*driver.Prepared // in the others
}

// NewPrepared prepares a message of kind Text or Binary. It keeps a copy of p. The
// errors are those of driver.NewPrepared.
func NewPrepared(kind driver.Kind, p []byte) (*Prepared, error) {
	plain, err := driver.NewPrepared(kind, p)
	if err != nil {
		return nil, err
	}
	return &Prepared{kind: kind, data: append([]byte(nil), p...), plain: plain}, nil
}

// For returns the message in the form of v, for Conn.WritePrepared or Conn.Post of
// connections with that Variant. If v has no form that can be prepared, the driver
// encodes the message itself.
func (m *Prepared) For(v driver.Variant) *driver.Prepared {
	if v == (driver.Variant{}) {
		return m.plain
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	f := m.forms[v]
	if f == nil {
		var err error
		if f, err = driver.NewPrepared(m.kind, m.data, v); err != nil {
			f = m.plain
		}
		if m.forms == nil {
			m.forms = make(map[driver.Variant]*driver.Prepared)
		}
		m.forms[v] = f
	}
	return f
}

// Broadcast sends m to all conns, as the function Broadcast does, for a message that is
// sent more than once.
func (m *Prepared) Broadcast(conns iter.Seq[*stream.Conn]) (sent int, left []*stream.Conn) {
	form, of := m.plain, driver.Variant{} // most connections have the form of the one before
	for c := range conns {
		if v := c.Variant(); v != of {
			form, of = m.For(v), v
		}
		if c.Post(form) == nil {
			sent++
		} else {
			left = append(left, c)
		}
	}
	return sent, left
}

// Broadcast sends a message of kind Text or Binary to all conns. It returns the
// number of connections for which the message has been queued, and those that it has
// left out: they are closed, or so slow that it would have to wait. The message is
// encoded once for each form. A connection in the middle of a message of NextWriter
// gets it after that message. The error says that p cannot be sent at all. Broadcast
// does not retain p.
//
// Each connection gets the broadcasts of a goroutine in order.
func Broadcast(conns iter.Seq[*stream.Conn], kind driver.Kind, p []byte) (sent int, left []*stream.Conn, err error) {
	m, err := NewPrepared(kind, p)
	if err != nil {
		return 0, nil, err
	}
	sent, left = m.Broadcast(conns)
	return sent, left, nil
}
