package stream

import "slices"

// Done returns a channel that is closed when the transport has been closed, or given
// back by Detach. A connection that is over for reading may still be sending its last
// bytes.
func (c *Conn) Done() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.getRare()
	if r.done == nil {
		r.done = make(chan struct{})
		if c.gone {
			close(r.done)
		}
	}
	return r.done
}

// AfterDone has f called once when the transport has been closed, just before Done is
// closed, and at once if it has been. It costs no goroutine while it waits: f runs on
// the goroutine that closes the transport and should not block. stop prevents the
// call, and reports whether it has.
func (c *Conn) AfterDone(f func()) (stop func() bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone {
		c.mu.Unlock()
		defer c.mu.Lock()
		f()
		return func() bool { return false }
	}
	r := c.getRare()
	r.after = append(r.after, &f)
	return func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		n := len(r.after)
		r.after = slices.DeleteFunc(r.after, func(g *func()) bool { return g == &f })
		return len(r.after) < n
	}
}

// markGone ends the connection: the transport has been closed, or is no longer ours.
// It unlocks while the functions of AfterDone run.
func (c *Conn) markGone() {
	for c.rare != nil && len(c.rare.after) > 0 {
		after := c.rare.after
		c.rare.after = nil
		c.mu.Unlock()
		for _, f := range after {
			(*f)()
		}
		c.mu.Lock()
	}
	c.gone = true
	if c.rare != nil && c.rare.done != nil {
		close(c.rare.done)
	}
	c.wake.Broadcast()
}
