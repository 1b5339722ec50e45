package driver

// inbox holds input that waits to be dealt with. An idle driver has none. Bytes
// never move within a buffer, since data of the last event may lie in what has
// been dealt with.
type inbox struct {
	buf []byte
	off int // bytes of buf that have been dealt with
}

func (b *inbox) len() int      { return len(b.buf) - b.off }
func (b *inbox) bytes() []byte { return b.buf[b.off:] }

// skip marks n bytes as dealt with. They may have been let go of meanwhile, by
// the end of the connection.
func (b *inbox) skip(n int) { b.off = min(b.off+n, len(b.buf)) }

// release lets go of a buffer that is used up.
func (b *inbox) release() {
	if b.len() == 0 {
		*b = inbox{}
	}
}

// keep appends a copy of p. What has been dealt with is left behind when it is
// the larger part, so each byte is copied once more at most.
func (b *inbox) keep(p []byte) {
	if b.off > len(b.buf)/2 {
		b.buf, b.off = append(make([]byte, 0, b.len()+len(p)), b.bytes()...), 0
	}
	b.buf = append(b.buf, p...)
}
