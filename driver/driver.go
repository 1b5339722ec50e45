package driver

import (
	"fmt"
	"io"
	"iter"

	"github.com/sans-io/websocket-driver/driver/head"
	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/extensions"
	"github.com/sans-io/websocket-driver/hixie"
	"github.com/sans-io/websocket-driver/hybi"
)

// conn is an open connection in one of the versions.
type conn interface {
	Parse(p []byte) (n int, ev Event)
	Message(k Kind, p []byte) error
	Fragment(k Kind, p []byte, fin bool) error
	Prepared(frames []byte) error
	Close(code Code, reason string) error
	State() State
	Err() error
	SetMaxMessage(maxMessage int)
	SetPieces(pieces bool)
}

// phase is the state of the machine that leads to an open connection and away
// from it:
//
//	server  request → paused → [body] → opening → open → ending → ended
//	client  idle → response | respond → [digest] → opening → open → ending → ended
//	                        → refusal → ending → ended
//
// Each phase is left from step, or by the call that it waits for.
type phase uint8

const (
	phaseIdle     phase = iota // client: waits for Start
	phaseRequest               // server: collects the request head
	phasePaused                // server: waits for Start, Reject or Detach
	phaseBody                  // server, hixie-76: collects the 8 bytes behind the head
	phaseResponse              // client: collects the response head
	phaseRespond               // client by extended CONNECT: waits for Respond
	phaseDigest                // client, hixie-76: collects the 16 bytes behind the head
	phaseRefusal               // client: collects the beginning of a refusal's body
	phaseOpening               // the Open event waits to be fetched
	phaseOpen                  // conn has the word
	phaseEnding                // the Close event waits to be fetched
	phaseEnded                 // nothing happens any more
	phaseDetached              // the transport has been given back
)

// Driver is one side of a WebSocket connection. It does no I/O, starts no
// goroutine and reads no clock; it is not safe for concurrent use.
type Driver struct {
	conn conn // nil before phaseOpening
	cfg  *Config
	hs   *handshake // nil after Open
	out  ws.Queue
	in   inbox
	cut  error // why the connection ends once all input is used up: EOF, a time limit
	err  error // why the connection has ended

	request  *Request  // kept after Open only on demand
	response *Response // likewise
	messages *Messages
	pipeline *extensions.Pipeline
	protocol string
	clock    *clock // made at the first Tick, and let go of at Open

	phase     phase
	running   timer // which time limit runs
	version   Version
	server    bool
	eof       bool
	heard     bool // input since the last Tick
	unawaited bool // client: the server's end of the transport is not awaited any more
}

// handshake is what is needed until Open.
type handshake struct {
	parser  *head.Parser
	hybi    *hybi.ClientHandshake
	hixie   *hixie.Handshake
	body    []byte    // what follows the head: key, digest or the body of a refusal
	refusal *Error    // client: what the server has answered
	excerpt head.Body // of the refusal
	handed  bool      // FromRequest: the head has not come through Parse
	room    int       // how many bytes Events may keep while the driver is paused
	interim int       // client: bytes of interim responses
	queue   []func(conn) error
	queued  int      // bytes of payload in queue
	closing bool     // a close waits in queue
	judge   conn     // see queue
	nowhere ws.Queue // what judge sends

	maxMessage int // as in Config, until SetMaxMessage
	pieces     bool
}

// defaults is what a nil *Config means. Nobody changes it.
var defaults Config

func newDriver(c *Config, server bool) *Driver {
	if c == nil {
		c = &defaults
	}
	return &Driver{cfg: c, out: ws.Queue{Pool: c.Buffers}, server: server, hs: &handshake{room: c.maxHead(), maxMessage: c.maxMessage(), pieces: c.Pieces}}
}

// Parse takes input up to the end of the first event, and returns how many
// bytes of p it has used and that event. With Kind None all of p is used up,
// except while the driver is paused: then n is 0 and Paused reports true. After
// the Close event all input is used up and ignored.
//
// Parse may change p, since it unmasks in place, and keeps no reference to it.
// The event's Data is a part of p or of a buffer of the driver.
func (d *Driver) Parse(p []byte) (n int, ev Event) {
	d.heard = d.heard || len(p) > 0
	if d.phase == phaseOpen && d.cut == nil && d.in.buf == nil {
		n, ev = d.conn.Parse(p)
		if ev.Kind == ws.Close {
			d.ended(d.conn.Err())
		}
		return n, ev
	}
	for d.in.len() > 0 {
		n, ev = d.step(d.in.bytes())
		d.in.skip(n)
		if ev.Kind != ws.None || d.in.len() > 0 {
			return 0, ev
		}
	}
	d.in.release()
	n, ev = d.step(p)
	if d.cut != nil && ev.Kind == ws.None && d.phase < phaseEnding && d.phase != phasePaused {
		d.end(d.cut)
		_, ev = d.step(nil)
	}
	return n, ev
}

