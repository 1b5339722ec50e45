package deflate

import (
	"encoding/binary"
	"fmt"
)

// fastRoom is the room in dst, and fastInput the number of unread bytes of src, that
// one iteration of fast needs: for two literals and 16 bytes of a short match, and for
// reading ahead once.
const (
	fastRoom  = 18
	fastInput = 8
)

// block reads literals and matches: with fast as long as there is enough input and
// room, then code by code.
func (z *inflater) block(f *feed) (more bool, err error) {
	if len(f.src)-f.s >= fastInput && len(f.dst)-f.d >= fastRoom {
		err := z.fast(f)
		if z.state != inCodes || err != nil {
			return err == nil, err
		}
	}
	return z.careful(f)
}

// lookup returns the entry of the next code in b.
func lookup(table []uint32, root uint, b uint64) uint32 {
	e := table[b&(1<<root-1)]
	if e&isLink != 0 {
		e = table[uint64(e>>valueShift)+b>>root&(1<<(e>>codeShift&codeMask)-1)]
	}
	return e
}

// extended returns the base of e plus the extra bits that follow its code in b.
func extended(e uint32, b uint64) int {
	return int(e>>valueShift) + int(b&(1<<(e&bitsMask)-1)>>(e>>codeShift&codeMask))
}

// careful reads literals, lengths with their distances, and the end of the block. It
// uses the bits of an item only if all of them are available.
//
// A code looked up with too few bits is wrong, but it is then longer than these bits.
func (z *inflater) careful(f *feed) (more bool, err error) {
	for f.d < len(f.dst) {
		e := lookup(z.codes.lit[:], litRoot, z.b)
		k, dist := uint(e&bitsMask), uint32(0)
		if e&(isLiteral|isSpecial) == 0 {
			dist = lookup(z.codes.dist[:], distRoot, z.b>>k)
			k += uint(dist & bitsMask)
		}
		if k > z.n {
			if f.s == len(f.src) {
				return false, nil
			}
			z.need(f, k) // possibly more than needed: the code may be shorter
			continue
		}
		switch {
		case e&isLiteral != 0:
			f.dst[f.d] = byte(e >> valueShift)
			f.d++
			z.take(k)
		case e&isEnd != 0:
			z.take(k)
			z.endBlock()
			return true, nil
		case (e|dist)&isSpecial != 0:
			return false, badCode(e, dist)
		default:
			z.length = extended(e, z.b)
			z.dist = extended(dist, z.b>>(e&bitsMask))
			z.take(k)
			if err := z.checkDist(f.d, z.dist); err != nil {
				return false, err
			}
			if !z.match(f) {
				return false, nil
			}
		}
	}
	return false, nil
}

// badCode returns the error for the entries of a length and a distance.
func badCode(e, dist uint32) error {
	switch {
	case e&isSpecial != 0 && e>>valueShift != 0:
		return fmt.Errorf("invalid length symbol %d", e>>valueShift)
	case e&isSpecial == 0 && dist>>valueShift != 0:
		return fmt.Errorf("invalid distance symbol %d", dist>>valueShift)
	}
	return errUnusedCode
}

// checkDist returns an error if a match at dst[d] must not refer dist bytes back. A peer
// must keep to the window that it has agreed to (RFC 7692, section 7.1.2).
func (z *inflater) checkDist(d, dist int) error {
	if dist > z.win.size {
		return fmt.Errorf("invalid distance %d with a window of %d bytes", dist, z.win.size)
	}
	if dist > d+len(z.win.buf) {
		return fmt.Errorf("invalid distance %d with %d bytes of history", dist, d+len(z.win.buf))
	}
	return nil
}

// match writes as much of the current match as there is room for, and reports whether
// it is complete.
func (z *inflater) match(f *feed) (done bool) {
	k := min(z.length, len(f.dst)-f.d)
	z.win.repeat(f.dst[:f.d+k], f.d, z.dist)
	f.d += k
	z.length -= k
	if z.length > 0 {
		z.state = inMatch
		return false
	}
	z.state = inCodes
	return true
}

