package extensions

import "github.com/sans-io/websocket-driver/driver/ws"

// Releaser is a [Session] that holds memory only to be faster with the next
// message.
type Releaser interface {
	// Release lets go of it. It is called when the connection has sent nothing
	// for a while, be it in the middle of a message, after which the session
	// works on, and when the connection has ended. It may be called often.
	Release()
}

// Lender is a [Session] that lends the buffers into which messages are decoded.
// So a busy connection need not allocate them, and an idle one holds none.
type Lender interface {
	// Lend returns an empty slice with a capacity of n bytes or more, nil if
	// there is none that long. Until Return nobody else uses it.
	Lend(n int) []byte

	// Return takes a buffer that is not used any more, also one that has not
	// been lent.
	Return(b []byte)
}

// Preparer is a [Session] that can send messages which were encoded once for
// many connections.
type Preparer interface {
	// Form returns how messages are encoded for all of them. Sessions with
	// equal Forms (==) can send each other's messages. It is asked before each
	// of them.
	Form() Form

	// Sent says that p, of kind k, has been sent as Form has encoded it.
	Sent(k ws.Kind, p []byte)
}

// Form encodes messages that depend on no connection. Its type is comparable, a
// pointer for one, and it may be used by any number of goroutines at the same
// time.
type Form interface {
	// Encode appends to dst what p becomes and returns the longer slice. ok is
	// false if the message passes untouched. Encode neither keeps nor changes
	// p, and keeps no reference to dst.
	Encode(dst []byte, k ws.Kind, p []byte) (out []byte, ok bool, err error)
}

// Active returns the number of messages and fragments that were encoded since
// the last Release; 0 if nobody has anything to release.
func (p *Pipeline) Active() uint32 {
	if p == nil {
		return 0
	}
	return p.active
}

// Release makes the sessions let go of what they hold only to be faster.
func (p *Pipeline) Release() {
	if p == nil {
		return
	}
	for _, st := range p.stages {
		if r, ok := st.s.(Releaser); ok {
			r.Release()
		}
	}
	p.active = 0
}

// Lend returns an empty slice with a capacity of n bytes or more, to decode into,
// nil if no session lends one.
func (p *Pipeline) Lend(n int) []byte {
	if l := p.lender(); l != nil {
		return l.Lend(n)
	}
	return nil
}

// Return gives a buffer that is not used any more to who lends them.
func (p *Pipeline) Return(b []byte) {
	if cap(b) == 0 {
		return
	}
	if l := p.lender(); l != nil {
		l.Return(b)
	}
}

// lender returns the first session that lends buffers, or nil.
func (p *Pipeline) lender() Lender {
	if p == nil {
		return nil
	}
	for _, st := range p.stages {
		if l, ok := st.s.(Lender); ok {
			return l
		}
	}
	return nil
}

// Form returns how to encode messages that are sent to many, and the RSV bits
// of those that it does not leave untouched. ok is false if there is no such
// way: with several extensions, or with one that is no [Preparer]. Without
// extensions f is nil.
func (p *Pipeline) Form() (f Form, rsv byte, ok bool) {
	switch {
	case p == nil || len(p.stages) == 0:
		return nil, 0, true
	case len(p.stages) > 1:
		return nil, 0, false
	}
	s, ok := p.stages[0].s.(Preparer)
	if !ok {
		return nil, 0, false
	}
	return s.Form(), p.rsv, true
}

// Sent says that p has been sent as Form has encoded it.
func (p *Pipeline) Sent(k ws.Kind, b []byte) {
	p.stages[0].s.(Preparer).Sent(k, b)
}
