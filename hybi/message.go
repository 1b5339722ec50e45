package hybi

import (
	"errors"
	"slices"

	"github.com/sans-io/websocket-driver/driver/ws"
)

// endFrame leaves the frame and, if it was the last of its message, the
// message.
func (c *Conn) endFrame() {
	c.inFrame = false
	if c.fin {
		c.kind = ws.None
		if cap(c.buf) > bigBuffer {
			c.buf = nil // the event is the last to hold it
		}
	}
}

// collect gathers a whole message. Text is checked as it comes.
func (c *Conn) collect(p []byte) (int, ws.Event) {
	data, to := p, p
	if len(c.buf) > 0 || c.left > int64(len(p)) || !c.fin {
		c.buf, to = extend(c.buf, len(p), c.left)
		data = c.buf
	}
	high := c.unmask(to, p)
	if c.kind == ws.Text && !c.checkText(data, len(p), high, c.fin && c.left == 0) {
		return len(p), ws.Event{}
	}
	return len(p), c.deliver(data)
}

// deliver ends the frame if it is complete, and returns the message if that is
// complete too.
func (c *Conn) deliver(data []byte) ws.Event {
	if c.left > 0 {
		return ws.Event{}
	}
	kind := c.kind
	c.endFrame()
	if !c.fin {
		return ws.Event{}
	}
	return ws.Event{Kind: kind, Final: true, Data: data}
}

// extend makes buf longer by the n bytes of added. due is what the frame still
// has to come, those n included: the buffer grows to fit it, but to no more than
// twice what has arrived.
func extend(buf []byte, n int, due int64) (longer, added []byte) {
	if have := len(buf) + n; cap(buf) < have {
		buf = slices.Grow(buf, int(min(due, int64(n+have))))
	}
	longer = buf[:len(buf)+n]
	return longer, longer[len(buf):]
}

// checkText checks the last n bytes of data, the text so far, and what was left
// open before them (section 8.1). It fails the connection if data can not
// become valid UTF-8, or is at its end and is not.
func (c *Conn) checkText(data []byte, n int, high uint64, end bool) bool {
	tail, ok := 0, true
	if high&highBits != 0 || c.checked+n < len(data) {
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
	high := c.unmask(p, p)
	data := p
	if c.kind == ws.Text && high&highBits != 0 {
		tail, ok := validUTF8(p)
		data = p[:len(p)-tail]
		c.carry.hold(p[len(data):])
		if !ok || tail > 0 && c.fin && c.left == 0 {
			c.failUTF8()
			return len(p), ws.Event{}
		}
	}
	return len(p), c.deliverPiece(data)
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

// deliverPiece returns data as a piece. It is empty only at the end of the
// message.
func (c *Conn) deliverPiece(data []byte) ws.Event {
	kind, final := c.kind, c.fin && c.left == 0
	if c.left == 0 {
		c.endFrame()
	}
	if len(data) == 0 && !final {
		return ws.Event{}
	}
	return ws.Event{Kind: kind, Final: final, Data: data}
}

// pieceSize is how much decoded payload a piece holds at most.
const pieceSize = 4 << 10

// decode passes p through the extensions. As long as more comes out than there
// is room for it is called again, at the end of a frame with an empty p.
func (c *Conn) decode(p []byte) (int, ws.Event) {
	key := c.key
	c.unmask(p, p)
	end := c.fin && c.left == 0
	if c.inPieces {
		c.buf = append(c.buf[:0], c.carry.bytes()...)
		c.carry.reset()
	}
	for n := 0; ; {
		room := c.decodeRoom()
		nd, ns, err := c.pipe.Decode(room, p[n:], end)
		c.buf = c.buf[:len(c.buf)+nd]
		c.total += int64(nd)
		n += ns
		drained := n == len(p) && nd < len(room)
		switch {
		case err != nil:
			c.failDecode(err)
		case beyond(c.total, c.limit):
			c.fail(ws.CodeMessageTooBig, "message of more than %d bytes after decoding", c.limit)
		case c.inPieces:
			if !drained { // the rest of p goes back as it came
				c.left += int64(len(p) - n)
				if c.server {
					mask(p[n:], rotate(key, n))
					c.key = rotate(key, n)
				}
			}
			return n, c.decodedPiece(drained, end && drained)
		case c.kind == ws.Text:
			c.checkText(c.buf, nd, highBits, end && drained)
		}
		if c.err != nil {
			return n, ws.Event{}
		}
		if drained {
			return n, c.deliver(c.buf)
		}
	}
}

// decodeRoom returns the free part of buf, which is not empty.
func (c *Conn) decodeRoom() []byte {
	if len(c.buf) == cap(c.buf) || c.inPieces && cap(c.buf) < pieceSize {
		grow := max(pieceSize, len(c.buf))
		if c.limit >= 0 && !c.inPieces { // one byte beyond the limit shows that it is broken
			grow = int(min(int64(grow), c.limit+1-int64(len(c.buf))))
		}
		c.buf = slices.Grow(c.buf, grow)
	}
	room := c.buf[len(c.buf):cap(c.buf)]
	if c.inPieces {
		room = room[:min(len(room), pieceSize)]
	}
	return room
}

// decodedPiece delivers buf like piece. drained says that the frame may end.
func (c *Conn) decodedPiece(drained, end bool) ws.Event {
	data := c.buf
	if c.kind == ws.Text {
		tail, ok := validUTF8(data)
		data = data[:len(data)-tail]
		c.carry.hold(c.buf[len(data):])
		if !ok || tail > 0 && end {
			c.failUTF8()
			return ws.Event{}
		}
	}
	if drained {
		return c.deliverPiece(data)
	}
	return ws.Event{Kind: c.kind, Data: data}
}

// failDecode fails the connection with the code that the extension gave.
func (c *Conn) failDecode(err error) {
	var e *ws.Error
	if errors.As(err, &e) {
		c.fail(e.Code, "%s", e.Msg)
		return
	}
	c.fail(ws.CodeInvalidPayload, "%v", err)
}
