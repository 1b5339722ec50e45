package stream

import (
	"bytes"
	"context"
	"slices"

	"github.com/sans-io/websocket-driver/driver"
)

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
	c.lock()
	defer c.unlock()
	if err := c.takeTurn(context.Background()); err != nil {
		return driver.None, buf[:0], err
	}
	defer c.passTurn()
	if c.rests() {
		// An idle connection spends its time here, so there is little stack in use: see
		// source.
		if err := c.fill(); err != nil {
			return driver.None, buf[:0], err
		}
	}
	return c.readMessage(buf[:0])
}

// rests reports whether the next event can only come from the transport.
func (c *Conn) rests() bool {
	if len(c.in.rest) > 0 || c.in.message != nil || c.needs(driver.NeedFetch) {
		return false
	}
	s := c.d.State()
	return s == driver.StateOpen || s == driver.StateClosing
}

// readMessage appends the next message to buf. The caller must have the turn to read.
func (c *Conn) readMessage(buf []byte) (driver.Kind, []byte, error) {
	start := len(buf)
	kind, buf, err := c.message(buf)
	if err != nil {
		return driver.None, buf[:start], err
	}
	return kind, buf, nil
}

// message is readMessage, which returns on an error what it has read.
func (c *Conn) message(buf []byte) (driver.Kind, []byte, error) {
	if err := c.skip(); err != nil {
		return driver.None, buf, err
	}
	kind := driver.None
	if r := c.in.message; r != nil {
		kind, buf = r.kind, append(buf, r.data...)
		c.in.message = nil
	}
	for {
		ev, err := c.piece()
		if err != nil {
			if kind != driver.None && !c.isOver() {
				c.in.message = &messageReader{c: c, kind: kind, own: true, data: bytes.Clone(buf), size: len(buf)}
			}
			return driver.None, buf, err
		}
		kind, buf = ev.Kind, c.join(buf, ev)
		if ev.Final {
			c.o.Trace.received(c, kind, len(buf))
			return kind, buf, nil
		}
	}
}

// join appends a piece to buf. The first pieces of a large frame make room for more of
// it, but not for much more than has arrived.
func (c *Conn) join(buf []byte, ev driver.Event) []byte {
	n := len(buf) + len(ev.Data)
	if !ev.Final && n > cap(buf) {
		more := min(c.d.Incoming(), int64(max(3*n, 4<<10)))
		buf = slices.Grow(buf, len(ev.Data)+int(more))
	}
	return append(buf, ev.Data...)
}
