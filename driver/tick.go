package driver

import (
	"time"

	"github.com/sans-io/websocket-driver/driver/ws"
)

// timer says which time limit runs. At most one does at any time, and which one
// follows from the state of the driver; only ping and pong are told apart by what
// has happened. Config.IdleTimeout and the release of extensions run beside it.
type timer uint8

const (
	timerNone      timer = iota
	timerHandshake       // the peer's part of the opening handshake
	timerRefusal         // the body of a refusal
	timerPing            // until a keep-alive ping
	timerPong            // from the ping until the connection is ended
	timerClose           // the peer's answer to a close frame, or ours; on a client, the end of the transport
)

// refusalTime is how long a client waits for the rest of a refusal's body, of
// which it only shows an excerpt.
const refusalTime = time.Second

// clock is time as Tick has told it, counted from the first Tick before Open and
// again from the first Tick after Open.
type clock struct {
	base     time.Time
	now      time.Duration
	deadline time.Duration // of Driver.running
	idle     time.Duration // when Config.IdleTimeout will have passed; 0 if that is not known yet
	rest     time.Duration // when the extensions are to release memory; 0 if that is not known yet
	active   uint32        // see rest
}

// timer returns the time limit that the state of d asks for.
func (d *Driver) timer() timer {
	if d.cut != cutNone && d.phase < phaseEnding {
		return timerNone
	}
	var t timer
	switch d.phase {
	case phaseRequest, phaseBody, phaseResponse, phaseRespond, phaseDigest:
		t = timerHandshake
	case phaseRefusal:
		t = timerRefusal
	case phaseOpening, phaseOpen:
		switch {
		case d.conn.State() != ws.StateOpen:
			t = timerClose
		case d.version.IsHixie():
			return timerNone
		case d.running == timerPong:
			t = timerPong
		default:
			t = timerPing
		}
	case phasePeerClosed:
		t = timerClose
	case phaseEnded:
		if d.isFinished() {
			return timerNone
		}
		t = timerClose
	}
	if d.duration(t) <= 0 {
		return timerNone
	}
	return t
}

func (d *Driver) duration(t timer) time.Duration {
	switch t {
	case timerHandshake:
		return d.cfg.handshakeTimeout()
	case timerRefusal:
		if limit := d.cfg.handshakeTimeout(); limit > 0 {
			return min(limit, refusalTime)
		}
		return refusalTime
	case timerPing:
		return d.cfg.PingInterval
	case timerPong:
		return d.cfg.pongTimeout()
	case timerClose:
		return d.cfg.closeTimeout()
	}
	return 0
}

// watchesIdle reports whether Config.IdleTimeout runs.
func (d *Driver) watchesIdle() bool {
	return d.cfg.IdleTimeout > 0 && d.cut == cutNone &&
		(d.phase == phaseOpen || d.phase == phaseOpening) && d.conn.State() == ws.StateOpen
}

// Tick tells the driver what time it is: it starts time limits, sends keep-alive
// pings, and ends what has taken too long. It reports whether it has ended the
// connection: then a Close event waits, or a client no longer waits for the
// server to close the transport.
//
// A limit starts at the first Tick after its cause, so it is never early. Input
// counts as a sign of life at the next Tick. Ticks that go backwards are ignored.
func (d *Driver) Tick(now time.Time) (ended bool) {
	if d.clock == nil {
		d.clock = &clock{base: now}
	}
	c := d.clock
	t := now.Sub(c.base)
	if t < c.now {
		return false
	}
	c.now = t
	d.rest()
	if d.running == timerPong && d.heard {
		d.running = timerNone
	}
	want := d.timer()
	if want != d.running || want == timerPing && d.heard {
		d.startTimer(want)
	}
	heard := d.heard
	d.heard = false
	if d.running != timerNone && t >= c.deadline {
		ended = d.expired()
	}
	return d.idle(heard) || ended
}

func (d *Driver) startTimer(t timer) {
	d.running = t
	d.clock.deadline = d.clock.now + d.duration(t)
}

// expired acts on the time limit that has passed, and reports whether that ends
// the connection.
func (d *Driver) expired() bool {
	limit := d.running
	d.running = timerNone
	switch limit {
	case timerHandshake:
		d.fail("the opening handshake took longer than %v", d.duration(limit))
	case timerRefusal:
		d.fail("the refusal took longer than %v", d.duration(limit)) // endCut prefers the refusal
	case timerPing:
		if err := d.conn.Message(ws.Ping, nil); err != nil {
			d.fail("no keep-alive ping: %v", err)
			break
		}
		if d.duration(timerPong) > 0 {
			d.startTimer(timerPong)
		}
		return false
	case timerPong:
		d.unawaited = true // it will not close the transport either
		d.fail("no sign of life for %v after a ping", d.duration(limit))
	case timerClose:
		switch d.phase {
		case phasePeerClosed:
			d.answerClose()
		case phaseEnded:
			d.unawaited = true
		default:
			d.unawaited = true
			d.fail("the closing handshake took longer than %v", d.duration(limit))
		}
	}
	return true
}

// idle keeps Config.IdleTimeout, and reports whether it has ended the connection.
// heard says that there has been input since the last Tick.
func (d *Driver) idle(heard bool) bool {
	c := d.clock
	switch {
	case !d.watchesIdle():
		c.idle = 0
	case heard || c.idle == 0:
		c.idle = c.now + d.cfg.IdleTimeout
	case c.now >= c.idle:
		_ = d.conn.Close(ws.CodeGoingAway, "") // without a masking key the connection ends without a close frame
		d.unawaited = true
		d.fail("no input for %v", d.cfg.IdleTimeout)
		return true
	}
	return false
}

// NextTick returns when Tick should be called. ok is false when nothing runs: no
// time limit, and no extension holds memory that it should release while the
// connection rests. When a limit waits for its start, at is a time that has
// passed, the zero Time: call Tick at once. Ask after each batch of calls; until
// then the clock need not be read.
func (d *Driver) NextTick() (at time.Time, ok bool) {
	if d.untimed && d.phase == phaseOpen && d.cut == cutNone && d.conn.State() == ws.StateOpen {
		return time.Time{}, false
	}
	c, want, resting, watching := d.clock, d.timer(), d.pipeline.Active() > 0, d.watchesIdle()
	switch {
	case want == timerNone && !resting && !watching:
		return time.Time{}, false
	case want != timerNone && want != d.running,
		resting && (c == nil || c.rest == 0),
		watching && (c == nil || c.idle == 0):
		return time.Time{}, true
	}
	next := time.Duration(1<<63 - 1)
	if want != timerNone {
		next = c.deadline
	}
	if resting {
		next = min(next, c.rest)
	}
	if watching {
		next = min(next, c.idle)
	}
	return c.base.Add(next), true
}

// restTime is how long nothing has been sent through extensions when they
// release what makes them faster.
const restTime = 2 * time.Second

// rest makes the extensions release memory when they have not been used for
// restTime.
func (d *Driver) rest() {
	c, active := d.clock, d.pipeline.Active()
	switch {
	case active == 0:
		c.rest = 0
	case c.rest == 0 || active != c.active:
		c.rest, c.active = c.now+restTime, active
	case c.now >= c.rest:
		d.pipeline.Release()
		c.rest = 0
	}
}
