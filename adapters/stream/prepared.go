package stream

import (
	"iter"
	"sync"

	"github.com/sans-io/websocket-driver/driver"
)

// Prepared is a message that is encoded once for each form in which it is sent,
// when the first connection needs it. Any number of connections and goroutines
// may send it. Only servers gain: a client masks each message with a key of its
// own.
type Prepared struct {
	kind  driver.Kind
	data  []byte
	plain *driver.Prepared // in the zero Variant

	mu    sync.Mutex
	forms map[driver.Variant]*driver.Prepared // all others
}

// NewPrepared prepares a message of kind Text or Binary. It keeps a copy of p.
// The errors are those of driver.NewPrepared.
func NewPrepared(kind driver.Kind, p []byte) (*Prepared, error) {
	plain, err := driver.NewPrepared(kind, p)
	if err != nil {
		return nil, err
	}
	return &Prepared{kind: kind, data: append([]byte(nil), p...), plain: plain}, nil
}

// form returns the message in the form of v. Where v has none that can be
// prepared, the driver encodes for itself.
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

// WritePrepared sends m as WriteMessage does.
func (c *Conn) WritePrepared(m *Prepared) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.sendPrepared(m); err != nil {
		return err
	}
	return c.flush()
}

// QueuePrepared sends m as Queue does.
func (c *Conn) QueuePrepared(m *Prepared) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.sendPrepared(m); err != nil {
		return err
	}
	c.kick()
	return nil
}

// sendPrepared queues m when it may be.
func (c *Conn) sendPrepared(m *Prepared) error {
	if err := c.admit(); err != nil {
		return err
	}
	return c.sent(c.d.SendPrepared(m.form(c.d.Variant())))
}

// Broadcast sends a message of kind Text or Binary to all conns, and returns to
// how many. It is encoded once for each form and waits for nobody: where it
// would, for a slow peer with SlowWait, that connection does not get it. A
// connection in the middle of a message of NextWriter gets it behind that. The
// error says that p can not be sent at all. It keeps no reference to p.
//
// Each connection gets the broadcasts of one goroutine in their order.
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

// post queues m without waiting for anybody.
func (c *Conn) post(m *Prepared) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.sendError(); err != nil {
		return err
	}
	w := c.writer
	switch {
	case c.d.State() > driver.StateOpen:
		return driver.ErrClosed
	case c.isFull() || w != nil && c.maxBuffered > 0 && w.size >= c.maxBuffered:
		return c.refuseSlow()
	case w != nil:
		w.behind = append(w.behind, m)
		w.size += len(m.data)
		return nil
	}
	if err := c.sent(c.d.SendPrepared(m.form(c.d.Variant()))); err != nil {
		return err
	}
	c.kick()
	return nil
}
