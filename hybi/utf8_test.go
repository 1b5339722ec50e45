package hybi

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"unicode/utf8"
)

// edges holds the first and the last byte of every range of RFC 3629, section
// 4, and the bytes beside them.
var edges = []byte{
	0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF,
	0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF,
}

// beginning says by means of unicode/utf8 what validUTF8 should.
func beginning(p []byte) (tail int, ok bool) {
	for len(p) > 0 {
		if !utf8.FullRune(p) {
			return len(p), true
		}
		r, size := utf8.DecodeRune(p)
		if r == utf8.RuneError && size == 1 {
			return 0, false
		}
		p = p[size:]
	}
	return 0, true
}

// completable reports whether up to three bytes after p make it valid UTF-8.
// The four bytes that are tried stand for all ranges of continuation bytes.
func completable(p []byte, more int) bool {
	if utf8.Valid(p) {
		return true
	}
	if more == 0 {
		return false
	}
	for _, b := range []byte{0x80, 0x90, 0xA0, 0xBF} {
		if completable(append(p[:len(p):len(p)], b), more-1) {
			return true
		}
	}
	return false
}

// checkUTF8 compares validUTF8 with beginning.
func checkUTF8(t *testing.T, p []byte) {
	t.Helper()
	tail, ok := validUTF8(p)
	if wantTail, want := beginning(p); ok != want || tail != wantTail {
		t.Fatalf("% x: got %d, %v, want %d, %v", p, tail, ok, wantTail, want)
	}
	if valid := ok && tail == 0; valid != utf8.Valid(p) {
		t.Fatalf("% x: valid is %v, want %v", p, valid, !valid)
	}
}

// All sequences of two bytes, of a first byte of a rune, any byte and an edge,
// and of four edges; also across the end of a block of 64 bytes.
func TestValidUTF8Sequences(t *testing.T) {
	checkUTF8(t, nil)
	across := bytes.Repeat([]byte("a"), 130)
	check := func(p []byte) {
		checkUTF8(t, p)
		copy(across[62:], p)
		checkUTF8(t, across[:62+len(p)])
		copy(across[62:], "aaaa")
	}
	for i := range 1 << 16 {
		p := []byte{byte(i >> 8), byte(i)}
		check(p[:1])
		check(p)
		for _, b := range edges {
			if p[0] >= 0xC0 {
				checkUTF8(t, []byte{p[0], p[1], b})
			}
		}
	}
	for _, a := range edges {
		for _, b := range edges {
			for _, c := range edges {
				for _, d := range edges {
					check([]byte{a, b, c, d})
				}
			}
		}
	}
}

// A text fails with the first byte that leaves no way to complete it.
func TestValidUTF8FailsAtOnce(t *testing.T) {
	for _, a := range edges {
		for _, b := range edges {
			for _, c := range edges {
				for _, p := range [][]byte{{a}, {a, b}, {a, b, c}} {
					if _, ok := validUTF8(p); ok != completable(p, 3) {
						t.Fatalf("% x: got %v, want %v", p, ok, !ok)
					}
				}
			}
		}
	}
}

// randomText returns n runes or a few more: words of several scripts, some
// ASCII for long stretches.
func randomText(rnd *rand.Rand, n int) []byte {
	var p []byte
	for len(p) < n {
		first := [...]rune{'a', 'à', 'Ж', 'あ', '가', '😀'}[rnd.IntN(6)]
		for range 1 + rnd.IntN(1+rnd.IntN(100)) {
			p = utf8.AppendRune(p, first+rune(rnd.IntN(20)))
		}
	}
	return p
}

func TestValidUTF8Mutated(t *testing.T) {
	rnd := rand.New(rand.NewPCG(6455, 3629))
	for range 20000 {
		p := randomText(rnd, rnd.IntN(300))
		checkUTF8(t, p)
		p = p[:rnd.IntN(len(p)+1)]
		checkUTF8(t, p)
		if len(p) > 0 {
			p[rnd.IntN(len(p))] = edges[rnd.IntN(len(edges))]
			checkUTF8(t, p)
		}
	}
}

// One bad byte is found wherever it is, in ASCII and in other text.
func TestValidUTF8Place(t *testing.T) {
	for _, text := range []string{"a", "é", "あ", "😀"} {
		p := bytes.Repeat([]byte(text), 300/len(text))
		for i := range p {
			q := bytes.Clone(p)
			q[i] = 0xFF
			if _, ok := validUTF8(q); ok {
				t.Fatalf("%q with ff at %d: got ok", text, i)
			}
			checkUTF8(t, p[:i])
		}
	}
}

// checkSplit checks p in two chunks. It gets the verdict of the whole, and after each chunk that
// of what has come.
func checkSplit(t *testing.T, p []byte, cut int) {
	t.Helper()
	var c utf8Carry
	from := 0
	for _, end := range []int{cut, len(p)} {
		got := c.check(p[from:end])
		from = end
		tail, want := beginning(p[:end])
		if got != want {
			t.Fatalf("% x cut at %d: got %v at %d, want %v", p, cut, got, end, want)
		}
		if !got {
			return
		}
		if !bytes.Equal(c.bytes(), p[end-tail:end]) || c.len() != tail {
			t.Fatalf("% x cut at %d: carry is % x at %d, want % x", p, cut, c.bytes(), end, p[end-tail:end])
		}
	}
}

