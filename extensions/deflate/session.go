package deflate

import (
	"runtime"

	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/extensions"
)

// session is the extension in use on a connection.
type session struct {
	sender
	receiver
}

var (
	_ extensions.Session  = (*session)(nil)
	_ extensions.Releaser = (*session)(nil)
	_ extensions.Preparer = (*session)(nil)
)

// newSession returns a session that sends with the terms own and receives with the terms
// peer.
func newSession(e *Extension, own, peer side) *session {
	s := &session{}
	s.sender = sender{ext: e, form: e.form(own), room: uint16(e.history(own))}
	s.receiver = newReceiver(peer)
	return s
}

// sender compresses messages. Between messages it holds the compressor if it keeps it,
// and under context takeover the text that it compressed last.
//
// The history of the compressor is a suffix of the peer's window. If text is sent without
// the compressor, the compressor must be released.
type sender struct {
	ext     *Extension
	comp    *compressor
	history []byte // the text sent compressed last, at most room bytes
	form    *form
	room    uint16 // maximum length of history; 0 without context takeover
	kept    bool   // comp is counted in ext.kept
}

// Begin implements [extensions.Session]. It decides before anything is compressed: text
// that a compressor has processed must be sent as compressed.
func (s *sender) Begin(_ ws.Kind, size int) bool {
	return size < 0 || size >= s.form.threshold
}

// Encode implements [extensions.Session] (RFC 7692, section 7.2.1). Each fragment ends at
// a byte boundary, so that the peer can decompress all of it.
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
	if s.room > 0 && s.form.dropsHistory(len(src)) {
		s.Release()
		return s.form.compressSmall(dst, src, s.history)
	}
	if s.comp == nil {
		s.comp = s.form.borrow(s.history)
		if s.kept = s.room > 0 && s.ext.keep(); s.kept {
			s.comp.lost = runtime.AddCleanup(s.comp, (*Extension).unkeep, s.ext)
		}
	}
	if end := len(src) % blockSize; len(src) > blockSize && end > 0 && s.form.dropsHistory(end) && (s.kept || !fin) {
		// Split differently, so that the following text can refer to src.
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
	room := int(s.room)
	p = p[max(0, len(p)-room):]
	if over := len(s.history) + len(p) - room; over > 0 {
		s.history = s.history[:copy(s.history, s.history[over:])]
	}
	if n := len(s.history) + len(p); n > cap(s.history) {
		s.history = append(make([]byte, 0, min(max(n, 2*cap(s.history)), room)), s.history...)
	}
	s.history = append(s.history, p...)
}

// Release implements [extensions.Releaser]: it releases the compressor. The next one is
// primed with the history or starts empty, which is always valid.
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

// Sent implements [extensions.Preparer]: p is now in the peer's window, but not in the
// history of the compressor.
func (s *sender) Sent(_ ws.Kind, p []byte) {
	s.Release()
	s.remember(p)
}
