package stream

import "runtime"

// WaitQueued waits until n bytes of output have been queued and not yet taken.
func (c *Conn) WaitQueued(n int) {
	for {
		c.mu.Lock()
		queued := c.d.Buffered()
		c.mu.Unlock()
		if queued >= n {
			return
		}
		runtime.Gosched()
	}
}
