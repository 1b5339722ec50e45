// Package hybi speaks the framing and the opening handshake of hybi-7, hybi-8
// and RFC 6455 (hybi-13), in both roles.
package hybi

import (
	"crypto/rand"
	"encoding/binary"
	"io"
	"math"

	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/extensions"
)

// Config is what a Conn needs to know. All values are used as they are:
// defaults are the business of package driver.
type Config struct {
	Version      ws.Version // Hybi7, Hybi8 or Hybi13
	Server       bool
	MaxMessage   int  // bytes of a message after decoding, inclusive; < 0 none
	MaxFrame     int  // bytes of a frame's payload, inclusive; < 0 none
	MaxFragments int  // frames of a message, empty ones count; < 0 none
	MaxPongs     int  // pongs that may wait unsent
	Pieces       bool // deliver messages in pieces, as they arrive
	HoldClose    bool
	HoldPongs    bool
	FragmentSize int // cut outgoing messages to frames of this many bytes; 0 never
	Rand         io.Reader
	Pipeline     *extensions.Pipeline // nil without extensions
}

// Conn is one side of an open connection: frames in, events out, and back.
//
// The receiving machine has two states, kept in inFrame: between frames it
// collects a header, inside a frame it deals with the payload as it comes.
// Beside it runs the state of the message, kept in kind: None between
// messages. Control frames may stand between the frames of a message (RFC
// 6455, section 5.4), so they touch only the first of the two.
//
// A frame that lies whole in the input is unmasked there and delivered from
// there. Everything else is collected in buf.
type Conn struct {
	out  *ws.Queue
	pipe *extensions.Pipeline
	err  *ws.Error

	// Receiving: the message so far, and behind it ctl bytes of a control frame.
	buf     []byte
	checked int   // bytes of buf that are valid UTF-8
	total   int64 // payload bytes of the message so far, decoded ones if decoding
	limit   int64 // maxMsg, as it was when the message began
	left    int64 // payload bytes of the frame that are still to come

	maxFrame int64
	maxMsg   int64
	pongEnd  uint64 // where the newest pong that waits ends in out

	// Sending.
	send sender

	// What is small stands together: a million connections have one of these
	// each.
	key       uint32 // masking key, rotated to the next payload byte
	maxFrags  int32
	fragments int32 // frames of the message so far
	maxPongs  int32
	pongs     int32 // pongs that wait unsent
	pongSize  uint8 // bytes of the newest of them
	ctl       uint8
	hdr       [maxHeader]byte
	hdrLen    uint8 // bytes of a header that has not arrived completely
	inFrame   bool
	fin       bool
	op        opcode
	kind      ws.Kind // of the message; None between messages
	decoding  bool    // extensions take part in this message
	inPieces  bool    // pieces, as it was when the message began
	carry     utf8Carry
	state     ws.State
	told      bool // the Close event of a failure has been delivered
	version   ws.Version
	server    bool
	pieces    bool
}

// bigBuffer is the capacity beyond which a buffer is let go as soon as its
// message has been delivered.
const bigBuffer = 128 << 10

// NewConn returns a Conn in StateOpen: the handshake has been dealt with.
func NewConn(out *ws.Queue, c Config) *Conn {
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	return &Conn{
		out:      out,
		pipe:     c.Pipeline,
		state:    ws.StateOpen,
		version:  c.Version,
		server:   c.Server,
		pieces:   c.Pieces,
		maxFrame: int64(c.MaxFrame),
		maxMsg:   int64(c.MaxMessage),
		maxFrags: small(c.MaxFragments),
		maxPongs: small(c.MaxPongs),
		send:     sender{rand: c.Rand, fragmentSize: small(c.FragmentSize)},
	}
}

// small cuts a count to what 32 bits hold.
func small(n int) int32 { return int32(min(n, math.MaxInt32)) }

// State returns the state of the connection, StateOpen at first.
func (c *Conn) State() ws.State { return c.state }

// Err returns the peer's violation that ended the connection, or nil.
func (c *Conn) Err() error {
	if c.err == nil {
		return nil
	}
	return c.err
}

// SetMaxMessage changes Config.MaxMessage from the next message on.
func (c *Conn) SetMaxMessage(n int) { c.maxMsg = int64(n) }

// SetPieces changes Pieces from the next message on.
func (c *Conn) SetPieces(pieces bool) { c.pieces = pieces }

