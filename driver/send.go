package driver

import (
	"bytes"
	"fmt"

	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/hixie"
	"github.com/sans-io/websocket-driver/hybi"
)

// Text sends p as a text message. It must be valid UTF-8, else the error is
// ErrInvalidUTF8. The driver keeps no reference to p.
//
// Like all sends it queues bytes for Take. Before Open the message waits and
// leaves right after it. The errors of all sends: ErrClosed after Close or the
// Close event; ErrFull beyond Config.MaxBuffered or MaxQueued; ErrState between
// the fragments of another message; ErrUnsupported; on a client an error of
// Config.Rand; an error of an extension. After an error nothing has been sent.
// Once extensions have encoded a message, an error fails the connection: they
// would lose step with the peer's. The Close event follows, with code 1011.
func (d *Driver) Text(p []byte) error { return d.send(ws.Text, p) }

// Binary sends p as a binary message. In hixie the error is ErrUnsupported; a
// message that has waited since before the version was known then ends the
// connection at Open, for it must not be lost without a word.
func (d *Driver) Binary(p []byte) error { return d.send(ws.Binary, p) }

// Ping sends a ping with up to 125 bytes of payload; beyond, the error is
// ErrTooLong. In hixie the error is ErrUnsupported.
func (d *Driver) Ping(p []byte) error { return d.send(ws.Ping, p) }

// Pong sends a pong that nobody has asked for (RFC 6455, section 5.5.3), with up
// to 125 bytes of payload. Pings are answered without it.
func (d *Driver) Pong(p []byte) error { return d.send(ws.Pong, p) }

func (d *Driver) send(k Kind, p []byte) error {
	if d.conn == nil || d.phase >= phaseEnding {
		return d.queue(p, func(c conn, p []byte) error { return c.Message(k, p) })
	}
	if most := d.cfg.MaxBuffered; most > 0 && k <= ws.Binary && d.out.Len()+len(p) > most {
		return ErrFull
	}
	return d.conn.Message(k, p)
}

// Fragment sends p as the next part of a message of kind Text or Binary, in a
// frame of its own; fin says that it is the last. Parts of a text may end inside
// a rune, the whole may not. Between the parts Ping, Pong and Close may be sent
// and nothing else.
func (d *Driver) Fragment(k Kind, p []byte, fin bool) error {
	if d.conn == nil || d.phase >= phaseEnding {
		return d.queue(p, func(c conn, p []byte) error { return c.Fragment(k, p, fin) })
	}
	if most := d.cfg.MaxBuffered; most > 0 && d.out.Len()+len(p) > most {
		return ErrFull
	}
	return d.conn.Fragment(k, p, fin)
}

// Close begins the closing handshake; the Close event comes when the peer has
// answered, and messages may come before. code is one that Code.Sendable allows,
// or CodeNoStatus for a close frame without code; other codes are
// ErrUnsupported. reason has up to 123 bytes of UTF-8. hixie-76 sends neither of
// the two; hixie-75 has no closing handshake, so the Close event comes at once.
// Further sends return ErrClosed.
func (d *Driver) Close(code Code, reason string) error {
	if d.conn == nil || d.phase >= phaseEnding {
		err := d.queue(nil, func(c conn, _ []byte) error { return c.Close(code, reason) })
		if err == nil {
			d.hs.closing = true
		}
		return err
	}
	if err := d.conn.Close(code, reason); err != nil {
		return err
	}
	d.closedHere()
	return nil
}

// errNoHandshake stands in cut for a close by this side that needs no answer.
var errNoHandshake = fmt.Errorf("websocket: closed without a closing handshake")

// closedHere makes the Close event wait if the version has no closing handshake.
func (d *Driver) closedHere() {
	if d.cut == nil && d.conn.State() == ws.StateClosed {
		d.cut = errNoHandshake
	}
}

// queue keeps a call, with a copy of p, until Open. A stand-in for the
// connection, whose output is thrown away, judges whether the call is good; as
// long as the version is not known it takes it for RFC 6455.
func (d *Driver) queue(p []byte, call func(c conn, p []byte) error) error {
	hs := d.hs
	if hs == nil || d.phase >= phaseEnding || hs.closing {
		return ErrClosed
	}
	if most := d.cfg.maxQueued(); most >= 0 {
		if len(p) > most {
			return fmt.Errorf("%w: %d bytes before Open, the limit is %d", ErrTooLong, len(p), most)
		}
		if hs.queued+len(p) > most {
			return ErrFull
		}
	}
	if hs.judge == nil {
		v := d.version
		if v == 0 {
			v = ws.Hybi13
		}
		if v.IsHixie() {
			hs.judge = hixie.NewConn(&hs.nowhere, hixie.Config{Version: v})
		} else {
			hs.judge = hybi.NewConn(&hs.nowhere, hybi.Config{Version: v, Server: true})
		}
	}
	err := call(hs.judge, p)
	hs.nowhere = ws.Queue{}
	if err != nil {
		return err
	}
	p = bytes.Clone(p)
	hs.queued += len(p)
	hs.queue = append(hs.queue, func(c conn) error { return call(c, p) })
	return nil
}

// sendQueued makes the calls that have waited for Open. One that fails after all
// (a binary message queued before the version was known to be hixie) ends the
// connection: it must not be lost without a word.
func (d *Driver) sendQueued(queue []func(conn) error) {
	for _, call := range queue {
		if err := call(d.conn); err != nil {
			d.cut = &Error{Code: ws.CodeAbnormal, Msg: fmt.Sprintf("a message sent before Open could not leave: %v", err)}
			return
		}
	}
	d.closedHere()
}
