package stream

import "slices"

// Done returns a channel that is closed when the transport has been closed, or given
// back by Detach. A connection that is over for reading may still be sending its last
// bytes.
func (c *Conn) Done() <-chan struct{} {
	c.lock()
	defer c.unlock()
	r := c.getRare()
	if r.done == nil {
		r.done = make(chan struct{})
		if c.end.phase >= gone {
			close(r.done)
		}
	}
	return r.done
}

// Err returns nil while messages may still be received, and then the error with which
// ReadMessage has ended: a *CloseError or, after CloseNow, an error that wraps
// net.ErrClosed. After a loop over Messages that has ended without an error it tells
// how the peer has closed.
func (c *Conn) Err() error {
	c.lock()
	defer c.unlock()
	if !c.isOver() {
		return nil
	}
	return c.overError()
}

// AfterDone has f called once when the transport has been closed, just before Done is
// closed, and at once if it has been. It costs no goroutine while it waits: f runs on
// the goroutine that closes the transport and should not block. stop prevents the
// call, and reports whether it has.
func (c *Conn) AfterDone(f func()) (stop func() bool) {
	c.lock()
	defer c.unlock()
	if c.end.phase >= gone {
		c.outside(f)
		return func() bool { return false }
	}
	r := c.getRare()
	r.after = append(r.after, &f)
	return func() bool {
		c.lock()
		defer c.unlock()
		n := len(r.after)
		r.after = slices.DeleteFunc(r.after, func(g *func()) bool { return g == &f })
		return len(r.after) < n
	}
}
