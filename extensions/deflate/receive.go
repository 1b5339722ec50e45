package deflate

import (
	"errors"

	"github.com/sans-io/websocket-driver/driver/ws"
)

// receiver decompresses messages. Between messages it holds the window under context
// takeover, and nothing otherwise.
type receiver struct {
	inflater inflater
	window   window
	inside   bool // within a message
	begun    bool // a byte of the message has been received
}

func newReceiver(peer side) receiver {
	return receiver{window: newWindow(int(peer.bits), peer.takeover)}
}

// errTruncated is the error for an incomplete message.
var errTruncated = errors.New("ends within a block")

// Decode implements [extensions.Session] (RFC 7692, section 7.2.2). It does not append the
// 4 bytes that the sender removed, but checks whether they would complete the message. So
// they cannot become text.
func (r *receiver) Decode(dst, src []byte, fin bool) (nd, ns int, err error) {
	if !r.inside {
		r.inflater.reset(&r.window)
		r.inside, r.begun = true, false
	}
	r.begun = r.begun || len(src) > 0
	nd, ns, err = r.inflater.push(dst, src)
	if err == nil && fin && ns == len(src) && nd < len(dst) {
		if !r.whole() {
			err = errTruncated
		}
		r.inside = false
		r.inflater.release()
	}
	if err != nil {
		err = &ws.Error{Code: ws.CodeInvalidPayload, Msg: "compressed message: " + err.Error()}
	}
	return nd, ns, err
}

// whole reports whether the message may end here: after the header of an empty block
// without compression, whose other bytes the sender removed. It also accepts, beyond RFC
// 7692, a message that has kept them, one that ends with a final block, and one without
// any bytes.
func (r *receiver) whole() bool {
	z := &r.inflater
	return z.awaitsLength() || z.flushed() || z.afterFinal() || !r.begun
}

// awaitsLength reports whether the input so far ends with the header of a stored
// block.
func (z *inflater) awaitsLength() bool {
	return z.state == atStored && z.n == 0 && z.skip == 0 && z.err == nil
}
