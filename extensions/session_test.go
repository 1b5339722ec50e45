package extensions

import (
	"errors"
	"fmt"

	"github.com/sans-io/websocket-driver/driver/ws"
)

// xor is a session that changes each byte with a running key, which restarts with
// each message.
type xor struct{ send, recv byte }

func (x *xor) Begin(ws.Kind, int) bool { return true }

func (x *xor) Encode(dst, src []byte, fin bool) ([]byte, error) {
	for _, b := range src {
		x.send++
		dst = append(dst, b^x.send)
	}
	if fin {
		x.send = 0
	}
	return dst, nil
}

func (x *xor) Decode(dst, src []byte, fin bool) (nd, ns int, err error) {
	for ns < len(src) && nd < len(dst) {
		x.recv++
		dst[nd] = src[ns] ^ x.recv
		nd, ns = nd+1, ns+1
	}
	if fin && ns == len(src) && nd < len(dst) {
		x.recv = 0
	}
	return nd, ns, nil
}

// rle is a session that sends runs as count and byte. It holds back the last run until
// the next byte or the end of the message.
type rle struct {
	min   int // shorter messages are not changed
	run   int
	last  byte
	todo  int  // decode: bytes of the run to be written
	val   byte // decode: the byte of the run
	count byte // decode: a count without its byte
	begun []string
}

func (r *rle) Begin(k ws.Kind, size int) bool {
	r.begun = append(r.begun, fmt.Sprint(k, size))
	return size < 0 || size >= r.min
}

func (r *rle) Encode(dst, src []byte, fin bool) ([]byte, error) {
	for _, b := range src {
		if r.run > 0 && (b != r.last || r.run == 255) {
			dst = append(dst, byte(r.run), r.last)
			r.run = 0
		}
		r.run, r.last = r.run+1, b
	}
	if fin && r.run > 0 {
		dst = append(dst, byte(r.run), r.last)
		r.run = 0
	}
	return dst, nil
}

func (r *rle) Decode(dst, src []byte, fin bool) (nd, ns int, err error) {
	for nd < len(dst) {
		switch {
		case r.todo > 0:
			dst[nd] = r.val
			nd++
			r.todo--
		case ns == len(src):
			if fin && r.count != 0 {
				return nd, ns, errors.New("half a run")
			}
			return nd, ns, nil
		case r.count == 0:
			if r.count = src[ns]; r.count == 0 {
				return nd, ns, &ws.Error{Code: ws.CodePolicyViolation, Msg: "run of length 0"}
			}
			ns++
		default:
			r.todo, r.val, r.count = int(r.count), src[ns], 0
			ns++
		}
	}
	return nd, ns, nil
}

// reverse is a session that reverses a message, so it writes nothing before the end.
type reverse struct{ send, recv []byte }

func (r *reverse) Begin(k ws.Kind, size int) bool { return k == ws.Text }

func (r *reverse) Encode(dst, src []byte, fin bool) ([]byte, error) {
	r.send = append(r.send, src...)
	if fin {
		for i := range r.send {
			dst = append(dst, r.send[len(r.send)-1-i])
		}
		r.send = nil
	}
	return dst, nil
}

func (r *reverse) Decode(dst, src []byte, fin bool) (nd, ns int, err error) {
	r.recv = append(r.recv, src...)
	for fin && nd < len(dst) && len(r.recv) > 0 {
		dst[nd] = r.recv[len(r.recv)-1]
		r.recv = r.recv[:len(r.recv)-1]
		nd++
	}
	return nd, len(src), nil
}

// strict wraps a session and panics if the pipeline breaks the contract of
// Decode: new input only after everything has been written.
type strict struct {
	Session
	rest    int  // bytes of the last src that have not been read
	undone  bool // the last call left input unread or filled dst
	lastFin bool
}

func (s *strict) Decode(dst, src []byte, fin bool) (nd, ns int, err error) {
	switch {
	case len(dst) == 0:
		panic("dst is empty")
	case s.undone && (len(src) != s.rest || fin != s.lastFin):
		panic(fmt.Sprintf("got %d bytes, fin %v, while %d, fin %v are left", len(src), fin, s.rest, s.lastFin))
	}
	nd, ns, err = s.Session.Decode(dst, src, fin)
	s.rest, s.lastFin = len(src)-ns, fin
	s.undone = ns < len(src) || nd == len(dst)
	return nd, ns, err
}

// broken is a session that breaks its contract or fails.
type broken struct {
	Session
	nd, ns int
	err    error
}

func (b broken) Encode(dst, src []byte, fin bool) ([]byte, error) {
	return append(dst, "half"...), b.err
}
func (b broken) Decode(dst, src []byte, fin bool) (nd, ns int, err error) { return b.nd, b.ns, b.err }
