package frame

import (
	"encoding/binary"
	"math/bits"
)

// A Key is a masking key (RFC 6455, section 5.3): its four bytes as they are on
// the wire, read as a little-endian number. The low byte applies to the first
// byte of the payload.
type Key uint32

// Rotate returns the key for the part of a payload that begins n bytes after
// the one to which k applies; n is not negative.
func (k Key) Rotate(n int) Key {
	return Key(bits.RotateLeft32(uint32(k), -8*(n&3)))
}

// Mask XORs p with k in place (section 5.3), which masks a payload and unmasks a
// masked one. If p is not the beginning of the payload, k is rotated. It reports
// whether the result is ASCII: no byte is 0x80 or more.
func Mask(p []byte, k Key) (ascii bool) {
	return maskTo(p, p, uint32(k))&highBits == 0
}

// MaskTo stores src, XORed with k, in the front of dst, and otherwise is Mask.
// dst is at least as long as src, and is src itself or does not overlap it.
func MaskTo(dst, src []byte, k Key) (ascii bool) {
	return maskTo(dst, src, uint32(k))&highBits == 0
}

// highBits are the top bits of the bytes of a word: set in no ASCII text.
const highBits = 0x8080808080808080

const (
	blockSize = 64            // maskBlocks takes a multiple of so many bytes
	minBlocks = 2 * blockSize // below that calling it costs more than it saves
)

// maskTo is MaskTo. The result has a bit of highBits set if and only if a byte
// is 0x80 or more after the XOR; its other bits mean nothing.
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
	if n := len(src) &^ (blockSize - 1); hasBlocks && n >= minBlocks {
		if maskBlocks(&dst[0], &src[0], n, key) != 0 {
			high = highBits
		}
		dst, src = dst[n:], src[n:]
	}
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
		last := binary.LittleEndian.Uint32(src[len(src)-4:]) ^ uint32(Key(key).Rotate(len(src)))
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
