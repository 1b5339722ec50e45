package hybi

// utf8Block is the number of bytes that utf8Blocks takes at a time.
const utf8Block = 32

// utf8Pairs are the pairs of bytes that occur in no valid UTF-8 (RFC 3629, section 4).
// A rule has three sets of half bytes, in which bit i is set for the value i: those of
// the higher half of the first byte, of its lower half, and of the higher half of the
// second byte. A pair that is in all three breaks the rule. The last rule has an
// exception: utf8Blocks knows it.
var utf8Pairs = [8]struct{ high, low, second uint16 }{
	{0xF000, 0xFFFF, 0xF0FF}, // the first byte of a sequence, and no continuation byte
	{0x00FF, 0xFFFF, 0x0F00}, // ASCII and a continuation byte
	{0x1000, 0x0003, 0x0F00}, // C0 and C1: what fits in one byte
	{0x4000, 0x0001, 0x0300}, // E0 80..9F: what fits in two
	{0x4000, 0x2000, 0x0C00}, // ED A0..BF: surrogates
	{0x8000, 0xFFE1, 0x0100}, // F0 80..8F: what fits in three; F5..FF 80..8F: above U+10FFFF
	{0x8000, 0xFFF0, 0x0E00}, // F4..FF 90..BF: above U+10FFFF
	{0x0F00, 0xFFFF, 0x0F00}, // two continuation bytes, unless the second ends three or four bytes
}

// utf8Tables is what utf8Blocks needs of utf8Pairs, and constants.
type utf8Tables struct {
	high, low, second [16]byte // by half byte: the rules whose set has it
	half              [16]byte // 0x0F: the lower half of a byte
	third, fourth     [16]byte // subtracted from the first byte of a sequence of three bytes, or of four, leave 0x80 or more
	last              [16]byte // the last rule
}

var utf8Table = makeUTF8Tables()

func makeUTF8Tables() (t utf8Tables) {
	for i := range 16 {
		for rule, sets := range utf8Pairs {
			t.high[i] |= byte(sets.high>>i&1) << rule
			t.low[i] |= byte(sets.low>>i&1) << rule
			t.second[i] |= byte(sets.second>>i&1) << rule
		}
		t.half[i], t.last[i] = 0x0F, 0x80
		t.third[i], t.fourth[i] = 0xE0-0x80, 0xF0-0x80
	}
	return t
}

// utf8Front checks the front of p, which begins between two runes and has at least
// utf8Block bytes, as far as utf8Blocks can. It returns where the rest begins: between
// two runes, at most utf8Block+2 bytes before the end.
func utf8Front(p []byte) (n int, ok bool) {
	n = len(p) &^ (utf8Block - 1)
	if utf8Blocks(&p[0], n, &utf8Table) {
		return 0, false
	}
	for tail := 1; tail <= 3; tail++ {
		if p[n-tail] >= 0xC0 { // this rune may not be complete
			return n - tail, true
		}
	}
	return n, true
}
