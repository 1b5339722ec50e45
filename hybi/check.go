package hybi

import (
	"fmt"

	"github.com/sans-io/websocket-driver/driver/ws"
)

// CheckMessage reports why p cannot be sent as one message of kind k, whatever the
// state of the connection: ws.ErrInvalid for a kind that is neither a message nor
// a ping or pong, ws.ErrTooLong for a ping or pong of more than 125 bytes (section
// 5.5), ws.ErrInvalidUTF8 for bad text.
func CheckMessage(k ws.Kind, p []byte) error {
	op, ok := opcodeOf(k)
	switch {
	case !ok:
		return fmt.Errorf("%w: sending %v", ws.ErrInvalid, k)
	case op.isControl() && len(p) > maxControl:
		return fmt.Errorf("%w: %v of %d bytes, the limit is %d", ws.ErrTooLong, k, len(p), maxControl)
	case k == ws.Text:
		if tail, ok := validUTF8(p); tail > 0 || !ok {
			return ws.ErrInvalidUTF8
		}
	}
	return nil
}
