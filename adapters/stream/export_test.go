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

// Tick is what the timer does, and spoils what a Tick of the driver may spoil.
func (c *Conn) Tick(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	old := c.reader.data
	c.tick(now)
	clear(old)
}

// Waits returns how many calls of Ping wait.
func (c *Conn) Waits() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.x.pings)
}
