// Package stream runs a WebSocket driver over any io.ReadWriteCloser: a TCP or
// TLS connection, a Unix socket, a pipe.
//
// The driver does no I/O and has no lock; this package adds both. Four rules hold it
// together:
//
//  1. The driver is used under the lock, and nothing blocks under the lock: bytes
//     are taken under it and written outside, except by a flusher, which does not
//     wait.
//  2. Whoever releases the lock first does what has become due: see after. So no
//     method chooses what follows from it.
//  3. At most one goroutine writes to the transport. What is sent in the meantime
//     is written together in the next write.
//  4. A goroutine that reads never writes. What input causes, such as pongs, is
//     written by the goroutine that is writing already, or by one started for it.
//     So two ends that both send without limit make progress as long as both read.
//
// The application must keep reading: pings are answered, and pongs and close frames
// are noticed, only during ReadMessage, Close and the Read of a NextReader. One that
// only writes calls CloseRead.
package stream

import (
	"io"
	"net"
	"sync"
	"time"

	"github.com/sans-io/websocket-driver/driver"
)

// Options holds the settings of a Conn. A nil *Options and the zero Options are
// valid. They must not be modified while a Conn uses them.
type Options struct {
	// ReadBuffer is the number of bytes in a read from the transport between
	// messages and of small ones. Large frames are read in larger pieces, of up to
	// 256 KiB. Default 4096. The buffers are shared. An idle connection holds none if
	// its transport is exactly a *net.TCPConn or *net.UnixConn, and 128 bytes if it
	// is a *tls.Conn; otherwise it keeps one.
	ReadBuffer int

	// Slow controls what sending a message does while driver.Config.MaxBuffered
	// bytes wait to be written. Default SlowWait.
	Slow Slow

	// MinFragment is the minimum number of bytes of payload in the fragments of a
	// message of NextWriter, except the last. Shorter writes are gathered. With 1 each
	// Write sends a fragment. Default 512 KiB.
	MinFragment int

	// WriteTimeout is how long a write may make no progress. After that the
	// connection is closed as by CloseNow. It ends peers that send but never read.
	// A write deadline cannot detect them, since it ends only the waiting, nor can
	// keep-alive. Default: no limit.
	WriteTimeout time.Duration

	// FlushTimeout is how long the last bytes may take to be written when the
	// connection is over, and how long the Close of the transport is waited for.
	// Default 5 s.
	FlushTimeout time.Duration

	// OnPing, OnPong and OnPeerClose are called for what the peer sends: a ping,
	// which has been answered unless driver.Config.HoldPongs is set; a pong; and its
	// close frame, with driver.CodeNoStatus if it has no code. They are called in
	// order, by the goroutine that reads, before what follows is read. They may send,
	// and call WriteClose and CloseNow; they must not read and must not call Close.
	// The payload is the callee's.
	OnPing, OnPong func(c *Conn, payload []byte)
	OnPeerClose    func(c *Conn, code driver.Code, reason string)

	// Trace, if not nil, is told what happens on the connection.
	Trace *Trace
}

// What the zero Options mean.
const (
	DefaultReadBuffer   = 4 << 10
	DefaultMinFragment  = 512 << 10
	DefaultFlushTimeout = 5 * time.Second
)

const defaultMaxBuffered = 1 << 20 // of driver.Config

var defaultOptions Options

func (o *Options) readBuffer() int { return orDefault(o.ReadBuffer, DefaultReadBuffer) }

func (o *Options) minFragment() int { return orDefault(o.MinFragment, DefaultMinFragment) }

func (o *Options) flushTimeout() time.Duration { return orDefault(o.FlushTimeout, DefaultFlushTimeout) }

// orDefault returns v, or the default if v is zero or less.
func orDefault[T int | time.Duration](v, byDefault T) T {
	if v <= 0 {
		return byDefault
	}
	return v
}

