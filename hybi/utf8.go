package hybi

import "encoding/binary"

// The states of UTF-8 validation. An automaton of nine states reads one byte
// at a time. For each byte, utf8Steps holds one number in which the state that
// follows state s is at bit s; so states are multiples of six, and
//
//	s = utf8Steps[b] >> (s & 63)
//
// is a step: a load that does not wait for the state, and a shift that does.
// The bits of s above the lowest six mean nothing. There is no branch, so the
// speed does not depend on the text.
const (
	utf8Bad   = 6 * iota // no valid text begins like this; there is no way out
	utf8Done             // between two runes
	utf8One              // one more continuation byte
	utf8Two              // two more
	utf8Three            // three more
	utf8E0               // after E0: two more, the next not below A0
	utf8ED               // after ED: two more, the next not above 9F
	utf8F0               // after F0: three more, the next not below 90
	utf8F4               // after F4: three more, the next not above 8F
)

// utf8Steps are the steps of the automaton, by byte.
var utf8Steps = makeUTF8Steps()

// makeUTF8Steps builds utf8Steps from the grammar of RFC 3629, section 4. What
// is not listed leads to utf8Bad.
func makeUTF8Steps() (steps [256]uint64) {
	for _, r := range [...]struct{ from, first, last, to int }{
		{utf8Done, 0x00, 0x7F, utf8Done},
		{utf8Done, 0xC2, 0xDF, utf8One},
		{utf8Done, 0xE0, 0xE0, utf8E0},
		{utf8Done, 0xE1, 0xEC, utf8Two},
		{utf8Done, 0xED, 0xED, utf8ED},
		{utf8Done, 0xEE, 0xEF, utf8Two},
		{utf8Done, 0xF0, 0xF0, utf8F0},
		{utf8Done, 0xF1, 0xF3, utf8Three},
		{utf8Done, 0xF4, 0xF4, utf8F4},
		{utf8One, 0x80, 0xBF, utf8Done},
		{utf8Two, 0x80, 0xBF, utf8One},
		{utf8Three, 0x80, 0xBF, utf8Two},
		{utf8E0, 0xA0, 0xBF, utf8One},
		{utf8ED, 0x80, 0x9F, utf8One},
		{utf8F0, 0x90, 0xBF, utf8Two},
		{utf8F4, 0x80, 0x8F, utf8Two},
	} {
		for b := r.first; b <= r.last; b++ {
			steps[b] |= uint64(r.to) << r.from
		}
	}
	return steps
}

// utf8Next returns the state that the automaton reaches from s by reading p.
func utf8Next(s uint64, p []byte) uint64 {
	for len(p) >= 8 {
		b := (*[8]byte)(p)
		s = utf8Steps[b[0]] >> (s & 63)
		s = utf8Steps[b[1]] >> (s & 63)
		s = utf8Steps[b[2]] >> (s & 63)
		s = utf8Steps[b[3]] >> (s & 63)
		s = utf8Steps[b[4]] >> (s & 63)
		s = utf8Steps[b[5]] >> (s & 63)
		s = utf8Steps[b[6]] >> (s & 63)
		s = utf8Steps[b[7]] >> (s & 63)
		p = p[8:]
	}
	for _, b := range p {
		s = utf8Steps[b] >> (s & 63)
	}
	return s & 63
}

// isUTF8 reports whether p is valid UTF-8.
func isUTF8(p []byte) bool {
	tail, ok := validUTF8(p)
	return ok && tail == 0
}

