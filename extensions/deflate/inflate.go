package deflate

import (
	"encoding/binary"
	"fmt"
)

// The inflater reads raw DEFLATE (RFC 1951) as a push machine: it takes the available
// input, writes as much output as there is room for, and can stop at any byte of
// either. This file contains the machine and the headers of blocks,
// inflate_header.go the header of a block with codes of its own, inflate_block.go the
// codes of a block, inflate_table.go the tables, and inflate_window.go the plaintext
// that matches refer to.
//
// Two rules make it independent of how input and output are split:
//
// Rule 1: bits are read ahead only within a push. If a push ends because src is used
// up, the bits kept are those of one unfinished item: a header field, or a length
// together with its distance. If it ends because dst is full, nothing is kept: even a
// partly used byte is put back, and skip says how many of its bits are used.
//
// Rule 2: an error is returned with nd == 0. Output before it is returned first, with
// a byte of src left unread so that another push follows.

// inflateState says what the inflater reads next.
type inflateState uint8

const (
	atHeader  inflateState = iota // BFINAL and BTYPE
	atStored                      // LEN and NLEN of a stored block
	inStored                      // the bytes of a stored block
	atCounts                      // HLIT, HDIST and HCLEN
	atPrecode                     // lengths of the codes for code lengths
	atLengths                     // code lengths
	inCodes                       // literals, lengths and distances
	inMatch                       // the rest of a match that did not fit
)

// inflater is the machine. The zero value is ready for reset. The tables come from a
// pool and are held only inside a block that has codes of its own.
type inflater struct {
	win   *window
	codes *codes  // of the current block
	dyn   *tables // the tables of a dynamic block, nil outside of one
	err   error

	b    uint64 // bits read and not used, the next one lowest; bits from n on are undefined
	n    uint   // their number
	skip uint8  // used bits of the next byte

	state   inflateState
	final   bool // the current block, or the last one, has BFINAL
	emptied bool // the last block was a stored block without bytes

	length int // the rest of a match or of a stored block
	dist   int // of a match
}

// feed is the input and output of one push, with its progress.
type feed struct {
	dst, src []byte
	d, s     int
}

// reset begins a message. Matches may refer to the plaintext in win, and the plaintext
// of the message is added to it. win must not be used otherwise until the message is
// complete. If win is not kept, it is emptied.
func (z *inflater) reset(win *window) {
	z.release()
	*z = inflater{win: win}
	if !win.keep {
		win.release()
	}
}

// release releases everything pooled. It may be called when a message is complete, and
// must be called before the inflater is dropped within a message. The next call must
// be reset.
func (z *inflater) release() {
	z.dropTables()
	if z.win != nil && !z.win.keep {
		z.win.release()
	}
	z.win = nil
}

// push decompresses src to dst, which must not be empty, and returns the number of
// bytes written and read. It stops when dst is full (nd == len(dst)) or all of src is
// used (ns == len(src)). Unread bytes must be passed again in the next push, with any
// others after them. Neither slice is retained, and src is not modified. dst[nd:] is
// scratch space.
//
// After a block with BFINAL the rest of its last byte is dropped, and further input
// begins the next block (RFC 7692, section 7.2.3.4).
//
// An error is sticky, and is returned with nd == 0.
func (z *inflater) push(dst, src []byte) (nd, ns int, err error) {
	if z.err != nil || len(dst) == 0 {
		return 0, 0, z.err
	}
	f := feed{dst: dst, src: src}
	if z.skip > 0 && len(src) > 0 {
		z.b, z.n = uint64(src[0]>>z.skip), uint(8-z.skip)
		z.skip, f.s = 0, 1
	}
	for more := true; more && err == nil; {
		more, err = z.step(&f)
	}
	if f.d == len(dst) { // rule 1
		f.s -= int(z.n+7) / 8
		z.skip = uint8(-z.n & 7)
		z.n = 0
	}
	z.b &= 1<<z.n - 1
	z.win.write(dst[:f.d])
	if err != nil {
		z.err = err
		z.dropTables()
		if f.d > 0 { // rule 2
			return f.d, min(f.s, len(src)-1), nil
		}
	}
	return f.d, f.s, err
}

