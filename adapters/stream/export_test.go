package stream

import (
	"runtime"
	"time"

	"github.com/sans-io/websocket-driver/driver"
)

// WaitQueued waits until n bytes of output have been queued and not yet taken.
func (c *Conn) WaitQueued(n int) {
	queued := 0
	for queued < n {
		c.Raw(func(d *driver.Driver) { queued = d.Buffered() })
		runtime.Gosched()
	}
}

// Tick does what the timer does, and overwrites what Tick of the driver invalidates.
func (c *Conn) Tick(now time.Time) {
	c.lock()
	defer c.unlock()
	old := c.in.message.data
	c.tick(now)
	clear(old)
}

// Waits returns how many calls of Ping are waiting.
func (c *Conn) Waits() int {
	c.lock()
	defer c.unlock()
	return len(c.rare.pings)
}

// WaitWriting waits until a write to the transport is in progress.
func (c *Conn) WaitWriting() {
	for by := noWriter; by.isFree(); runtime.Gosched() {
		c.lock()
		by = c.out.by
		c.unlock()
	}
}
