package stream

import "sync"

// buffers are shared by all connections, for reading and for writing, so that
// those which are idle hold none. They are kept behind pointers: putting a slice
// into a pool would cost memory each time.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// getBuffer returns a buffer of at least size bytes, of any content.
func getBuffer(size int) *[]byte {
	b := buffers.Get().(*[]byte)
	if cap(*b) < size {
		*b = make([]byte, size)
	}
	*b = (*b)[:cap(*b)]
	return b
}

// putBuffer gives back what getBuffer has returned, unless it has become so
// large that it is better let go.
func putBuffer(b *[]byte) {
	if cap(*b) <= bigBuffer {
		buffers.Put(b)
	}
}

// lend gives the driver a buffer for what is about to be sent.
func (c *Conn) lend() {
	if c.lent != nil || c.d.Buffered() > 0 {
		return
	}
	if b := getBuffer(c.input.size); c.d.Lend(*b) {
		c.lent = b
	} else {
		putBuffer(b)
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
	if c.batch != nil {
		putBuffer(c.batch)
	}
	c.batch, c.rest = nil, nil
}
