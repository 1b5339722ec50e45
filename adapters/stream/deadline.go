package stream

import (
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/sans-io/websocket-driver/driver"
)

// writeDeadliner is implemented by transports whose writes can be interrupted.
type writeDeadliner interface{ SetWriteDeadline(time.Time) error }

// SetReadDeadline sets the time after which reads fail with an error that wraps
// os.ErrDeadlineExceeded. A zero Time means never. Such an error leaves the
// connection usable: after a new deadline ReadMessage continues where it was, even
// in the middle of a message. If the transport has no SetReadDeadline, the error
// wraps driver.ErrUnsupported.
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

// SetWriteDeadline sets the time after which sends that wait for the transport fail
// with an error that wraps os.ErrDeadlineExceeded. A zero Time means never. Until a
// new deadline is set, later sends fail at once. Such an error leaves the connection
// usable: what is queued is written in the background, in order, and so are pongs
// and keep-alive pings, which an expired deadline does not stop. SetWriteDeadline
// works with every transport.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closing {
		c.setDeadline(t)
	}
	return nil
}

// setDeadline sets the deadline for writes. It does not set that of the transport,
// which would stop pongs and close frames too. Instead, an alarm wakes the senders
// that wait and interrupts the one that writes.
func (c *Conn) setDeadline(t time.Time) {
	if c.rare == nil && t.IsZero() {
		return
	}
	r := c.getRare()
	r.deadline, r.expired = t, false
	switch {
	case t.IsZero():
		if r.alarm != nil {
			r.alarm.Stop()
		}
	case r.alarm == nil:
		r.alarm = time.AfterFunc(time.Until(t), c.onAlarm)
	default:
		r.alarm.Reset(time.Until(t))
	}
	c.checkDeadline()
}

func (c *Conn) onAlarm() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.checkDeadline()
}

// checkDeadline wakes and interrupts senders if the deadline for writes has passed.
func (c *Conn) checkDeadline() {
	r := c.rare
	if r.deadline.IsZero() || time.Now().Before(r.deadline) {
		return
	}
	r.expired = true
	c.wake.Broadcast()
	if c.callerWrites && !c.interrupted {
		c.interrupted = true
		_ = c.rwc.(writeDeadliner).SetWriteDeadline(time.Unix(1, 0))
	}
}

// isExpired reports whether the deadline for writes has passed.
func (c *Conn) isExpired() bool { return c.rare != nil && c.rare.expired }

// endInterrupt is called after a write. It reports whether the deadline interrupted
// the write.
func (c *Conn) endInterrupt() bool {
	was := c.interrupted
	if was {
		_ = c.rwc.(writeDeadliner).SetWriteDeadline(time.Time{})
	}
	c.callerWrites, c.interrupted = false, false
	return was
}

// maxChunk is the maximum number of bytes in a write with WriteTimeout, so that
// progress can be seen.
const maxChunk = 64 << 10

// startStall starts Options.WriteTimeout for the next write.
func (c *Conn) startStall() {
	r := c.getRare()
	r.stallAt = time.Now().Add(c.writeTimeout)
	if r.stall == nil {
		r.stall = time.AfterFunc(c.writeTimeout, c.onStall)
	} else {
		r.stall.Reset(c.writeTimeout)
	}
}

// endStall is called after a write.
func (c *Conn) endStall() {
	if c.writeTimeout > 0 {
		c.rare.stallAt = time.Time{}
	}
}

// onStall closes the connection if the write in progress has stalled.
func (c *Conn) onStall() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.shutting || c.rare.stallAt.IsZero() || time.Now().Before(c.rare.stallAt) {
		return
	}
	c.rare.stallError = fmt.Errorf("websocket: the transport has taken nothing for %v", c.writeTimeout)
	c.failWrite(fmt.Errorf("%w: %w", c.rare.stallError, net.ErrClosed))
	c.shut(true)
}

// isTimeout reports whether err is that of a deadline. It does not use Timeout, which
// is also true for a TCP connection that has timed out and ended.
func isTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }
