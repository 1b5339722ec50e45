package hixie

import (
	"bytes"
	"slices"
	"testing"
	"unicode/utf8"
)

// replaced is p with U+FFFD for each maximal subpart, found the slow way: the
// start of a character is what utf8.FullRune calls incomplete.
func replaced(p []byte) []byte {
	var out []byte
	for len(p) > 0 {
		if r, n := utf8.DecodeRune(p); r != utf8.RuneError || n > 1 {
			out = append(out, p[:n]...)
			p = p[n:]
			continue
		}
		n := 1
		for n < len(p) && !utf8.FullRune(p[:n]) && !fullBad(p[:n+1]) {
			n++
		}
		out = append(out, replacement...)
		p = p[n:]
	}
	return out
}

// fullBad reports whether p is neither a character nor the start of one.
func fullBad(p []byte) bool {
	return utf8.FullRune(p) && !utf8.Valid(p)
}

// units are what the strings of TestScan are made of: each kind of byte that
// table 3-7 of Unicode tells apart.
var units = []byte{'a', 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xED, 0xEF, 0xF0, 0xF1, 0xF4, 0xF5, 0xFE}

// TestScan checks all strings of up to 4 units.
func TestScan(t *testing.T) {
	var check func(p []byte)
	check = func(p []byte) {
		if len(p) > 0 {
			n, s := scan(p)
			r, size := utf8.DecodeRune(p)
			good := r != utf8.RuneError || size > 1
			switch {
			case (s == whole) != good, good && n != size:
				t.Fatalf("% x: %v of %d bytes", p, s, n)
			case (s == short) != !utf8.FullRune(p), s == short && n != len(p):
				t.Fatalf("% x: %v of %d bytes", p, s, n)
			case s == bad && !bytes.Equal(replaced(p), append([]byte(replacement), replaced(p[n:])...)):
				t.Fatalf("% x: %v of %d bytes", p, s, n)
			}
			start := unfinished(p)
			if start > 0 && utf8.FullRune(p[len(p)-start:]) {
				t.Fatalf("% x: %d unfinished bytes", p, start)
			}
			if utf8.Valid(p) && (valid(p) != len(p) || start != 0) {
				t.Fatalf("% x: valid are %d bytes", p, valid(p))
			}
			if n := valid(p); !utf8.Valid(p[:n]) || n < len(p) && utf8.Valid(p[:n+1]) {
				t.Fatalf("% x: valid are %d bytes", p, n)
			}
		}
		if len(p) == 4 {
			return
		}
		for _, u := range units {
			check(append(slices.Clip(p), u))
		}
	}
	check(nil)
}

// TestValid puts a bad byte at each place around the ends of windows.
func TestValid(t *testing.T) {
	for _, unit := range []string{"a", "ß", "€", "😀"} {
		all := bytes.Repeat([]byte(unit), 2000/len(unit))
		if n := valid(all); n != len(all) {
			t.Errorf("%s: valid are %d bytes of %d", unit, n, len(all))
		}
		for _, b := range []byte{0x80, 0xFF, 0xE2} {
			for at := 200; at < 1000; at++ {
				p := slices.Clone(all)
				p[at] = b
				if unit != "a" && p[at] == all[at] {
					continue
				}
				want := 0
				for want < len(p) {
					r, n := utf8.DecodeRune(p[want:])
					if r == utf8.RuneError && n == 1 {
						break
					}
					want += n
				}
				if n := valid(p); n != want {
					t.Fatalf("%s, 0x%02x at %d: valid are %d bytes, want %d", unit, b, at, n, want)
				}
			}
		}
	}
}
