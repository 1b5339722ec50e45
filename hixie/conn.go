package hixie

import (
	"bytes"
	"fmt"
	"math"

	"github.com/sans-io/websocket-driver/driver/ws"
)

// Config says how a [Conn] behaves.
type Config struct {
	// Version is ws.Hixie75 or ws.Hixie76.
	Version ws.Version

	// MaxMessage is the largest text in bytes, inclusive, counted after bad
	// UTF-8 has become U+FFFD. Below 0 there is no limit.
	MaxMessage int

	// MaxFrame is the largest payload in bytes, inclusive, of the frames that
	// are skipped: those with a length and those of the types 0x01 to 0x7F.
	// Below 0 there is no limit.
	MaxFrame int

	// Pieces delivers texts in pieces, as they arrive.
	Pieces bool

	// HoldClose leaves the answer to the peer's closing handshake to Close: the
	// event is PeerClose.
	HoldClose bool
}

// phase says what the next byte from the peer is.
type phase uint8

const (
	phaseType    phase = iota // the type of a frame
	phaseText                 // part of a text, or its 0xFF
	phaseDiscard              // part of an unknown frame without a length, or its 0xFF
	phaseLength               // part of a length
	phaseSkip                 // part of a frame that has a length
)

// Conn is the machine of an open connection of draft-75 or draft-76.
//
// The phases follow each other like this; whatever ends a frame leads back to
// the type:
//
//	type --00-----> text --FF--> message
//	type --01..7F-> discard --FF--> nothing
//	type --80..FF-> length --> skip --> nothing
//	type --FF-----> length --00--> closing handshake (draft-76 only)
//
// draft-76 closes with FF 00 in both directions; FF 00 is answered once.
// draft-75 has no closing handshake: the side that is done closes the transport.
//
// A text is valid UTF-8 when it is delivered: each maximal subpart of an
// ill-formed sequence has become U+FFFD. A character that is cut by the end of
// the input waits in tail.
type Conn struct {
	out *ws.Queue
	err *ws.Error
	buf []byte // the text so far, if it could not be a slice of the input

	maxMessage int
	limit      int   // maxMessage for the text under way
	size       int   // bytes of the text under way that are valid and counted
	maxFrame   int64 // bytes
	count      int64 // discard: bytes so far; length: value so far; skip: bytes that remain

	tail  [4]byte // the start of a character, or the character that was completed
	ntail uint8   // bytes of tail that wait
	held  [3]byte // send: the start of a character that the next Fragment completes
	nheld uint8

	version     ws.Version
	state       ws.State
	phase       phase
	kind        byte // the type of the frame under way
	lengthBytes uint8
	pieces      bool
	inPieces    bool // pieces for the text under way
	holdClose   bool
	sending     bool // a text was begun by Fragment and not ended
}

// NewConn returns the machine for a connection whose opening handshake is
// complete: its state is StateOpen. It sends by appending to out.
func NewConn(out *ws.Queue, c Config) *Conn {
	return &Conn{
		out:        out,
		version:    c.Version,
		state:      ws.StateOpen,
		maxMessage: c.MaxMessage,
		maxFrame:   int64(c.MaxFrame),
		pieces:     c.Pieces,
		holdClose:  c.HoldClose,
	}
}

// SetMaxMessage changes Config.MaxMessage from the next message on.
func (c *Conn) SetMaxMessage(n int) { c.maxMessage = n }

// SetPieces sets Config.Pieces from the next message on.
func (c *Conn) SetPieces(pieces bool) { c.pieces = pieces }

// State returns the state of the connection: StateOpen, StateClosing or
// StateClosed.
func (c *Conn) State() ws.State { return c.state }

// Header returns false: a message ends with a byte after its payload.
func (c *Conn) Header(ws.Kind, []byte) (bool, error) { return false, nil }

// Incoming returns 0: a frame does not tell how long it is.
func (c *Conn) Incoming() (n int64, inPlace bool) { return 0, false }

// Err returns a *ws.Error after a violation by the peer and nil otherwise.
func (c *Conn) Err() error {
	if c.err == nil {
		return nil
	}
	return c.err
}

// Parse takes bytes from the peer up to the end of the first event. It returns
// how many these are and the event; with None all of p has been used. Once the
// connection is closed all input is used and there are no events.
//
// Parse keeps no reference to p and does not change it. The Data of the event
// may be a slice of p; it is valid until the next Parse, and the caller may
// change it until then.
func (c *Conn) Parse(p []byte) (n int, ev ws.Event) {
	if c.state == ws.StateClosed || c.state == ws.StatePeerClosed {
		c.Release()
		return len(p), ws.Event{}
	}
	for n < len(p) {
		used := 0
		switch c.phase {
		case phaseType:
			c.begin(p[n])
			used = 1
		case phaseText:
			used, ev = c.text(p[n:])
		case phaseDiscard:
			used, ev = c.discard(p[n:])
		case phaseLength:
			used, ev = 1, c.length(p[n])
		case phaseSkip:
			used = int(min(c.count, int64(len(p)-n)))
			if c.count -= int64(used); c.count == 0 {
				c.phase = phaseType
			}
		}
		n += used
		if ev.Kind != ws.None {
			return n, ev
		}
	}
	if c.phase != phaseText {
		c.Release()
	}
	return n, ws.Event{}
}

// Release returns the buffer of the text under way, which is lost, and the Data of
// the last event. Callers that drop a Conn before its Close event call it.
func (c *Conn) Release() {
	c.out.GiveBack(c.buf)
	c.buf = nil
}

