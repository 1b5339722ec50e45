package deflate

import (
	"errors"
	"fmt"
	"math/bits"
	"sync"
)

// A table is indexed with the next bits of the input. Its first level has 1<<root
// entries. The remaining bits of longer codes index a second level after it. The bits of
// an entry are
//
//	0-5    the number of bits to use: of the code and its extra bits
//	8-11   the number of bits of the code; in a link those of the second level
//	12-15  the type
//	16-31  a literal, the base of a length or distance, or the start of a second level
const (
	isLiteral = 1 << 12
	isSpecial = 1 << 13 // neither literal nor length or distance
	isLink    = 1 << 14 // and special: continued in the second level
	isEnd     = 1 << 15 // and special: end of the block

	bitsMask   = 63
	codeShift  = 8
	codeMask   = 15
	valueShift = 16
)

// The limits of the alphabets (RFC 1951, section 3.2.7) and of the tables. A second level
// of 1<<k entries has at least k+1 codes, the longest of which has 15 bits. So it takes
// at most 32/6 entries per code for 5 bits beyond the root, and 128/8 for 7.
const (
	maxLitLen = 286
	maxDist   = 30
	maxPre    = 19
	maxCode   = 15
	endSymbol = 256

	litRoot  = 10
	distRoot = 8
	preRoot  = 7
	litSize  = 1<<litRoot + maxLitLen*32/6
	distSize = 1<<distRoot + maxDist*128/8
)

// codes are the tables of a block.
type codes struct {
	lit  [litSize]uint32
	dist [distSize]uint32
}

// tables is the state for reading a block with codes of its own.
type tables struct {
	codes
	pre [1 << preRoot]uint32 // the code for code lengths

	// The header as far as it has been read.
	lens              [maxLitLen + maxDist]uint8
	preLens           [maxPre]uint8
	have              int // elements of preLens or of lens
	nlit, ndist, npre int

	sorted [maxLitLen + maxDist]uint16 // symbols in the order of their codes
}

var dynTables = sync.Pool{New: func() any { return new(tables) }}

// takeTables begins a block with codes of its own.
func (z *inflater) takeTables() *tables {
	if z.dyn == nil {
		z.dyn = dynTables.Get().(*tables)
	}
	return z.dyn
}

// dropTables releases the tables of the current block.
func (z *inflater) dropTables() {
	z.codes = nil
	if z.dyn != nil {
		dynTables.Put(z.dyn)
		z.dyn = nil
	}
}

// The entries of the symbols, without the bits of their codes.
var (
	litEntries  = makeLitEntries()
	distEntries = makeDistEntries()
	preEntries  = makePreEntries()
)

// makeLitEntries implements the first table of RFC 1951, section 3.2.5. Symbols 286 and
// 287 have codes in fixed blocks and must not occur.
func makeLitEntries() (t [288]uint32) {
	for i := range endSymbol {
		t[i] = uint32(i)<<valueShift | isLiteral
	}
	t[endSymbol] = isSpecial | isEnd
	base := uint32(3)
	for i := endSymbol + 1; i < 285; i++ {
		extra := uint32(max(0, (i-261)/4))
		t[i] = base<<valueShift | extra
		base += 1 << extra
	}
	t[285] = 258 << valueShift
	for i := maxLitLen; i < len(t); i++ {
		t[i] = uint32(i)<<valueShift | isSpecial
	}
	return t
}

// makeDistEntries implements the second table of RFC 1951, section 3.2.5. Symbols 30 and
// 31 have codes in fixed blocks and must not occur.
func makeDistEntries() (t [32]uint32) {
	base := uint32(1)
	for i := range maxDist {
		extra := uint32(max(0, (i-2)/2))
		t[i] = base<<valueShift | extra
		base += 1 << extra
	}
	for i := maxDist; i < len(t); i++ {
		t[i] = uint32(i)<<valueShift | isSpecial
	}
	return t
}

// makePreEntries implements RFC 1951, section 3.2.7: 0 to 15 are literal lengths, the
// others are repetitions of zero or, for the special entry, of the previous length.
func makePreEntries() (t [maxPre]uint32) {
	for i := range 16 {
		t[i] = uint32(i)<<valueShift | isLiteral
	}
	t[16] = 3<<valueShift | isSpecial | 2
	t[17] = 3<<valueShift | 3
	t[18] = 11<<valueShift | 7
	return t
}

