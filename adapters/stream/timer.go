package stream

import (
	"fmt"
	"net"
	"time"
)

// limitTimer is the timer for the next Tick.
type limitTimer struct {
	*time.Timer
	at time.Time // when it fires; zero if it has fired
}

// errLimit is the error of a write that is in progress when a time limit expires.
// The error of reading says which limit.
var errLimit = fmt.Errorf("websocket: a time limit has passed: %w", net.ErrClosed)

// arm sets the timer for the next Tick. It reads the clock only when a limit starts.
func (c *Conn) arm() {
	if c.shutting {
		return
	}
	next, ok := c.d.NextTick()
	if ok && next.IsZero() {
		c.tick(time.Now())
		next, ok = c.d.NextTick()
	}
	switch {
	case !ok:
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

// onTimer is called when a time limit may have expired. If one has ended the
// connection, it closes the transport, and the reader gets the Close event.
func (c *Conn) onTimer() {
	c.mu.Lock()
	defer c.mu.Unlock()
	due, ok := c.d.NextTick()
	now := time.Now()
	if c.timer != nil {
		c.timer.at = time.Time{} // it has fired
	}
	if c.shutting || !ok || due.IsZero() || now.Before(due) {
		c.arm()
		return
	}
	switch ended := c.tick(now); {
	case !ended:
		c.settle()
	case c.peerClosed != nil && c.d.Err() == nil: // the driver has answered the peer's close frame
		c.answered()
	default:
		c.failWrite(errLimit)
		c.shut(true)
	}
}
