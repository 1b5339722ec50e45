package hybi

import (
	"bytes"
	"encoding/binary"
	"math"

	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/hybi/frame"
)

// phase says what the next byte from the peer is.
type phase uint8

// The phases follow each other like this; the end of a frame leads back to
// header, and a violation leads from anywhere to failed:
//
//	header --text, binary, continuation--> data
//	header --ping, pong, close-----------> control
//	control --close--> closed, or discard with HoldClose
//	failed --Close event--> closed
const (
	phaseHeader  phase = iota // part of a header
	phaseData                 // part of the payload of a text, binary or continuation frame
	phaseControl              // part of the payload of a control frame
	phaseDiscard              // nothing: the peer has sent a close frame that is held
	phaseFailed               // nothing: the Close event of a failure waits
	phaseClosed               // nothing: the Close event has been delivered
)

// Parse takes bytes from the transport up to the end of the first event, and
// returns how many these are and the event; with None all of p is used up. The
// events and the output do not depend on how the input is split into calls, with
// Pieces once adjacent pieces are joined.
//
// Parse unmasks in place, does not change the part of p that it leaves, and keeps
// no reference to p. The event's Data is a part of p or of a buffer of c. It is
// valid until the next call, and the caller may change it until then. After the
// Close event, and after PeerClose, all input is used up without events.
func (c *Conn) Parse(p []byte) (int, ws.Event) {
	if n, ev := c.wholeMessage(p); n > 0 {
		return n, ev
	}
	return c.parse(p)
}

// parse is Parse without the short way: one turn of the loop for each phase. It
// ends with an event, or when a phase has used up the input and waits for more;
// the end of a frame without payload needs none.
func (c *Conn) parse(p []byte) (n int, ev ws.Event) {
	for {
		was, used := c.phase, 0
		switch c.phase {
		case phaseHeader:
			used = c.readHeader(p[n:])
		case phaseData:
			used, ev = c.data(p[n:])
		case phaseControl:
			used, ev = c.control(p[n:])
		case phaseFailed:
			c.Release()
			c.phase = phaseClosed
			return len(p), c.failedEvent()
		case phaseDiscard, phaseClosed:
			return len(p), ws.Event{}
		}
		n += used
		if ev.Kind != ws.None {
			return n, ev
		}
		if c.phase == was && n == len(p) {
			if c.phase == phaseHeader && c.kind == ws.None {
				c.Release() // the connection rests
			}
			return n, ws.Event{}
		}
	}
}

// wholeMessage is the short way for nearly all input: a message in one frame
// that lies whole in p, untouched by extensions. It judges nothing: where
// anything is unusual it returns 0, and Parse goes the long way.
func (c *Conn) wholeMessage(p []byte) (int, ws.Event) {
	if c.phase != phaseHeader || c.headerLen > 0 || c.kind != ws.None || len(p) < 2 {
		return 0, ws.Event{}
	}
	op := frame.Opcode(p[0] &^ frame.FinBit) // with the reserved bits
	if p[0]&frame.FinBit == 0 || op != frame.Text && op != frame.Binary || (p[1]&frame.MaskBit != 0) != c.server {
		return 0, ws.Event{}
	}
	if c.pipe != nil {
		if active, _ := c.pipe.BeginDecode(0); active {
			return 0, ws.Event{}
		}
	}
	h := frame.Size(p[1])
	if len(p) < h {
		return 0, ws.Event{}
	}
	size, shortest := frame.Length(p[:h])
	n := int64(size)
	if !shortest || size > uint64(len(p)-h) || exceeds(n, c.maxFrame) || exceeds(n, c.maxMsg) {
		return 0, ws.Event{}
	}
	end := h + int(n)
	data := p[h:end:end]
	var key frame.Key
	ascii := false
	if c.server {
		key = frame.Key(binary.LittleEndian.Uint32(p[h-4:]))
		ascii = frame.Mask(data, key)
	}
	if op == frame.Binary {
		return end, ws.Event{Kind: ws.Binary, Final: true, Data: data}
	}
	if !ascii && !isUTF8(data) {
		frame.Mask(data, key) // as it came; the key of a client's input is 0
		return 0, ws.Event{}
	}
	return end, ws.Event{Kind: ws.Text, Final: true, Data: data}
}

