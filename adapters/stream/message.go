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
	ev := c.next()
	if ev.Final {
		buf = append(buf[:0], ev.Data...)
		c.mu.Unlock() // nothing has become due
		return ev.Kind, buf, nil
	}
	defer c.unlock()
	if err := c.takeTurn(context.Background()); err != nil {
		return driver.None, buf[:0], err
	}
	defer c.passTurn()
	if ev.Kind == driver.None && c.rests() {
		// An idle connection spends its time here, so there is little stack in use: see
		// source.
		if err := c.fill(); err != nil {
			return driver.None, buf[:0], err
		}
	}
	return c.readMessage(ev, buf[:0])
}

// next is the short way to the next event if that may be a whole message in what has
// been read. Where anything is unusual it returns None, and the long way is taken.
func (c *Conn) next() driver.Event {
	if len(c.in.rest) == 0 || c.in.reading || c.in.closed || c.in.message != nil || c.isOver() || c.o.Trace != nil || c.out.by == nobody && c.unsent() {
		return driver.Event{}
	}
	return c.parse()
}

// rests reports whether the next event can only come from the transport.
func (c *Conn) rests() bool {
	if len(c.in.rest) > 0 || c.in.message != nil || c.needs(driver.NeedFetch) {
		return false
	}
	s := c.d.State()
	return s == driver.StateOpen || s == driver.StateClosing
}

// readMessage appends the next message to buf. ev is an event that has been taken and
// not been handled, or None. The caller must have the turn to read.
func (c *Conn) readMessage(ev driver.Event, buf []byte) (driver.Kind, []byte, error) {
	start := len(buf)
	kind, buf, err := c.message(ev, buf)
	if err != nil {
		return driver.None, buf[:start], err
	}
	return kind, buf, nil
}

// message is readMessage, which returns on an error what it has read.
func (c *Conn) message(ev driver.Event, buf []byte) (driver.Kind, []byte, error) {
	kind := driver.None
	if ev.Kind == driver.None {
		if err := c.skip(); err != nil {
			return driver.None, buf, err
		}
		if r := c.in.message; r != nil {
			kind, buf = r.kind, append(buf, r.data...)
			c.in.message = nil
		}
		ev = c.parse()
	}
	for ; ; ev = c.parse() {
		if ev.Kind == driver.Text || ev.Kind == driver.Binary {
			kind, buf = ev.Kind, c.join(buf, ev)
			if ev.Final {
				c.o.Trace.received(c, kind, len(buf))
				return kind, buf, nil
			}
		} else if err := c.handle(ev); err != nil {
			if kind != driver.None && !c.isOver() {
				c.in.message = &messageReader{c: c, kind: kind, own: true, data: bytes.Clone(buf), size: len(buf)}
			}
			return driver.None, buf, err
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
