package stream

import (
	"time"

	"github.com/sans-io/websocket-driver/driver"
)

// arm sets the timer for the next Tick. The clock is read only when a limit
// begins.
func (c *Conn) arm() {
	if c.shutting {
		return
	}
	next := c.d.NextTick()
	if next.Equal(driver.Now) {
		c.tick(time.Now())
		next = c.d.NextTick()
	}
	if next.Equal(c.armed) {
		return
	}
	c.armed = next
	switch {
	case next.IsZero():
		if c.timer != nil {
			c.timer.Stop()
			c.timer = nil // an idle connection that no limit runs for has none
		}
	case c.timer == nil:
		c.timer = time.AfterFunc(time.Until(next), c.onTimer)
	default:
		c.timer.Reset(time.Until(next))
	}
}

// onTimer is called when a time limit may have passed. If one has, the transport
// is closed: whoever reads then finds the Close event.
func (c *Conn) onTimer() {
	c.mu.Lock()
	defer c.mu.Unlock()
	due, now := c.d.NextTick(), time.Now()
	c.armed = time.Time{}
	if c.shutting || due.IsZero() || due.Equal(driver.Now) || now.Before(due) {
		c.arm()
		return
	}
	c.tick(now)
	if c.d.Pending() || c.d.Done() {
		c.shut(true)
		return
	}
	c.settle()
}
