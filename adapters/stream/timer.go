package stream

import (
	"fmt"
	"net"
	"time"

	"github.com/sans-io/websocket-driver/driver"
)

// limitTimer is the timer for the next Tick.
type limitTimer struct {
	*time.Timer
	at time.Time // when it fires; zero if it has
}

// errLimit is the error of a write that is under way when a time limit passes; who
// reads is told which.
var errLimit = fmt.Errorf("websocket: a time limit has passed: %w", net.ErrClosed)

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
	switch {
	case next.IsZero():
		c.disarm()
	case c.timer == nil:
		c.timer = &limitTimer{time.AfterFunc(time.Until(next), c.onTimer), next}
	case !next.Equal(c.timer.at):
		c.timer.at = next
		c.timer.Reset(time.Until(next))
	}
}

// disarm stops the timer.
func (c *Conn) disarm() {
	if c.timer != nil {
		c.timer.Stop()
		c.timer = nil
	}
}

// onTimer is called when a time limit may have passed. If one has, the transport
// is closed: whoever reads then finds the Close event.
func (c *Conn) onTimer() {
	c.mu.Lock()
	defer c.mu.Unlock()
	due, now := c.d.NextTick(), time.Now()
	if c.timer != nil {
		c.timer.at = time.Time{} // it has fired
	}
	if c.shutting || due.IsZero() || due.Equal(driver.Now) || now.Before(due) {
		c.arm()
		return
	}
	c.tick(now)
	if c.d.Pending() || c.d.Done() {
		c.failWrite(errLimit)
		c.shut(true)
		return
	}
	c.settle()
}
