package ws

import (
	"io"
	"slices"
)

// Queue holds the bytes that wait to be sent, as one buffer to which the
// versions append. The zero Queue is empty and ready to use.
type Queue struct {
	// Buf ends with the bytes to send. Senders append to it, after Grow so that
	// it stays in a buffer of the Pool, and do nothing else with it.
	Buf []byte

	// Pool, if not nil, lends Buf and the buffers of Borrow.
	Pool Buffers

	off  int    // bytes of Buf that have left through Read or WriteTo
	left uint64 // bytes that have left since the beginning
}

// Len returns the number of bytes that wait.
func (q *Queue) Len() int { return len(q.Buf) - q.off }

// End returns the position after the last byte, counted from the first byte
// that was ever queued.
func (q *Queue) End() uint64 { return q.left + uint64(q.Len()) }

// Left returns the position of the first byte that has not left yet.
func (q *Queue) Left() uint64 { return q.left }

// Take returns all bytes that wait; the caller owns them. Without a Pool
// spare[:0] becomes the new buffer; with one, spare goes to the Pool and the
// queue holds no buffer until the next send. If nothing waits Take returns
// spare[:0].
func (q *Queue) Take(spare []byte) []byte {
	if q.Pool != nil {
		return q.takeLent(spare)
	}
	if q.Len() == 0 {
		return spare[:0]
	}
	b := q.Buf[q.off:]
	q.left += uint64(len(b))
	q.Buf, q.off = spare[:0], 0
	return b
}

// takeLent is Take with a Pool.
func (q *Queue) takeLent(spare []byte) []byte {
	if q.Len() == 0 {
		q.reset()
		return spare[:0]
	}
	b := q.Buf[q.off:]
	q.left += uint64(len(b))
	q.Buf, q.off = nil, 0
	q.GiveBack(spare)
	return b
}

// Grow makes room for n more bytes in Buf, in steps that double it.
func (q *Queue) Grow(n int) {
	if cap(q.Buf)-len(q.Buf) < n {
		q.grow(n)
	}
}

// grow is Grow where room is lacking. It needs little stack for the first bytes, which
// connections send that have been idle.
func (q *Queue) grow(n int) {
	if q.Pool != nil && q.Buf == nil {
		q.Buf = q.Pool.Get(max(n, minBuffer))
		return
	}
	q.extend(n)
}

// extend is grow for a queue that has a buffer, or no Pool.
func (q *Queue) extend(n int) {
	switch {
	case q.Pool == nil && q.Buf == nil:
		q.Buf = make([]byte, 0, n)
		return
	case q.Pool == nil:
		q.Buf = slices.Grow(q.Buf, n)
		return
	}
	longer := append(q.Pool.Get(max(len(q.Buf)+n, 2*cap(q.Buf), minBuffer)), q.Buf...)
	q.GiveBack(q.Buf)
	q.Buf = longer
}

// minBuffer is the least capacity, in bytes, of a buffer that Grow borrows.
const minBuffer = 4 << 10

// Borrow returns an empty buffer with a capacity of at least n bytes, from the
// Pool if there is one. It is the caller's until GiveBack.
func (q *Queue) Borrow(n int) []byte {
	if q.Pool == nil {
		return make([]byte, 0, n)
	}
	return q.Pool.Get(n)
}

// GiveBack returns a buffer that is no longer used to the Pool, if there is one
// and b is not nil.
func (q *Queue) GiveBack(b []byte) {
	if q.Pool != nil && cap(b) > 0 {
		q.Pool.Put(b[:0])
	}
}

// reset drops the buffer, of which nothing waits.
func (q *Queue) reset() {
	q.GiveBack(q.Buf)
	q.Buf, q.off = nil, 0
}

// Read moves bytes to p. It returns io.EOF when nothing waits.
func (q *Queue) Read(p []byte) (int, error) {
	if q.Len() == 0 {
		return 0, io.EOF
	}
	n := copy(p, q.Buf[q.off:])
	q.discard(n)
	return n, nil
}

// WriteTo writes all bytes that wait to w. Bytes that w does not take remain.
func (q *Queue) WriteTo(w io.Writer) (int64, error) {
	if q.Len() == 0 {
		return 0, nil
	}
	wait := q.Len()
	n, err := w.Write(q.Buf[q.off:])
	n = min(max(n, 0), wait)
	q.discard(n)
	if err == nil && n < wait {
		err = io.ErrShortWrite
	}
	return int64(n), err
}

// Cut removes the bytes between two positions, none of which may have left.
func (q *Queue) Cut(from, to uint64) {
	base := q.left - uint64(q.off) // the position of Buf[0]
	q.Buf = append(q.Buf[:from-base], q.Buf[to-base:]...)
}

// discard forgets n bytes that have left. The rest is moved to the front only
// when it is the smaller half, so that each byte is moved at most once.
func (q *Queue) discard(n int) {
	q.left += uint64(n)
	q.off += n
	switch {
	case q.off == len(q.Buf):
		q.reset()
	case q.off > len(q.Buf)/2:
		q.Buf, q.off = q.Buf[:copy(q.Buf, q.Buf[q.off:])], 0
	}
}
