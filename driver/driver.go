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
	Header(k Kind, p []byte) (ok bool, err error)
	Fragment(k Kind, p []byte, fin bool) error
	Prepared(frames []byte) error
	Close(code Code, reason string) error
	State() State
	Err() error
	Incoming() (n int64, inPlace bool)
	SetMaxMessage(maxMessage int)
	SetPieces(pieces bool)
	Release()
}

// phase is the state of the machine that leads to an open connection and away
// from it:
//
//	server  request → paused → [body] → opening → open → [peerClosed] → ending → ended
//	client  idle → response | respond → [digest] → opening → open → [peerClosed] → ending → ended
//	                        → refusal → ending → ended
//
// Each phase is left from step, or by the call that it waits for.
type phase uint8

const (
	phaseIdle       phase = iota // client: waits for Start
	phaseRequest                 // server: collects the request head
	phasePaused                  // server: waits for Start, Reject, Refuse or Detach
	phaseBody                    // server, hixie-76: collects the 8 bytes after the head
	phaseResponse                // client: collects the response head
	phaseRespond                 // client by extended CONNECT: waits for Respond
	phaseDigest                  // client, hixie-76: collects the 16 bytes after the head
	phaseRefusal                 // client: collects the beginning of a refusal's body
	phaseOpening                 // the Open event waits to be fetched
	phaseOpen                    // conn handles the input
	phasePeerClosed              // HoldClose: the peer has closed, input is discarded
	phaseEnding                  // the Close event waits to be fetched
	phaseEnded                   // terminal
	phaseDetached                // terminal: the transport has been given back
)

// cut says why a connection ends as soon as all input has been handled.
type cut uint8

const (
	cutNone  cut = iota
	cutEOF       // the transport has ended
	cutError     // Driver.err: a time limit, or a message that could not be sent
	cutQuiet     // closed by this side, in a version without a closing handshake
)

// Driver is one side of a WebSocket connection. It does no I/O, starts no
// goroutine and reads no clock; it is not safe for concurrent use.
type Driver struct {
	conn conn // nil before phaseOpening
	cfg  *Config
	hs   *handshake // nil after Open
	out  ws.Queue
	in   *inbox // nil if there has been no need for one
	err  error  // why the connection has ended, or is about to if cut is cutError

	request  *Request  // until Open, over extended CONNECT longer
	response *Response // likewise; after a refusal for good
	kept     string    // after Open: the head of the request and, on a client, that of the response
	peer     *closing  // HoldClose: what the peer's close frame said
	messages *Messages
	pipeline *extensions.Pipeline
	protocol string
	clock    *clock // made at the first Tick, dropped at Open

	phase     phase
	cut       cut
	running   timer // which time limit runs
	version   Version
	server    bool
	secure    bool // Request.Scheme of kept is wss
	eof       bool
	heard     bool // input since the last Tick
	unawaited bool // client: does not wait for the server to close the transport
	untimed   bool // nothing runs in StateOpen: no extension, ping or idle limit

	maxBuffered int32 // as in Config, until SetMaxBuffered; beyond 31 bits there is no limit
}

// closing is the content of a close frame.
type closing struct {
	code   Code
	reason string
}

// handshake is what is needed until Open.
type handshake struct {
	parser  head.Parser
	client  clientHandshake
	server  serverHandshake
	hybi    hybi.ServerHandshake // what server points to, unless the version is hixie
	answer  answer               // server: what accept has chosen
	sent    string               // client: the head of the request, to be kept
	body    []byte               // what follows the head: the end of a challenge, or a digest
	refusal *Error               // client: what the server has answered
	excerpt head.Body            // of the refusal
	handed  bool                 // FromRequest: the head has not come through Parse
	room    int                  // how many bytes keep may store while the driver is paused
	interim int                  // client: bytes of interim responses
	waiting waiting

	maxMessage int // as in Config, until SetMaxMessage
	pieces     bool
}

// answer is what the response that accepts a request is made of.
type answer struct {
	extensions string
	extra      []Field
}

// defaults is what a nil *Config means. It must not be modified.
var defaults Config

func newDriver(c *Config, server bool) *Driver {
	if c == nil {
		c = &defaults
	}
	d := &Driver{
		cfg:    c,
		out:    ws.Queue{Pool: c.Buffers},
		server: server,
		hs:     &handshake{room: c.maxHead(), maxMessage: c.maxMessage(), pieces: c.Pieces},
	}
	d.SetMaxBuffered(c.MaxBuffered)
	return d
}

