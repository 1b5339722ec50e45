package extensions

// linkSize is the size of the buffer between two sessions, in bytes.
const linkSize = 4096

// chain decodes a message with several sessions, the last negotiated first. Bytes are
// pulled from the end: a session gets new input only when it has written everything
// that it can, so at most linkSize bytes are buffered for the next one.
//
// An error is delivered after the bytes that were written before it. So the input
// decides which of several errors is found, and not how it is split.
type chain struct {
	links []link
}

// link is one session of a chain.
type link struct {
	st    *stage
	buf   []byte // output for the next link; nil for the last link
	out   []byte // the part of buf that the next link has not read
	full  bool   // the last call filled its dst, so there may be more
	ended bool   // the message is complete: no more calls
	err   error  // to be delivered after out: no more calls either
}

// input is the input of one call of Pipeline.Decode. src shrinks as it is read.
type input struct {
	src []byte
	fin bool
}

// newChain links the sessions that decode the received message.
func newChain(p *Pipeline) *chain {
	c := &chain{}
	for rest := p.recv; rest != 0; rest &^= 1 << rest.last() {
		l := link{st: &p.stages[rest.last()]}
		if rest.several() {
			l.buf = make([]byte, linkSize)
		}
		c.links = append(c.links, l)
	}
	return c
}

// pull writes the output of links[i] to dst. drained reports that more output needs
// more input; otherwise dst is full.
func (c *chain) pull(i int, dst []byte, in *input) (nd int, drained bool, err error) {
	l := &c.links[i]
	for !l.ended {
		src, fin := &in.src, in.fin
		if i > 0 {
			prev := &c.links[i-1]
			if len(prev.out) == 0 && !prev.ended && !l.full {
				n := 0
				if prev.err == nil {
					n, _, prev.err = c.pull(i-1, prev.buf, in)
				}
				if n == 0 && prev.err != nil {
					return nd, false, prev.err
				}
				prev.out = prev.buf[:n]
			}
			src, fin = &prev.out, prev.ended
		}
		if len(*src) == 0 && !fin && !l.full {
			return nd, true, nil
		}
		n, m, err := l.st.decode(dst[nd:], *src, fin)
		nd, *src = nd+n, (*src)[m:]
		if err != nil {
			return nd, false, err
		}
		if l.full = nd == len(dst); l.full {
			return nd, false, nil
		}
		l.ended = fin && len(*src) == 0
	}
	return nd, true, nil
}
