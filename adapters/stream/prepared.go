package stream

import "github.com/sans-io/websocket-driver/driver"

// Variant returns the form in which the connection sends messages: see
// driver.NewPrepared. It is known after the handshake.
func (c *Conn) Variant() driver.Variant {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.d.Variant()
}

// WritePrepared sends m like WriteMessage. Only servers benefit: a client masks each
// message with a new key.
func (c *Conn) WritePrepared(m *driver.Prepared) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.admit(); err != nil {
		return err
	}
	if err := c.afterSend(c.d.SendPrepared(m)); err != nil {
		return err
	}
	return c.flush()
}

// Post sends m like Queue, and never waits: if driver.Config.MaxBuffered bytes wait
// already the error wraps driver.ErrFull, whatever Options.Slow says, except that
// SlowClose closes the connection. In the middle of a message of NextWriter m leaves
// after that message. Broadcasts are made of it: see package hub.
func (c *Conn) Post(m *driver.Prepared) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.outputError(); err != nil {
		return err
	}
	w := c.writer
	switch {
	case c.isClosing():
		return driver.ErrClosed
	case c.isFull() || w != nil && c.maxBuffered > 0 && w.heldSize >= c.maxBuffered:
		return c.refuseSlow()
	case w != nil:
		w.held = append(w.held, m)
		w.heldSize += m.Len()
		return nil
	}
	if err := c.afterSend(c.d.SendPrepared(m)); err != nil {
		return err
	}
	c.kick()
	return nil
}
