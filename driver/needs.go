package driver

import (
	"iter"
	"time"

	"github.com/sans-io/websocket-driver/driver/ws"
)

// Need is a set: what the driver needs now. See [Driver.Needs]. Until the connection
// is over exactly one of NeedInput, NeedFetch and NeedAnswer is set; NeedOutput is
// independent of them.
//
//	NeedInput  more bytes from the transport, or Tick at NextTick
//	NeedFetch  an event may be waiting: Parse(nil), which may still return None
//	NeedAnswer Start, Reject, Refuse, Detach or Respond; no input is taken until then
//	NeedOutput Take, when the previous batch has been written; reading continues meanwhile
//	NeedFinish alone: the connection is over, and all output has been taken
type Need = ws.Need

// What a driver may need.
const (
	NeedInput  Need = ws.NeedInput  // more bytes from the transport, or Tick at NextTick
	NeedFetch  Need = ws.NeedFetch  // an event may be waiting: Parse(nil), which may still return None
	NeedAnswer Need = ws.NeedAnswer // Start, Reject, Refuse, Detach or Respond; no input is taken until then
	NeedOutput Need = ws.NeedOutput // Take, when the previous batch has been written; reading continues meanwhile
	NeedFinish Need = ws.NeedFinish // alone: the connection is over, and all output has been taken
)

// Needs returns what the driver needs now. It is the one question that a loop
// asks, after any call:
//
//	switch needs := d.Needs(); {
//	case needs&driver.NeedOutput != 0: // Take, and write
//	case needs&driver.NeedFetch != 0:  // Events(nil)
//	case needs&driver.NeedInput != 0:  // read, and Events
//	case needs&driver.NeedAnswer != 0: // Start, Reject, ...
//	case needs&driver.NeedFinish != 0: // close the transport
//	}
//
// It is 0 after Detach: the transport is the caller's.
//
// NeedOutput says to take when the previous batch has been written, and to read
// meanwhile: so two peers that both send never wait for each other, and a peer that
// reads nothing cannot make the output grow. NeedFinish means that all has been
// taken, not that it has been written: write it, half-close the transport where
// that is possible, read to its end within CloseTimeout, and close it.
//
// A server needs to finish when its Close event has been fetched. So does a
// client in hixie; in hybi a client needs input until the server has closed the
// transport or CloseTimeout has passed (RFC 6455, section 7.1.1), unless the
// handshake has failed or a keep-alive ping was not answered.
func (d *Driver) Needs() Need {
	var n Need
	if d.out.Len() > 0 {
		n = NeedOutput
	}
	switch {
	case d.phase == phaseDetached:
		return 0
	case d.isFinished():
		if n == 0 {
			n = NeedFinish
		}
	case d.isPaused():
		n |= NeedAnswer
	case d.canFetch():
		n |= NeedFetch
	default:
		n |= NeedInput
	}
	return n
}

// isPaused reports whether the driver waits for a call and takes no input until
// then. The end of the transport does not change that on a server: the request
// can still be answered.
func (d *Driver) isPaused() bool {
	switch d.phase {
	case phasePaused:
		return true
	case phaseIdle, phaseRespond:
		return d.cut == cutNone
	}
	return false
}

// canFetch reports whether Parse(nil) may return an event.
func (d *Driver) canFetch() bool {
	switch d.phase {
	case phaseOpening, phaseEnding:
		return true
	case phaseEnded, phaseDetached:
		return false
	case phaseOpen:
		if d.conn.State() == ws.StateClosed {
			return true
		}
	}
	return d.cut != cutNone || d.in.len() > 0
}

// isFinished reports whether nothing more is received or sent, apart from what
// has been queued.
func (d *Driver) isFinished() bool {
	return d.phase == phaseEnded && (d.server || d.conn == nil || d.eof || d.unawaited || d.version.IsHixie())
}

// Wake is the body of an event loop. It passes in, what has been read from the
// transport, to the driver, and the end of the transport if eof is set; it calls
// Tick if that is due; and it yields all events. now is called only if a time
// limit runs, so that a connection without one costs no reading of the clock.
//
// Afterwards call Take if Needs has NeedOutput and nothing is being written,
// close the transport if it has NeedFinish, and call Wake again when there is
// input or when the time that NextTick returns has come. Parse owns in until
// Wake has returned: it unmasks in place.
func (d *Driver) Wake(in []byte, eof bool, now func() time.Time) iter.Seq[Event] {
	return func(yield func(Event) bool) {
		if eof {
			d.EOF()
		}
		for ev := range d.Events(in) {
			if !yield(ev) {
				return
			}
		}
		for {
			at, ok := d.NextTick()
			if !ok {
				return
			}
			t := now()
			if t.Before(at) {
				return
			}
			d.Tick(t)
			for ev := range d.Events(nil) {
				if !yield(ev) {
					return
				}
			}
		}
	}
}
