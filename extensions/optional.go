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