// atBoundary reports whether the input so far ends at the end of a block and at a byte
// boundary. It is true before the first byte of a message.
func (z *inflater) atBoundary() bool {
	return z.err == nil && z.state == atHeader && z.n == 0 && z.skip == 0
}

// flushed reports whether the input so far ends with an empty stored block, as at the
// end of a message that has kept its tail, 00 00 ff ff (RFC 7692, section 7.2.1). It
// is false if these four bytes end a block of another kind.
func (z *inflater) flushed() bool { return z.atBoundary() && z.emptied }

// afterFinal reports whether the input so far ends with a block that has
// BFINAL.
func (z *inflater) afterFinal() bool { return z.atBoundary() && z.final }

// step executes the state and reports whether to continue: not if input or room is
// used up, and not after an error.
func (z *inflater) step(f *feed) (more bool, err error) {
	switch z.state {
	case atHeader:
		return z.header(f)
	case atStored:
		return z.storedHeader(f)
	case inStored:
		return z.stored(f), nil
	case atCounts:
		return z.counts(f)
	case atPrecode:
		return z.precode(f)
	case atLengths:
		return z.lengths(f)
	case inMatch:
		return z.match(f), nil
	default:
		return z.block(f)
	}
}

// need reads ahead as far as possible if fewer than k <= 56 bits are available, and
// reports whether k bits are available then.
func (z *inflater) need(f *feed, k uint) bool {
	if z.n >= k {
		return true
	}
	if len(f.src)-f.s >= 8 {
		z.b |= binary.LittleEndian.Uint64(f.src[f.s:]) << (z.n & 63)
		f.s += int(63-z.n) >> 3
		z.n |= 56
		return true
	}
	for ; z.n <= 56 && f.s < len(f.src); f.s++ {
		z.b |= uint64(f.src[f.s]) << (z.n & 63)
		z.n += 8
	}
	return z.n >= k
}

// take uses k bits, which must be available.
func (z *inflater) take(k uint) int {
	v := int(z.b & (1<<(k&63) - 1))
	z.b >>= k & 63
	z.n -= k
	return v
}

// align drops the bits up to the next byte boundary.
func (z *inflater) align() { z.take(z.n & 7) }

// header reads the three bits before every block (RFC 1951, section 3.2.3).
func (z *inflater) header(f *feed) (more bool, err error) {
	if !z.need(f, 3) {
		return false, nil
	}
	z.final = z.take(1) == 1
	z.emptied = false
	switch typ := z.take(2); typ {
	case 0:
		z.align()
		z.state = atStored
	case 1:
		z.codes = fixedCodes
		z.state = inCodes
	case 2:
		z.state = atCounts
	default:
		return false, fmt.Errorf("invalid block type %d", typ)
	}
	return true, nil
}

// endBlock ends the current block.
func (z *inflater) endBlock() {
	z.state = atHeader
	if z.final {
		z.align()
	}
	z.dropTables()
}

// storedHeader reads the length of a stored block and its complement (RFC 1951,
// section 3.2.4).
func (z *inflater) storedHeader(f *feed) (more bool, err error) {
	if !z.need(f, 32) {
		return false, nil
	}
	size, check := z.take(16), z.take(16)
	if size != ^check&0xffff {
		return false, fmt.Errorf("stored block of length %#04x with complement %#04x", size, check)
	}
	if size == 0 {
		z.endBlock()
		z.emptied = true
		return true, nil
	}
	f.s -= int(z.n / 8)
	z.b, z.n = 0, 0
	z.length = size
	z.state = inStored
	return true, nil
}

// stored copies the bytes of a stored block.
func (z *inflater) stored(f *feed) (more bool) {
	k := min(z.length, len(f.src)-f.s)
	k = copy(f.dst[f.d:], f.src[f.s:f.s+k])
	f.d += k
	f.s += k
	z.length -= k
	if z.length > 0 {
		return false
	}
	z.endBlock()
	return true
}
