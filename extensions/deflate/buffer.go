package deflate

import (
	"math/bits"
	"sync"
)

// The buffers that are lent have from 1<<minBuffer to 1<<maxBuffer bytes.
const (
	minBuffer = 12
	maxBuffer = 17
)

// buffers holds, by the logarithm of their capacity, those that nobody uses,
// and empty boxes: a sync.Pool takes pointers, not slices.
var (
	buffers [maxBuffer + 1]sync.Pool
	boxes   = sync.Pool{New: func() any { return new([]byte) }}
)

// Lend implements [extensions.Lender].
func (r *receiver) Lend(n int) []byte {
	k := max(bits.Len(uint(n-1)), minBuffer)
	if k > maxBuffer {
		return nil
	}
	box, ok := buffers[k].Get().(*[]byte)
	if !ok {
		return make([]byte, 0, 1<<k)
	}
	b := *box
	*box = nil
	boxes.Put(box)
	return b[:0]
}

// Return implements [extensions.Lender].
func (r *receiver) Return(b []byte) {
	k := bits.Len(uint(cap(b))) - 1
	if k < minBuffer || k > maxBuffer || cap(b) != 1<<k {
		return // not one of those that are lent
	}
	box := boxes.Get().(*[]byte)
	*box = b
	buffers[k].Put(box)
}
