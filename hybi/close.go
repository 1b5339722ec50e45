package hybi

import (
	"encoding/binary"
	"fmt"

	"github.com/sans-io/websocket-driver/driver/ws"
)

// maxReason is what a close frame has room for behind the code (section 5.5).
const maxReason = maxControl - 2

// fail is the one place where the connection is failed (section 7.1.7): it
// remembers the first violation, queues a close frame if none has been sent,
// and ends the connection.
func (c *Conn) fail(code ws.Code, format string, args ...any) {
	code = failCode(c.version, code)
	c.err = &ws.Error{Code: code, Msg: fmt.Sprintf(format, args...)}
	if c.state == ws.StateOpen {
		// Without a masking key the connection ends without a close frame.
		_ = c.closeFrame(code, clip(c.err.Msg))
	}
	c.state = ws.StateClosed
	c.buf = nil
}

// closeEvent is the Close event of a connection that has failed, and None when
// that has been delivered.
func (c *Conn) closeEvent() ws.Event {
	if c.err == nil || c.told {
		return ws.Event{}
	}
	c.told = true
	return ws.Event{Kind: ws.Close, Code: c.err.Code, Data: []byte(clip(c.err.Msg))}
}

// mayStand reports whether code may stand in a close frame. The lists differ:
// hybi-7 and hybi-8 end at 1004, "too large", which RFC 6455 has taken back; 1007
// came with draft 10, whose version is 8.
func mayStand(v ws.Version, code ws.Code) bool {
	if v == ws.Hybi13 {
		return code.Sendable()
	}
	return code >= ws.CodeNormal && code <= ws.CodeFrameTooLarge ||
		code == ws.CodeInvalidPayload && v == ws.Hybi8 ||
		code >= 3000 && code <= 4999
}

// failCode is the code that says in version v what code says in RFC 6455.
func failCode(v ws.Version, code ws.Code) ws.Code {
	switch {
	case v == ws.Hybi13, code <= ws.CodeUnsupportedData:
		return code
	case code == ws.CodeMessageTooBig:
		return ws.CodeFrameTooLarge
	}
	return ws.CodeProtocolError
}

// clip cuts an error text of ours to what a close frame has room for.
func clip(reason string) string {
	if len(reason) <= maxReason {
		return reason
	}
	tail, _ := validUTF8([]byte(reason[:maxReason]))
	return reason[:maxReason-tail]
}

// Close begins the closing handshake (section 7.1.2), in the middle of a
// message if one is under way. CodeNoStatus sends a close frame without a
// body.
func (c *Conn) Close(code ws.Code, reason string) error {
	if c.state != ws.StateOpen {
		return ws.ErrClosed
	}
	if err := CheckClose(c.version, code, reason); err != nil {
		return err
	}
	if err := c.closeFrame(code, reason); err != nil {
		return err
	}
	c.state = ws.StateClosing
	return nil
}

// CheckClose reports whether a close frame may hold code and reason.
func CheckClose(v ws.Version, code ws.Code, reason string) error {
	switch {
	case code == ws.CodeNoStatus && reason != "":
		return fmt.Errorf("%w: a reason without a close code", ws.ErrUnsupported)
	case code != ws.CodeNoStatus && !mayStand(v, code):
		return fmt.Errorf("%w: close code %v in %v", ws.ErrUnsupported, code, v)
	case len(reason) > maxReason:
		return fmt.Errorf("%w: close reason of %d bytes, the limit is %d", ws.ErrTooLong, len(reason), maxReason)
	}
	if tail, ok := validUTF8([]byte(reason)); tail > 0 || !ok {
		return fmt.Errorf("%w: close reason", ws.ErrInvalidUTF8)
	}
	return nil
}

func (c *Conn) closeFrame(code ws.Code, reason string) error {
	body := make([]byte, 0, maxControl)
	if code != ws.CodeNoStatus {
		body = binary.BigEndian.AppendUint16(body, uint16(code))
		body = append(body, reason...)
	}
	return c.frame(finBit|byte(opClose), body)
}

// peerClosed deals with the peer's close frame (section 5.5.1): it is answered
// with the same code unless it is an answer itself, and the connection is over.
func (c *Conn) peerClosed(body []byte) ws.Event {
	code, reason := ws.CodeNoStatus, body
	switch {
	case len(body) == 1:
		c.fail(ws.CodeProtocolError, "close frame with a body of 1 byte")
	case len(body) >= 2:
		code, reason = ws.Code(binary.BigEndian.Uint16(body)), body[2:]
		if !mayStand(c.version, code) { // section 7.4
			c.fail(ws.CodeProtocolError, "close code %d may not be sent", code)
		} else if tail, ok := validUTF8(reason); tail > 0 || !ok { // section 5.5.1
			c.fail(ws.CodeInvalidPayload, "close reason is not valid UTF-8")
		}
	}
	if c.err != nil {
		return ws.Event{}
	}
	if c.state == ws.StateOpen {
		_ = c.closeFrame(code, "") // a lost masking key does not undo the peer's close
	}
	c.state = ws.StateClosed
	return ws.Event{Kind: ws.Close, Code: code, Data: reason}
}
