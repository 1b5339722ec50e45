package hybi

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"

	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/hybi/frame"
)

// sender is the sending half of a Conn. Its machine is the message that the
// application sends by Fragment: kind is None between messages, and first says
// that no frame of it has been queued.
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

// ErrFragments is the error of a send between the fragments of a message.
var ErrFragments = fmt.Errorf("%w: the message sent by Fragment has not ended", ws.ErrState)

// Message sends a whole message, a ping or a pong. It keeps no reference to p
// and does not change it.
//
// The errors are ws.ErrClosed, those of CheckMessage, ErrFragments, on a client
// an error of Config.Rand, and an error of an extension, which fails the
// connection. After an error nothing has been sent.
func (c *Conn) Message(k ws.Kind, p []byte) error {
	switch {
	case !c.state.CanSend():
		return ws.ErrClosed
	case k == ws.Text: // here, and not in CheckMessage, for speed
		if !isUTF8(p) {
			return ws.ErrInvalidUTF8
		}
	case k != ws.Binary:
		if err := CheckMessage(k, p); err != nil {
			return err
		}
	}
	op := opcodeOf(k)
	if !op.IsControl() {
		if c.send.kind != ws.None {
			return ErrFragments
		}
		if c.pipe != nil {
			if rsv, active := c.pipe.Begin(k, len(p)); active {
				return c.encode(byte(op)|rsv, p, true)
			}
		}
		if c.splits(len(p)) {
			return c.sendFrames(byte(op), p, true)
		}
	}
	return c.sendFrame(frame.FinBit|byte(op), p)
}

// splits reports whether a message of n bytes leaves in several frames.
func (c *Conn) splits(n int) bool { return c.send.fragmentSize > 0 && n > int(c.send.fragmentSize) }

// Header is Message for a text or binary message of a server whose payload the caller
// writes itself: it queues the header alone. It returns false, and queues nothing, if
// the payload does not leave as it is, in one frame.
func (c *Conn) Header(k ws.Kind, p []byte) (ok bool, err error) {
	switch {
	case !c.state.CanSend():
		return false, ws.ErrClosed
	case k == ws.Text && !isUTF8(p):
		return false, ws.ErrInvalidUTF8
	case c.send.kind != ws.None:
		return false, ErrFragments
	case !c.server || c.pipe != nil || c.splits(len(p)):
		return false, nil
	}
	c.out.Grow(frame.MaxHeader)
	c.out.Buf = frame.AppendStart(c.out.Buf, frame.FinBit|byte(opcodeOf(k)), 0, uint64(len(p)))
	return true, nil
}

// opcodeOf returns the opcode of a message, ping or pong of kind k, and
// Continuation for all other kinds.
func opcodeOf(k ws.Kind) frame.Opcode { return opcodes[k] }

var opcodes = [256]frame.Opcode{ws.Text: frame.Text, ws.Binary: frame.Binary, ws.Ping: frame.Ping, ws.Pong: frame.Pong}

