// Package stream runs a WebSocket driver over any io.ReadWriteCloser: a TCP or
// TLS connection, a Unix socket, a pipe.
//
// The driver does no I/O and has no lock; this package adds both. Three rules keep
// the two directions from blocking each other:
//
//  1. The driver is used under the lock, and nothing blocks under the lock: bytes
//     are taken under it and written outside.
//  2. At most one goroutine writes to the transport. What is sent in the meantime
//     is written together in the next write.
//  3. A goroutine that reads never writes. What input causes, such as pongs, is
//     written by the goroutine that is writing already, or by one started for it.
//     So two ends that both send without limit make progress as long as both read.
//
// The application must keep reading: pings are answered, and pongs and close frames
// are noticed, only during ReadMessage, Close and the Read of a NextReader.
package stream

import (
	"crypto/tls"
	"io"
	"sync"
	"time"

	"github.com/sans-io/websocket-driver/driver"
)

// Options holds the settings of a Conn. A nil *Options and the zero Options are
// valid.
type Options struct {
	// ReadBuffer is the maximum number of bytes in a read from the transport.
	// Default 4096. The buffers are shared. An idle connection holds none if its
	// transport is exactly a *net.TCPConn or *net.UnixConn, and 128 bytes if it is
	// a *tls.Conn; otherwise it keeps one.
	ReadBuffer int

	// Slow controls what sending a message does while driver.Config.MaxBuffered
	// bytes wait to be written. Default SlowWait.
	Slow Slow

	// WriteTimeout is how long a write may make no progress. After that the
	// connection is closed as by CloseNow. It ends peers that send but never read.
	// A write deadline cannot detect them, since it ends only the waiting, nor can
	// keep-alive. Default: no limit.
	WriteTimeout time.Duration

	// FlushTimeout is how long the last bytes may take to be written when the
	// connection is over. Default 5 s.
	FlushTimeout time.Duration
}

const (
	defaultReadBuffer   = 4 << 10
	defaultMaxBuffered  = 1 << 20
	defaultFlushTimeout = 5 * time.Second
)

// Conn is a WebSocket connection. Any number of goroutines may write and close it.
// One goroutine reads at a time; others wait for their turn.
type Conn struct {
	flushTimeout time.Duration
	writeTimeout time.Duration // 0 is none
	maxBuffered  int
	slow         Slow
	client       bool

	input // used by the goroutine that set reading, as are the bytes of in

	// mu guards all fields below.
	mu   sync.Mutex
	d    *driver.Driver
	wake signal // something below has changed

	// Reading.
	reading bool           // a goroutine is reading
	in      []byte         // input that has not been parsed
	readErr error          // error of the transport's Read that ended reading
	reader  *messageReader // of the message in progress, if any

	output
	ending

	rare  *rare       // nil if none of its fields is needed
	timer *limitTimer // nil while no limit runs
}

// rare holds what few connections need, so that the others stay small.
type rare struct {
	pings    []*ping // without an answer, oldest first
	lastPing uint64  // number of the last one

	done  chan struct{} // of Done
	after []*func()     // of AfterDone

	deadline time.Time   // for writes
	expired  bool        // deadline has passed
	alarm    *time.Timer // for deadline

	stall      *time.Timer // for Options.WriteTimeout
	stallAt    time.Time   // when the write in progress has stalled; zero without one
	stallError error       // why this side closed the transport, if because of a stall
}

// getRare returns c.rare, allocating it at the first call.
func (c *Conn) getRare() *rare {
	if c.rare == nil {
		c.rare = new(rare)
	}
	return c.rare
}

// New returns a Conn that runs d over rwc. d may be new, paused at a request, or
// open. It belongs to the Conn from now on, which makes it deliver pieces
// (driver.Config.Pieces) and joins them where necessary.
func New(rwc io.ReadWriteCloser, d *driver.Driver, o *Options) *Conn {
	if o == nil {
		o = &Options{}
	}
	c := &Conn{
		d: d, slow: o.Slow,
		flushTimeout: orDefault(o.FlushTimeout, defaultFlushTimeout),
		writeTimeout: max(o.WriteTimeout, 0),
		maxBuffered:  d.Config().MaxBuffered,
	}
	if c.maxBuffered == 0 {
		c.maxBuffered = defaultMaxBuffered
	}
	c.input.init(rwc, orDefault(o.ReadBuffer, defaultReadBuffer))
	d.SetPieces(true)
	d.SetBuffers(&buffers)
	d.SetMaxBuffered(-1) // the Conn also counts what is being written
	c.client = !d.Server()
	c.wake.mu = &c.mu
	c.background = c.flushBackground
	_, canTime := rwc.(writeDeadliner)
	_, isTLS := rwc.(interface{ ConnectionState() tls.ConnectionState })
	c.backgroundOnly = !canTime || isTLS
	return c
}

// isClosing reports whether messages may no longer be sent.
func (c *Conn) isClosing() bool { return c.d.State() >= driver.StateClosing }

// needs reports whether the driver has one of the needs in n.
func (c *Conn) needs(n driver.Need) bool { return c.d.Needs()&n != 0 }

// orDefault returns v, or the default if v is zero or less.
func orDefault[T int | time.Duration](v, byDefault T) T {
	if v <= 0 {
		return byDefault
	}
	return v
}

// Unread puts a copy of p in front of the input: bytes of the transport that were
// read before.
func (c *Conn) Unread(p []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.in = append(append(make([]byte, 0, len(p)+len(c.in)), p...), c.in...)
}

// Transport returns the argument of New, to inspect it: an address, the state of
// TLS. The caller must not read, write or set deadlines.
func (c *Conn) Transport() io.ReadWriteCloser { return c.rwc }

// Version returns the version spoken, or 0 on a server that has not received the
// request.
func (c *Conn) Version() driver.Version {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.d.Version()
}

// RelayCode returns the code with which WriteClose or Close passes on the code of
// another connection's *CloseError: see driver.Driver.RelayCode.
func (c *Conn) RelayCode(code driver.Code) driver.Code {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.d.RelayCode(code)
}

// Subprotocol returns the negotiated subprotocol, or "".
func (c *Conn) Subprotocol() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.d.Subprotocol()
}

// Extensions returns the extensions as negotiated in the handshake, or "".
func (c *Conn) Extensions() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.d.Extensions()
}

// Request returns the request of the handshake. Once the connection is open, each
// call parses it anew, and with Config.DropHandshake it is nil.
func (c *Conn) Request() *driver.Request {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.d.Request()
}

// Response returns the response of the handshake. A refusal has up to 1 KiB of the
// body. Once the connection is open, a client parses it anew at each call, and it is
// nil with Config.DropHandshake and on a server.
func (c *Conn) Response() *driver.Response {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.d.Response()
}