// validUTF8 checks p, which begins between two runes. It is ok if p is the
// beginning of some valid UTF-8 (RFC 3629): a byte that no valid text has in
// its place is found even if its rune is not complete. tail, 0 to 3, is the
// number of bytes at the end of p that begin a rune which is not complete; it
// is 0 if p is not ok.
func validUTF8(p []byte) (tail int, ok bool) {
	s := uint64(utf8Done)
	rest := p
	if hasUTF8Blocks && len(p) >= utf8Block {
		n, ok := utf8Front(p)
		if !ok {
			return 0, false
		}
		rest = p[n:]
	}
	for len(rest) >= 64 {
		if high64((*[64]byte)(rest))|s^utf8Done != 0 {
			if s = utf8Next(s, rest[:64]); s == utf8Bad {
				return 0, false
			}
		}
		rest = rest[64:]
	}
	if highShort(rest)|s^utf8Done != 0 {
		s = utf8Next(s, rest)
	}
	switch s {
	case utf8Bad:
		return 0, false
	case utf8Done:
		return 0, true
	}
	for tail = 1; p[len(p)-tail] < 0xC0; tail++ {
	}
	return tail, true
}

// highBits are the top bits of the bytes of a word: set in no ASCII text.
const highBits = 0x8080808080808080

// high64 returns a bit of highBits if one of the 64 bytes is not ASCII, else 0.
func high64(b *[64]byte) uint64 {
	w := binary.LittleEndian.Uint64(b[0:]) |
		binary.LittleEndian.Uint64(b[8:]) |
		binary.LittleEndian.Uint64(b[16:]) |
		binary.LittleEndian.Uint64(b[24:]) |
		binary.LittleEndian.Uint64(b[32:]) |
		binary.LittleEndian.Uint64(b[40:]) |
		binary.LittleEndian.Uint64(b[48:]) |
		binary.LittleEndian.Uint64(b[56:])
	return w & highBits
}

// highShort is high64 for a few bytes. Fewer than eight do not count as ASCII:
// the automaton is as quick.
func highShort(p []byte) uint64 {
	if len(p) < 8 {
		return highBits
	}
	w := binary.LittleEndian.Uint64(p[len(p)-8:])
	for len(p) >= 8 {
		w |= binary.LittleEndian.Uint64(p)
		p = p[8:]
	}
	return w & highBits
}

// utf8Carry keeps the bytes of a rune whose end is still to come, between two
// chunks of a text. The zero utf8Carry is empty and ready to use.
type utf8Carry struct {
	b [4]byte
	n uint8 // bytes of b in use: up to 3, or 4 after a fill that completed a rune
}

// len returns the number of bytes kept.
func (c *utf8Carry) len() int { return int(c.n) }

// bytes returns the bytes kept. They belong to c and are valid until the next
// hold, fill or check.
func (c *utf8Carry) bytes() []byte { return c.b[:c.n] }

// reset forgets the bytes kept.
func (c *utf8Carry) reset() { c.n = 0 }

// hold keeps p instead of what was kept. p is the tail that validUTF8 found.
func (c *utf8Carry) hold(p []byte) { c.n = uint8(copy(c.b[:], p)) }

// fill takes bytes from the front of p until the rune that c keeps is complete,
// p is used up, or a byte does not fit; c must not be empty. n bytes were taken.
// If done, c.bytes() is the rune: the caller calls reset when it has used it.
// If not ok, p[n] is a byte that no valid text has in this place.
func (c *utf8Carry) fill(p []byte) (n int, done, ok bool) {
	s := utf8Next(utf8Done, c.bytes())
	for n < len(p) {
		s = utf8Next(s, p[n:n+1])
		if s == utf8Bad {
			return n, false, false
		}
		c.b[c.n] = p[n]
		c.n++
		n++
		if s == utf8Done {
			return n, true, true
		}
	}
	return n, false, true
}

// check checks p as the next chunk of a text and keeps the bytes of a rune that
// it does not complete. It reports whether the text is valid so far; the text
// may end where c is empty.
func (c *utf8Carry) check(p []byte) bool {
	if c.n > 0 {
		n, done, ok := c.fill(p)
		if !done {
			return ok
		}
		c.reset()
		p = p[n:]
	}
	tail, ok := validUTF8(p)
	c.hold(p[len(p)-tail:])
	return ok
}
