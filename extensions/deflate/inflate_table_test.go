package deflate

import (
	"bytes"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"
)

// randomCode returns the lengths of a complete code of n symbols with at most most bits,
// among unused symbols. deep makes it unbalanced.
func randomCode(rnd *rand.Rand, n, most, symbols int, deep bool) []uint8 {
	leaves := []uint8{1, 1}
	for len(leaves) < n {
		i := rnd.IntN(len(leaves))
		if deep {
			i = max(0, len(leaves)-1-rnd.IntN(3))
		}
		if int(leaves[i]) == most {
			i = slices.IndexFunc(leaves, func(l uint8) bool { return int(l) < most })
		}
		leaves[i]++
		leaves = append(leaves, leaves[i])
	}
	lens := make([]uint8, symbols)
	for i, at := range rnd.Perm(symbols)[:n] {
		lens[at] = leaves[i]
	}
	return lens
}

// TestInflateBuild looks up every code, as defined by RFC 1951, section 3.2.2, before
// random bits.
func TestInflateBuild(t *testing.T) {
	t.Run("RFC 1951 3.2.2", testInflateBuild)
}

func testInflateBuild(t *testing.T) {
	kinds := []struct {
		name                string
		root, size          int
		most, symbols, runs int
	}{
		{"literals", litRoot, litSize, maxCode, maxLitLen, 600},
		{"distances", distRoot, distSize, maxCode, maxDist, 600},
		{"code lengths", preRoot, 1 << preRoot, 7, maxPre, 300},
	}
	for _, k := range kinds {
		rnd := rand.New(rand.NewPCG(1, 1))
		table := make([]uint32, k.size)
		entries := make([]uint32, k.symbols)
		for i := range entries {
			entries[i] = uint32(i) << valueShift
		}
		sorted := make([]uint16, k.symbols)
		for run := range k.runs {
			lens := randomCode(rnd, min(k.symbols, 2+rnd.IntN(k.symbols)), k.most, k.symbols, run%2 == 0)
			for i := range table {
				table[i] = rnd.Uint32() // stale
			}
			if err := build(table, uint(k.root), lens, entries, sorted); err != nil {
				t.Fatalf("%s %v: %v", k.name, lens, err)
			}
			code := 0
			for l := 1; l <= maxCode; l, code = l+1, code<<1 {
				for sym, n := range lens {
					if int(n) != l {
						continue
					}
					in := uint64(bits.Reverse16(uint16(code))>>(16-l)) | rnd.Uint64()<<l
					want := uint32(sym<<valueShift | l<<codeShift | l)
					if e := lookup(table, uint(k.root), in); e != want {
						t.Fatalf("%s %v: symbol %d has the entry %#x, want %#x", k.name, lens, sym, e, want)
					}
					code++
				}
			}
		}
	}
}

// TestInflateEntries checks samples of the tables of RFC 1951, section 3.2.5.
func TestInflateEntries(t *testing.T) {
	t.Run("RFC 1951 3.2.5", testInflateEntries)
}

func testInflateEntries(t *testing.T) {
	tests := []struct {
		entry       uint32
		base, extra int
	}{
		{litEntries[257], 3, 0}, {litEntries[264], 10, 0}, {litEntries[265], 11, 1}, {litEntries[272], 31, 2},
		{litEntries[277], 67, 4}, {litEntries[284], 227, 5}, {litEntries[285], 258, 0},
		{distEntries[0], 1, 0}, {distEntries[3], 4, 0}, {distEntries[4], 5, 1}, {distEntries[15], 193, 6},
		{distEntries[28], 16385, 13}, {distEntries[29], 24577, 13},
	}
	for _, tt := range tests {
		if want := uint32(tt.base<<valueShift | tt.extra); tt.entry != want {
			t.Errorf("entry %#x, want %#x", tt.entry, want)
		}
	}
}

// TestInflateHistory compares with a window that holds everything.
func TestInflateHistory(t *testing.T) {
	rnd := rand.New(rand.NewPCG(2, 2))
	for _, keep := range []bool{false, true} {
		for range 40 {
			w := newWindow(8, keep)
			var all []byte
			for range 60 {
				p := make([]byte, rnd.IntN(1<<(1+rnd.IntN(10))))
				for i := range p {
					p[i] = byte(rnd.Uint32())
				}
				w.write(p)
				all = append(all, p...)
				held := min(len(all), w.size)
				if len(w.buf) != held || keep && cap(w.buf) > w.size {
					t.Fatalf("%d bytes held in %d, want %d", len(w.buf), cap(w.buf), held)
				}
				if held == 0 {
					continue
				}
				back := 1 + rnd.IntN(held)
				from := all[len(all)-back:]
				dst := make([]byte, 300)
				if k := w.copyTo(dst, back); k != back || !bytes.Equal(dst[:k], from) {
					t.Fatalf("%d bytes from %d back: %x, want %x", k, back, dst[:k], from)
				}
				short := make([]byte, 16)
				if n := min(16, back); w.copyShort(short, back) && !bytes.Equal(short[:n], from[:n]) {
					t.Fatalf("%d bytes back: %x, want %x", back, short[:n], from[:n])
				}
			}
			w.release()
			if w.buf != nil || w.box != nil {
				t.Fatal("released, and not empty")
			}
		}
	}
}
