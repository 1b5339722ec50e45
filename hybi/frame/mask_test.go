package frame

import (
	"bytes"
	"fmt"
	"testing"
)

// naiveMask is RFC 6455, section 5.3, to the letter: octet i is XORed with
// octet i modulo 4 of the key, beginning at octet from.
func naiveMask(p []byte, key [4]byte, from int) []byte {
	out := make([]byte, len(p))
	for i := range p {
		out[i] = p[i] ^ key[(from+i)%4]
	}
	return out
}

// maskCases calls f for all lengths up to 300, 16 alignments and 4 rotations.
// src is a part of all that begins at offset.
func maskCases(f func(all []byte, offset, n int, key Key, want []byte)) {
	wire := [4]byte{0x37, 0xFA, 0x21, 0x3D}
	const key Key = 0x3D21FA37
	all := make([]byte, 340)
	for i := range all {
		all[i] = byte(i*167 + 13)
	}
	for n := range 301 {
		for offset := range 16 {
			for from := range 4 {
				want := naiveMask(all[offset:offset+n], wire, from)
				f(all, offset, n, key.Rotate(from), want)
			}
		}
	}
}

func TestMask(t *testing.T) {
	maskCases(func(all []byte, offset, n int, key Key, want []byte) {
		got := bytes.Clone(all)
		Mask(got[offset:offset+n], key)
		if !bytes.Equal(got[offset:offset+n], want) {
			t.Fatalf("%d bytes at %d, key %08x: got %x, want %x", n, offset, key, got[offset:offset+n], want)
		}
		if !bytes.Equal(got[:offset], all[:offset]) || !bytes.Equal(got[offset+n:], all[offset+n:]) {
			t.Fatalf("%d bytes at %d: bytes outside have changed", n, offset)
		}
	})
}

func TestMaskTo(t *testing.T) {
	maskCases(func(all []byte, offset, n int, key Key, want []byte) {
		src := bytes.Clone(all)
		for _, extra := range []int{0, 5} {
			buf := bytes.Repeat([]byte{0xEE}, 400)
			MaskTo(buf[offset:offset+n+extra], src[offset:offset+n], key)
			if got := buf[offset : offset+n]; !bytes.Equal(got, want) {
				t.Fatalf("%d bytes at %d, key %08x: got %x, want %x", n, offset, key, got, want)
			}
			if bytes.Count(buf[:offset], []byte{0xEE}) != offset || bytes.Count(buf[offset+n:], []byte{0xEE}) != 400-offset-n {
				t.Fatalf("%d bytes at %d: bytes outside have changed", n, offset)
			}
		}
		if !bytes.Equal(src, all) {
			t.Fatalf("%d bytes from %d: the source has changed", n, offset)
		}
	})
}

// A single byte of 0x80 or more shows in the result, wherever it is; the key, the
// bytes around p and bytes that were high before do not.
func TestMaskASCII(t *testing.T) {
	const key Key = 0x80FF81C2
	for n := range 150 {
		ascii := bytes.Repeat([]byte{0x7F}, n)
		Mask(ascii, key)
		for i := -1; i < n; i++ {
			buf := bytes.Repeat([]byte{0xFF}, n+16)
			p := buf[8 : 8+n]
			copy(p, ascii)
			if i >= 0 {
				p[i] ^= 0x80
			}
			if ascii := Mask(p, key); ascii != (i < 0) {
				t.Fatalf("%d bytes, high byte at %d: got %v", n, i, ascii)
			}
		}
	}
}

func TestRotate(t *testing.T) {
	for _, tt := range []struct {
		n    int
		want Key
	}{
		{0, 0x44332211},
		{1, 0x11443322},
		{2, 0x22114433},
		{3, 0x33221144},
		{4, 0x44332211},
		{1<<31 - 1, 0x33221144},
	} {
		if got := Key(0x44332211).Rotate(tt.n); got != tt.want {
			t.Errorf("rotate by %d: got %08x, want %08x", tt.n, got, tt.want)
		}
	}
}

// A payload masked in pieces is the payload masked at once.
func TestMaskPieces(t *testing.T) {
	whole := bytes.Repeat([]byte("piece"), 30)
	want := bytes.Clone(whole)
	Mask(want, 0xA1B2C3D4)
	for cut := range len(whole) + 1 {
		got := bytes.Clone(whole)
		Mask(got[:cut], 0xA1B2C3D4)
		Mask(got[cut:], Key(0xA1B2C3D4).Rotate(cut))
		if !bytes.Equal(got, want) {
			t.Fatalf("cut at %d: got %x, want %x", cut, got, want)
		}
	}
}

var benchSizes = []int{16, 125, 1024, 65536}

func BenchmarkMask(b *testing.B) {
	for _, n := range benchSizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			p := make([]byte, n)
			b.SetBytes(int64(n))
			for b.Loop() {
				Mask(p, 0x12345678)
			}
		})
	}
}

func BenchmarkMaskTo(b *testing.B) {
	for _, n := range benchSizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			p, dst := make([]byte, n), make([]byte, n)
			b.SetBytes(int64(n))
			for b.Loop() {
				MaskTo(dst, p, 0x12345678)
			}
		})
	}
}
