package hybi

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

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
		buf = slices.Grow(buf, int(min(due, int64(have))))
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
		data = c.completeRunes(p, c.fin && c.left == 0)
	}
	return len(p), c.deliverPiece(data)
}

// completeRunes returns the front of p that can be delivered and holds back the
// rune behind it that is not complete. It fails the connection if p can not
// become valid UTF-8, or is at its end and is not. What stands before the bad
// byte is delivered all the same, as it would have been had it come alone.
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

// validFront returns the complete runes at the front of p.
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

// deliverPiece returns data as a piece. It is empty only at the end of the
// message. Of a message that has failed it is the last piece, and not Final.
func (c *Conn) deliverPiece(data []byte) ws.Event {
	kind, final := c.kind, c.fin && c.left == 0 && c.err == nil
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
//
// What comes out is judged in its order, in whatever portions it comes: first
// the text up to the limit, then the limit, then the error of an extension.
func (c *Conn) decode(p []byte) (int, ws.Event) {
	if c.inPieces {
		p = p[:min(len(p), pieceSize)] // bounds what is put back again and again
		if c.buf = c.buf[:0]; cap(c.buf) < pieceSize {
			c.growDecoded(pieceSize)
		}
		c.buf = append(c.buf, c.carry.bytes()...)
		c.carry.reset()
	}
	key := c.key
	c.unmask(p, p)
	end := c.fin && c.left == 0
	for n := 0; ; {
		room := c.decodeRoom()
		nd, ns, err := c.pipe.Decode(room, p[n:], end)
		n += ns
		drained := n == len(p) && nd < len(room) && err == nil
		if c.limit >= 0 && int64(nd) > c.limit-c.total {
			nd, drained = int(c.limit-c.total), false
			err = &ws.Error{Code: ws.CodeMessageTooBig, Msg: fmt.Sprintf("message of more than %d bytes after decoding", c.limit)}
		}
		c.buf = c.buf[:len(c.buf)+nd]
		c.total += int64(nd)
		if c.inPieces {
			c.putBack(p[n:], rotate(key, n))
			return n, c.decodedPiece(drained, end, err)
		}
		if c.kind == ws.Text {
			c.checkText(c.buf, nd, highBits, end && drained)
		}
		c.failDecode(err)
		if c.err != nil {
			return n, ws.Event{}
		}
		if drained {
			return n, c.deliver(c.buf)
		}
	}
}

// putBack undoes unmask for p, the end of what was unmasked: it comes again.
func (c *Conn) putBack(p []byte, key uint32) {
	c.left += int64(len(p))
	if c.server {
		mask(p, key)
		c.key = key
	}
}

// decodeRoom returns the free part of buf, which is not empty.
func (c *Conn) decodeRoom() []byte {
	have := len(c.buf)
	if have == cap(c.buf) {
		grow := max(pieceSize, have)
		if left := c.limit - int64(have); c.limit >= 0 && int64(grow) > left {
			grow = int(left) + 1 // one byte beyond the limit shows that it is broken
		}
		c.growDecoded(grow)
	}
	room := c.buf[have:cap(c.buf)]
	if c.inPieces {
		room = room[:min(len(room), pieceSize)]
	}
	return room
}

// growDecoded makes room for n bytes after buf.
func (c *Conn) growDecoded(n int) {
	have := len(c.buf)
	buf := append(c.out.Borrow(have+n), c.buf...)
	c.out.GiveBack(c.buf)
	c.buf = buf
}

// decodedPiece delivers buf like piece, and fails behind it if err is not nil.
// drained says that the frame may end.
func (c *Conn) decodedPiece(drained, end bool, err error) ws.Event {
	data := c.buf
	if c.kind == ws.Text {
		data = c.completeRunes(data, end && drained)
	}
	c.failDecode(err)
	switch {
	case drained:
		return c.deliverPiece(data)
	case len(data) == 0:
		return ws.Event{}
	}
	return ws.Event{Kind: c.kind, Data: data}
}

// failDecode fails the connection with err, if that is not nil and nothing has
// failed before. The code is that of the extension, if it may be sent.
func (c *Conn) failDecode(err error) {
	if err == nil || c.err != nil {
		return
	}
	code, msg := ws.CodeInvalidPayload, err.Error()
	if e := (*ws.Error)(nil); errors.As(err, &e) {
		msg = e.Msg
		if e.Code.Sendable() {
			code = e.Code
		}
	}
	c.fail(code, "%s", strings.ToValidUTF8(msg, "\uFFFD"))
}