// texts are texts around the borders of RFC 3629, section 4, and the ones that
// Autobahn uses (6.3, 6.4 and following).
var texts = []struct{ rule, name, text string }{
	{"8.1", "empty", ""}, {"8.1", "ASCII", "a"}, {"8.1", "Greek", "κόσμε"}, {"8.1", "Latin", "Hello-µ@ßöäüàá-UTF-8!!"},
	{"8.1", "Japanese", "日本語"}, {"8.1", "emoji", "😀🚀"},
	{"8.1", "first of 2 bytes", "\u0080"}, {"8.1", "last of 2 bytes", "\u07FF"},
	{"8.1", "first of 3 bytes", "\u0800"}, {"8.1", "last before surrogates", "\uD7FF"}, {"8.1", "first after surrogates", "\uE000"},
	{"8.1", "replacement", "\uFFFD"}, {"8.1", "last of 3 bytes", "\uFFFF"},
	{"8.1", "first of 4 bytes", "\U00010000"}, {"8.1", "last of 4 bytes", "\U0010FFFF"},
	{"8.1", "overlong C0", "\xC0\x80"}, {"8.1", "overlong C1", "\xC1\xBF"}, {"8.1", "overlong E0 80", "\xE0\x80\xAF"},
	{"8.1", "overlong E0 9F", "\xE0\x9F\xBF"}, {"8.1", "overlong F0", "\xF0\x8F\xBF\xBF"},
	{"8.1", "first surrogate", "\xED\xA0\x80"}, {"8.1", "last surrogate", "\xED\xBF\xBF"}, {"8.1", "surrogate inside", "κόσμε\xED\xA0\x80edited"},
	{"8.1", "above 10FFFF", "\xF4\x90\x80\x80"}, {"8.1", "above 10FFFF inside", "κόσμε\xF4\x90\x80\x80edited"},
	{"8.1", "F5", "\xF5\x80\x80\x80"}, {"8.1", "F8", "\xF8\x88\x80\x80\x80"},
	{"8.1", "stray 80", "\x80"}, {"8.1", "stray BF", "\xBF"}, {"8.1", "stray inside", "a\x80a"}, {"8.1", "stray after a rune", "é\x80"},
	{"8.1", "1 of 2 bytes", "\xC3"}, {"8.1", "2 of 3 bytes", "\xE3\x81"}, {"8.1", "3 of 4 bytes", "\xF0\x9F\x98"},
	{"8.1", "3 of 4 bytes inside", "\xF0\x9F\x98a"}, {"8.1", "2 of 3 bytes inside", "\xE3\x81é"}, {"8.1", "1 of 2 bytes twice", "\xC3\xC3"},
}

func TestUTF8CarrySplits(t *testing.T) {
	for _, v := range texts {
		t.Run(v.rule+" "+v.name, func(t *testing.T) {
			for _, text := range []string{v.text, "ASCII before " + v.text + " and after", v.text + v.text} {
				for cut := range len(text) + 1 {
					checkSplit(t, []byte(text), cut)
				}
			}
		})
	}
}

// Byte by byte, the verdict turns bad with the same byte as for the whole.
func TestUTF8CarryBytes(t *testing.T) {
	for _, v := range texts {
		t.Run(v.rule+" "+v.name, func(t *testing.T) {
			var c utf8Carry
			for i := range len(v.text) {
				ok := c.check([]byte{v.text[i]})
				if _, want := beginning([]byte(v.text[:i+1])); ok != want {
					t.Errorf("got %v at %d, want %v", ok, i, want)
				}
				if !ok {
					break
				}
			}
		})
	}
}

func TestUTF8CarryFill(t *testing.T) {
	for _, tt := range []struct {
		hold, p  string
		n        int
		done, ok bool
		want     string
	}{
		{"\xC3", "\xA9xyz", 1, true, true, "é"},
		{"\xE3", "\x81\x82\xE3", 2, true, true, "あ"},
		{"\xF0\x9F\x98", "\x80", 1, true, true, "😀"},
		{"\xF0", "\x9F\x98\x80\xF0", 3, true, true, "😀"},
		{"\xF0", "\x9F", 1, false, true, "\xF0\x9F"},
		{"\xF0", "", 0, false, true, "\xF0"},
		{"\xE0", "\x80\x80", 0, false, false, "\xE0"},
		{"\xED", "\xA0", 0, false, false, "\xED"},
		{"\xF4", "\x90", 0, false, false, "\xF4"},
		{"\xF0\x9F", "\x98a", 1, false, false, "\xF0\x9F\x98"},
		{"\xC3", "\xC3", 0, false, false, "\xC3"},
	} {
		var c utf8Carry
		c.hold([]byte(tt.hold))
		n, done, ok := c.fill([]byte(tt.p))
		if n != tt.n || done != tt.done || ok != tt.ok || string(c.bytes()) != tt.want {
			t.Errorf("%q and %q: got %d, %v, %v, %q, want %d, %v, %v, %q",
				tt.hold, tt.p, n, done, ok, c.bytes(), tt.n, tt.done, tt.ok, tt.want)
		}
		if c.reset(); c.len() != 0 {
			t.Errorf("%q and %q: %d bytes after reset", tt.hold, tt.p, c.len())
		}
	}
}

func FuzzUTF8(f *testing.F) {
	for i, v := range texts {
		f.Add([]byte(v.text), uint8(i))
	}
	f.Add(bytes.Repeat([]byte("ASCII あ"), 20), uint8(64))
	f.Fuzz(func(t *testing.T, p []byte, cut uint8) {
		checkUTF8(t, p)
		checkSplit(t, p, min(int(cut), len(p)))
	})
}

// A wrong byte is found at each place in and around the blocks of utf8Blocks, and so is
// a sequence without its end.
func TestValidUTF8Blocks(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	for size := utf8Block - 2; size < 4*utf8Block; size++ {
		p := randomText(rnd, size)
		checkUTF8(t, p)
		for i, b := range p {
			for _, wrong := range edges {
				p[i] = wrong
				checkUTF8(t, p)
			}
			p[i] = b
			checkUTF8(t, p[:i])
		}
	}
}
