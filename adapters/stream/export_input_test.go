package stream

import "io"

// Held returns how many bytes of buffers c holds, apart from the small one of TLS.
// No call may be reading.
func (c *Conn) Held() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := cap(c.in) + cap(c.unwritten) + c.d.Buffered()
	for _, b := range [][]byte{c.buffer, c.batch} {
		n += cap(b)
	}
	return n
}

// Waiting returns the size of the buffer that a Conn holds while it waits for input
// of rwc, which has none now.
func Waiting(rwc io.ReadWriteCloser) int {
	var in input
	in.init(rwc, defaultReadBuffer)
	switch {
	case in.small != nil:
		return len(in.small)
	case in.raw == nil:
		return in.size
	}
	_ = in.raw.Read(func(fd uintptr) bool {
		in.try(fd)
		return true
	})
	return len(in.buffer)
}
