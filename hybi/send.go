package hybi

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"

	"github.com/sans-io/websocket-driver/driver/ws"
)

// sender is the sending half of a Conn. Its machine is the message that the
// application sends by Fragment: kind is None between messages, first says
// that none of its frames has left.
type sender struct {
	rand         io.Reader
	keys         *keys // clients only, made at the first send
	fragmentSize int32
	kind         ws.Kind
	first        bool
	encoding     bool // extensions take part in this message
	rsv          byte
	carry        utf8Carry
}

// Message sends a whole message, a ping or a pong.
func (c *Conn) Message(k ws.Kind, p []byte) error {
	op, ok := opcodeOf(k)
	switch {
	case c.state != ws.StateOpen:
		return ws.ErrClosed
	case !ok:
		return fmt.Errorf("%w: sending %v", ws.ErrUnsupported, k)
	case op.isControl():
		if len(p) > maxControl {
			return fmt.Errorf("%w: %v of %d bytes, the limit is %d", ws.ErrTooLong, k, len(p), maxControl)
		}
		return c.frame(finBit|byte(op), p)
	case c.send.kind != ws.None:
		return ErrFragments
	}
	if k == ws.Text {
		if tail, ok := validUTF8(p); tail > 0 || !ok {
			return ws.ErrInvalidUTF8
		}
	}
	if c.pipe != nil {
		if rsv, active := c.pipe.Begin(k, len(p)); active {
			return c.encoded(byte(op)|rsv, p, true)
		}
	}
	return c.frames(byte(op), p, true)
}

// ErrFragments is the error of a send between the fragments of a message.
var ErrFragments = fmt.Errorf("%w: the message sent by Fragment has not ended", ws.ErrState)

// Fragment sends the next part of a message as a frame of its own.
func (c *Conn) Fragment(k ws.Kind, p []byte, fin bool) error {
	switch {
	case c.state != ws.StateOpen:
		return ws.ErrClosed
	case k != ws.Text && k != ws.Binary:
		return fmt.Errorf("%w: %v in fragments", ws.ErrUnsupported, k)
	case c.send.kind != ws.None && c.send.kind != k:
		return ErrFragments
	}
	s := c.send // kept back until the frame is queued: an error changes nothing
	if s.kind == ws.None {
		s.kind, s.first, s.carry = k, true, utf8Carry{}
	}
	if k == ws.Text && (!s.carry.check(p) || fin && s.carry.len() > 0) {
		return ws.ErrInvalidUTF8
	}
	var b0 byte
	if s.first {
		op, _ := opcodeOf(k)
		s.rsv, s.encoding = c.pipe.Begin(k, -1)
		b0 = byte(op) | s.rsv
	}
	var err error
	if s.encoding {
		err = c.encoded(b0, p, fin)
	} else {
		err = c.frames(b0, p, fin)
	}
	if err != nil {
		return err
	}
	s.first, s.keys = false, c.send.keys
	if fin {
		s.kind = ws.None
	}
	c.send = s
	return nil
}

// Prepared sends a whole message that AppendMessage has encoded.
func (c *Conn) Prepared(frame []byte) error {
	switch {
	case c.state != ws.StateOpen:
		return ws.ErrClosed
	case c.send.kind != ws.None:
		return ErrFragments
	}
	c.out.Grow(len(frame))
	c.out.Buf = append(c.out.Buf, frame...)
	return nil
}

// encoded sends what the extensions make of p. If that cannot be sent the
// connection has failed: the extensions have lost step with the peer's, which
// could decode no later message.
func (c *Conn) encoded(b0 byte, p []byte, fin bool) error {
	start := len(c.out.Buf)
	buf, err := c.pipe.Encode(c.out.Buf, p, fin)
	if err == nil {
		c.out.Buf = buf
		err = c.frames(b0, buf[start:], fin)
		c.out.Buf = slices.Delete(c.out.Buf, start, len(buf))
	}
	if err != nil {
		c.fail(ws.CodeInternalError, "an encoded message could not be sent")
	}
	return err
}

// frames sends p as one frame, or as several of fragmentSize bytes. b0 is the
// first byte of the first of them, without FIN; the others continue it.
func (c *Conn) frames(b0 byte, p []byte, fin bool) error {
	start := len(c.out.Buf)
	for size := int(c.send.fragmentSize); size > 0 && len(p) > size; p = p[size:] {
		if err := c.frame(b0, p[:size]); err != nil {
			c.out.Buf = c.out.Buf[:start]
			return err
		}
		b0 = byte(opContinuation)
	}
	if fin {
		b0 |= finBit
	}
	if err := c.frame(b0, p); err != nil {
		c.out.Buf = c.out.Buf[:start]
		return err
	}
	return nil
}

// frame queues one frame, masked if this is a client.
func (c *Conn) frame(b0 byte, p []byte) error {
	c.out.Grow(maxHeader + len(p))
	buf := c.out.Buf
	if c.server {
		buf = appendHeader(buf, b0, 0, len(p))
		c.out.Buf = append(buf, p...)
		return nil
	}
	if c.send.keys == nil {
		c.send.keys = newKeys()
	}
	key, err := c.send.keys.next(c.send.rand)
	if err != nil {
		return err
	}
	buf = appendHeader(buf, b0, maskBit, len(p))
	buf = binary.LittleEndian.AppendUint32(buf, key)
	c.out.Buf = appendMasked(buf, p, key)
	return nil
}

// pong answers a ping (section 5.5.2). When maxPongs answers wait already, the
// newest of them gives way (section 5.5.3): what waits stays bounded however
// many pings come. Pongs count as waiting until the last of them has left.
func (c *Conn) pong(p []byte) {
	if c.out.Left() >= c.pongEnd {
		c.pongs = 0
	}
	if start := c.pongEnd - uint64(c.pongSize); c.pongs > 0 && c.pongs >= c.maxPongs && c.out.Left() <= start {
		c.out.Cut(start, c.pongEnd)
		c.pongs--
	}
	start := c.out.End()
	if err := c.frame(finBit|byte(opPong), p); err != nil {
		c.fail(ws.CodeInternalError, "%v", err)
		return
	}
	c.pongs++
	c.pongEnd = c.out.End()
	c.pongSize = uint8(c.pongEnd - start)
}