// Fragment sends p as the next part of a message of kind Text or Binary, in a
// frame of its own (section 5.4); fin says that it is the last. Continuation is the
// kind of the first part. Parts of a text may end inside a rune. It keeps no
// reference to p and does not change it. The errors are those of Message,
// ws.ErrInvalid for another kind, ErrFragments for a part of another kind than the
// first, and ws.ErrNoMessage.
func (c *Conn) Fragment(k ws.Kind, p []byte, fin bool) error {
	if k == ws.Continuation && c.send.kind != ws.None {
		k = c.send.kind
	}
	switch {
	case !c.state.CanSend():
		return ws.ErrClosed
	case k == ws.Continuation:
		return ws.ErrNoMessage
	case k != ws.Text && k != ws.Binary:
		return fmt.Errorf("%w: %v in fragments", ws.ErrInvalid, k)
	case c.send.kind != ws.None && c.send.kind != k:
		return ErrFragments
	}
	s := c.send // stored when the frame is queued: an error changes nothing
	if s.kind == ws.None {
		s.kind, s.first, s.carry = k, true, utf8Carry{}
	}
	if k == ws.Text && (!s.carry.check(p) || fin && s.carry.len() > 0) {
		return ws.ErrInvalidUTF8
	}
	var b0 byte
	if s.first {
		s.rsv, s.encoding = c.pipe.Begin(k, -1)
		b0 = byte(opcodeOf(k)) | s.rsv
	}
	var err error
	if s.encoding {
		err = c.encode(b0, p, fin)
	} else {
		err = c.sendFrames(b0, p, fin)
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

// Prepared sends a whole message that AppendMessage or AppendEncoded has encoded,
// on a server. It keeps no reference to frames. The errors are ws.ErrClosed and
// ErrFragments.
func (c *Conn) Prepared(frames []byte) error {
	switch {
	case !c.state.CanSend():
		return ws.ErrClosed
	case c.send.kind != ws.None:
		return ErrFragments
	}
	c.out.Grow(len(frames))
	c.out.Buf = append(c.out.Buf, frames...)
	return nil
}

// encode sends what the extensions make of p, like sendFrames. If that cannot be
// sent the connection has failed: the extensions are out of step with the peer's,
// which could not decode later messages.
//
// What the extensions append to the output is framed after it, and removed.
func (c *Conn) encode(b0 byte, p []byte, fin bool) error {
	if c.out.Pool != nil {
		c.out.Grow(frame.MaxHeader + len(p)) // extensions know no Pool
	}
	before := c.out.Buf
	start := len(before)
	buf, err := c.pipe.Encode(before, p, fin)
	if err == nil {
		if c.out.Buf = buf; cap(buf) != cap(before) {
			c.out.GiveBack(before) // it was too short and has been copied
		}
		size := len(buf) - start
		frames := 1
		if c.send.fragmentSize > 0 {
			frames += size / int(c.send.fragmentSize)
		}
		c.out.Grow(size + frames*frame.MaxHeader) // the payload must not move while it is framed
		err = c.sendFrames(b0, c.out.Buf[start:], fin)
		c.out.Buf = slices.Delete(c.out.Buf, start, start+size)
	}
	if err != nil {
		c.fail(ws.CodeInternalError, "an encoded message could not be sent")
	}
	return err
}

// sendFrames queues p as one frame, or as several of fragmentSize bytes. b0 is the
// first byte of the first of them, without FIN; fin is that of the last. After an
// error none is queued.
func (c *Conn) sendFrames(b0 byte, p []byte, fin bool) error {
	start := len(c.out.Buf)
	for size := int(c.send.fragmentSize); size > 0 && len(p) > size; p = p[size:] {
		if err := c.sendFrame(b0, p[:size]); err != nil {
			c.out.Buf = c.out.Buf[:start]
			return err
		}
		b0 = byte(frame.Continuation)
	}
	if fin {
		b0 |= frame.FinBit
	}
	if err := c.sendFrame(b0, p); err != nil {
		c.out.Buf = c.out.Buf[:start]
		return err
	}
	return nil
}

// sendFrame queues a frame with the payload p, masked if this is a client. b0 is
// its first byte. The only error is that of Rand.
func (c *Conn) sendFrame(b0 byte, p []byte) error {
	c.out.Grow(frame.MaxHeader + len(p))
	buf := c.out.Buf
	if c.server {
		buf = frame.AppendStart(buf, b0, 0, uint64(len(p)))
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
	buf = frame.AppendStart(buf, b0, frame.MaskBit, uint64(len(p)))
	buf = binary.LittleEndian.AppendUint32(buf, uint32(key))
	n := len(buf)
	buf = buf[:n+len(p)]
	frame.MaskTo(buf[n:], p, key)
	c.out.Buf = buf
	return nil
}

// AppendMessage appends a message of kind k, Text or Binary, as a server without
// extensions sends it: in one frame or, if fragmentSize is above 0, in frames of
// at most that many bytes.
func AppendMessage(dst []byte, k ws.Kind, p []byte, fragmentSize int) []byte {
	return AppendEncoded(dst, k, 0, p, fragmentSize)
}

// AppendEncoded is AppendMessage for what extensions have made of a message; rsv
// are the bits that they set on the first frame.
func AppendEncoded(dst []byte, k ws.Kind, rsv byte, p []byte, fragmentSize int) []byte {
	b0 := byte(opcodeOf(k)) | rsv
	for fragmentSize > 0 && len(p) > fragmentSize {
		dst = append(frame.AppendStart(dst, b0, 0, uint64(fragmentSize)), p[:fragmentSize]...)
		b0, p = byte(frame.Continuation), p[fragmentSize:]
	}
	return append(frame.AppendStart(dst, frame.FinBit|b0, 0, uint64(len(p))), p...)
}

// pong answers a ping (section 5.5.2). If maxPongs answers already wait, the
// newest of them is removed (section 5.5.3): what waits stays bounded however
// many pings arrive. Pongs count as waiting until the last of them has left.
func (c *Conn) pong(p []byte) {
	if c.out.Left() >= c.pongEnd {
		c.pongs = 0
	}
	if start := c.pongEnd - uint64(c.pongSize); c.pongs > 0 && c.pongs >= c.maxPongs && c.out.Left() <= start {
		c.out.Cut(start, c.pongEnd)
		c.pongs--
	}
	start := c.out.End()
	if err := c.sendFrame(frame.FinBit|byte(frame.Pong), p); err != nil {
		c.fail(ws.CodeInternalError, "%v", err)
		return
	}
	c.pongs++
	c.pongEnd = c.out.End()
	c.pongSize = uint8(c.pongEnd - start)
}
