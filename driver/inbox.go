package driver

import "github.com/sans-io/websocket-driver/driver/ws"

// inbox holds input that waits to be handled, in a buffer that pool lends. Bytes
// never move within a buffer, since data of the last event may lie in what has
// been handled. The nil *inbox is empty.
type inbox struct {
	buf []byte
	off int // bytes of buf that have been handled
}

func (b *inbox) len() int {
	if b == nil {
		return 0
	}
	return len(b.buf) - b.off
}

// isIdle reports whether b holds neither input nor a buffer.
func (b *inbox) isIdle() bool { return b == nil || b.buf == nil }

func (b *inbox) bytes() []byte { return b.buf[b.off:] }

// skip marks n bytes as handled. The end of the connection may have dropped them.
func (b *inbox) skip(n int) {
	if b != nil {
		b.off = min(b.off+n, len(b.buf))
	}
}

// release gives a buffer back that has been handled.
func (b *inbox) release(pool *ws.Queue) {
	if b != nil && b.buf != nil {
		pool.GiveBack(b.buf)
		*b = inbox{}
	}
}

// keep appends a copy of p. If the buffer is too short, the longer one holds only
// what has not been handled.
func (b *inbox) keep(p []byte, pool *ws.Queue) {
	if need := len(b.buf) + len(p); need > cap(b.buf) {
		// Data of the last event may lie in the old buffer: it is not given back.
		b.buf, b.off = append(pool.Borrow(max(b.len()+len(p), 2*b.len())), b.bytes()...), 0
	}
	b.buf = append(b.buf, p...)
}
