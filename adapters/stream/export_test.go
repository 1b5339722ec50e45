package stream

import (
	"runtime"
	"time"
)

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

// Tick does what the timer does, and overwrites what Tick of the driver invalidates.
func (c *Conn) Tick(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	old := c.reader.data
	c.tick(now)
	clear(old)
}

// Waits returns how many calls of Ping are waiting.
func (c *Conn) Waits() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.rare.pings)
}
