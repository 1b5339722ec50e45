package stream

import (
	"context"

	"github.com/sans-io/websocket-driver/driver"
)

// Variant returns the form in which the connection sends messages: see
// driver.NewPrepared. It is known after the handshake.
func (c *Conn) Variant() driver.Variant {
	c.lock()
	defer c.unlock()
	return c.d.Variant()
}

// WritePrepared sends m like WriteMessage. Only servers benefit: a client masks each
// message with a new key.
func (c *Conn) WritePrepared(m *driver.Prepared) error {
	c.lock()
	defer c.unlock()
	if err := c.admit(context.Background()); err != nil {
		return err
	}
	if err := c.sendPrepared(m); err != nil {
		return err
	}
	return c.leave(context.Background())
}

// Post sends m like Queue, and never waits: if driver.Config.MaxBuffered bytes wait
// already the error wraps driver.ErrFull, whatever Options.Slow says, except that
// SlowClose closes the connection. In the middle of a message of NextWriter m leaves
// after that message. Broadcasts are made of it: see package hub.
func (c *Conn) Post(m *driver.Prepared) error {
	c.lock()
	defer c.unlock()
	w := c.out.message
	switch {
	case c.out.err != nil:
		return c.out.err
	case c.isClosing():
		return driver.ErrClosed
	case c.isFull(0) || w != nil && c.maxBuffered > 0 && w.heldSize >= c.maxBuffered:
		return c.refuseSlow()
	case w != nil:
		w.held = append(w.held, m)
		w.heldSize += m.Len()
		return nil
	}
	err := c.sendPrepared(m)
	if c.source.raw != nil && c.lacksWriter() {
		c.out.by = starting
		chooseFlusher().add(c)
	}
	return err
}

func (c *Conn) sendPrepared(m *driver.Prepared) error {
	err := c.d.SendPrepared(m)
	if err == nil {
		c.o.Trace.sent(c, m.Kind(), m.Len())
	}
	return err
}
