package stream

import (
	"fmt"
	"time"

	"github.com/sans-io/websocket-driver/driver"
)

// readDeadliner and writeDeadliner are implemented by transports whose reads and
// writes can be interrupted.
type (
	readDeadliner  interface{ SetReadDeadline(time.Time) error }
	writeDeadliner interface{ SetWriteDeadline(time.Time) error }
)

// SetReadDeadline sets the time after which reads fail with an error that wraps
// os.ErrDeadlineExceeded. A zero Time means never. Such an error leaves the
// connection usable: after a new deadline ReadMessage continues where it was, even
// in the middle of a message. If the transport has no SetReadDeadline, the error
// wraps driver.ErrUnsupported; ReadMessageContext works there too.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.lock()
	defer c.unlock()
	r, ok := c.rwc.(readDeadliner)
	switch {
	case !ok:
		return fmt.Errorf("%w: read deadline on a %T", driver.ErrUnsupported, c.rwc)
	case c.end.phase == detached:
		return errClosed
	case c.end.closing || c.end.peer != nil || c.in.closed:
		return nil
	}
	if c.rare != nil || !t.IsZero() {
		c.getRare().readDeadline = t
		if c.rare.reading.isCut() { // which restores the deadline at its end
			return nil
		}
	}
	return r.SetReadDeadline(t)
}

// clearReadDeadline removes the read deadline when the application reads no more.
func (c *Conn) clearReadDeadline() {
	if r, ok := c.rwc.(readDeadliner); ok {
		_ = r.SetReadDeadline(time.Time{})
	}
}

// SetWriteDeadline sets the time after which sends that wait for the transport fail
// with an error that wraps os.ErrDeadlineExceeded. A zero Time means never. Until a
// new deadline is set, later sends fail at once. Such an error leaves the connection
// usable: what is queued is written in the background, in order, and so are pongs
// and keep-alive pings, which an expired deadline does not stop. SetWriteDeadline
// works with every transport.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	c.lock()
	defer c.unlock()
	switch {
	case c.end.phase == detached:
		return errClosed
	case !c.end.closing:
		c.setWriteDeadline(t)
	}
	return nil
}

// setWriteDeadline sets the deadline for writes. It does not set that of the transport,
// which would stop pongs and close frames too. Instead, an alarm wakes the senders
// that wait and interrupts the one that writes.
func (c *Conn) setWriteDeadline(t time.Time) {
	if c.rare == nil && t.IsZero() {
		return
	}
	r := c.getRare()
	r.writeDeadline, r.expired = t, false
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
	c.checkWriteDeadline()
}

func (c *Conn) onAlarm() {
	c.lock()
	defer c.unlock()
	c.checkWriteDeadline()
}

// checkWriteDeadline wakes and interrupts senders if the deadline for writes has passed.
func (c *Conn) checkWriteDeadline() {
	if !hasPassed(c.rare.writeDeadline) {
		return
	}
	c.rare.expired = true
	c.wake.Broadcast()
	if c.out.by == sender {
		c.out.by = interrupted
		_ = c.rwc.(writeDeadliner).SetWriteDeadline(time.Unix(1, 0))
	}
}
