package stream

import (
	"context"
	"net"

	"github.com/sans-io/websocket-driver/driver"
)

// minLent is the number of bytes from which on a payload is not copied. Copying less
// costs no more than the second part of the write.
const minLent = 64 << 10

// lend makes the header of a large message the next batch, and p, which is still the
// caller's, what follows it. It reports whether it has. It has only if p can leave at
// once, unchanged, and written by the caller, and if an interrupted write can be
// resumed. The caller must flush without releasing the lock before.
func (c *Conn) lend(ctx context.Context, kind driver.Kind, p []byte) (bool, error) {
	if !c.interruptible || ctx.Done() != nil || c.o.WriteTimeout > 0 || c.out.by != noWriter || c.unsent() ||
		c.out.message != nil || c.out.err != nil || c.expired(ctx) != nil {
		return false, nil
	}
	ok, err := c.d.Header(kind, p)
	if !ok {
		return false, err
	}
	c.takeBatch()
	c.out.lent = p
	if c.out.vector == nil {
		c.out.vector = new(vector)
	}
	c.o.Trace.sent(c, kind, len(p))
	return true, nil
}

// vector is the argument of a vectored write, kept to spare its allocation. It belongs
// to the goroutine that writes.
type vector struct {
	buffers net.Buffers
	parts   [2][]byte
}

// writeLent writes the header and the payload that is lent, in one write.
func (c *Conn) writeLent() {
	v := c.out.vector
	v.parts = [2][]byte{c.out.unwritten, c.out.lent}
	v.buffers = v.parts[:]
	size := len(v.parts[0]) + len(v.parts[1])
	c.unlock()
	n, err := v.buffers.WriteTo(c.rwc)
	c.lock()
	v.parts = [2][]byte{}
	c.wrote(size, int(n), err)
}

// advance removes n bytes that have been written, and ends the batch after its last. It
// copies what is left of a payload that is lent, which its owner may change from now on.
func (out *outbound) advance(n int) {
	head := min(n, len(out.unwritten))
	out.unwritten, out.lent = out.unwritten[head:], out.lent[n-head:]
	if len(out.lent) > 0 {
		rest := append(buffers.Get(len(out.unwritten)+len(out.lent)), out.unwritten...)
		buffers.Put(out.batch)
		out.batch = append(rest, out.lent...)
		out.unwritten = out.batch
	}
	out.lent = nil
	if len(out.unwritten) == 0 {
		out.written = out.taken
		buffers.Put(out.batch)
		out.batch, out.unwritten = nil, nil
	}
}
