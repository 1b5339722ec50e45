package stream

import (
	"iter"
	"sync"

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

// form returns the message in the form of v. If v has no form that can be prepared,
// the driver encodes the message itself.
func (m *Prepared) form(v driver.Variant) *driver.Prepared {
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

// WritePrepared sends m like WriteMessage.
func (c *Conn) WritePrepared(m *Prepared) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.sendPrepared(m); err != nil {
		return err
	}
	return c.flush()
}

// QueuePrepared sends m like Queue.
func (c *Conn) QueuePrepared(m *Prepared) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.sendPrepared(m); err != nil {
		return err
	}
	c.kick()
	return nil
}

// sendPrepared queues m as soon as it is admitted.
func (c *Conn) sendPrepared(m *Prepared) error {
	if err := c.admit(); err != nil {
		return err
	}
	return c.afterSend(c.d.SendPrepared(m.form(c.d.Variant())))
}

// Broadcast sends a message of kind Text or Binary to all conns and returns the
// number of connections it was queued for. The message is encoded once for each
// form. Broadcast never waits: where it would, for a slow peer with SlowWait, the
// connection does not get the message. A connection in the middle of a message of
// NextWriter gets it after that message. The error says that p cannot be sent at
// all. Broadcast does not retain p.
//
// Each connection gets the broadcasts of a goroutine in order.
func Broadcast(conns iter.Seq[*Conn], kind driver.Kind, p []byte) (sent int, err error) {
	m, err := NewPrepared(kind, p)
	if err != nil {
		return 0, err
	}
	for c := range conns {
		if c.post(m) == nil {
			sent++
		}
	}
	return sent, nil
}

// post queues m without waiting.
func (c *Conn) post(m *Prepared) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.outputError(); err != nil {
		return err
	}
	w := c.writer
	switch {
	case c.d.State() > driver.StateOpen:
		return driver.ErrClosed
	case c.isFull() || w != nil && c.maxBuffered > 0 && w.heldSize >= c.maxBuffered:
		return c.refuseSlow()
	case w != nil:
		w.held = append(w.held, m)
		w.heldSize += len(m.data)
		return nil
	}
	if err := c.afterSend(c.d.SendPrepared(m.form(c.d.Variant()))); err != nil {
		return err
	}
	c.kick()
	return nil
}
