package deflate

import (
	"errors"
	"fmt"
)

// The header of a block with codes of its own (RFC 1951, section 3.2.7).

// preOrder is the order of the lengths of the codes for code lengths.
var preOrder = [maxPre]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

var (
	errUnusedCode = errors.New("code without a symbol")
	errNoEnd      = errors.New("block without a code for its end")
	errNoRepeat   = errors.New("code lengths begin with a repetition")
)

// counts reads the number of lengths of each kind.
func (z *inflater) counts(f *feed) (more bool, err error) {
	if !z.need(f, 14) {
		return false, nil
	}
	nlit, ndist, npre := z.take(5)+257, z.take(5)+1, z.take(4)+4
	if nlit > maxLitLen {
		return false, fmt.Errorf("%d literal and length codes", nlit)
	}
	if ndist > maxDist {
		return false, fmt.Errorf("%d distance codes", ndist)
	}
	t := z.takeTables()
	t.nlit, t.ndist, t.npre = nlit, ndist, npre
	t.preLens = [maxPre]uint8{}
	t.have = 0
	z.state = atPrecode
	return true, nil
}

// precode reads the lengths of the codes for code lengths.
func (z *inflater) precode(f *feed) (more bool, err error) {
	t := z.dyn
	for ; t.have < t.npre; t.have++ {
		if !z.need(f, 3) {
			return false, nil
		}
		t.preLens[preOrder[t.have]] = uint8(z.take(3))
	}
	if err := build(t.pre[:], preRoot, t.preLens[:], preEntries[:], t.sorted[:]); err != nil {
		return false, err
	}
	t.have = 0
	z.state = atLengths
	return true, nil
}

// lengths reads the code lengths and builds the tables.
func (z *inflater) lengths(f *feed) (more bool, err error) {
	t := z.dyn
	lens := t.lens[:t.nlit+t.ndist]
	have := t.have
	for have < len(lens) {
		z.need(f, preRoot+7)
		e := t.pre[z.b&(1<<preRoot-1)]
		if uint(e&bitsMask) > z.n {
			t.have = have
			return false, nil
		}
		if e&isLiteral != 0 {
			lens[have] = uint8(e >> valueShift)
			have++
			z.take(uint(e & bitsMask))
			continue
		}
		v := z.take(uint(e & bitsMask))
		again := int(e>>valueShift) + v>>(e>>codeShift&codeMask)
		if again > len(lens)-have || e>>valueShift == 0 {
			return false, badRun(e, again, len(lens)-have)
		}
		var l uint8
		if e&isSpecial != 0 {
			if have == 0 {
				return false, errNoRepeat
			}
			l = lens[have-1]
		}
		for i := range lens[have : have+again] {
			lens[have+i] = l
		}
		have += again
	}
	t.have = have
	return true, z.buildCodes(t)
}

// badRun returns the error for an entry of the code for code lengths.
func badRun(e uint32, again, room int) error {
	if e>>valueShift == 0 {
		return errUnusedCode
	}
	return fmt.Errorf("code length repeated %d times with %d left", again, room)
}

// buildCodes builds the tables from the code lengths.
func (z *inflater) buildCodes(t *tables) error {
	if t.lens[endSymbol] == 0 {
		return errNoEnd
	}
	if err := build(t.lit[:], litRoot, t.lens[:t.nlit], litEntries[:], t.sorted[:]); err != nil {
		return err
	}
	if err := build(t.dist[:], distRoot, t.lens[t.nlit:t.nlit+t.ndist], distEntries[:], t.sorted[:]); err != nil {
		return err
	}
	z.codes = &t.codes
	z.state = inCodes
	return nil
}
