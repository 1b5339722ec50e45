package extensions

import (
	"fmt"
	"math/bits"

	"github.com/sans-io/websocket-driver/driver/ws"
)

// Pipeline applies the sessions of one connection to messages. The session that was
// negotiated first encodes first and decodes last: "foo, bar" sends bar(foo(data))
// (RFC 6455, section 9.1). Sending and receiving are independent. A nil Pipeline has
// no sessions.
//
// Sessions do not depend on each other, so a message may bypass some of them. Two
// sets record which sessions take part in the message being sent and in the message
// being received.
type Pipeline struct {
	stages   []stage
	header   string
	chain    *chain // for a received message that several sessions decode
	send     set
	recv     set
	active   uint32 // calls of Encode since the last Release
	releaser bool   // a session is a Releaser
	bypass   bool   // messages are sent without the sessions that have reserved bits
	rsv      byte
}

// stage is a session with the properties of its extension.
type stage struct {
	s    Session
	name string
	rsv  byte
}

// set is a set of stages; bit i stands for stages[i].
type set uint32

// several reports whether s has more than one member.
func (s set) several() bool { return s&(s-1) != 0 }

// first returns the lowest member.
func (s set) first() int { return bits.TrailingZeros32(uint32(s)) }

// last returns the highest member.
func (s set) last() int { return bits.Len32(uint32(s)) - 1 }

// add appends a session.
func (p *Pipeline) add(e Extension, s Session) {
	p.stages = append(p.stages, stage{s, e.Name(), e.RSV()})
	p.rsv |= e.RSV()
	if _, ok := s.(Releaser); ok {
		p.releaser = true
	}
}

// RSV returns the reserved bits that the extensions use.
func (p *Pipeline) RSV() byte {
	if p == nil {
		return 0
	}
	return p.rsv
}

// String returns the extensions in the form of the answer of the server.
func (p *Pipeline) String() string {
	if p == nil {
		return ""
	}
	return p.header
}

// SetBypass makes the messages that are sent from now on bypass the sessions whose
// extension has reserved bits, by which the peer sees that a message is not encoded. It
// reports what was set before.
func (p *Pipeline) SetBypass(on bool) (was bool) {
	if p == nil {
		return false
	}
	was, p.bypass = p.bypass, on
	return was
}

// Begin is called before a message of kind k is sent. size is its length in bytes,
// and one call of Encode follows; or size is -1 and the message is sent in
// fragments. rsv is the set of reserved bits of the first frame. If active is false,
// the message is sent unchanged.
func (p *Pipeline) Begin(k ws.Kind, size int) (rsv byte, active bool) {
	if p == nil {
		return 0, false
	}
	p.send = 0
	for i, st := range p.stages {
		if p.bypass && st.rsv != 0 {
			continue
		}
		if st.s.Begin(k, size) {
			p.send |= 1 << i
			rsv |= st.rsv
			size = -1 // unknown for the next session
		}
	}
	return rsv, p.send != 0
}

// Encode appends the encoded form of src to dst and returns the extended slice. fin
// reports whether the message ends with src. Neither src nor dst is retained. On
// error dst is returned unchanged, and the connection cannot send more messages.
func (p *Pipeline) Encode(dst, src []byte, fin bool) ([]byte, error) {
	if p == nil || p.send == 0 {
		return append(dst, src...), nil
	}
	if p.releaser {
		p.active = max(p.active+1, 1)
	}
	for rest := p.send; rest.several(); rest &= rest - 1 {
		out, err := p.stages[rest.first()].s.Encode(nil, src, fin)
		if err != nil {
			return dst, err
		}
		src = out
	}
	out, err := p.stages[p.send.last()].s.Encode(dst, src, fin)
	if err != nil {
		return dst, err
	}
	return out, nil
}

// BeginDecode is called before a message is received, with the reserved bits of its
// first frame. ok is false if the bits are a violation (RFC 6455, section 5.2): a bit
// that no extension uses, or some but not all bits of an extension. If active is
// false, the message is received unchanged.
func (p *Pipeline) BeginDecode(rsv byte) (active, ok bool) {
	if p == nil {
		return false, rsv == 0
	}
	p.recv = 0
	if rsv&^p.rsv != 0 {
		return false, false
	}
	for i, st := range p.stages {
		switch rsv & st.rsv {
		case st.rsv: // all bits, or the extension uses none
			p.recv |= 1 << i
		case 0:
		default:
			p.recv = 0
			return false, false
		}
	}
	return p.recv != 0, true
}

// Decode reads from src and writes to dst, which must not be empty. It returns the
// number of bytes written and read. fin reports whether the message ends with src.
// Call Decode again with the rest of src until ns == len(src) and nd < len(dst):
// everything that can be decoded has then been written. The rest may be split
// differently. Neither src nor dst is retained, and src is not modified. The error is
// that of the session.
func (p *Pipeline) Decode(dst, src []byte, fin bool) (nd, ns int, err error) {
	switch {
	case p == nil || p.recv == 0:
		n := copy(dst, src)
		return n, n, nil
	case !p.recv.several():
		return p.stages[p.recv.first()].decode(dst, src, fin)
	case p.chain == nil:
		p.chain = newChain(p)
	}
	in := input{src, fin}
	last := len(p.chain.links) - 1
	nd, drained, err := p.chain.pull(last, dst, &in)
	if drained && fin {
		p.chain = nil // the message is complete
	}
	return nd, len(src) - len(in.src), err
}

// decode calls the session and checks its contract, so that a faulty session ends the
// connection and not the program.
func (st *stage) decode(dst, src []byte, fin bool) (nd, ns int, err error) {
	nd, ns, err = st.s.Decode(dst, src, fin)
	switch {
	case nd < 0 || nd > len(dst) || ns < 0 || ns > len(src):
		return 0, 0, &ws.Error{
			Code: ws.CodeInternalError,
			Msg:  fmt.Sprintf("extension %s wrote %d of %d bytes and read %d of %d", st.name, nd, len(dst), ns, len(src)),
		}
	case err == nil && nd == 0 && ns == 0 && len(src) > 0 && len(dst) > 0:
		return 0, 0, &ws.Error{
			Code: ws.CodeInternalError,
			Msg:  fmt.Sprintf("extension %s neither reads nor writes", st.name),
		}
	}
	return nd, ns, err
}
