package deflate

import (
	"errors"

	"github.com/sans-io/websocket-driver/driver/ws"
)

// receiver decompresses. Between messages it holds the window under context
// takeover, and nothing without.
type receiver struct {
	inflater inflater
	window   window
	inside   bool // a message is under way
	begun    bool // a byte of it has come
}

func newReceiver(peer side) receiver {
	return receiver{window: newWindow(int(peer.bits), peer.takeover)}
}

// errTruncated is what is wrong with a message that ends too soon.
var errTruncated = errors.New("ends inside a block")

// Decode implements [extensions.Session] (RFC 7692, section 7.2.2). It does not
// put the 4 bytes behind the message that the sender has taken away, but checks
// whether they would complete it: so they can not end up as text.
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

// whole reports whether the message may end here: behind the header of an empty
// block without compression, whose other bytes the sender has taken away. Also
// good, though not what RFC 7692 asks for, is a message that has kept them, one
// that ends with a final block, and one of no bytes at all.
func (r *receiver) whole() bool {
	z := &r.inflater
	return z.awaitsLength() || z.flushed() || z.afterFinal() || !r.begun
}

// awaitsLength reports whether the input so far ends with the header of a stored
// block.
func (z *inflater) awaitsLength() bool {
	return z.state == atStored && z.n == 0 && z.skip == 0 && z.err == nil
}