// exceeds reports whether n is above a limit; a limit below 0 is none.
func exceeds(n, limit int64) bool { return limit >= 0 && n > limit }

// readHeader reads a header, and gathers one that does not lie whole in p. If
// the frame is allowed c then is in the frame; if not, c has failed. The first
// two bytes are judged before the others arrive.
func (c *Conn) readHeader(p []byte) int {
	before := int(c.headerLen)
	if before > 0 {
		p = c.header[:before+copy(c.header[before:], p)]
	}
	if len(p) >= 2 {
		if !c.judge(p[0], p[1]) {
			return len(p) - before
		}
		if size := frame.Size(p[1]); size <= len(p) {
			c.headerLen = 0
			c.begin(p[:size])
			return size - before
		}
	}
	c.headerLen = uint8(copy(c.header[:], p))
	return len(p) - before
}

// judge fails the connection, and returns false, if the first two bytes of a
// frame break a rule. Package frame knows the rules that concern one frame alone;
// the others are about the role, the extensions and the message under way.
func (c *Conn) judge(b0, b1 byte) bool {
	op := frame.Opcode(b0 & 0x0f)
	message := op == frame.Text || op == frame.Binary
	var allowed byte // reserved bits may be set only on the first frame of a message (sections 5.2 and 5.4)
	if message {
		allowed = c.pipe.RSV()
	}
	rsv := b0 & (frame.RSV1 | frame.RSV2 | frame.RSV3) &^ allowed
	switch {
	case rsv != 0: // section 5.2
		c.fail(ws.CodeProtocolError, "reserved bits %#x set in a frame with opcode %#x", rsv, byte(op))
	case frame.Check(b0, b1) != 0: // sections 5.2 and 5.5
		c.failHeader([]byte{b0, b1})
	case c.server && b1&frame.MaskBit == 0: // section 5.1
		c.fail(ws.CodeProtocolError, "frame from a client is not masked")
	case !c.server && b1&frame.MaskBit != 0: // section 5.1
		c.fail(ws.CodeProtocolError, "frame from a server is masked")
	case op == frame.Continuation && c.kind == ws.None: // section 5.4
		c.fail(ws.CodeProtocolError, "continuation frame without a message to continue")
	case message && c.kind != ws.None: // section 5.4
		c.fail(ws.CodeProtocolError, "new message with opcode %#x before the last one has ended", byte(op))
	default:
		return true
	}
	return false
}

// failHeader fails the connection with the rule that the header at the beginning
// of p breaks. It is apart from the checks because frame.Parse is slower.
func (c *Conn) failHeader(p []byte) {
	if _, _, err := frame.Parse(p); err != nil {
		c.fail(ws.CodeProtocolError, "%s", err.(*frame.Error).Reason())
	}
}

// begin enters the frame with the complete header h, if it is within the limits.
func (c *Conn) begin(h []byte) {
	size, shortest := frame.Length(h)
	// Section 5.2. Firefox 6 and 7, of hybi-7 and hybi-8, send 65535 in 8 bytes.
	if size > math.MaxInt64 || !shortest && c.version == ws.Hybi13 {
		c.failHeader(h)
		return
	}
	c.left = int64(size)
	c.fin = h[0]&frame.FinBit != 0
	c.op = frame.Opcode(h[0] & 0x0f)
	if c.server {
		c.key = frame.Key(binary.LittleEndian.Uint32(h[len(h)-4:]))
	}
	switch {
	case c.op.IsControl():
		c.phase = phaseControl
	case c.admit(h[0] & (frame.RSV1 | frame.RSV2 | frame.RSV3)):
		c.phase = phaseData
	}
}