// step is the machine of phase. It takes input up to the end of the first
// event.
func (d *Driver) step(p []byte) (n int, ev Event) {
	for {
		was, used := d.phase, 0
		switch d.phase {
		case phaseIdle, phasePaused, phaseRespond:
			return n, Event{}
		case phaseRequest:
			used = d.readRequest(p[n:])
			if d.phase == phasePaused {
				d.running = timerNone
				return n + used, Event{Kind: ws.Connect}
			}
		case phaseBody:
			used = d.readBody(p[n:])
		case phaseResponse:
			used = d.readResponse(p[n:])
		case phaseDigest:
			used = d.readDigest(p[n:])
		case phaseRefusal:
			used = d.readRefusal(p[n:])
		case phaseOpening:
			d.phase = phaseOpen
			return n, Event{Kind: ws.Open}
		case phaseOpen:
			used, ev = d.conn.Parse(p[n:])
			if ev.Kind == ws.Close {
				d.ended(d.conn.Err())
			}
			return n + used, ev
		case phaseEnding:
			d.phase = phaseEnded
			return n, d.closeEvent()
		case phaseEnded, phaseDetached:
			return len(p), Event{}
		}
		n += used
		if d.phase == was && n == len(p) {
			return n, Event{}
		}
	}
}

// Events calls Parse in a loop until all of p is used up, and yields the events.
// What is left when the loop is broken off, or when the driver pauses, is kept
// and comes first at the next call. While the driver stays paused, at most
// MaxHead bytes more are kept; then the connection fails.
func (d *Driver) Events(p []byte) iter.Seq[Event] {
	return func(yield func(Event) bool) {
		for {
			n, ev := d.Parse(p)
			p = p[n:]
			if d.Paused() {
				if ev.Kind == ws.Connect {
					d.hs.room += d.in.len() + len(p)
				}
				d.keep(p) // now, so that Detach finds it
				p = nil
			}
			switch {
			case ev.Kind == ws.None && d.phase == phaseEnding: // keep has failed
				continue
			case ev.Kind == ws.None:
				return
			case !yield(ev):
				d.keep(p)
				return
			}
		}
	}
}

// keep stores input that could not be dealt with yet, unless it never will be.
func (d *Driver) keep(p []byte) {
	switch {
	case d.phase >= phaseEnding || len(p) == 0:
	case d.Paused() && d.in.len()+len(p) > d.hs.room:
		e := &Error{Code: ws.CodeMessageTooBig,
			Msg: fmt.Sprintf("more than %d bytes came before the handshake was answered", d.hs.room)}
		if d.server {
			e.Status = 413
			d.refuse(e)
		} else {
			d.end(e)
		}
	default:
		d.in.keep(p)
	}
}

// EOF says that the transport ends here: nothing more will be received. If the
// connection is not closed yet, a Close event with CodeAbnormal follows what
// has been received before.
func (d *Driver) EOF() {
	d.eof = true
	if d.cut == nil {
		d.cut = io.ErrUnexpectedEOF
	}
	d.pipeline.Release() // nobody may come to fetch the event
}

// end ends the connection from this side: the Close event waits.
func (d *Driver) end(err error) {
	switch {
	case err == errNoHandshake:
		err = nil
	case d.phase == phaseRefusal: // the refusal says more than the end of its body
		err = d.hs.refusal
	}
	d.err, d.phase = err, phaseEnding
	d.forget()
}

// ended is called when the Close event has come from conn.
func (d *Driver) ended(err error) {
	d.err, d.phase = err, phaseEnded
	d.forget()
}

// forget lets go of what is not needed after the end.
func (d *Driver) forget() {
	d.in, d.hs = inbox{}, nil
	d.pipeline.Release()
}

// closeEvent is the Close event of a connection that did not end with a close
// frame.
func (d *Driver) closeEvent() Event {
	ev := Event{Kind: ws.Close, Code: ws.CodeAbnormal}
	if e, ok := d.err.(*Error); ok {
		ev.Code, ev.Data = e.Code, []byte(e.Msg)
	} else if d.err == nil {
		ev.Code = ws.CodeNoStatus
	}
	return ev
}