// fixedCodes are the codes of RFC 1951, section 3.2.6.
var fixedCodes = func() *codes {
	var lens [288 + 32]uint8
	for i := range lens {
		switch {
		case i < 144:
			lens[i] = 8
		case i < 256:
			lens[i] = 9
		case i < 280:
			lens[i] = 7
		case i < 288:
			lens[i] = 8
		default:
			lens[i] = 5
		}
	}
	t := new(codes)
	var sorted [288]uint16
	if build(t.lit[:], litRoot, lens[:288], litEntries[:], sorted[:]) != nil ||
		build(t.dist[:], distRoot, lens[288:], distEntries[:], sorted[:]) != nil {
		panic("fixed codes are incomplete")
	}
	return t
}()

var errIncomplete = errors.New("code lengths that leave codes unused")

// build fills table for the code with the given lengths, 0 to 15, by symbol (RFC 1951,
// section 3.2.2). entries has the entry of each symbol. A code must be complete, except
// that, as in other implementations, it may have no symbol, or one symbol with one bit.
// sorted is scratch space with room for all symbols.
func build(table []uint32, root uint, lens []uint8, entries []uint32, sorted []uint16) error {
	var count, next [maxCode + 1]int
	for _, l := range lens {
		if l != 0 {
			count[l&codeMask]++
		}
	}
	left, used := 1, 0
	for l := 1; l <= maxCode; l++ {
		next[l] = used
		used += count[l]
		left = left<<1 - count[l]
		if left < 0 {
			return fmt.Errorf("code lengths with too many codes of up to %d bits", l)
		}
	}
	if left > 0 && used > 0 && (used > 1 || count[1] != 1) {
		return errIncomplete
	}
	for i, l := range lens {
		if l != 0 {
			sorted[next[l&codeMask]] = uint16(i)
			next[l&codeMask]++
		}
	}
	if left > 0 {
		for i := range table[:1<<root] {
			table[i] = isSpecial | 1<<codeShift | 1
		}
		if used == 1 {
			e := entries[sorted[0]] + 1<<codeShift + 1
			for i := 0; i < 1<<root; i += 2 {
				table[i] = e
			}
		}
		return nil
	}
	fillTable(table, root, &count, entries, sorted[:used])
	return nil
}

// fillTable fills a table for a complete code with count[l] codes of l bits. sorted lists
// their symbols in the order of the codes. The codes are enumerated with reversed bits,
// as in the input.
//
// For codes of l bits the table has 1<<l entries, and it is doubled for l+1 bits. Entries
// not yet set are stale, but all are set in the end.
func fillTable(table []uint32, root uint, count *[maxCode + 1]int, entries []uint32, sorted []uint16) {
	var code, l uint
	size := 1
	for l < root {
		l++
		copy(table[size:2*size], table[:size])
		size *= 2
		add := uint32(l<<codeShift | l)
		for _, sym := range sorted[:count[l]] {
			table[code] = entries[sym] + add
			code = nextCode(code, l)
		}
		sorted = sorted[count[l]:]
	}
	prefix, start, sub := ^uint(0), uint(0), uint(0)
	end := uint(size)
	for l++; len(sorted) > 0; l++ {
		add := uint32(l<<codeShift | l)
		for left := count[l]; left > 0; left-- {
			if p := code & (1<<root - 1); p != prefix {
				prefix, start = p, end
				sub = subBits(l-root, left, count[l:])
				end += 1 << sub
				table[p] = uint32(start<<valueShift|sub<<codeShift) | isSpecial | isLink
			}
			e := entries[sorted[0]] + add
			for i := code >> root; i < 1<<sub; i += 1 << (l - root) {
				table[start+i] = e
			}
			code = nextCode(code, l)
			sorted = sorted[1:]
		}
	}
}

// nextCode adds 1 to a reversed code of l bits. After the last code it returns 0.
func nextCode(code, l uint) uint {
	zeros := ^code & (1<<l - 1)
	if zeros == 0 {
		return 0
	}
	top := uint(1) << (bits.Len(zeros) - 1)
	return code&(top-1) | top
}

// subBits returns the number of bits of a second level whose first code has k bits beyond
// the root. left is the number of remaining codes of that length, and counts[i] the
// number of codes that are i bits longer.
func subBits(k uint, left int, counts []int) uint {
	space := 1<<k - left
	for i := 1; space > 0; i++ {
		k++
		space = 2*space - counts[i]
	}
	return k
}