// admit begins a message or continues one. It fails the connection, and returns
// false, if the frame exceeds a limit, before any of its payload is stored
// (section 10.4). The size of a message that extensions decode is known only
// afterwards: decodeStep holds the limit then.
func (c *Conn) admit(rsv byte) bool {
	if c.op != frame.Continuation && !c.beginMessage(rsv) {
		return false
	}
	if c.frames {
		c.buf = c.buf[:0]
	}
	if c.fragments < math.MaxInt32 {
		c.fragments++
	}
	switch {
	case exceeds(c.left, c.maxFrame):
		c.fail(ws.CodeMessageTooBig, "frame of %d bytes, the limit is %d", c.left, c.maxFrame)
	case exceeds(int64(c.fragments), int64(c.maxFrags)):
		c.fail(ws.CodePolicyViolation, "message of more than %d fragments", c.maxFrags)
	case !c.decoding && c.limit >= 0 && c.left > c.limit-c.total:
		c.fail(ws.CodeMessageTooBig, "message of at least %d bytes, the limit is %d", uint64(c.total)+uint64(c.left), c.limit)
	default:
		if c.limit >= 0 && !c.decoding {
			c.total += c.left
		}
		return true
	}
	return false
}

// beginMessage begins a message with the given reserved bits on its first frame.
// SetMaxMessage and SetPieces take effect here.
func (c *Conn) beginMessage(rsv byte) bool {
	c.kind = kindOf(c.op)
	c.inPieces, c.limit = c.pieces && !c.frames, c.maxMsg
	c.total, c.fragments, c.checked, c.carry = 0, 0, 0, utf8Carry{}
	c.buf = c.buf[:0]
	var ok bool
	if c.decoding, ok = c.pipe.BeginDecode(rsv); !ok { // section 5.2
		c.fail(ws.CodeProtocolError, "reserved bits %#x set, which no extension uses alone", rsv)
	}
	return ok
}

// kindOf returns the kind of the event that a frame with opcode o begins.
func kindOf(o frame.Opcode) ws.Kind {
	switch o {
	case frame.Text:
		return ws.Text
	case frame.Binary:
		return ws.Binary
	case frame.Ping:
		return ws.Ping
	case frame.Pong:
		return ws.Pong
	}
	return ws.None
}

// unmask unmasks p, the next bytes of the frame's payload (section 5.3), and
// stores the result in dst, which is p itself or memory apart from it. If ascii is
// set, all of it is ASCII; if not, it is unknown: a client has nothing to unmask.
func (c *Conn) unmask(dst, p []byte) (ascii bool) {
	c.left -= int64(len(p))
	if !c.server {
		copy(dst, p)
		return false
	}
	ascii = frame.MaskTo(dst, p, c.key)
	c.key = c.key.Rotate(len(p))
	return ascii
}

// available returns what p holds of the current frame's payload. What callers
// append to an event's Data must not reach the next frame.
func (c *Conn) available(p []byte) []byte {
	n := min(int64(len(p)), c.left)
	return p[:n:n]
}

// control takes what p holds of the payload of a control frame. If that does not
// lie whole in p it is gathered in buf, after the message under way (section 5.4),
// and removed from there at its end.
func (c *Conn) control(p []byte) (int, ws.Event) {
	p = c.available(p)
	if c.held == 0 && c.left == int64(len(p)) {
		c.unmask(p, p)
		return len(p), c.controlEvent(p)
	}
	if c.kind == ws.None && c.held == 0 {
		c.buf = c.buf[:0]
	}
	c.unmask(c.extend(len(p)), p)
	c.held += uint8(len(p))
	if c.left > 0 {
		return len(p), ws.Event{}
	}
	message := len(c.buf) - int(c.held)
	data := c.buf[message:]
	c.buf, c.held = c.buf[:message], 0
	if c.op == frame.Close {
		data = bytes.Clone(data) // the event is the last and outlives buf
	}
	return len(p), c.controlEvent(data)
}

// controlEvent ends a control frame with the given payload, acts on it (section
// 5.5) and returns its event.
func (c *Conn) controlEvent(data []byte) ws.Event {
	c.phase = phaseHeader
	switch {
	case c.op == frame.Close:
		return c.peerClosed(data)
	case c.op == frame.Ping && !c.holdPongs:
		if c.pong(data); c.phase == phaseFailed {
			return ws.Event{}
		}
	}
	return ws.Event{Kind: kindOf(c.op), Data: data}
}
