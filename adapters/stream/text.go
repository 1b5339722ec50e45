package stream

import "unicode/utf8"

// textCheck checks a text that comes in parts. The zero textCheck is the state before
// the first part.
type textCheck struct {
	tail [utf8.UTFMax]byte // the UTF-8 sequence that the next part continues
	n    int               // bytes of tail
}

// next returns the state after p. ok reports whether the text can still become valid.
func (t textCheck) next(p []byte) (after textCheck, ok bool) {
	for t.n > 0 && len(p) > 0 {
		t.tail[t.n], p = p[0], p[1:]
		t.n++
		if seq := t.tail[:t.n]; utf8.FullRune(seq) {
			if !utf8.Valid(seq) {
				return t, false
			}
			t.n = 0
		}
	}
	if t.n > 0 {
		return t, true
	}
	whole := len(p)
	for n := 1; n < utf8.UTFMax && n <= len(p); n++ {
		if end := p[len(p)-n:]; utf8.RuneStart(end[0]) {
			if !utf8.FullRune(end) {
				whole -= n
			}
			break
		}
	}
	t.n = copy(t.tail[:], p[whole:])
	return t, utf8.Valid(p[:whole])
}
