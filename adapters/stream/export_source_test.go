package stream

import "io"

// Held returns how many bytes of buffers c holds, apart from the small one of TLS.
// No call may be reading.
func (c *Conn) Held() int {
	c.lock()
	defer c.unlock()
	n := cap(c.in.rest) + c.buffered()
	for _, b := range [][]byte{c.source.buffer, c.out.batch} {
		n += cap(b)
	}
	return n
}

// Waiting returns the size of the buffer that a Conn holds while it waits for input
// of rwc, which has none now.
func Waiting(rwc io.ReadWriteCloser) int {
	var s source
	s.init(rwc, DefaultReadBuffer)
	switch {
	case s.small != nil:
		return len(s.small)
	case s.raw == nil:
		return s.size
	}
	_ = s.raw.Read(func(fd uintptr) bool {
		s.try(fd)
		return true
	})
	return len(s.buffer)
}
