package hixie

import (
	"fmt"
	"unicode/utf8"

	"github.com/sans-io/websocket-driver/driver/ws"
)

// CheckMessage reports why p cannot be sent as one message of kind k, whatever the
// state of the connection: ws.ErrUnsupported for any kind but Text,
// ws.ErrInvalidUTF8 for bad text.
func CheckMessage(k ws.Kind, p []byte) error {
	switch {
	case k != ws.Text:
		return fmt.Errorf("%w: %v in hixie", ws.ErrUnsupported, k)
	case !utf8.Valid(p):
		return ws.ErrInvalidUTF8
	}
	return nil
}

// Message queues one text message; p is copied. The errors are ws.ErrClosed
// after Close, ws.ErrState between the fragments of another message, and those of
// CheckMessage.
func (c *Conn) Message(k ws.Kind, p []byte) error {
	switch {
	case !c.state.CanSend():
		return ws.ErrClosed
	case c.sending && k == ws.Text:
		return errFragments
	}
	if err := CheckMessage(k, p); err != nil {
		return err
	}
	c.out.Grow(len(p) + 2)
	c.out.Buf = AppendText(c.out.Buf, p)
	return nil
}

// errFragments is the error of a send between the fragments of a message.
var errFragments = fmt.Errorf("%w: the message sent by Fragment has not ended", ws.ErrState)

// Prepared queues a text message that [AppendText] has encoded, which is not
// checked; frame is copied. The errors are ws.ErrClosed and ws.ErrState, as
// for Message.
func (c *Conn) Prepared(frame []byte) error {
	switch {
	case !c.state.CanSend():
		return ws.ErrClosed
	case c.sending:
		return errFragments
	}
	c.out.Grow(len(frame))
	c.out.Buf = append(c.out.Buf, frame...)
	return nil
}

// Fragment queues a part of a text message; fin says that it is the last one. The
// kind of the parts after the first may be Continuation. p is copied. Characters may be cut between fragments: the start of one, up
// to 3 bytes, is held back until the next fragment completes it.
//
// The errors are those of Message; what was sent of the message before stays,
// and the fragment may be tried again.
func (c *Conn) Fragment(k ws.Kind, p []byte, fin bool) error {
	switch {
	case !c.state.CanSend():
		return ws.ErrClosed
	case k == ws.Continuation && !c.sending:
		return ws.ErrNoMessage
	case k != ws.Text && k != ws.Continuation:
		return fmt.Errorf("%w: %v in hixie", ws.ErrUnsupported, k)
	}
	var first [utf8.UTFMax]byte // the character that was held back
	n, state := copy(first[:], c.held[:c.nheld]), whole
	if n > 0 {
		state = short
	}
	for state == short && len(p) > 0 {
		first[n], p = p[0], p[1:]
		n++
		_, state = scan(first[:n])
	}
	rest := unfinished(p)
	body := p[:len(p)-rest]
	if state == bad || !utf8.Valid(body) || fin && (state == short || rest > 0) {
		return ws.ErrInvalidUTF8
	}

	b := c.out.Buf
	if !c.sending {
		b = append(b, typeText)
	}
	if state == short {
		c.nheld = uint8(copy(c.held[:], first[:n]))
	} else {
		b = append(b, first[:n]...)
		b = append(b, body...)
		c.nheld = uint8(copy(c.held[:], p[len(body):]))
	}
	if fin {
		b = append(b, endText)
	}
	c.out.Buf = b
	c.sending = !fin
	return nil
}

// Close begins the closing handshake, or answers the peer's. Neither code nor
// reason can be sent.
//
// In draft-76 FF 00 is queued and the state is StateClosing until the peer
// answers, StateClosed if it has closed before; a message that Fragment has begun
// is ended first, without the character that was held back, and the peer takes it
// for whole. In draft-75 the state is StateClosed at once, Parse reports no Close
// event, and such a message stays without its end, so that the peer does not take
// it for whole. After Close or the Close event the error is ws.ErrClosed.
func (c *Conn) Close(ws.Code, string) error {
	if !c.state.CanSend() {
		return ws.ErrClosed
	}
	answers := c.state == ws.StatePeerClosed
	c.sendClosing()
	c.state = ws.StateClosing
	if answers || c.version == ws.Hixie75 {
		c.state = ws.StateClosed
		c.buf = nil
	}
	return nil
}

// sendClosing queues FF 00 if the version has it and it has not been sent before
// (draft-76, section 4.3).
func (c *Conn) sendClosing() {
	if c.version != ws.Hixie76 || !c.state.CanSend() {
		return
	}
	if c.sending {
		c.out.Buf = append(c.out.Buf, endText)
		c.sending = false
	}
	c.out.Buf = appendClosing(c.out.Buf)
}
