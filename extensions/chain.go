package extensions

// linkSize is the number of bytes that may wait between two sessions.
const linkSize = 4096

// chain is a message on its way through several decoding sessions, the last
// negotiated first. Bytes are pulled from the end: a session is given new
// input when everything that can come out of it has come out, so each keeps
// at most linkSize bytes for the next.
//
// An error takes its turn behind the bytes that came out before it: which of
// several errors is found does not depend on how the input is cut.
type chain struct {
	links []link
}

// link is one session of a chain.
type link struct {
	st    *stage
	buf   []byte // what waits for the next link; nil for the last
	out   []byte // buf, from the first byte that waits on
	full  bool   // the last call filled its dst: there may be more
	ended bool   // the end of the message has come out: no more calls
	err   error  // follows out: no more calls either
}

// input is what one call of Pipeline.Decode brings; src shrinks as it is read.
type input struct {
	src []byte
	fin bool
}

// newChain links the sessions that take part in the received message.
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

// pull writes to dst what comes out of links[i]. drained says that nothing more
// comes without more input; otherwise dst is full.
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
