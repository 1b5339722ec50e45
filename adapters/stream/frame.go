package stream

import (
	"context"
	"fmt"

	"github.com/sans-io/websocket-driver/driver"
)

// errNoFrames is the error of ReadFrame without driver.Config.Frames.
var errNoFrames = fmt.Errorf("%w: ReadFrame without driver.Config.Frames", driver.ErrInvalid)

// ReadFrame reads the next frame of a message (RFC 6455, section 5.4), which needs
// driver.Config.Frames. It returns the kind, Text or Binary for the first frame of a
// message and Continuation for the others, the payload, which it appends to buf[:0],
// and whether the frame is the last of the message. In hixie a frame is a message.
//
// The errors are those of ReadMessage. ReadMessage and NextReader read the frames of
// a message that are left. ReadFrame skips what is left of a message of NextReader,
// and returns one that a deadline has interrupted in ReadMessage up to the end of
// its next frame.
func (c *Conn) ReadFrame(buf []byte) (kind driver.Kind, payload []byte, final bool, err error) {
	c.lock()
	defer c.unlock()
	if !c.d.Config().Frames {
		return driver.None, buf[:0], false, errNoFrames
	}
	if err := c.takeTurn(context.Background()); err != nil {
		return driver.None, buf[:0], false, err
	}
	defer c.passTurn()
	if err := c.skip(); err != nil {
		return driver.None, buf[:0], false, err
	}
	ev, err := c.piece()
	if err != nil {
		return driver.None, buf[:0], false, err
	}
	r := c.in.message
	if r == nil {
		r = &messageReader{c: c}
		c.in.message = r
	}
	kind = ev.Kind
	buf = buf[:0]
	if len(r.data) > 0 {
		kind, buf = r.kind, append(buf, r.data...)
	}
	r.take(ev)
	if r.data = nil; r.final {
		c.in.message = nil
	}
	return kind, append(buf, ev.Data...), ev.Final, nil
}