// Parse takes input up to the end of the first event. It returns how many bytes
// of p it has used and that event. With Kind None all of p has been used, except
// while the driver waits for an answer (NeedAnswer): then n is 0. After the Close
// event all input is used and ignored.
//
// Parse may change p, since it unmasks in place, and keeps no reference to it.
// The event's Data is a part of p or of a buffer of the driver.
func (d *Driver) Parse(p []byte) (n int, ev Event) {
	d.heard = d.heard || len(p) > 0
	if d.phase == phaseOpen && d.cut == cutNone && d.in.isIdle() {
		n, ev = d.conn.Parse(p)
		if ev.Kind >= ws.PeerClose {
			d.closed(ev)
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
	d.in.release(&d.out)
	n, ev = d.step(p)
	if ev.Kind == ws.None && d.cut != cutNone && d.phase < phaseEnding && !d.isPaused() {
		d.endCut()
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
			if ev.Kind >= ws.PeerClose {
				d.closed(ev)
			}
			return n + used, ev
		case phaseEnding:
			d.phase = phaseEnded
			return n, d.closeEvent()
		case phasePeerClosed, phaseEnded, phaseDetached:
			return len(p), Event{}
		}
		n += used
		if d.phase == was && n == len(p) {
			return n, Event{}
		}
	}
}

// Events calls Parse in a loop until all of p has been used, and yields the
// events. What is left when the loop is broken off, or when the driver pauses, is
// kept and comes first at the next call. While the driver stays paused, at most
// Config.MaxHead bytes more are kept; then the connection fails.
func (d *Driver) Events(p []byte) iter.Seq[Event] {
	return func(yield func(Event) bool) {
		for {
			n, ev := d.Parse(p)
			p = p[n:]
			if d.isPaused() {
				if ev.Kind == ws.Connect { // what came with the head does not count
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

// keep stores input that cannot be handled yet, unless it never will be.
func (d *Driver) keep(p []byte) {
	switch {
	case d.phase >= phaseEnding || len(p) == 0:
	case d.isPaused() && d.in.len()+len(p) > d.hs.room:
		e := &Error{Code: ws.CodeMessageTooBig,
			Msg: fmt.Sprintf("more than %d bytes came before the handshake was answered", d.hs.room)}
		if d.server {
			e.Status = 413
			d.refuse(e)
		} else {
			d.end(e)
		}
	default:
		d.store(p)
	}
}

// store appends a copy of p to the inbox.
func (d *Driver) store(p []byte) {
	if d.in == nil {
		d.in = new(inbox)
	}
	d.in.keep(p, &d.out)
}

// EOF tells the driver that the transport has ended: nothing more will be
// received. If the connection is not closed yet, a Close event with CodeAbnormal
// follows what has been received before. A server that waits for the answer to a
// request still waits: the response can be sent, and Open comes before Close.
func (d *Driver) EOF() {
	d.eof = true
	if d.cut == cutNone {
		d.cut = cutEOF
	}
	d.pipeline.Release() // the event may never be fetched
}

// endCut ends the connection for the reason that cut has noted.
func (d *Driver) endCut() {
	switch err := d.err; {
	case d.phase == phasePeerClosed, d.cut == cutQuiet:
		d.end(nil)
	case d.phase == phaseRefusal: // the refusal says more than the end of its body
		d.end(d.hs.refusal)
	case d.cut == cutError:
		d.end(err)
	default:
		d.end(io.ErrUnexpectedEOF)
	}
}

// end ends the connection from this side: the Close event waits.
func (d *Driver) end(err error) {
	d.err, d.phase = err, phaseEnding
	d.forget()
}

// fail notes an error with which the connection ends when all input has been
// handled.
func (d *Driver) fail(format string, args ...any) {
	d.cut, d.err = cutError, &Error{Code: ws.CodeAbnormal, Msg: fmt.Sprintf(format, args...)}
	d.pipeline.Release() // as in EOF
}

// closed handles the PeerClose or Close event of conn.
func (d *Driver) closed(ev Event) {
	if ev.Kind == ws.PeerClose {
		d.phase = phasePeerClosed
		d.peer = &closing{ev.Code, string(ev.Data)}
		return
	}
	d.err, d.phase = d.conn.Err(), phaseEnded
	d.forget()
}

// forget drops what is not needed after the end.
func (d *Driver) forget() {
	d.in, d.hs = nil, nil
	d.pipeline.Release()
	if d.conn != nil {
		d.conn.Release()
	}
}

// closeEvent returns the Close event of a connection to which conn gave none.
func (d *Driver) closeEvent() Event {
	ev := Event{Kind: ws.Close, Code: ws.CodeAbnormal}
	switch e, ok := d.err.(*Error); {
	case ok:
		ev.Data = []byte(e.Msg)
		if e.Code != 0 { // an application's refusal may have none
			ev.Code = e.Code
		}
	case d.err == nil && d.peer != nil:
		ev.Code, ev.Data = d.peer.code, []byte(d.peer.reason)
	case d.err == nil:
		ev.Code = ws.CodeNoStatus
	}
	return ev
}

// open makes the connection: the handshake is complete.
func (d *Driver) open() {
	c, hs := d.cfg, d.hs
	if d.version.IsHixie() {
		d.conn = hixie.NewConn(&d.out, hixie.Config{
			Version:    d.version,
			MaxMessage: hs.maxMessage,
			MaxFrame:   limit(c.MaxFrame, DefaultMaxMessage),
			Pieces:     hs.pieces,
			HoldClose:  c.HoldClose,
		})
	} else {
		d.conn = hybi.NewConn(&d.out, hybi.Config{
			Version:      d.version,
			Server:       d.server,
			MaxMessage:   hs.maxMessage,
			MaxFrame:     limit(c.MaxFrame, -1),
			MaxFragments: c.maxFragments(),
			MaxPongs:     c.maxPongs(),
			Pieces:       hs.pieces,
			Frames:       c.Frames,
			FragmentSize: max(c.FragmentSize, 0),
			HoldClose:    c.HoldClose,
			HoldPongs:    c.HoldPongs,
			Rand:         c.Rand,
			Pipeline:     d.pipeline,
		})
	}
	d.phase = phaseOpening
	d.untimed = c.PingInterval <= 0 && c.IdleTimeout <= 0 && d.pipeline == nil
	d.clock, d.running = nil, timerNone // an idle connection without limits needs no clock
	d.keepHead()
	d.hs = nil
	d.sendWaiting(hs.waiting.calls)
}

// Take returns all bytes that wait to be sent; the caller owns them. If there
// are any, spare[:0] becomes the driver's next buffer, or goes to Config.Buffers
// if that is set: the caller must no longer use it. If there are none, Take
// returns spare[:0].
func (d *Driver) Take(spare []byte) []byte { return d.out.Take(spare) }

// Buffered returns the number of bytes that wait to be taken.
func (d *Driver) Buffered() int { return d.out.Len() }