// open makes the connection: the handshake is complete.
func (d *Driver) open() {
	c := d.cfg
	if d.version.IsHixie() {
		d.conn = hixie.NewConn(&d.out, hixie.Config{
			Version:    d.version,
			MaxMessage: d.hs.maxMessage,
			MaxFrame:   limit(c.MaxFrame, defaultMaxMessage),
			Pieces:     d.hs.pieces,
		})
	} else {
		d.conn = hybi.NewConn(&d.out, hybi.Config{
			Version:      d.version,
			Server:       d.server,
			MaxMessage:   d.hs.maxMessage,
			MaxFrame:     limit(c.MaxFrame, -1),
			MaxFragments: c.maxFragments(),
			MaxPongs:     c.maxPongs(),
			Pieces:       d.hs.pieces,
			FragmentSize: max(c.FragmentSize, 0),
			Rand:         c.Rand,
			Pipeline:     d.pipeline,
		})
	}
	d.phase = phaseOpening
	d.clock, d.running = nil, timerNone // an idle connection without limits needs no clock
	hs := d.hs
	d.hs = nil
	if !c.KeepRequest {
		d.request, d.response = nil, nil
	}
	d.sendQueued(hs.queue)
}

// SetMaxMessage changes Config.MaxMessage for this connection from the next
// message on.
func (d *Driver) SetMaxMessage(n int) {
	n = limit(n, defaultMaxMessage)
	switch {
	case d.conn != nil:
		d.conn.SetMaxMessage(n)
	case d.hs != nil:
		d.hs.maxMessage = n
	}
}

// SetPieces changes Config.Pieces for this connection from the next message on.
func (d *Driver) SetPieces(pieces bool) {
	switch {
	case d.conn != nil:
		d.conn.SetPieces(pieces)
	case d.hs != nil:
		d.hs.pieces = pieces
	}
}

// Take returns all bytes that wait to be sent; the caller owns them. If there
// are any, spare[:0] becomes the driver's next buffer, or goes to Config.Buffers
// if that is set: the caller must no longer use it. If there are none, Take
// returns spare[:0].
func (d *Driver) Take(spare []byte) []byte { return d.out.Take(spare) }

// SetBuffers sets Config.Buffers for this connection, unless it is set.
func (d *Driver) SetBuffers(b Buffers) {
	if d.out.Pool == nil {
		d.out.Pool = b
	}
}

// Buffered returns the number of bytes that wait to be taken.
func (d *Driver) Buffered() int { return d.out.Len() }

// State returns the state of the connection.
func (d *Driver) State() State {
	switch {
	case d.phase >= phaseEnding:
		return ws.StateClosed
	case d.conn == nil:
		return ws.StateConnecting
	}
	return d.conn.State()
}

// Server reports whether this is the server's side.
func (d *Driver) Server() bool { return d.server }

// Version returns the version spoken: on a client from the beginning, on a
// server from the Connect event of a WebSocket request on, 0 before.
func (d *Driver) Version() Version { return d.version }

// Subprotocol returns the subprotocol agreed on, or "".
func (d *Driver) Subprotocol() string { return d.protocol }

// Extensions returns the extensions agreed on as they stand in the handshake,
// or "".
func (d *Driver) Extensions() string { return d.pipeline.String() }

// Request returns the request: on a server from Connect on, on a client from
// the beginning. After Open it is nil unless Config.KeepRequest is set.
func (d *Driver) Request() *Request { return d.request }

// Response returns the answer: on a client what was received, of a refusal with
// up to 1 KiB of the body; on a server what is or would be sent. After Open it
// is nil unless Config.KeepRequest is set.
func (d *Driver) Response() *Response { return d.response }

// Err returns why the connection has ended: nil while it goes on or if the peer
// has closed properly, an *Error for a violation, a refusal or a time limit, or
// io.ErrUnexpectedEOF where the transport ended first.
func (d *Driver) Err() error { return d.err }

// Paused reports whether the driver waits for a call and takes no input until
// then: on a server for Start, Reject or Detach, on a client for Start or Respond.
func (d *Driver) Paused() bool {
	return d.phase == phasePaused || d.phase == phaseIdle || d.phase == phaseRespond
}

// Pending reports whether an event waits that no input is needed for: Parse(nil)
// fetches it. EOF, Tick and other calls may have caused it. What IO.Write has
// taken does not count.
func (d *Driver) Pending() bool {
	switch d.phase {
	case phaseOpening, phaseEnding:
		return true
	case phasePaused, phaseEnded, phaseDetached:
		return false
	case phaseOpen:
		if d.conn.State() == ws.StateClosed {
			return true
		}
	}
	return d.cut != nil
}

// Done reports whether all is said: the bytes that wait may be sent, and then
// the transport closed. A server is done when the Close event has been fetched;
// a client only when the server has closed the transport or CloseTimeout has
// passed (RFC 6455, section 7.1.1), unless the handshake had failed or the pong
// has not come. After Detach the transport is the caller's and Done stays false.
func (d *Driver) Done() bool {
	return d.phase == phaseEnded && (d.server || d.conn == nil || d.eof || d.unawaited)
}
