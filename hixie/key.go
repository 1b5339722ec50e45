package hixie

import (
	"crypto/md5"
	"encoding/binary"
	"io"
	"math"
	"slices"
	"strconv"
)

// A key hides a number: its digits, read as one decimal number and divided by
// how many spaces the key has. Other characters are junk (draft-76, section
// 1.3). A cross-protocol attack cannot make a browser send such a field.

// The limits of draft-76, section 4.1, steps 16 to 22, for a key that is made.
const (
	maxSpaces = 12
	maxJunk   = 12
)

// parseKey returns the number in key (draft-76, section 5.2, steps 4 to 7). If
// there is none, fault says why.
func parseKey(key string) (number uint32, fault string) {
	var product, spaces uint64
	digits := 0
	for i := range len(key) {
		switch b := key[i]; {
		case b == ' ':
			spaces++
		case b >= '0' && b <= '9':
			if product = product*10 + uint64(b-'0'); product > math.MaxUint32 {
				return 0, "has a number of more than 32 bits"
			}
			digits++
		}
	}
	switch {
	case digits == 0:
		return 0, "has no digits"
	case spaces == 0:
		return 0, "has no spaces"
	case product%spaces != 0:
		return 0, "has the number " + strconv.FormatUint(product, 10) +
			", not a multiple of its " + strconv.FormatUint(spaces, 10) + " spaces"
	}
	return uint32(product / spaces), ""
}

// makeKey returns a fresh key and its number (draft-76, section 4.1, steps 16
// to 22). The first and last characters are not spaces, so that trimming does
// no harm.
func makeKey(r *source) (key string, number uint32) {
	spaces := 1 + r.below(maxSpaces)
	number = uint32(r.below(math.MaxUint32/spaces + 1))
	b := make([]byte, 0, 40)
	b = strconv.AppendUint(b, uint64(number)*spaces, 10)
	for range 1 + r.below(maxJunk) {
		at := int(r.below(uint64(len(b)) + 1))
		b = slices.Insert(b, at, junk(r))
	}
	for range spaces {
		at := 1 + int(r.below(uint64(len(b))-1))
		b = slices.Insert(b, at, ' ')
	}
	return string(b), number
}

// junk returns a random character from the ranges 0x21 to 0x2F and 0x3A to
// 0x7E.
func junk(r *source) byte {
	const low, high = 0x2F - 0x21 + 1, 0x7E - 0x3A + 1
	n := byte(r.below(low + high))
	if n < low {
		return 0x21 + n
	}
	return 0x3A + n - low
}

// digest returns what the server proves itself with: the MD5 of both numbers,
// the highest byte first, and the 8 bytes after the request head (draft-76,
// section 5.2, steps 8 and 9).
func digest(number1, number2 uint32, body [8]byte) [md5.Size]byte {
	var b [16]byte
	binary.BigEndian.PutUint32(b[0:], number1)
	binary.BigEndian.PutUint32(b[4:], number2)
	copy(b[8:], body[:])
	return md5.Sum(b[:])
}

// source draws random numbers from a reader. The first error stays, and all
// numbers are 0 from then on.
type source struct {
	r   io.Reader
	err error
}

// below returns a number from 0 to n-1, for n of at most 2^32; 64 random bits
// make the preference for small numbers less than 2^-32.
func (s *source) below(n uint64) uint64 {
	var b [8]byte
	s.fill(b[:])
	return binary.BigEndian.Uint64(b[:]) % n
}

// fill fills b with random bytes.
func (s *source) fill(b []byte) {
	if s.err == nil {
		_, s.err = io.ReadFull(s.r, b)
	}
	if s.err != nil {
		clear(b)
	}
}