// begin takes the type of a frame.
func (c *Conn) begin(kind byte) {
	c.kind = kind
	c.count, c.lengthBytes = 0, 0
	switch {
	case kind == typeText:
		c.phase = phaseText
		c.limit, c.inPieces = c.maxMessage, c.pieces
		if c.limit < 0 {
			c.limit = math.MaxInt
		}
		c.size = 0
		c.buf = c.buf[:0]
	case kind&typeLength == 0:
		c.phase = phaseDiscard
	default:
		c.phase = phaseLength
	}
}

// text takes bytes of a text up to its end or, in pieces, up to the next
// piece (draft-76, section 4.2, step 2).
func (c *Conn) text(p []byte) (n int, ev ws.Event) {
	for n < len(p) {
		if p[n] == endText && c.ntail == 0 {
			return n + 1, c.message(c.buf)
		}
		data, used := c.stretch(p[n:])
		n += used
		if len(data) == 0 {
			continue
		}
		if room := c.limit - c.size; len(data) > room {
			// What fits is still a piece, however the input was split.
			data = fit(data, room)
			if !c.inPieces || len(data) == 0 {
				return n, c.fail(ws.CodeMessageTooBig, "message is longer than %d bytes", c.limit)
			}
			n += len(data) - used
		}
		c.size += len(data)
		last := n < len(p) && p[n] == endText
		switch {
		case last && (c.inPieces || c.size == len(data)):
			return n + 1, c.message(data)
		case c.inPieces:
			return n, ws.Event{Kind: ws.Text, Data: data[:len(data):len(data)]}
		}
		c.gather(data)
	}
	return n, ws.Event{}
}

// gather appends data to the text under way. The buffer at least doubles when it
// grows, so that its size stays in proportion to what has arrived.
func (c *Conn) gather(data []byte) {
	if need := len(c.buf) + len(data); need > cap(c.buf) {
		buf := append(c.out.Borrow(max(need, 2*len(c.buf))), c.buf...)
		c.Release()
		c.buf = buf
	}
	c.buf = append(c.buf, data...)
}

// stretch returns the next stretch of valid text and how many bytes of p,
// which is not empty, it used. The stretch is a slice of p, or one character
// in c.tail; it is empty if all of p went to c.tail. What waits in c.tail ends
// at 0xFF as at any other byte that cannot follow.
func (c *Conn) stretch(p []byte) (data []byte, used int) {
	if c.ntail == 0 {
		switch n, s := scan(p); s {
		case whole:
			n = valid(p)
			return p[:n], n
		case bad:
			return c.tail[:copy(c.tail[:], replacement)], n
		}
		c.ntail = uint8(copy(c.tail[:], p))
		return nil, len(p)
	}
	for i, b := range p {
		c.tail[c.ntail] = b
		switch n, s := scan(c.tail[:c.ntail+1]); s {
		case short:
			c.ntail++
		case whole:
			c.ntail = 0
			return c.tail[:n], i + 1
		case bad:
			c.ntail = 0
			return c.tail[:copy(c.tail[:], replacement)], i
		}
	}
	return nil, len(p)
}

// message ends the text under way; data is all of it or its last piece.
func (c *Conn) message(data []byte) ws.Event {
	c.phase = phaseType
	return ws.Event{Kind: ws.Text, Final: true, Data: data[:len(data):len(data)]}
}

// discard takes bytes of a frame of the types 0x01 to 0x7F up to its end
// (draft-76, section 4.2: such frames are thrown away).
func (c *Conn) discard(p []byte) (int, ws.Event) {
	n := bytes.IndexByte(p, endText)
	used := n + 1
	if n < 0 {
		n, used = len(p), len(p)
	} else {
		c.phase = phaseType
	}
	c.count += int64(n)
	if c.maxFrame >= 0 && c.count > c.maxFrame {
		return used, c.fail(ws.CodeMessageTooBig, "frame of type 0x%02x is longer than %d bytes", c.kind, c.maxFrame)
	}
	return used, ws.Event{}
}

// length takes one byte of a length, the highest bits first (draft-76,
// section 4.2, step 1).
func (c *Conn) length(b byte) ws.Event {
	if c.lengthBytes++; c.lengthBytes > maxLengthBytes {
		return c.fail(ws.CodeProtocolError, "length of a frame of type 0x%02x has more than %d bytes", c.kind, maxLengthBytes)
	}
	c.count = c.count<<lengthGroup | int64(b&lengthLowest)
	if c.maxFrame >= 0 && c.count > c.maxFrame {
		return c.fail(ws.CodeMessageTooBig, "frame of type 0x%02x is longer than %d bytes", c.kind, c.maxFrame)
	}
	if b&lengthMore != 0 {
		return ws.Event{}
	}
	if c.count > 0 {
		c.phase = phaseSkip
		return ws.Event{}
	}
	c.phase = phaseType
	switch {
	case c.kind != typeClosing || c.version != ws.Hixie76:
		return ws.Event{}
	case c.holdClose && c.state == ws.StateOpen:
		c.state = ws.StatePeerClosed
		return ws.Event{Kind: ws.PeerClose, Code: ws.CodeNoStatus}
	}
	return c.closed(ws.CodeNoStatus, nil)
}

// fail closes the connection because of the peer's violation. It is the only
// place that does.
func (c *Conn) fail(code ws.Code, format string, args ...any) ws.Event {
	c.err = &ws.Error{Code: code, Msg: fmt.Sprintf(format, args...)}
	return c.closed(code, []byte(c.err.Msg))
}

// closed answers the closing handshake or begins it, unless our part of it
// has been sent, and ends the connection (draft-76, section 4.2, step 1.8).
func (c *Conn) closed(code ws.Code, reason []byte) ws.Event {
	c.sendClosing()
	c.state = ws.StateClosed
	c.Release()
	return ws.Event{Kind: ws.Close, Code: code, Data: reason}
}
