package stream

import (
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/sans-io/websocket-driver/driver"
)

// after does what has become due since the lock was taken. It is the one place that
// looks at the driver when that may have changed, and it is called before each
// release of the lock.
func (c *Conn) after() {
	if s := c.currentState(); s != c.state {
		c.state = s
		c.o.Trace.state(c, s)
		c.wake.Broadcast() // senders that wait may no longer send
		if s == driver.StateClosed && c.end.phase < shutting {
			c.fetchClose()
		}
	}
	if c.end.phase >= shutting {
		return
	}
	if next, ok := c.d.NextTick(); ok || c.timer != nil {
		c.arm(next, ok)
	}
	if c.lacksWriter() {
		c.out.by = starting
		go c.out.background()
	}
}

// limitTimer is the timer for the next Tick.
type limitTimer struct {
	*time.Timer
	at time.Time // when it fires; zero if it has fired
}

// errLimit is the error of a write that is in progress when a time limit expires.
// The error of reading says which limit.
var errLimit = fmt.Errorf("websocket: a time limit has passed: %w", net.ErrClosed)

// arm sets the timer for the next Tick, if ok is set. It reads the clock only when a
// limit starts.
func (c *Conn) arm(next time.Time, ok bool) {
	if ok && next.IsZero() {
		c.tick(time.Now())
		next, ok = c.d.NextTick()
	}
	switch {
	case c.end.phase >= shutting:
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

// onTimer is called when a time limit may have expired.
func (c *Conn) onTimer() {
	c.lock()
	defer c.unlock()
	due, ok := c.d.NextTick()
	now := time.Now()
	if c.timer != nil {
		c.timer.at = time.Time{} // it has fired
	}
	if c.end.phase < shutting && ok && !due.IsZero() && !now.Before(due) {
		c.tick(now)
	}
}

// tick calls the driver's Tick. If a time limit has ended the connection, it closes
// the transport, and the reader gets the Close event.
func (c *Conn) tick(now time.Time) {
	c.in.own()
	// With HoldClose the driver answers a close frame that this side has not answered
	// in time. That is no failure.
	if c.d.Tick(now) && (c.end.peer == nil || c.d.Err() != nil) {
		c.failWrite(errLimit)
		c.shut()
	}
}

// signal is a sync.Cond that is allocated at the first Wait. Most connections never
// need it.
type signal struct {
	mu   *sync.Mutex // guards the signal too
	cond *sync.Cond
}

// Wait waits for a Broadcast. The caller must hold mu, which is unlocked meanwhile.
func (s *signal) Wait() {
	if s.cond == nil {
		s.cond = sync.NewCond(s.mu)
	}
	s.cond.Wait()
}

// Broadcast wakes all goroutines that wait. The caller must hold mu.
func (s *signal) Broadcast() {
	if s.cond != nil {
		s.cond.Broadcast()
	}
}
