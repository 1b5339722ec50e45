package hybi

import (
	"unicode/utf8"

	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/hybi/frame"
)

// data takes what p holds of the payload of a text, binary or continuation
// frame. It leaves the frame at its end.
func (c *Conn) data(p []byte) (int, ws.Event) {
	p = c.available(p)
	switch {
	case c.decoding && c.inPieces:
		return c.decodePiece(p)
	case c.decoding:
		return c.decode(p)
	case c.inPieces:
		return c.piece(p)
	}
	return c.collect(p)
}

// endFrame leaves the frame and, if it was the last of its message, the
// message.
func (c *Conn) endFrame() {
	c.phase = phaseHeader
	if c.fin {
		c.kind = ws.None
	}
}

// collect gathers a message, or with frames a frame, until it is whole. One that
// lies whole in p is not copied. Text is checked as it arrives: bad text fails the connection at its
// first wrong byte, in the middle of a frame.
func (c *Conn) collect(p []byte) (int, ws.Event) {
	data, dst := p, p
	if len(c.buf) > 0 || c.left > int64(len(p)) || !c.fin && !c.frames {
		dst = c.extend(len(p))
		data = c.buf
	}
	ascii := c.unmask(dst, p)
	if c.kind == ws.Text && !c.checkText(data, len(p), ascii, c.fin && c.left == 0) {
		return len(p), ws.Event{}
	}
	return len(p), c.deliver(data)
}

// deliver ends the frame if it is complete, and returns the message if that is
// complete too, or with frames the frame.
func (c *Conn) deliver(data []byte) ws.Event {
	if c.left > 0 {
		return ws.Event{}
	}
	kind := c.kind
	if c.frames && c.op == frame.Continuation {
		kind = ws.Continuation
	}
	c.endFrame()
	if !c.fin && !c.frames {
		return ws.Event{}
	}
	return ws.Event{Kind: kind, Final: c.fin, Data: data}
}

// checkText checks the last n bytes of data, the text so far or with frames the
// frame so far, and the unfinished rune before them (section 8.1). ascii says that
// these n bytes are ASCII. It fails the connection if the text cannot become valid
// UTF-8, or ends here and is not.
func (c *Conn) checkText(data []byte, n int, ascii, end bool) bool {
	tail, ok := 0, true
	if c.frames {
		ok = c.carry.check(data[len(data)-n:])
		tail = c.carry.len()
	} else if !ascii || c.checked+n < len(data) {
		tail, ok = validUTF8(data[c.checked:])
	}
	c.checked = len(data) - tail
	if !ok || tail > 0 && end {
		c.failUTF8()
		return false
	}
	return true
}

func (c *Conn) failUTF8() { c.fail(ws.CodeInvalidPayload, "text is not valid UTF-8") }

// piece delivers p as it is; of a text, up to the last complete rune. The rest
// is held back and becomes, once complete, a piece of its own.
func (c *Conn) piece(p []byte) (int, ws.Event) {
	if c.carry.len() > 0 {
		return c.carriedPiece(p)
	}
	data := p
	if ascii := c.unmask(p, p); c.kind == ws.Text && !ascii {
		data = c.completeRunes(p, c.fin && c.left == 0)
	}
	return len(p), c.deliverPiece(data)
}

// completeRunes returns the front of p that can be delivered and holds back the
// incomplete rune after it. It fails the connection if p cannot become valid
// UTF-8, or ends here and is not. What precedes the bad byte is delivered all
// the same, as it would have been had it arrived alone.
func (c *Conn) completeRunes(p []byte, end bool) []byte {
	tail, ok := validUTF8(p)
	n := len(p) - tail
	switch {
	case !ok:
		c.failUTF8()
		return validFront(p)
	case tail > 0 && end:
		c.failUTF8()
		return p[:n]
	}
	c.carry.hold(p[n:])
	return p[:n]
}

// validFront returns the complete runes at the front of p, which is not valid
// UTF-8. It is slow and used once in a connection's life.
func validFront(p []byte) []byte {
	for n := 0; ; {
		r, size := utf8.DecodeRune(p[n:])
		if r == utf8.RuneError && size < 2 {
			return p[:n]
		}
		n += size
	}
}

// carriedPiece takes from p what completes the rune that was held back.
func (c *Conn) carriedPiece(p []byte) (int, ws.Event) {
	p = p[:min(len(p), 1)]
	c.unmask(p, p)
	_, done, ok := c.carry.fill(p)
	if !ok || !done && c.fin && c.left == 0 {
		c.failUTF8()
		return len(p), ws.Event{}
	}
	if !done {
		if c.left == 0 {
			c.endFrame()
		}
		return len(p), ws.Event{}
	}
	data := c.carry.bytes()
	c.carry.reset()
	return len(p), c.deliverPiece(data)
}

// deliverPiece returns data as a piece, and ends the frame if it is complete. A
// piece is empty only at the end of its message. If the connection has failed it
// is the last piece, and not Final.
func (c *Conn) deliverPiece(data []byte) ws.Event {
	ev := ws.Event{Kind: c.kind, Data: data}
	if c.left == 0 && c.phase != phaseFailed {
		ev.Final = c.fin
		c.endFrame()
	}
	if len(data) == 0 && !ev.Final {
		return ws.Event{}
	}
	return ev
}
