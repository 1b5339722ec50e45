package deflate

import (
	"encoding/binary"
	"sync"
)

// window holds the last bytes of a plaintext, at most size of them. Its storage grows
// with the plaintext. When full, it is a ring.
type window struct {
	box  *windowBox
	buf  []byte // the bytes held, oldest first unless full
	pos  int    // if full, the index of the oldest byte
	size int    // of the full window

	// keep reports whether the content outlives a message. If so, the window owns
	// its storage; otherwise the storage comes from a pool.
	keep bool
}

// windowBox carries the storage of a window through the pool.
type windowBox struct{ buf []byte }

var windows = sync.Pool{New: func() any { return new(windowBox) }}

// newWindow returns an empty window of 1<<bits bytes, bits from 8 to 15.
func newWindow(bits int, keep bool) window {
	return window{size: 1 << bits, keep: keep}
}

// release empties w and releases its storage.
func (w *window) release() {
	if w.box != nil {
		w.box.buf = w.buf[:0]
		windows.Put(w.box)
		w.box = nil
	}
	w.buf, w.pos = nil, 0
}

// write appends p to the bytes held and drops the oldest ones to make room.
func (w *window) write(p []byte) {
	if len(p) > w.size {
		p = p[len(p)-w.size:]
		w.buf, w.pos = w.buf[:0], 0
	}
	if room := w.size - len(w.buf); room > 0 {
		k := min(room, len(p))
		w.grow(len(w.buf) + k)
		w.buf = append(w.buf, p[:k]...)
		p = p[k:]
	}
	for len(p) > 0 {
		k := copy(w.buf[w.pos:], p)
		p = p[k:]
		w.pos = (w.pos + k) & (w.size - 1)
	}
}

// grow makes room for need bytes in total, need <= size.
func (w *window) grow(need int) {
	if need <= cap(w.buf) {
		return
	}
	if w.box == nil && !w.keep {
		w.box = windows.Get().(*windowBox)
		w.buf = w.box.buf
		w.box.buf = nil
		if need <= cap(w.buf) {
			return
		}
	}
	buf := make([]byte, len(w.buf), min(w.size, max(need, 2*cap(w.buf), 256)))
	copy(buf, w.buf)
	w.buf = buf
}

// copyTo fills dst with the bytes that start back bytes before the end of the window,
// and returns their number, which is at most back. back is from 1 to len(buf).
func (w *window) copyTo(dst []byte, back int) int {
	i := w.pos - back
	if i < 0 {
		i += len(w.buf)
	}
	dst = dst[:min(len(dst), back)]
	k := copy(dst, w.buf[i:])
	if k < len(dst) {
		k += copy(dst[k:], w.buf)
	}
	return k
}

// copyShort is copyTo for n <= min(16, back) bytes. It may write up to 16 bytes. It
// returns false if they are not contiguous.
func (w *window) copyShort(dst []byte, back int) bool {
	i := w.pos - back
	if i < 0 {
		i += len(w.buf)
	}
	if len(w.buf)-i < 16 || len(dst) < 16 {
		return false
	}
	from := w.buf[i : i+16]
	binary.LittleEndian.PutUint64(dst, binary.LittleEndian.Uint64(from))
	binary.LittleEndian.PutUint64(dst[8:], binary.LittleEndian.Uint64(from[8:]))
	return true
}
