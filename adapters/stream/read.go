package stream

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/sans-io/websocket-driver/driver"
)

// maxEmptyReads is how many reads in a row may give neither bytes nor an error.
const maxEmptyReads = 100

// ReadMessage reads the next message. It appends the payload to buf[:0] and
// returns it, which the caller owns, and the kind: Text or Binary. Control frames
// are dealt with inside.
//
// At the end of the connection the error is a *CloseError, after CloseNow it
// wraps net.ErrClosed; both stay. A close frame of the peer has been answered
// then. An error that wraps os.ErrDeadlineExceeded does not end the connection,
// and what had come of a message is kept for the next call. With an error the
// payload is empty, and keeps the memory of buf.
func (c *Conn) ReadMessage(buf []byte) (driver.Kind, []byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.beginRead(); err != nil {
		return driver.None, buf[:0], err
	}
	defer c.endRead()
	kind, buf, err := c.next(buf)
	if err != nil {
		return driver.None, buf[:0], err
	}
	return kind, buf, nil
}

// beginRead waits for the turn to read.
func (c *Conn) beginRead() error {
	for c.reading && !c.isOver() {
		c.wake.Wait()
	}
	if c.isOver() {
		return c.overError()
	}
	c.reading = true
	return nil
}

// endRead gives the turn to the next.
func (c *Conn) endRead() {
	c.reading = false
	c.wake.Broadcast()
}

// next appends the next message to buf[:0]. The caller has the turn to read.
func (c *Conn) next(buf []byte) (driver.Kind, []byte, error) {
	buf = append(buf[:0], c.partial...)
	c.partial = nil
	for {
		n, ev := c.d.Parse(c.in)
		c.in = c.in[n:]
		switch ev.Kind {
		case driver.Text, driver.Binary:
			buf = append(buf, ev.Data...)
			if ev.Final {
				c.kick()
				return ev.Kind, buf, nil
			}
		case driver.Close:
			return driver.None, buf, c.closed(ev)
		case driver.None:
			if c.d.State() == driver.StateConnecting {
				return driver.None, buf, fmt.Errorf("%w: reading before the handshake", driver.ErrState)
			}
			c.settle()
			if err := c.fill(); err != nil {
				c.partial = append(c.partial, buf...)
				return driver.None, buf, err
			}
		}
	}
}

// fill reads from the transport into c.in, which has been used up. The end of
// the transport becomes the driver's EOF; what is left as an error is a deadline
// or CloseNow.
func (c *Conn) fill() error {
	if c.buffer == nil {
		c.buffer = make([]byte, c.readBuffer)
	}
	for range maxEmptyReads {
		n, err := 0, c.readErr
		if err == nil {
			buffer := c.buffer
			c.mu.Unlock()
			n, err = c.rwc.Read(buffer)
			c.mu.Lock()
			n = min(max(n, 0), len(buffer))
			c.in = buffer[:n]
		}
		switch {
		case c.closedNow:
			return c.overError()
		case isTimeout(err) && n == 0:
			return err
		case err != nil && !isTimeout(err):
			if c.readErr = err; n == 0 {
				c.d.EOF()
			}
			return nil
		case n > 0:
			return nil
		}
	}
	c.readErr = io.ErrNoProgress
	c.d.EOF()
	return nil
}

// settle does what is due after a batch of calls of the driver.
func (c *Conn) settle() {
	c.kick()
	c.arm()
}

// isTimeout reports whether err is about a deadline. A TCP connection that has timed
// out says Timeout too, and is at its end.
func isTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }
