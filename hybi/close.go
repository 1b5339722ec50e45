package hybi

import (
	"encoding/binary"
	"fmt"

	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/hybi/frame"
)

// maxReason is the longest reason, in bytes, that fits in a close frame after
// the code (section 5.5).
const maxReason = frame.MaxControl - 2

// fail is the one place where the connection is failed (section 7.1.7): it
// keeps the violation, queues a close frame if none has been sent, and ends the
// connection. The Close event follows.
//
// buf is released with that event and not here: the last event's Data may lie
// in it.
func (c *Conn) fail(code ws.Code, format string, args ...any) {
	code = codeIn(c.version, code)
	c.err = &ws.Error{Code: code, Msg: fmt.Sprintf(format, args...)}
	if c.state.CanSend() {
		// Without a masking key the connection ends without a close frame.
		_ = c.sendClose(code, truncateReason(c.err.Msg))
	}
	c.state, c.phase = ws.StateClosed, phaseFailed
}

// failedEvent returns the Close event of a connection that has failed.
func (c *Conn) failedEvent() ws.Event {
	return ws.Event{Kind: ws.Close, Code: c.err.Code, Data: []byte(truncateReason(c.err.Msg))}
}

// validCode reports whether code may appear in a close frame (section 7.4). The
// drafts differ: hybi-7 and hybi-8 end at 1004, "too large", which RFC 6455
// reserves; 1007 appeared in draft 10, whose version is 8.
func validCode(v ws.Version, code ws.Code) bool {
	if v == ws.Hybi13 {
		return code.Sendable()
	}
	return code >= ws.CodeNormal && code <= ws.CodeFrameTooLarge ||
		code == ws.CodeInvalidPayload && v == ws.Hybi8 ||
		code >= 3000 && code <= 4999
}

// codeIn returns the code that means in version v what code means in RFC 6455.
func codeIn(v ws.Version, code ws.Code) ws.Code {
	switch {
	case v == ws.Hybi13, code <= ws.CodeUnsupportedData:
		return code
	case code == ws.CodeMessageTooBig:
		return ws.CodeFrameTooLarge
	}
	return ws.CodeProtocolError
}

// truncateReason truncates an error text of this package to maxReason bytes,
// between two runes.
func truncateReason(reason string) string {
	if len(reason) <= maxReason {
		return reason
	}
	tail, _ := validUTF8([]byte(reason[:maxReason]))
	return reason[:maxReason-tail]
}

// Close starts the closing handshake (section 7.1.2), or ends it if the peer's
// close frame is held: the state is then StateClosed, and no event follows. It
// is allowed in the middle of a message. CodeNoStatus sends a close frame
// without a body.
//
// The errors are ws.ErrClosed, those of CheckClose, and on a client an error of
// Config.Rand. After an error nothing has been sent.
func (c *Conn) Close(code ws.Code, reason string) error {
	if !c.state.CanSend() {
		return ws.ErrClosed
	}
	if err := CheckClose(c.version, code, reason); err != nil {
		return err
	}
	if err := c.sendClose(code, reason); err != nil {
		return err
	}
	if c.state == ws.StatePeerClosed {
		c.state, c.phase = ws.StateClosed, phaseClosed
	} else {
		c.state = ws.StateClosing
	}
	return nil
}

// CheckClose reports why a close frame of version v cannot hold code and reason:
// ws.ErrInvalid for a code that no version may send (section 7.4) and for a reason
// without a code, ws.ErrUnsupported for a code that v lacks, ws.ErrTooLong for a
// reason of more than 123 bytes, ws.ErrInvalidUTF8 for one that is not UTF-8.
func CheckClose(v ws.Version, code ws.Code, reason string) error {
	switch {
	case code == ws.CodeNoStatus && reason != "":
		return fmt.Errorf("%w: a reason without a close code", ws.ErrInvalid)
	case code != ws.CodeNoStatus && !validCode(v, code):
		err := ws.ErrInvalid
		if validCode(ws.Hybi13, code) || validCode(ws.Hybi8, code) {
			err = ws.ErrUnsupported
		}
		return fmt.Errorf("%w: close code %v in %v", err, code, v)
	case len(reason) > maxReason:
		return fmt.Errorf("%w: close reason of %d bytes, the limit is %d", ws.ErrTooLong, len(reason), maxReason)
	case !isUTF8([]byte(reason)):
		return fmt.Errorf("%w: close reason", ws.ErrInvalidUTF8)
	}
	return nil
}

// sendClose queues a close frame.
func (c *Conn) sendClose(code ws.Code, reason string) error {
	body := make([]byte, 0, frame.MaxControl)
	if code != ws.CodeNoStatus {
		body = binary.BigEndian.AppendUint16(body, uint16(code))
		body = append(body, reason...)
	}
	return c.sendFrame(frame.FinBit|byte(frame.Close), body)
}

// peerClosed handles the peer's close frame (section 5.5.1). Unless it answers
// ours it is answered with the same code, or held. Nothing is received after it.
func (c *Conn) peerClosed(body []byte) ws.Event {
	code, reason := ws.CodeNoStatus, body
	switch {
	case len(body) == 1:
		c.fail(ws.CodeProtocolError, "close frame with a body of 1 byte")
	case len(body) >= 2:
		code, reason = ws.Code(binary.BigEndian.Uint16(body)), body[2:]
		if !validCode(c.version, code) { // section 7.4
			c.fail(ws.CodeProtocolError, "close code %d may not be sent", code)
		} else if !isUTF8(reason) { // section 5.5.1
			c.fail(ws.CodeInvalidPayload, "close reason is not valid UTF-8")
		}
	}
	if c.phase == phaseFailed {
		return ws.Event{}
	}
	c.Release()
	if c.holdClose && c.state == ws.StateOpen {
		c.state, c.phase = ws.StatePeerClosed, phaseDiscard
		return ws.Event{Kind: ws.PeerClose, Code: code, Data: reason}
	}
	if c.state == ws.StateOpen {
		_ = c.sendClose(code, "") // a missing masking key does not undo the peer's close
	}
	c.state, c.phase = ws.StateClosed, phaseClosed
	return ws.Event{Kind: ws.Close, Code: code, Data: reason}
}
