package driver

import (
	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/hybi/frame"
)

// Text sends p as a text message. It must be valid UTF-8, else the error is
// ErrInvalidUTF8. The driver keeps no reference to p.
//
// Like all sends it queues bytes for Take. Before Open the message waits and
// leaves right after it. The errors of all sends: ErrClosed after Close or the
// Close event; ErrFull while Config.MaxBuffered bytes wait, or beyond MaxQueued;
// ErrState between the fragments of another message; ErrUnsupported for what the
// version lacks; on a client an error of Config.Rand; an error of an extension.
// After an error nothing has been sent. Once extensions have encoded a message, an
// error fails the connection: they would lose step with the peer's. The Close
// event follows, with code 1011.
func (d *Driver) Text(p []byte) error { return d.send(ws.Text, p) }

// Binary sends p as a binary message. In hixie the error is ErrUnsupported; a
// message that has waited since before the version was known then ends the
// connection at Open, as it must not be dropped silently.
func (d *Driver) Binary(p []byte) error { return d.send(ws.Binary, p) }

// Ping sends a ping with up to 125 bytes of payload; the error is ErrTooLong for
// more, and ErrUnsupported in hixie.
func (d *Driver) Ping(p []byte) error { return d.send(ws.Ping, p) }

// Pong sends a pong with up to 125 bytes of payload: an unsolicited one (RFC 6455,
// section 5.5.3), or with Config.HoldPongs the answer to a ping.
func (d *Driver) Pong(p []byte) error { return d.send(ws.Pong, p) }

// canSend reports whether sends go to conn: not before Open and not after the
// Close event.
func (d *Driver) canSend() bool { return d.conn != nil && d.phase < phaseEnding }

// isFull reports whether Config.MaxBuffered bytes wait to be taken.
func (d *Driver) isFull() bool { return d.maxBuffered > 0 && d.out.Len() >= int(d.maxBuffered) }

func (d *Driver) send(k Kind, p []byte) error {
	switch {
	case !d.canSend():
		return d.wait(call{op: opMessage, kind: k, payload: p})
	case k <= ws.Binary && d.isFull():
		return ErrFull
	}
	if d.out.Buf == nil { // here, and not deeper, where a goroutine's stack might grow
		d.out.Grow(len(p) + frame.MaxHeader)
	}
	return d.conn.Message(k, p)
}

// Header is Text or Binary for a caller that writes the payload itself, so that it
// need not be copied: it queues the header of the only frame alone. The caller owes
// the transport p, right after the bytes of the next Take and before all later ones. ok
// is false, and nothing has been queued, if the payload cannot leave as it is: on a
// client, with extensions, with a FragmentSize below its length, before Open and in
// hixie. Then use Text or Binary. Config.MaxBuffered does
// not count p. The errors are those of Text and Binary.
func (d *Driver) Header(k Kind, p []byte) (ok bool, err error) {
	switch {
	case !d.canSend() || !d.server || k != ws.Text && k != ws.Binary:
		return false, nil
	case d.isFull():
		return false, ErrFull
	}
	return d.conn.Header(k, p)
}

// Fragment sends p as the next part of a message of kind Text or Binary, in a
// frame of its own; fin says that it is the last. The kind of the parts after the
// first may also be Continuation, which is ErrState for the first. Parts of a text
// may end inside a rune, the whole may not. Between the parts only Ping, Pong and Close may be
// sent. If Close is sent in between, the peer drops the parts, except in hixie-76:
// there the text ends with them, and the peer takes it for whole.
func (d *Driver) Fragment(k Kind, p []byte, fin bool) error {
	switch {
	case !d.canSend():
		return d.wait(call{op: opFragment, kind: k, payload: p, fin: fin})
	case d.isFull() && len(p) > 0: // what only ends a message passes
		return ErrFull
	}
	return d.conn.Fragment(k, p, fin)
}

// Close begins the closing handshake; the Close event comes when the peer has
// answered, and messages may come before. After a PeerClose event it is the
// answer, and the Close event follows at once. code is one that Code.Sendable
// allows, or CodeNoStatus for a close frame without code; other codes are
// ErrInvalid, and those that only the version lacks ErrUnsupported. reason has up
// to 123 bytes of UTF-8. hixie-76 sends neither of the two; hixie-75 has no closing
// handshake, so the Close event follows at once. Further sends return ErrClosed.
//
// In the middle of a message sent by Fragment Close breaks it off (RFC 6455,
// section 5.5.1): the peer gets no part of it, or drops what it got, except in
// hixie-76, see Fragment.
func (d *Driver) Close(code Code, reason string) error {
	if !d.canSend() {
		return d.wait(call{op: opClose, code: code, payload: []byte(reason)})
	}
	if err := d.conn.Close(code, reason); err != nil {
		return err
	}
	d.closedHere()
	return nil
}

// answerClose answers the peer's close frame with its own code.
func (d *Driver) answerClose() {
	_ = d.conn.Close(d.peer.code, "") // without a masking key the connection ends without the answer
	d.end(nil)
}

// closedHere makes the Close event wait if this side's close completes the
// closing handshake, or if the version has none.
func (d *Driver) closedHere() {
	switch {
	case d.phase == phasePeerClosed:
		d.end(nil)
	case d.cut == cutNone && d.conn.State() == ws.StateClosed:
		d.cut = cutQuiet
	}
}
