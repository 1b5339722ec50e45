package main

import (
	"net"
	"sync"

	"github.com/sans-io/websocket-driver/hybi/frame"
)

// tap is a connection that counts the frames that pass. It knows hybi.
type tap struct {
	*net.TCPConn
	mu      sync.Mutex
	in, out frameReader
}

// counts are the numbers of frames that have passed.
type counts struct{ in, out frames }

// frames are those of one direction. Control frames do not count.
type frames struct {
	compressed int // messages whose first frame has RSV1 (RFC 7692, section 6)
	plain      int // the other messages
	continued  int // continuation frames
}

func (f *frames) add(g frames) {
	f.compressed += g.compressed
	f.plain += g.plain
	f.continued += g.continued
}

// Read implements net.Conn.
func (t *tap) Read(p []byte) (int, error) {
	n, err := t.TCPConn.Read(p)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.in.read(p[:n])
	return n, err
}

// Write implements net.Conn.
func (t *tap) Write(p []byte) (int, error) {
	t.mu.Lock()
	t.out.read(p)
	t.mu.Unlock()
	return t.TCPConn.Write(p)
}

// counts returns the numbers so far.
func (t *tap) counts() counts {
	t.mu.Lock()
	defer t.mu.Unlock()
	return counts{t.in.frames, t.out.frames}
}

// frameReader reads the headers of the frames after the head of a handshake.
type frameReader struct {
	frames
	head   int    // how much of emptyLine the last bytes are
	header []byte // the part of a frame's header that has come
	skip   uint64 // bytes of payload to come
}

// emptyLine ends the head of a handshake.
const emptyLine = "\r\n\r\n"

func (r *frameReader) read(p []byte) {
	for len(p) > 0 {
		switch {
		case r.head < len(emptyLine):
			if p[0] == emptyLine[r.head] {
				r.head++
			} else if r.head = 0; p[0] == '\r' {
				r.head = 1
			}
			p = p[1:]
		case r.skip > 0:
			n := min(r.skip, uint64(len(p)))
			r.skip -= n
			p = p[n:]
		default:
			r.header = append(r.header, p[0])
			p = p[1:]
			r.readHeader()
		}
	}
}

// readHeader counts the frame whose header is complete (RFC 6455, section 5.2).
func (r *frameReader) readHeader() {
	h, n, _ := frame.Parse(r.header) // the driver judges errors
	if n == 0 {
		return
	}
	switch {
	case h.Opcode.IsControl():
	case h.Opcode == frame.Continuation:
		r.continued++
	case h.RSV&frame.RSV1 != 0:
		r.compressed++
	default:
		r.plain++
	}
	r.header, r.skip = r.header[:0], h.Length
}