// Parse takes bytes from the transport up to the end of the first event. It
// unmasks in place and keeps no reference to p. The event's data is a part of
// p or of a buffer of c, valid until the next call.
func (c *Conn) Parse(p []byte) (int, ws.Event) {
	if n, ev := c.wholeMessage(p); n > 0 {
		return n, ev
	}
	for n := 0; ; {
		if c.state == ws.StateClosed {
			c.buf = nil
			return len(p), c.closeEvent()
		}
		if !c.inFrame {
			n += c.header(p[n:])
			if c.state == ws.StateClosed {
				continue
			}
			if !c.inFrame {
				if c.kind == ws.None {
					c.out.GiveBack(c.buf) // the last event is over
					c.buf = nil
				}
				return n, ws.Event{}
			}
		}
		used, ev := c.payload(p[n:])
		n += used
		if ev.Kind != ws.None {
			return n, ev
		}
		if c.inFrame && n == len(p) && c.state != ws.StateClosed {
			return n, ws.Event{}
		}
	}
}

// wholeMessage is the short way for what nearly all input is: a message in one
// frame that lies whole in p, untouched by extensions. It decides nothing by
// itself: where anything is unusual it returns 0, and Parse goes the long way.
func (c *Conn) wholeMessage(p []byte) (int, ws.Event) {
	if c.inFrame || c.hdrLen > 0 || c.kind != ws.None || c.state == ws.StateClosed || len(p) < 2 {
		return 0, ws.Event{}
	}
	op := opcode(p[0] &^ finBit)
	if p[0]&finBit == 0 || op != opText && op != opBinary || (p[1]&maskBit != 0) != c.server {
		return 0, ws.Event{}
	}
	if c.pipe != nil {
		if active, _ := c.pipe.BeginDecode(0); active {
			return 0, ws.Event{}
		}
	}
	h := headerSize(p[1])
	if len(p) < h {
		return 0, ws.Event{}
	}
	size, shortest := payloadLength(p[:h])
	n := int64(size)
	if !shortest || size > uint64(len(p)-h) || beyond(n, c.maxFrame) || beyond(n, c.maxMsg) {
		return 0, ws.Event{}
	}
	end := h + int(n)
	data := p[h:end:end]
	var key uint32
	ascii := false
	if c.server {
		key = binary.LittleEndian.Uint32(p[h-4:])
		ascii = mask(data, key)&highBits == 0
	}
	if op == opBinary {
		return end, ws.Event{Kind: ws.Binary, Final: true, Data: data}
	}
	if !ascii {
		if tail, ok := validUTF8(data); tail > 0 || !ok {
			mask(data, key) // as it came; the key of a client's input is 0
			return 0, ws.Event{}
		}
	}
	return end, ws.Event{Kind: ws.Text, Final: true, Data: data}
}

// highBits are the top bits of the bytes of a word: set in no ASCII text.
const highBits = 0x8080808080808080

// beyond reports whether n exceeds a limit; a limit below 0 is none.
func beyond(n, limit int64) bool { return limit >= 0 && n > limit }

// header collects a header. When it is complete and the frame is allowed, c is
// in the frame; when it is not allowed, c has failed. The first two bytes are
// judged before the others are awaited.
func (c *Conn) header(p []byte) int {
	n := c.fillHeader(p, 2)
	if c.hdrLen < 2 {
		return n
	}
	if c.checkHeader(c.hdr[0], c.hdr[1]); c.err != nil {
		return n
	}
	size := headerSize(c.hdr[1])
	n += c.fillHeader(p[n:], size)
	if int(c.hdrLen) == size {
		c.hdrLen = 0
		c.beginFrame(c.hdr[:size])
	}
	return n
}

// fillHeader moves bytes from p to hdr until it holds size bytes.
func (c *Conn) fillHeader(p []byte, size int) int {
	if int(c.hdrLen) >= size {
		return 0
	}
	n := copy(c.hdr[c.hdrLen:size], p)
	c.hdrLen += uint8(n)
	return n
}

// checkHeader holds all rules that the first two bytes of a frame can break.
func (c *Conn) checkHeader(b0, b1 byte) {
	op := opcode(b0 & opBits)
	var rsv byte // the bits that may be set: only the first frame of a message has any (section 5.2, 5.4)
	if op == opText || op == opBinary {
		rsv = c.pipe.RSV()
	}
	switch {
	case b0&rsvBits&^rsv != 0: // section 5.2
		c.fail(ws.CodeProtocolError, "reserved bits %#x set in a frame with opcode %#x", b0&rsvBits&^rsv, byte(op))
	case !op.isKnown(): // section 5.2
		c.fail(ws.CodeProtocolError, "reserved opcode %#x", byte(op))
	case c.server && b1&maskBit == 0: // section 5.1
		c.fail(ws.CodeProtocolError, "frame from a client is not masked")
	case !c.server && b1&maskBit != 0: // section 5.1
		c.fail(ws.CodeProtocolError, "frame from a server is masked")
	case op.isControl() && b0&finBit == 0: // section 5.5
		c.fail(ws.CodeProtocolError, "control frame with opcode %#x is fragmented", byte(op))
	case op.isControl() && b1&lenBits > maxControl: // section 5.5
		c.fail(ws.CodeProtocolError, "control frame longer than %d bytes", maxControl)
	case op == opContinuation && c.kind == ws.None: // section 5.4
		c.fail(ws.CodeProtocolError, "continuation frame without a message to continue")
	case !op.isControl() && op != opContinuation && c.kind != ws.None: // section 5.4
		c.fail(ws.CodeProtocolError, "new message with opcode %#x before the last one has ended", byte(op))
	}
}

