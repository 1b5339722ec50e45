package stream

import (
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/sans-io/websocket-driver/driver"
)

// writeDeadliner is what transports are whose writes can be interrupted.
type writeDeadliner interface{ SetWriteDeadline(time.Time) error }

// SetReadDeadline sets when reading ends with an error that wraps
// os.ErrDeadlineExceeded; the zero Time is never. Such an error never spoils the
// connection: with a new deadline ReadMessage goes on where it was, also in the
// middle of a message. If the transport has no SetReadDeadline the error wraps
// driver.ErrUnsupported.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	r, ok := c.rwc.(interface{ SetReadDeadline(time.Time) error })
	switch {
	case !ok:
		return fmt.Errorf("%w: read deadline on a %T", driver.ErrUnsupported, c.rwc)
	case c.closing:
		return nil
	}
	return r.SetReadDeadline(t)
}

// SetWriteDeadline sets when waiting for the transport ends with an error that
// wraps os.ErrDeadlineExceeded; the zero Time is never. Until there is a new
// deadline, later sends end so at once. Such an error never spoils the connection:
// what is queued leaves in the background, in order, as do pongs and keep-alive,
// which a deadline that has passed does not stop. It works with every transport.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closing {
		c.setDeadline(t)
	}
	return nil
}

// setDeadline sets the deadline for writes. It is not the transport's, which would
// stop pongs and close frames too: an alarm wakes who waits, and interrupts the
// caller who writes.
func (c *Conn) setDeadline(t time.Time) {
	if c.x == nil && t.IsZero() {
		return
	}
	x := c.extra()
	x.deadline, x.expired = t, false
	switch {
	case t.IsZero():
		if x.alarm != nil {
			x.alarm.Stop()
		}
	case x.alarm == nil:
		x.alarm = time.AfterFunc(time.Until(t), c.onAlarm)
	default:
		x.alarm.Reset(time.Until(t))
	}
	c.checkDeadline()
}

func (c *Conn) onAlarm() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.checkDeadline()
}

// checkDeadline acts if the deadline for writes has passed.
func (c *Conn) checkDeadline() {
	x := c.x
	if x.deadline.IsZero() || time.Now().Before(x.deadline) {
		return
	}
	x.expired = true
	c.wake.Broadcast()
	if c.calling && !c.interrupted {
		c.interrupted = true
		_ = c.rwc.(writeDeadliner).SetWriteDeadline(time.Unix(1, 0))
	}
}

// isExpired reports whether the deadline for writes has passed.
func (c *Conn) isExpired() bool { return c.x != nil && c.x.expired }

// endInterrupt is called when a write has ended, and reports whether the deadline
// has interrupted it.
func (c *Conn) endInterrupt() bool {
	was := c.interrupted
	if was {
		_ = c.rwc.(writeDeadliner).SetWriteDeadline(time.Time{})
	}
	c.calling, c.interrupted = false, false
	return was
}

// maxChunk is how many bytes are written at once where WriteTimeout has to see
// that it goes on.
const maxChunk = 64 << 10

// startStall starts Options.WriteTimeout for the write that begins.
func (c *Conn) startStall() {
	x := c.extra()
	x.stalled = time.Now().Add(c.writeTimeout)
	if x.stall == nil {
		x.stall = time.AfterFunc(c.writeTimeout, c.onStall)
	} else {
		x.stall.Reset(c.writeTimeout)
	}
}

// endStall is called when a write has ended.
func (c *Conn) endStall() {
	if c.writeTimeout > 0 {
		c.x.stalled = time.Time{}
	}
}

// onStall gives the connection up if the write under way has made no progress.
func (c *Conn) onStall() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.shutting || c.x.stalled.IsZero() || time.Now().Before(c.x.stalled) {
		return
	}
	c.x.givenUp = fmt.Errorf("websocket: the transport has taken nothing for %v", c.writeTimeout)
	c.failWrite(fmt.Errorf("%w: %w", c.x.givenUp, net.ErrClosed))
	c.shut(true)
}

// isTimeout reports whether err is about a deadline. A TCP connection that has timed
// out says Timeout too, and is at its end.
func isTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }
