package deflate

import (
	"runtime"

	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/extensions"
)

// session is the extension at work on a connection.
type session struct {
	sender
	receiver
}

var (
	_ extensions.Session  = (*session)(nil)
	_ extensions.Releaser = (*session)(nil)
	_ extensions.Preparer = (*session)(nil)
)

// newSession returns a session whose messages go by the terms of own and whose
// peer's go by those of peer.
func newSession(e *Extension, own, peer side) *session {
	s := &session{}
	s.sender = sender{ext: e, form: e.form(own), most: uint16(e.history(own))}
	s.receiver = newReceiver(peer)
	return s
}

// sender compresses. Between messages it has no compressor, unless it keeps one,
// and under context takeover the last text that it has compressed.
//
// A compressor at work has behind it what the peer has behind it, or the end of
// that. Wherever text is sent that it has not seen, it has to go.
type sender struct {
	ext     *Extension
	comp    *compressor
	history []byte // the last text sent compressed, most bytes of it at most
	form    *form
	most    uint16 // 0 without context takeover
	kept    bool   // comp is one of those that ext counts
}

// Begin implements [extensions.Session]. The choice is made here, before
// anything is compressed: text that a compressor has seen has to be sent as it
// made it.
func (s *sender) Begin(_ ws.Kind, size int) bool {
	return size < 0 || size >= s.form.threshold
}

// Encode implements [extensions.Session] (RFC 7692, section 7.2.1). Each
// fragment goes up to a byte boundary, so that the peer can read all of it.
func (s *sender) Encode(dst, src []byte, fin bool) ([]byte, error) {
	switch {
	case len(src) > 0:
		var err error
		if dst, err = s.compress(dst, src, fin); err != nil {
			return dst, err
		}
		s.remember(src)
		if fin {
			dst = dst[:len(dst)-len(tail)]
		}
	case fin:
		dst = append(dst, 0) // section 7.2.3.6: an empty block, without the tail
	}
	if fin && !s.kept {
		s.Release()
	}
	return dst, nil
}

func (s *sender) compress(dst, src []byte, fin bool) ([]byte, error) {
	if s.most > 0 && s.form.forgetful(len(src)) {
		s.Release()
		return s.form.compressSmall(dst, src, s.history)
	}
	if s.comp == nil {
		s.comp = s.form.borrow(s.history)
		if s.kept = s.most > 0 && s.ext.keep(); s.kept {
			s.comp.lost = runtime.AddCleanup(s.comp, (*Extension).unkeep, s.ext)
		}
	}
	if end := len(src) % blockSize; len(src) > blockSize && end > 0 && s.form.forgetful(end) && (s.kept || !fin) {
		// Parted otherwise, so that what follows can refer to src.
		cut := len(src) - smallest
		var err error
		if dst, err = s.comp.compress(dst, src[:cut]); err != nil {
			return dst, err
		}
		src = src[cut:]
	}
	return s.comp.compress(dst, src)
}

// remember adds p to the history.
func (s *sender) remember(p []byte) {
	most := int(s.most)
	p = p[max(0, len(p)-most):]
	if over := len(s.history) + len(p) - most; over > 0 {
		s.history = s.history[:copy(s.history, s.history[over:])]
	}
	if n := len(s.history) + len(p); n > cap(s.history) {
		s.history = append(make([]byte, 0, min(max(n, 2*cap(s.history)), most)), s.history...)
	}
	s.history = append(s.history, p...)
}

// Release implements [extensions.Releaser]: it lets go of the compressor. The
// next one starts with the history, or with nothing, which is always right.
func (s *sender) Release() {
	if s.comp == nil {
		return
	}
	if s.kept {
		s.kept = false
		s.comp.lost.Stop()
		s.ext.unkeep()
	}
	s.comp.giveBack()
	s.comp = nil
}

// Form implements [extensions.Preparer].
func (s *sender) Form() extensions.Form { return s.form }

// Sent implements [extensions.Preparer]: the peer has p behind it now, which the
// compressor has not seen.
func (s *sender) Sent(_ ws.Kind, p []byte) {
	s.Release()
	s.remember(p)
}
