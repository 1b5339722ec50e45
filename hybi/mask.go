package hybi

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// mask XORs p in place with the masking key (RFC 6455, section 5.3). The low
// byte of key applies to p[0]: key is the four bytes of the wire read as a
// little-endian number, and rotated if p is not the beginning of the payload.
//
// The result has a bit of highBits set if and only if a byte of p is 0x80 or
// more after the XOR; its other bits mean nothing. Text whose result has none
// of them is ASCII and so valid UTF-8.
func mask(p []byte, key uint32) (high uint64) {
	return maskTo(p, p, key)
}

// rotate returns the key for the byte that stands n bytes further on.
func rotate(key uint32, n int) uint32 {
	return bits.RotateLeft32(key, -8*(n&3))
}

// appendMasked appends src, XORed with key, to dst and returns it. The key is
// as for mask. src stays as it is and must not share memory with dst between
// its length and its capacity.
func appendMasked(dst, src []byte, key uint32) []byte {
	n := len(dst)
	dst = slices.Grow(dst, len(src))[:n+len(src)]
	maskTo(dst[n:], src, key)
	return dst
}

// maskTo stores src, XORed with key, in dst, which is at least as long, and src
// itself or memory apart from it. The result is that of mask.
func maskTo(dst, src []byte, key uint32) (high uint64) {
	if len(src) < 8 {
		return maskShort(dst, src, key)
	}
	k := uint64(key) | uint64(key)<<32

	// The last eight bytes are read before anything is written and written
	// when all else is: so no loop over single bytes is needed.
	dst = dst[:len(src)]
	end := dst[len(dst)-8:]
	last := binary.LittleEndian.Uint64(src[len(src)-8:]) ^ bits.RotateLeft64(k, -8*(len(src)&3))
	high = last
	for len(src) >= 64 && len(dst) >= 64 {
		s, d := (*[64]byte)(src), (*[64]byte)(dst)
		w0 := binary.LittleEndian.Uint64(s[0:]) ^ k
		binary.LittleEndian.PutUint64(d[0:], w0)
		w1 := binary.LittleEndian.Uint64(s[8:]) ^ k
		binary.LittleEndian.PutUint64(d[8:], w1)
		w2 := binary.LittleEndian.Uint64(s[16:]) ^ k
		binary.LittleEndian.PutUint64(d[16:], w2)
		w3 := binary.LittleEndian.Uint64(s[24:]) ^ k
		binary.LittleEndian.PutUint64(d[24:], w3)
		w4 := binary.LittleEndian.Uint64(s[32:]) ^ k
		binary.LittleEndian.PutUint64(d[32:], w4)
		w5 := binary.LittleEndian.Uint64(s[40:]) ^ k
		binary.LittleEndian.PutUint64(d[40:], w5)
		w6 := binary.LittleEndian.Uint64(s[48:]) ^ k
		binary.LittleEndian.PutUint64(d[48:], w6)
		w7 := binary.LittleEndian.Uint64(s[56:]) ^ k
		binary.LittleEndian.PutUint64(d[56:], w7)
		high |= w0 | w1 | w2 | w3 | w4 | w5 | w6 | w7
		src, dst = src[64:], dst[64:]
	}
	for len(src) > 16 && len(dst) > 16 {
		s, d := (*[16]byte)(src), (*[16]byte)(dst)
		w0 := binary.LittleEndian.Uint64(s[0:]) ^ k
		w1 := binary.LittleEndian.Uint64(s[8:]) ^ k
		binary.LittleEndian.PutUint64(d[0:], w0)
		binary.LittleEndian.PutUint64(d[8:], w1)
		high |= w0 | w1
		src, dst = src[16:], dst[16:]
	}
	if len(src) > 8 && len(dst) > 8 {
		w := binary.LittleEndian.Uint64(src) ^ k
		binary.LittleEndian.PutUint64(dst, w)
		high |= w
	}
	binary.LittleEndian.PutUint64(end, last)
	return high
}

// maskShort is maskTo for fewer than eight bytes.
func maskShort(dst, src []byte, key uint32) (high uint64) {
	dst = dst[:len(src)]
	if len(src) >= 4 && len(dst) >= 4 {
		w := binary.LittleEndian.Uint32(src) ^ key
		last := binary.LittleEndian.Uint32(src[len(src)-4:]) ^ rotate(key, len(src))
		binary.LittleEndian.PutUint32(dst, w)
		binary.LittleEndian.PutUint32(dst[len(dst)-4:], last)
		return uint64(w | last)
	}
	for i, c := range src {
		c ^= byte(key)
		dst[i] = c
		high |= uint64(c)
		key >>= 8
	}
	return high
}
