// Package hybi speaks the framing and the opening handshake of hybi-7, hybi-8
// and RFC 6455 (hybi-13), in both roles. Sections are those of RFC 6455.
//
// The package exists for package driver; it makes no promise of compatibility.
package hybi

import (
	"crypto/rand"
	"io"
	"math"

	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/extensions"
	"github.com/sans-io/websocket-driver/hybi/frame"
)

// Config says how a Conn behaves. All values are used as they are; package
// driver applies the defaults.
type Config struct {
	Version      ws.Version           // Hybi7, Hybi8 or Hybi13
	Server       bool                 // the role: servers receive masked frames
	MaxMessage   int                  // bytes of a message after decoding, inclusive; < 0 none
	MaxFrame     int                  // bytes of a frame's payload, inclusive; < 0 none
	MaxFragments int                  // frames of a message, empty ones included; < 0 none
	MaxPongs     int                  // pongs that may wait unsent
	Pieces       bool                 // deliver messages in pieces, as they arrive
	Frames       bool                 // deliver messages frame by frame; Pieces has no effect then
	HoldClose    bool                 // report the peer's close frame as PeerClose in place of answering it
	HoldPongs    bool                 // leave the answers to pings to the caller
	FragmentSize int                  // split outgoing messages into frames of this many bytes; 0 never
	Rand         io.Reader            // source of masking keys; nil for crypto/rand
	Pipeline     *extensions.Pipeline // nil without extensions
}

// Conn is one side of an open connection: frames in, events out, and back.
//
// Three machines share it. The first receives frames; its state is phase. The
// second is the message that the frames make up; its state is kind, None
// between messages. Control frames may appear between the frames of a message
// (section 5.4), so they concern only the first. The third is the closing
// handshake; its state is what State returns.
//
// A frame that lies whole in the input is unmasked there and delivered from
// there. Everything else is gathered in buf.
type Conn struct {
	out  *ws.Queue
	pipe *extensions.Pipeline
	err  *ws.Error

	// Receiving: the message so far, followed by held bytes of a control frame.
	// buf is borrowed from out, and nil while the connection rests.
	buf     []byte
	checked int   // bytes of buf that are valid UTF-8
	total   int64 // payload bytes of the message so far, decoded ones if decoding
	limit   int64 // maxMsg, as it was when the message began
	left    int64 // payload bytes of the frame that have not arrived

	maxFrame int64
	maxMsg   int64
	pongEnd  uint64 // where the newest waiting pong ends in out

	// Sending.
	send sender

	// Small fields are kept together: each of a million connections has one of
	// these.
	key       frame.Key // rotated to the next payload byte
	maxFrags  int32
	fragments int32 // frames of the message so far
	maxPongs  int32
	pongs     int32 // pongs that wait unsent
	pongSize  uint8 // bytes of the newest of them
	held      uint8
	header    [frame.MaxHeader]byte
	headerLen uint8 // bytes of a header that has not arrived completely
	phase     phase
	fin       bool
	op        frame.Opcode
	kind      ws.Kind // of the message; None between messages
	decoding  bool    // extensions take part in this message
	inPieces  bool    // pieces, as it was when the message began, and not frames
	carry     utf8Carry
	state     ws.State
	version   ws.Version
	server    bool
	pieces    bool
	frames    bool
	holdClose bool
	holdPongs bool
}

// NewConn returns a Conn in StateOpen: the opening handshake is complete. It
// sends by appending to out.
func NewConn(out *ws.Queue, c Config) *Conn {
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	return &Conn{
		out:       out,
		pipe:      c.Pipeline,
		state:     ws.StateOpen,
		version:   c.Version,
		server:    c.Server,
		pieces:    c.Pieces,
		frames:    c.Frames,
		holdClose: c.HoldClose,
		holdPongs: c.HoldPongs,
		maxFrame:  int64(c.MaxFrame),
		maxMsg:    int64(c.MaxMessage),
		maxFrags:  toInt32(c.MaxFragments),
		maxPongs:  toInt32(c.MaxPongs),
		send:      sender{rand: c.Rand, fragmentSize: toInt32(c.FragmentSize)},
	}
}

// toInt32 returns n, or the largest int32 if n is above it.
func toInt32(n int) int32 { return int32(min(n, math.MaxInt32)) }

// State returns the state of the connection: StateOpen, StatePeerClosed,
// StateClosing or StateClosed.
func (c *Conn) State() ws.State { return c.state }

// Incoming returns how many bytes of the payload of the current data frame have not
// arrived yet, and 0 between frames and in control frames. inPlace says that they become
// the Data of events where Parse finds them.
func (c *Conn) Incoming() (n int64, inPlace bool) {
	if c.phase != phaseData {
		return 0, false
	}
	return c.left, c.inPieces && !c.decoding && c.carry.len() == 0
}

// Err returns the peer's violation that ended the connection, a *ws.Error, or
// nil.
func (c *Conn) Err() error {
	if c.err == nil {
		return nil
	}
	return c.err
}

// SetMaxMessage changes Config.MaxMessage from the next message on.
func (c *Conn) SetMaxMessage(n int) { c.maxMsg = int64(n) }

// SetPieces changes Config.Pieces from the next message on.
func (c *Conn) SetPieces(pieces bool) { c.pieces = pieces }

// Release returns the buffer of the message under way, which is lost, and the
// Data of the last event. Callers that drop a Conn before its Close event call
// it; Parse must not be called afterwards.
func (c *Conn) Release() {
	if c.buf != nil {
		c.out.GiveBack(c.buf)
		c.buf = nil
	}
}

// minBuffer is the least capacity, in bytes, of a buffer that extend borrows.
const minBuffer = 512

// extend makes buf longer by n bytes of the current frame and returns these.
//
// The buffer grows in few steps to what is due. It has at most four times what
// has arrived, and no more than the frame if nothing is appended to that: lengths
// that are only promised cost nothing.
func (c *Conn) extend(n int) []byte {
	have := len(c.buf)
	if cap(c.buf)-have < n {
		more := max(4*int64(have+n), minBuffer) - int64(have)
		if c.fin || c.frames {
			more = min(more, c.left)
		}
		c.grow(have + int(more))
	}
	c.buf = c.buf[:have+n]
	return c.buf[have:]
}

// grow moves buf to a buffer with a capacity of at least size bytes.
func (c *Conn) grow(size int) {
	buf := append(c.out.Borrow(size), c.buf...)
	c.out.GiveBack(c.buf)
	c.buf = buf
}
