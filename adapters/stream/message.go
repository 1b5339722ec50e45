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
	if len(c.in.rest) == 0 || c.in.reading || c.in.closed || c.in.message != nil || c.isOver() || c.o.Trace != nil || c.out.by == noWriter && c.unsent() {
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
	earlier := 0 // bytes of the message that ReadFrame has returned
	if ev.Kind == driver.None {
		if err := c.skip(); err != nil {
			return driver.None, buf, err
		}
		if r := c.in.message; r != nil {
			kind, buf, earlier = r.kind, append(buf, r.data...), r.size-len(r.data)
			c.in.message = nil
		}
		ev = c.parse()
	}
	for ; ; ev = c.parse() {
		if ev.Kind.IsMessage() {
			if buf = join(buf, ev.Data); ev.Kind != driver.Continuation {
				kind = ev.Kind
			}
			if ev.Final {
				c.o.Trace.received(c, kind, earlier+len(buf))
				return kind, buf, nil
			}
			continue
		}
		if ev.Kind == driver.None {
			buf = c.readInto(buf)
		}
		if err := c.handle(ev); err != nil {
			if kind != driver.None && !c.isOver() {
				c.in.message = &messageReader{c: c, kind: kind, own: true, data: bytes.Clone(buf), size: earlier + len(buf)}
			}
			return driver.None, buf, err
		}
	}
}

// readInto makes the next read go to where buf is continued, if that is where the rest of
// a large frame belongs. It makes room for it, but not for much more than has arrived.
func (c *Conn) readInto(buf []byte) []byte {
	n, inPlace := c.d.Incoming()
	if n < minInto || !inPlace || c.pumps() {
		return buf
	}
	if room := cap(buf) - len(buf); int64(room) < n && room < 7*len(buf) {
		buf = slices.Grow(buf, int(min(n, int64(7*len(buf)))))
	}
	rest := buf[len(buf):cap(buf)]
	c.source.into = rest[:min(int64(len(rest)), n)] // what follows the frame does not belong there
	return buf
}

// minInto is the number of bytes of a frame below which they are read into a buffer, with
// what follows, and copied.
const minInto = 4 << 10

// join appends a piece to buf, where it may lie already.
func join(buf, piece []byte) []byte {
	if n := len(buf); n < cap(buf) && len(piece) > 0 && &buf[:n+1][n] == &piece[0] {
		return buf[:n+len(piece)]
	}
	return append(buf, piece...)
}
