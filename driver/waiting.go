package driver

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/hixie"
	"github.com/sans-io/websocket-driver/hybi"
)

// A call is a send that waits for Open.
type call struct {
	op      callOp
	kind    Kind   // of a message or fragment
	fin     bool   // of a fragment
	code    Code   // of a close
	payload []byte // the reason, of a close
}

type callOp uint8

const (
	opMessage callOp = iota
	opFragment
	opClose
)

// make makes the call on an open connection.
func (c *call) make(conn conn) error {
	switch c.op {
	case opMessage:
		return conn.Message(c.kind, c.payload)
	case opFragment:
		return conn.Fragment(c.kind, c.payload, c.fin)
	}
	return conn.Close(c.code, string(c.payload))
}

// waiting holds the sends that wait for Open, in order. They are checked at once:
// a call returns the error that it would return after Open.
type waiting struct {
	calls  []call
	size   int  // bytes of payload
	closed bool // a close is among them

	// The message that Fragment has begun: its kind, None between messages, and
	// the bytes of a rune that the next fragment continues.
	kind ws.Kind
	rune []byte
}

// wait keeps a send until Open.
func (d *Driver) wait(c call) error {
	if d.hs == nil || d.phase >= phaseEnding {
		return ErrClosed
	}
	w := &d.hs.waiting
	if most := d.cfg.maxQueued(); most >= 0 {
		if n := len(c.payload); n > most {
			return fmt.Errorf("%w: %d bytes before Open, the limit is %d", ErrTooLong, n, most)
		}
		if w.size+len(c.payload) > most {
			return ErrFull
		}
	}
	v := d.version
	if v == 0 { // not known yet
		v = ws.Hybi13
	}
	if err := w.check(v, &c); err != nil {
		return err
	}
	c.payload = bytes.Clone(c.payload)
	w.size += len(c.payload)
	w.calls = append(w.calls, c)
	return nil
}

// check returns the error of a call in version v, and notes what later calls
// depend on.
func (w *waiting) check(v Version, c *call) error {
	switch {
	case w.closed:
		return ErrClosed
	case c.op == opClose:
		if !v.IsHixie() {
			if err := hybi.CheckClose(v, c.code, string(c.payload)); err != nil {
				return err
			}
		}
		w.closed = true
		return nil
	case c.op == opFragment:
		return w.checkFragment(v, c)
	case w.kind != ws.None && c.kind <= ws.Binary:
		return fmt.Errorf("%w: the message sent by Fragment has not ended", ErrState)
	}
	return checkMessage(v, c.kind, c.payload)
}

// checkMessage reports why p cannot be sent as one message of kind k in version v.
func checkMessage(v Version, k Kind, p []byte) error {
	if v.IsHixie() {
		return hixie.CheckMessage(k, p)
	}
	return hybi.CheckMessage(k, p)
}

// checkFragment is check for a fragment.
func (w *waiting) checkFragment(v Version, c *call) error {
	if c.kind == ws.Continuation && w.kind != ws.None {
		c.kind = w.kind
	}
	switch {
	case c.kind == ws.Continuation:
		return ws.ErrNoMessage
	case c.kind != ws.Text && c.kind != ws.Binary:
		return fmt.Errorf("%w: %v in fragments", ErrInvalid, c.kind)
	case w.kind != ws.None && w.kind != c.kind:
		return fmt.Errorf("%w: the message sent by Fragment has not ended", ErrState)
	case c.kind == ws.Binary:
		if err := checkMessage(v, c.kind, nil); err != nil {
			return err
		}
	default:
		text := append(bytes.Clone(w.rune), c.payload...)
		whole := len(text) - unfinished(text)
		if !utf8.Valid(text[:whole]) || c.fin && whole < len(text) {
			return ErrInvalidUTF8
		}
		w.rune = text[whole:]
	}
	w.kind = c.kind
	if c.fin {
		w.kind = ws.None
	}
	return nil
}

// unfinished returns how many bytes at the end of p begin a rune that is not
// complete.
func unfinished(p []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(p); n++ {
		if end := p[len(p)-n:]; utf8.RuneStart(end[0]) {
			if utf8.FullRune(end) {
				return 0
			}
			return n
		}
	}
	return 0
}

// sendWaiting makes the calls that have waited for Open. One that fails after all
// (a binary message sent before the version was known to be hixie) ends the
// connection: it must not be dropped silently.
func (d *Driver) sendWaiting(calls []call) {
	for i := range calls {
		if err := calls[i].make(d.conn); err != nil {
			d.fail("a message sent before Open could not leave: %v", err)
			return
		}
	}
	d.closedHere()
}
