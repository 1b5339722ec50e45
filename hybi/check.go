package hybi

import (
	"fmt"

	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/hybi/frame"
)

// CheckMessage reports why p cannot be sent as one message of kind k, whatever the
// state of the connection: ws.ErrInvalid for a kind that is neither a message nor
// a ping or pong, ws.ErrTooLong for a ping or pong of more than 125 bytes (section
// 5.5), ws.ErrInvalidUTF8 for bad text.
func CheckMessage(k ws.Kind, p []byte) error {
	op := opcodeOf(k)
	switch {
	case op == frame.Continuation:
		return fmt.Errorf("%w: sending %v", ws.ErrInvalid, k)
	case op.IsControl() && len(p) > frame.MaxControl:
		return fmt.Errorf("%w: %v of %d bytes, the limit is %d", ws.ErrTooLong, k, len(p), frame.MaxControl)
	case k == ws.Text && !isUTF8(p):
		return ws.ErrInvalidUTF8
	}
	return nil
}
