package stream

import (
	"math/bits"
	"sync"
)

// pool lends buffers of 1<<minBuffer to 1<<maxBuffer bytes to all connections, so
// that idle ones hold none. It implements [driver.Buffers].
type pool struct {
	free  [maxBuffer + 1]sync.Pool // by the logarithm of the capacity
	boxes sync.Pool                // empty *[]byte: a sync.Pool takes pointers, not slices
}

const (
	minBuffer = 12
	maxBuffer = 20
)

var buffers pool

// Get returns an empty buffer with a capacity of at least n bytes.
func (p *pool) Get(n int) []byte {
	k := max(bits.Len(uint(max(n, 1)-1)), minBuffer)
	if k > maxBuffer {
		return make([]byte, 0, n)
	}
	box, _ := p.free[k].Get().(*[]byte)
	if box == nil {
		return make([]byte, 0, 1<<k)
	}
	b := *box
	*box = nil
	p.boxes.Put(box)
	return b
}

// Put takes back a buffer of Get. It drops all others.
func (p *pool) Put(b []byte) {
	k := bits.Len(uint(cap(b))) - 1
	if k < minBuffer || k > maxBuffer || cap(b) != 1<<k {
		return
	}
	box, _ := p.boxes.Get().(*[]byte)
	if box == nil {
		box = new([]byte)
	}
	*box = b[:0]
	p.free[k].Put(box)
}
