package hixie

import (
	"bytes"
	"unicode/utf8"
)

// replacement is U+FFFD in UTF-8. It takes the place of each maximal subpart
// of an ill-formed sequence: the longest start of a valid sequence, or else
// one byte. The WHATWG Encoding Standard does the same. As a subpart has
// three bytes at most, a text never gets shorter.
const replacement = "\uFFFD"

// sequence says what is at the start of a byte string.
type sequence uint8

const (
	whole sequence = iota // a character
	short                 // the start of a character; the string ends in it
	bad                   // the maximal subpart of an ill-formed sequence
)

// scan looks at the start of p, which is not empty, and returns what it is
// and how many bytes it has (Unicode, table 3-7).
func scan(p []byte) (int, sequence) {
	need, low, high := 0, byte(0x80), byte(0xBF)
	switch b := p[0]; {
	case b < 0x80:
		return 1, whole
	case b < 0xC2:
		return 1, bad
	case b < 0xE0:
		need = 2
	case b < 0xF0:
		need = 3
		if b == 0xE0 {
			low = 0xA0
		} else if b == 0xED {
			high = 0x9F
		}
	case b < 0xF5:
		need = 4
		if b == 0xF0 {
			low = 0x90
		} else if b == 0xF4 {
			high = 0x8F
		}
	default:
		return 1, bad
	}
	for i := 1; i < need; i++ {
		if i == len(p) {
			return i, short
		}
		if p[i] < low || p[i] > high {
			return i, bad
		}
		low, high = 0x80, 0xBF
	}
	return need, whole
}

// unfinished returns how many bytes at the end of p, 0 to 3, are the start of
// a character whose rest is missing.
func unfinished(p []byte) int {
	for i := 1; i <= min(len(p), utf8.UTFMax-1); i++ {
		if q := p[len(p)-i:]; utf8.RuneStart(q[0]) {
			if _, s := scan(q); s == short {
				return i
			}
			break
		}
	}
	return 0
}

// valid returns the length of the longest start of p that is valid UTF-8; it
// ends at 0xFF. It looks at windows that grow, so that the work is in
// proportion to what it finds and not to the length of p.
func valid(p []byte) int {
	n := 0
	for window := 256; n < len(p); window *= 2 {
		q := p[n:min(len(p), n+window)]
		end := bytes.IndexByte(q, endText)
		if end >= 0 {
			q = q[:end]
		}
		q = q[:len(q)-unfinished(q)]
		if !utf8.Valid(q) {
			return n + validSlow(q)
		}
		n += len(q)
		if end >= 0 || len(q) == 0 {
			break
		}
	}
	return n
}

// validSlow is valid for a string that is known to be ill-formed.
func validSlow(p []byte) int {
	n := 0
	for n < len(p) {
		k, s := scan(p[n:])
		if s != whole {
			break
		}
		n += k
	}
	return n
}

// fit returns the longest start of p that has at most room bytes and does not
// cut a character. p is valid and longer than room.
func fit(p []byte, room int) []byte {
	for room > 0 && !utf8.RuneStart(p[room]) {
		room--
	}
	return p[:room]
}
