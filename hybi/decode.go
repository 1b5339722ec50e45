package hybi

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/hybi/frame"
)

// pieceSize is the most payload, in bytes, that a piece holds after decoding.
const pieceSize = 4 << 10

// What comes out of the extensions is judged in its order, in whatever portions
// it comes: first the text up to the limit, then the limit, then the error of an
// extension.

// decode passes p through the extensions and gathers what comes out.
func (c *Conn) decode(p []byte) (int, ws.Event) {
	c.unmask(p, p)
	end := c.fin && c.left == 0
	for n := 0; ; {
		room := c.decodeRoom()
		nd, ns, drained, err := c.decodeStep(room, p[n:], end)
		n += ns
		c.buf = c.buf[:len(c.buf)+nd]
		if c.kind == ws.Text {
			c.checkText(c.buf, nd, false, end && drained)
		}
		c.failDecode(err)
		switch {
		case c.phase == phaseFailed:
			return n, ws.Event{}
		case drained:
			return n, c.deliver(c.buf)
		}
	}
}

// decodePiece passes p through the extensions and delivers what comes out, like
// piece. Where more comes out than a piece holds it is called again, at the end
// of the frame with an empty p.
//
// The extensions may leave a part of p, which then comes again. So a server does
// not unmask p in place but to the second half of buf. The first holds the piece.
func (c *Conn) decodePiece(p []byte) (int, ws.Event) {
	p = p[:min(len(p), pieceSize)]
	size := pieceSize
	if c.server {
		size = 2 * pieceSize
	}
	if c.buf = c.buf[:0]; cap(c.buf) < size {
		c.grow(size)
	}
	src := p
	if c.server {
		src = c.buf[pieceSize : pieceSize+len(p)]
		frame.MaskTo(src, p, c.key)
	}
	carried := copy(c.buf[:pieceSize], c.carry.bytes())
	c.carry.reset()
	end := c.fin && c.left == int64(len(p))
	nd, n, drained, err := c.decodeStep(c.buf[carried:pieceSize], src, end)
	c.key, c.left = c.key.Rotate(n), c.left-int64(n)
	data := c.buf[:carried+nd]
	if c.kind == ws.Text {
		data = c.completeRunes(data, end && drained)
	}
	c.failDecode(err)
	switch {
	case drained || c.phase == phaseFailed:
		return n, c.deliverPiece(data)
	case len(data) == 0:
		return n, ws.Event{}
	}
	return n, ws.Event{Kind: c.kind, Data: data}
}

// decodeStep passes src through the extensions once. It returns how many bytes
// it wrote to dst and read from src, and whether that was all that can come out.
// The error is that of the limit or of an extension; it follows the bytes.
func (c *Conn) decodeStep(dst, src []byte, end bool) (nd, ns int, drained bool, err error) {
	nd, ns, err = c.pipe.Decode(dst, src, end)
	drained = ns == len(src) && nd < len(dst) && err == nil
	if c.limit >= 0 && int64(nd) > c.limit-c.total {
		nd, drained = int(c.limit-c.total), false
		err = &ws.Error{Code: ws.CodeMessageTooBig, Msg: fmt.Sprintf("message of more than %d bytes after decoding", c.limit)}
	}
	c.total += int64(nd)
	return nd, ns, drained, err
}

// decodeRoom returns the free part of buf, which is not empty.
func (c *Conn) decodeRoom() []byte {
	have := len(c.buf)
	if have == cap(c.buf) {
		size := have + max(pieceSize, have)
		if c.limit >= 0 && int64(size) > c.limit {
			size = int(c.limit) + 1 // one byte above the limit shows that it is exceeded
		}
		c.grow(size)
	}
	return c.buf[have:cap(c.buf)]
}

// failDecode fails the connection with err, unless that is nil or the connection
// has failed before. The code is that of the extension, if it may be sent.
func (c *Conn) failDecode(err error) {
	if err == nil || c.phase == phaseFailed {
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
