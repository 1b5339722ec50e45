package driver

import (
	"fmt"
	"time"

	"github.com/sans-io/websocket-driver/driver/ws"
)

// timer says which time limit runs. At most one does at any time, and which one
// follows from the state of the driver; only idle and pong are told apart by
// what has happened.
type timer uint8

const (
	timerNone      timer = iota
	timerHandshake       // the peer's part of the opening handshake
	timerIdle            // until a ping
	timerPong            // from the ping until the connection is given up
	timerClose           // the answer to a close frame; on a client, the end of the transport
)

// clock is time as Tick has told it, counted from the first Tick before
// Open and again from the first behind it.
type clock struct {
	base     time.Time
	now      time.Duration
	deadline time.Duration // of Driver.running
	rest     time.Duration // when the extensions are to let go; 0 if that is not known yet
	active   uint32        // see rest
}

// timer returns the time limit that the state of d asks for.
func (d *Driver) timer() timer {
	if d.cut != nil && d.phase < phaseEnding {
		return timerNone
	}
	var t timer
	switch d.phase {
	case phaseRequest, phaseBody, phaseResponse, phaseRespond, phaseDigest, phaseRefusal:
		t = timerHandshake
	case phaseOpening, phaseOpen:
		switch {
		case d.conn.State() != ws.StateOpen:
			t = timerClose
		case d.version.IsHixie():
			return timerNone
		case d.running == timerPong:
			t = timerPong
		default:
			t = timerIdle
		}
	case phaseEnded:
		if d.Done() {
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
	case timerIdle:
		return d.cfg.PingInterval
	case timerPong:
		return d.cfg.pongTimeout()
	case timerClose:
		return d.cfg.closeTimeout()
	}
	return 0
}

// Tick tells the driver what time it is: it starts time limits, sends keep-alive
// pings, and ends what has taken too long. A limit starts at the first Tick after
// its cause, so it is never early. Input counts as a sign of life at the next
// Tick. Ticks that go backwards are ignored.
func (d *Driver) Tick(now time.Time) {
	if d.clock == nil {
		d.clock = &clock{base: now}
	}
	c := d.clock
	t := now.Sub(c.base)
	if t < c.now {
		return
	}
	c.now = t
	d.rest()
	if d.running == timerPong && d.heard {
		d.running = timerNone
	}
	want := d.timer()
	if want != d.running || want == timerIdle && d.heard {
		d.startTimer(want)
	}
	d.heard = false
	if d.running != timerNone && t >= c.deadline {
		d.expired()
	}
}

func (d *Driver) startTimer(t timer) {
	d.running = t
	d.clock.deadline = d.clock.now + d.duration(t)
}

// expired acts on the time limit that runs.
func (d *Driver) expired() {
	late := func(format string) {
		d.cut = &Error{Code: ws.CodeAbnormal, Msg: fmt.Sprintf(format, d.duration(d.running))}
		d.pipeline.Release() // as EOF
	}
	switch d.running {
	case timerHandshake:
		late("the opening handshake took longer than %v")
	case timerIdle:
		if err := d.conn.Message(ws.Ping, nil); err != nil {
			d.cut = &Error{Code: ws.CodeAbnormal, Msg: fmt.Sprintf("no keep-alive ping: %v", err)}
			break
		}
		d.startTimer(timerPong)
		if d.duration(timerPong) > 0 {
			return
		}
	case timerPong:
		d.unawaited = true // its end of the transport will not come either
		late("no sign of life for %v after a ping")
	case timerClose:
		if d.unawaited = true; d.phase != phaseEnded {
			late("the closing handshake took longer than %v")
		}
	}
	d.running = timerNone
}

// NextTick returns when Tick should be called: the zero Time when no limit runs
// and extensions hold nothing that they should let go of when the connection is
// idle; Now when a limit waits for its start, so that Tick is due at once. Ask after
// each batch of calls; until then the clock need not be read.
func (d *Driver) NextTick() time.Time {
	c, want, resting := d.clock, d.timer(), d.pipeline.Active() > 0
	switch {
	case want != timerNone && want != d.running, resting && (c == nil || c.rest == 0):
		return ws.Now
	case want != timerNone && resting:
		return c.base.Add(min(c.deadline, c.rest))
	case want != timerNone:
		return c.base.Add(c.deadline)
	case resting:
		return c.base.Add(c.rest)
	}
	return time.Time{}
}

// restTime is how long nothing has been sent through extensions when they let
// go of what makes them faster.
const restTime = 2 * time.Second

// rest makes the extensions let go when they have not been used for restTime. It
// is not a time limit, and runs beside those.
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