// beginFrame enters the frame with the complete header h, if its length is
// within the limits.
func (c *Conn) beginFrame(h []byte) {
	size, shortest := payloadLength(h)
	switch {
	case size > math.MaxInt64: // section 5.2
		c.fail(ws.CodeProtocolError, "frame length %d is above 2^63-1", size)
		return
	case !shortest && c.version == ws.Hybi13: // section 5.2; Firefox 6 and 7 send 65535 in 8 bytes
		c.fail(ws.CodeProtocolError, "frame length %d is not in its shortest form", size)
		return
	}
	c.left = int64(size)
	c.fin = h[0]&finBit != 0
	c.op = opcode(h[0] & opBits)
	if c.server {
		c.key = binary.LittleEndian.Uint32(h[len(h)-4:])
	}
	if !c.op.isControl() && !c.admit(h[0]&rsvBits) {
		return
	}
	c.inFrame = true
}

// admit begins a message or goes on with one. It fails the connection if the
// frame is beyond a limit, before any of its payload is stored.
func (c *Conn) admit(rsv byte) bool {
	if c.op != opContinuation {
		c.kind = c.op.kind()
		c.inPieces, c.limit = c.pieces, c.maxMsg
		c.total, c.fragments, c.checked, c.carry = 0, 0, 0, utf8Carry{}
		c.buf = c.buf[:0]
		active, ok := c.pipe.BeginDecode(rsv)
		if !ok {
			c.fail(ws.CodeProtocolError, "reserved bits %#x set, which no extension uses alone", rsv)
			return false
		}
		c.decoding = active
	}
	if c.fragments < math.MaxInt32 {
		c.fragments++
	}
	switch {
	case beyond(c.left, c.maxFrame):
		c.fail(ws.CodeMessageTooBig, "frame of %d bytes, the limit is %d", c.left, c.maxFrame)
	case beyond(int64(c.fragments), int64(c.maxFrags)):
		c.fail(ws.CodePolicyViolation, "message of more than %d fragments", c.maxFrags)
	case !c.decoding && c.limit >= 0 && c.left > c.limit-c.total:
		c.fail(ws.CodeMessageTooBig, "message of at least %d bytes, the limit is %d", uint64(c.total)+uint64(c.left), c.limit)
	}
	if c.err != nil {
		return false
	}
	if c.limit >= 0 && !c.decoding {
		c.total += c.left
	}
	return true
}

// unmask takes p, the next bytes of the frame's payload, out of the mask and
// stores it in to, which is p itself or memory apart from it. It returns a word
// with one of highBits set unless all of p is known to be ASCII.
func (c *Conn) unmask(to, p []byte) uint64 {
	c.left -= int64(len(p))
	if !c.server {
		copy(to, p)
		return highBits
	}
	high := maskTo(to, p, c.key)
	c.key = rotate(c.key, len(p))
	return high
}

// payload deals with what p holds of the current frame's payload. It leaves
// the frame when that is complete.
func (c *Conn) payload(p []byte) (int, ws.Event) {
	n := min(int64(len(p)), c.left)
	p = p[:n:n] // what is appended to an event's data must not reach the next frame
	switch {
	case c.op.isControl():
		return c.control(p)
	case c.decoding:
		return c.decode(p)
	case c.inPieces:
		return c.piece(p)
	}
	return c.collect(p)
}

// control gathers a control frame, behind the message under way if it does not
// lie whole in p.
func (c *Conn) control(p []byte) (int, ws.Event) {
	data, to := p, p
	whole := c.ctl == 0 && c.left == int64(len(p))
	if !whole {
		if c.kind == ws.None && c.ctl == 0 {
			c.buf = c.buf[:0]
		}
		c.buf, to = extend(c.buf, len(p), c.left)
		c.ctl += uint8(len(p))
	}
	c.unmask(to, p)
	if !whole {
		if c.left > 0 {
			return len(p), ws.Event{}
		}
		rest := len(c.buf) - int(c.ctl)
		c.buf, data, c.ctl = c.buf[:rest], c.buf[rest:], 0
	}
	c.inFrame = false
	switch c.op {
	case opClose:
		return len(p), c.peerClosed(data)
	case opPing:
		if c.pong(data); c.err != nil {
			return len(p), ws.Event{}
		}
	}
	return len(p), ws.Event{Kind: c.op.kind(), Data: data}
}