// Conn is a WebSocket connection. Any number of goroutines may write and close it.
// One goroutine reads at a time; others wait for their turn.
type Conn struct {
	rwc         io.ReadWriteCloser
	o           *Options
	maxBuffered int // none if 0 or less
	client      bool

	// interruptible says that an interrupted write of the transport can be resumed.
	// It can on a socket; after one in TLS, say, nothing more can be written. See
	// outbound.
	interruptible bool

	// source belongs to the goroutine that has the turn to read, as do the bytes of
	// in.rest.
	source source

	// mu guards all fields below. It is released by unlock and wait.
	mu    sync.Mutex
	d     *driver.Driver
	state driver.State // when mu was released
	wake  signal       // something below has changed

	in    inbound
	out   outbound
	end   ending
	timer *limitTimer // nil while no limit runs
	rare  *rare       // nil if none of its fields is needed
}

// rare holds what few connections need, so that the others stay small.
type rare struct {
	pings    []*ping // without an answer, oldest first
	lastPing uint64  // number of the last one

	done  chan struct{} // of Done
	after []*func()     // of AfterDone

	reading      *readCall // the call of ReadMessageContext that has the turn
	readDeadline time.Time // of SetReadDeadline
	pump         *pump     // the read in progress, if a goroutine does it

	writeDeadline time.Time
	expired       bool        // writeDeadline has passed
	alarm         *time.Timer // for writeDeadline

	stall   *time.Timer // for Options.WriteTimeout
	stallAt time.Time   // when the write in progress has stalled; zero without one
}

// getRare returns c.rare, allocating it at the first call.
func (c *Conn) getRare() *rare {
	if c.rare == nil {
		c.rare = new(rare)
	}
	return c.rare
}

// New returns a Conn that runs d over rwc. d may be new, paused at a request, or
// open. It belongs to the Conn from now on, which makes it deliver pieces, unless
// driver.Config.Frames is set, and joins them where necessary.
func New(rwc io.ReadWriteCloser, d *driver.Driver, o *Options) *Conn {
	if o == nil {
		o = &defaultOptions
	}
	c := &Conn{rwc: rwc, o: o, d: d, client: !d.Server(), maxBuffered: d.Config().MaxBuffered}
	if c.maxBuffered == 0 {
		c.maxBuffered = defaultMaxBuffered
	}
	c.source.init(rwc, o.readBuffer())
	d.SetPieces(true)
	d.SetBuffers(&buffers)
	d.SetMaxBuffered(-1) // the Conn also counts what is being written
	c.state = c.currentState()
	c.end.opened = c.state != driver.StateConnecting
	c.wake.mu = &c.mu
	switch rwc.(type) {
	case *net.TCPConn, *net.UnixConn:
		c.interruptible = true
	}
	c.out.background = c.writeAll
	return c
}

func (c *Conn) lock() { c.mu.Lock() }

// unlock does what has become due and releases the lock.
func (c *Conn) unlock() {
	c.after()
	c.mu.Unlock()
}

// wait does what has become due and waits for a change.
func (c *Conn) wait() {
	c.after()
	c.wake.Wait()
}

// Raw calls f with the driver, to which f has exclusive access until it returns.
// What f queues is then written in the background. Raw is for what Conn does not
// offer, such as single fragments and changing limits.
//
// f must not block and must not call methods of c. It must leave input, output,
// events and time to the Conn: Parse, Events, Take, IO, Messages, EOF and Tick are
// not allowed. f must end a message that it begins with Fragment, or no message can
// be sent until a later Raw ends it.
func (c *Conn) Raw(f func(d *driver.Driver)) {
	c.lock()
	defer c.unlock()
	f(c.d)
}

// Unread puts a copy of p in front of the input: bytes of the transport that were
// read before.
func (c *Conn) Unread(p []byte) {
	c.lock()
	defer c.unlock()
	c.in.rest = append(append(make([]byte, 0, len(p)+len(c.in.rest)), p...), c.in.rest...)
}

// needs reports whether the driver has one of the needs in n.
func (c *Conn) needs(n driver.Need) bool { return c.d.Needs()&n != 0 }

// isClosing reports whether messages may no longer be sent.
func (c *Conn) isClosing() bool { return c.d.State() >= driver.StateClosing }
