package frame_test

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/sans-io/websocket-driver/driver/wstest"
	"github.com/sans-io/websocket-driver/hybi/frame"
)

// toTheLetter masks p as section 5.3 says: octet i is XORed with octet i modulo 4 of the
// key.
func toTheLetter(p []byte, key frame.Key) []byte {
	octets := binary.LittleEndian.AppendUint32(nil, uint32(key))
	out := make([]byte, len(p))
	for i, c := range p {
		out[i] = c ^ octets[i%4]
	}
	return out
}

// checkMask compares Mask and MaskTo with section 5.3 to the letter. A part of p begins
// at offset, in memory, to be masked.
func checkMask(t *testing.T, p []byte, offset int, key frame.Key) {
	t.Helper()
	offset = min(offset, len(p))
	src := p[offset:]
	want := toTheLetter(src, key)
	ascii := !bytes.ContainsFunc(want, func(r rune) bool { return r >= 0x80 })
	dst := make([]byte, len(src)+1)
	if got := frame.MaskTo(dst, src, key); got != ascii || !bytes.Equal(dst[:len(src)], want) || dst[len(src)] != 0 {
		t.Fatalf("MaskTo of %d bytes at %d, key %08x: ASCII %t, not %t, or other bytes", len(src), offset, key, got, ascii)
	}
	if got := frame.Mask(src, key); got != ascii || !bytes.Equal(src, want) {
		t.Fatalf("Mask of %d bytes at %d, key %08x: ASCII %t, not %t, or other bytes", len(src), offset, key, got, ascii)
	}
}

// TestMaskRandom masks payloads of random length, alignment and content, half of them
// with at most one byte that is not ASCII.
func TestMaskRandom(t *testing.T) {
	rounds := 20_000
	if wstest.Long() {
		rounds = 2_000_000
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	buf := make([]byte, 5000)
	for i := range rounds {
		key := frame.Key(rnd.Uint32())
		p := buf[:rnd.IntN([]int{100, 300, 5000}[i%3])]
		for j := range p {
			p[j] = byte(rnd.Uint32())
		}
		offset := rnd.IntN(64)
		if i%2 == 0 && len(p) > offset {
			plain := bytes.Repeat([]byte{'x'}, len(p)-offset)
			plain[rnd.IntN(len(plain))] |= byte(rnd.IntN(2)) << 7
			copy(p[offset:], toTheLetter(plain, key))
		}
		checkMask(t, p, offset, key)
	}
}

func FuzzMask(f *testing.F) {
	f.Add([]byte("payload"), 1, uint32(0x3d21fa37))
	f.Add(bytes.Repeat([]byte{0x80}, 300), 7, uint32(0))
	f.Fuzz(func(t *testing.T, p []byte, offset int, key uint32) {
		checkMask(t, bytes.Clone(p), max(offset, 0), frame.Key(key))
	})
}
