package stream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/sans-io/websocket-driver/driver"
)

// inbound is the reading half of a Conn: one goroutine has the turn to read, and
// takes one piece of a message after the other.
type inbound struct {
	reading bool           // a goroutine has the turn
	outside bool           // and reads from the transport, without the lock
	closed  bool           // CloseRead: only the Conn itself reads
	rest    []byte         // input that has not been parsed
	err     error          // of the transport's Read that ended reading
	message *messageReader // the message in progress, if any
}

// own copies the piece that is being read out of the buffers of the Conn and of the
// driver, which are about to be used for something else.
func (in *inbound) own() {
	if r := in.message; r != nil && !r.own {
		r.data, r.own = bytes.Clone(r.data), true
	}
}

// maxEmptyReads is the maximum number of successive reads without bytes and error.
const maxEmptyReads = 100

// takeTurn waits for the turn to read.
func (c *Conn) takeTurn(ctx context.Context) error {
	for c.in.reading && !c.in.closed && !c.isOver() {
		switch {
		case c.end.phase >= gone: // and yet the Read of the transport has not returned
			return errClosed
		case ctx.Err() != nil:
			return context.Cause(ctx)
		}
		c.wait()
	}
	switch {
	case c.isOver():
		return c.overError()
	case c.in.closed:
		return errCloseRead
	}
	c.in.reading = true
	return nil
}

// passTurn passes the turn to the next reader. After a panic of the transport's Read it
// takes the lock again, which the caller is going to release.
func (c *Conn) passTurn() {
	if c.in.outside {
		c.lock()
		c.in.outside, c.source.into = false, nil
	}
	c.in.reading = false
	c.wake.Broadcast()
}

// parse takes the next event from the input.
func (c *Conn) parse() driver.Event {
	n, ev := c.d.Parse(c.in.rest)
	c.in.rest = c.in.rest[n:]
	return ev
}

// piece returns the next piece of a message, or with driver.Config.Frames the next
// frame. Its Data is valid until the next call of Parse, EOF or Tick. The caller must
// have the turn to read.
func (c *Conn) piece() (driver.Event, error) {
	for {
		ev := c.parse()
		if ev.Kind.IsMessage() {
			return ev, nil
		}
		if err := c.handle(ev); err != nil {
			return ev, err
		}
	}
}

// handle does what an event asks for that is not a message. After None it waits for
// input. The caller must have the turn to read.
func (c *Conn) handle(ev driver.Event) error {
	switch ev.Kind {
	case driver.Ping:
		if f := c.o.OnPing; f != nil {
			c.hook(f, ev.Data)
		}
	case driver.Pong:
		c.ponged(ev.Data)
		if f := c.o.OnPong; f != nil {
			c.hook(f, ev.Data)
		}
	case driver.PeerClose:
		return c.held(ev)
	case driver.Close:
		return c.peerEnded(ev)
	case driver.None:
		if c.d.State() == driver.StateConnecting {
			return fmt.Errorf("%w: reading before the handshake", driver.ErrState)
		}
		return c.fill()
	}
	return c.end.err // a hook may have closed the connection
}

// fill reads from the transport into c.in.rest, which has been consumed. It reports
// the end of the transport to the driver as EOF, so its error is a deadline, the end
// of a context or that of the connection.
func (c *Conn) fill() error {
	for range maxEmptyReads {
		err := c.receive()
		n := len(c.in.rest)
		switch {
		case c.end.err != nil:
			c.in.rest = nil
			c.releaseSource()
			return c.end.err
		case n == 0 && c.isDeadline(err):
			return c.deadlineError(err)
		case err != nil && !c.isDeadline(err):
			if c.in.err = err; n == 0 {
				c.d.EOF()
			}
			return nil
		case n > 0:
			return nil
		}
	}
	c.in.err = io.ErrNoProgress
	c.d.EOF()
	return nil
}

// receive reads from the transport into c.in.rest, which has been consumed. Meanwhile
// the lock is released.
func (c *Conn) receive() error {
	c.in.rest = nil
	if c.in.err != nil {
		c.source.into = nil
		return c.in.err
	}
	if c.pumps() {
		return c.receivePumped()
	}
	incoming, _ := c.d.Incoming()
	c.source.aim(incoming)
	c.in.outside = true
	c.unlock()
	err := c.source.read()
	c.lock()
	c.in.outside = false
	c.source.into = nil
	if c.in.rest = c.source.input; len(c.in.rest) == 0 {
		c.in.rest = nil
		c.releaseSource()
	}
	return err
}

// releaseSource returns the buffer of source, of which nothing waits to be parsed. The
// caller must have the turn to read, or no goroutine.
func (c *Conn) releaseSource() {
	if c.rare == nil || c.rare.pump == nil {
		c.source.release()
	}
}

// isDeadline reports whether err is that of the read deadline. Other timeouts end
// the connection, such as that of a TCP connection whose peer has vanished. Some
// transports have timeouts of their own, which are deadlines if one has passed.
func (c *Conn) isDeadline(err error) bool {
	if err == nil || isTimeout(err) {
		return err != nil
	}
	var t interface{ Timeout() bool }
	return c.rare != nil && errors.As(err, &t) && t.Timeout() &&
		(c.rare.reading.isCut() || hasPassed(c.rare.readDeadline))
}

// deadlineError returns the error of a call whose read has ended with err because of
// a deadline or a context.
func (c *Conn) deadlineError(err error) error {
	switch {
	case c.rare != nil && c.rare.reading.isCut():
		return context.Cause(c.rare.reading.ctx)
	case !isTimeout(err):
		return fmt.Errorf("%w: %w", os.ErrDeadlineExceeded, err)
	}
	return err
}

// hasPassed reports whether a deadline is set and has passed.
func hasPassed(deadline time.Time) bool { return !deadline.IsZero() && !time.Now().Before(deadline) }

// isTimeout reports whether err is that of a deadline. It does not use Timeout, which
// is also true for a TCP connection that has timed out and ended.
func isTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }
