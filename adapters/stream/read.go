package stream

import (
	"bytes"
	"fmt"
	"io"

	"github.com/sans-io/websocket-driver/driver"
)

// maxEmptyReads is the maximum number of successive reads without bytes and error.
const maxEmptyReads = 100

// ReadMessage reads the next message. It returns the kind, Text or Binary, and the
// payload, which it appends to buf[:0]. The caller owns the payload. Control frames
// are handled internally.
//
// At the end of the connection the error is a *CloseError, and after CloseNow an
// error that wraps net.ErrClosed; later calls return the same. By then the peer's
// close frame has been answered, or a close frame for its violation has been sent,
// unless the transport took nothing for Options.FlushTimeout. An error that wraps
// os.ErrDeadlineExceeded does not end the connection, and the part of a message that
// has arrived is kept for the next call. On error ReadMessage returns buf[:0].
func (c *Conn) ReadMessage(buf []byte) (driver.Kind, []byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.beginRead(); err != nil {
		return driver.None, buf[:0], err
	}
	defer c.endRead()
	if err := c.await(); err != nil {
		return driver.None, buf[:0], err
	}
	kind, buf, err := c.message(buf[:0])
	if err != nil {
		return driver.None, buf[:0], err
	}
	c.kick()
	return kind, buf, nil
}

// await waits for input between messages if there is none. An idle connection spends
// its time here, so it should be called with little stack in use: see input.
func (c *Conn) await() error {
	if len(c.in) > 0 || c.reader != nil || c.needs(driver.NeedFetch) {
		return nil
	}
	switch c.d.State() {
	case driver.StateOpen, driver.StateClosing:
		c.settle()
		return c.fill()
	}
	return nil
}

// message appends the next message to buf. The caller must have the turn to read.
func (c *Conn) message(buf []byte) (driver.Kind, []byte, error) {
	if err := c.skip(); err != nil {
		return driver.None, buf, err
	}
	kind := driver.None
	if r := c.reader; r != nil {
		kind, buf = r.kind, append(buf, r.data...)
		c.reader = nil
	}
	for {
		ev, err := c.piece()
		if err != nil {
			if len(buf) > 0 && !c.isOver() {
				c.reader = &messageReader{c: c, kind: kind, own: true, data: bytes.Clone(buf)}
			}
			return driver.None, buf, err
		}
		kind, buf = ev.Kind, append(buf, ev.Data...)
		if ev.Final {
			return kind, buf, nil
		}
	}
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

// endRead passes the turn to the next reader.
func (c *Conn) endRead() {
	c.reading = false
	c.wake.Broadcast()
}

// piece returns the next piece of a message. Its Data is valid until the next call of
// Parse, EOF or Tick. The caller must have the turn to read.
func (c *Conn) piece() (driver.Event, error) {
	for {
		n, ev := c.d.Parse(c.in)
		c.in = c.in[n:]
		switch ev.Kind {
		case driver.Text, driver.Binary:
			return ev, nil
		case driver.Pong:
			c.ponged(ev.Data)
		case driver.PeerClose:
			return ev, c.held(ev)
		case driver.Close:
			return ev, c.closed(ev)
		case driver.None:
			if c.d.State() == driver.StateConnecting {
				return ev, fmt.Errorf("%w: reading before the handshake", driver.ErrState)
			}
			c.settle()
			if err := c.fill(); err != nil {
				return ev, err
			}
		}
	}
}

// fill reads from the transport into c.in, which has been consumed. It reports the
// end of the transport to the driver as EOF, so its error is a deadline or CloseNow.
func (c *Conn) fill() error {
	for range maxEmptyReads {
		c.in = nil
		err := c.readErr
		if err == nil {
			c.mu.Unlock()
			p, e := c.input.read()
			c.mu.Lock()
			c.in, err = p, e
		}
		n := len(c.in)
		if n == 0 {
			c.in = nil
			c.input.release()
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

// settle writes output and sets the timer after calls of the driver.
func (c *Conn) settle() {
	c.kick()
	c.arm()
}