// repeat fills dst[d:] with the bytes that are dist bytes before them, in dst or, before
// its start, in the window.
func (w *window) repeat(dst []byte, d, dist int) {
	if dist > d {
		d += w.copyTo(dst[d:], dist-d)
	}
	if d == len(dst) {
		return
	}
	for from := d - dist; d < len(dst); {
		d += copy(dst[d:], dst[from:d])
	}
}

// fast reads codes without checking how much input and room is left, as long as there
// are at least fastInput bytes of src and fastRoom bytes of dst. It returns at a match
// that does not fit, at the end of the block, and where the input might end between a
// length and its distance; careful continues from there.
//
// Reading ahead provides at least 56 bits. Two literals from the first level use 20 of
// them, a length 20 more, and a distance up to 28, for which it may have to read ahead
// again. The function is long to keep all of this in registers.
func (z *inflater) fast(f *feed) (err error) {
	dst, src, d, s := f.dst, f.src, f.d, f.s
	b, n := z.b, z.n
	lit, dists := &z.codes.lit, &z.codes.dist
	size := z.win.size
	for len(src)-s >= fastInput && len(dst)-d >= fastRoom {
		b |= binary.LittleEndian.Uint64(src[s:]) << (n & 63)
		s += int(63-n) >> 3
		n |= 56
		e := lit[b&(1<<litRoot-1)]
		if e&isLiteral != 0 {
			dst[d] = byte(e >> valueShift)
			d++
			b >>= e & bitsMask
			n -= uint(e & bitsMask)
			e = lit[b&(1<<litRoot-1)]
			if e&isLiteral != 0 {
				dst[d] = byte(e >> valueShift)
				d++
				b >>= e & bitsMask
				n -= uint(e & bitsMask)
				e = lit[b&(1<<litRoot-1)]
			}
		}
		if e&(isLiteral|isSpecial) != 0 {
			if e&isLink != 0 {
				e = lit[uint64(e>>valueShift)+b>>litRoot&(1<<(e>>codeShift&codeMask)-1)]
			}
			if e&isLiteral != 0 {
				dst[d] = byte(e >> valueShift)
				d++
				b >>= e & bitsMask
				n -= uint(e & bitsMask)
				continue
			}
			if e&isSpecial != 0 {
				if e&isEnd == 0 {
					err = badCode(e, 0)
					break
				}
				z.b, z.n = b>>(e&bitsMask), n-uint(e&bitsMask)
				f.d, f.s = d, s
				z.endBlock()
				return nil
			}
		}

		length := extended(e, b)
		b2, n2 := b>>(e&bitsMask), n-uint(e&bitsMask)
		if n2 < maxCode+13 {
			if len(src)-s < fastInput {
				break
			}
			b2 |= binary.LittleEndian.Uint64(src[s:]) << (n2 & 63)
			s += int(63-n2) >> 3
			n2 |= 56
		}
		e = dists[b2&(1<<distRoot-1)]
		if e&isSpecial != 0 {
			if e&isLink != 0 {
				e = dists[uint64(e>>valueShift)+b2>>distRoot&(1<<(e>>codeShift&codeMask)-1)]
			}
			if e&isSpecial != 0 {
				err = badCode(0, e)
				break
			}
		}
		dist := extended(e, b2)
		b, n = b2>>(e&bitsMask), n2-uint(e&bitsMask)

		from := d - dist
		if from < 0 || dist > size {
			if err = z.checkDist(d, dist); err != nil {
				break
			}
			if length <= min(16, -from) && z.win.copyShort(dst[d:], -from) {
				d += length
				continue
			}
		} else if length <= 16 && dist >= 8 {
			binary.LittleEndian.PutUint64(dst[d:d+8], binary.LittleEndian.Uint64(dst[from:from+8]))
			binary.LittleEndian.PutUint64(dst[d+8:d+16], binary.LittleEndian.Uint64(dst[from+8:from+16]))
			d += length
			continue
		}
		if length > len(dst)-d {
			z.length, z.dist, z.state = length, dist, inMatch
			break
		}
		z.win.repeat(dst[:d+length], d, dist)
		d += length
	}
	z.b, z.n = b, n
	f.d, f.s = d, s
	return err
}
