// Package stream runs a WebSocket driver over any io.ReadWriteCloser: a TCP or
// TLS connection, a unix socket, a pipe.
//
// The driver does no I/O and has no lock; both are here. These rules keep the
// two directions from stopping each other:
//
//  1. The driver is used under the lock. Nothing blocks under the lock: bytes are
//     taken under it and written outside.
//  2. At most one goroutine writes to the transport. Sends that come meanwhile
//     gather and leave together in the next write.
//  3. A goroutine that reads never writes: what input causes, such as pongs, is
//     written by whoever writes already, or by a goroutine that lives for that.
//     So two ends that both send without limit finish, if both also read.
//
// Somebody has to read: pings are answered, pongs and close frames noticed only
// while ReadMessage, a reader of NextReader or Close runs.
package stream

import (
	"crypto/tls"
	"io"
	"sync"
	"time"

	"github.com/sans-io/websocket-driver/driver"
)

// Options are settings of a Conn. Nil and the zero Options work.
type Options struct {
	// ReadBuffer is how many bytes are read from the transport at once.
	// Default 4096. The buffers are shared: a connection on which nothing happens
	// has none if its transport is exactly a *net.TCPConn or *net.UnixConn, 128
	// bytes if it is a *tls.Conn, and one of its own if it is anything else.
	ReadBuffer int

	// Slow is what a message does while driver.Config.MaxBuffered bytes wait.
	// Default SlowWait.
	Slow Slow

	// WriteTimeout is how long the transport may take nothing of what is to be
	// written; then the connection is closed as CloseNow does. It ends peers that
	// send and never read, which neither a write deadline, that ends only the
	// waiting, nor keep-alive can tell. Default: no limit.
	WriteTimeout time.Duration

	// FlushTimeout is how long the last bytes may take to leave when the
	// connection is over. Default 5 s.
	FlushTimeout time.Duration
}

const (
	defaultReadBuffer   = 4 << 10
	defaultMaxBuffered  = 1 << 20
	defaultFlushTimeout = 5 * time.Second
)

// Conn is a WebSocket connection. Any number of goroutines may write and close;
// one at a time reads, others wait for their turn.
type Conn struct {
	flushTimeout time.Duration
	writeTimeout time.Duration // 0 is none
	maxBuffered  int
	slow         Slow
	client       bool

	input // belongs to the goroutine that has set reading, as do the bytes of in

	// mu guards all below.
	mu   sync.Mutex
	d    *driver.Driver
	wake signal // something below has changed

	// Reading.
	reading bool           // a goroutine reads
	in      []byte         // input that has not been parsed yet
	readErr error          // what the transport's Read has ended with
	reader  *messageReader // of the message that has been begun, if any

	output
	ending

	x     *extra      // nil if none of it is needed
	timer *limitTimer // nil while no limit runs
}

// extra is what few connections have, so that the others stay small.
type extra struct {
	pings      []*ping     // that have no answer yet, the oldest first
	lastPing   uint64      // the number of the last one
	registries []*Registry // that hold the connection

	deadline time.Time   // for writes
	expired  bool        // it has passed
	alarm    *time.Timer // for deadline

	stall   *time.Timer // for Options.WriteTimeout
	stalled time.Time   // when the write under way is given up; zero if there is none
	givenUp error       // why this side has closed the transport, if for that
}

// extra returns c.x, made at the first call.
func (c *Conn) extra() *extra {
	if c.x == nil {
		c.x = new(extra)
	}
	return c.x
}

// New returns a Conn that runs d over rwc. d may be new, paused at a request, or
// open; from now on it belongs to the Conn, which has it deliver pieces
// (driver.Config.Pieces) and joins them where it must.
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
	d.SetMaxBuffered(-1) // the Conn counts what is being written, too
	c.client = !d.Server()
	c.wake.mu = &c.mu
	c.background = c.flushBackground
	_, canTime := rwc.(writeDeadliner)
	_, isTLS := rwc.(interface{ ConnectionState() tls.ConnectionState })
	c.apart = !canTime || isTLS
	return c
}

// needs reports whether the driver has one of the needs in n.
func (c *Conn) needs(n driver.Need) bool { return c.d.Needs()&n != 0 }

// orDefault returns v, or the default if v is not above 0.
func orDefault[T int | time.Duration](v, byDefault T) T {
	if v <= 0 {
		return byDefault
	}
	return v
}

// Unread puts a copy of p in front of what comes from the transport: bytes that
// somebody has read before.
func (c *Conn) Unread(p []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.in = append(append(make([]byte, 0, len(p)+len(c.in)), p...), c.in...)
}

// Transport returns what was given to New, to look at: an address, the state of
// TLS. Reading, writing and deadlines are the Conn's.
func (c *Conn) Transport() io.ReadWriteCloser { return c.rwc }

// Version returns the version spoken; on a server 0 before the request has come.
func (c *Conn) Version() driver.Version {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.d.Version()
}

// Subprotocol returns the subprotocol agreed on, or "".
func (c *Conn) Subprotocol() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.d.Subprotocol()
}

// Extensions returns the extensions agreed on as they stand in the handshake,
// or "".
func (c *Conn) Extensions() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.d.Extensions()
}

// Request returns the request of the handshake. After Open each call parses it anew;
// with Config.DropHandshake it is nil then.
func (c *Conn) Request() *driver.Request {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.d.Request()
}

// Response returns the answer to the handshake, of a refusal with up to 1 KiB of
// the body. After Open a client parses it anew at each call; with
// Config.DropHandshake, and on a server, it is nil then.
func (c *Conn) Response() *driver.Response {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.d.Response()
}
