package stream

import "sync"

// pool holds buffers that connections share, so that those which are idle hold
// none. They are kept behind pointers: putting a slice into a sync.Pool would cost
// memory each time.
type pool struct{ p sync.Pool }

// Buffers for reading are as large as somebody has asked for, those for writing
// as large as what was sent.
var readBuffers, writeBuffers pool

// writeBuffer is the least capacity of a buffer for writing, in bytes.
const writeBuffer = 4 << 10

// get returns a buffer of at least size bytes, of any content.
func (p *pool) get(size int) *[]byte {
	b, _ := p.p.Get().(*[]byte)
	if b == nil {
		b = new([]byte)
	}
	if cap(*b) < size {
		*b = make([]byte, size)
	}
	*b = (*b)[:cap(*b)]
	return b
}

// put gives back what get has returned.
func (p *pool) put(b *[]byte) { p.p.Put(b) }

// lend gives the driver a buffer for what is about to be sent.
func (c *Conn) lend() {
	if c.lent != nil || c.d.Buffered() > 0 {
		return
	}
	if b := writeBuffers.get(writeBuffer); c.d.Lend(*b) {
		c.lent = b
	} else {
		writeBuffers.put(b)
	}
}

// take takes what the driver has queued, as the next batch.
func (c *Conn) take() {
	c.rest = c.d.Take(nil)
	if c.batch, c.lent = c.lent, nil; c.batch != nil {
		*c.batch = c.rest
	}
}

// releaseBatch gives the buffer of a batch back that has been written.
func (c *Conn) releaseBatch() {
	if c.batch != nil && cap(*c.batch) <= bigBuffer {
		writeBuffers.put(c.batch)
	}
	c.batch, c.rest = nil, nil
}
