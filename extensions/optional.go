package extensions

import "github.com/sans-io/websocket-driver/driver/ws"

// Releaser is implemented by a [Session] that holds memory only to process the next
// message faster. It is useful for any extension with large buffers or tables.
type Releaser interface {
	// Release releases the memory. It is called when the connection has sent
	// nothing for a while, possibly in the middle of a message, and when the
	// connection has ended. The session must remain usable. Release may be called
	// repeatedly.
	Release()
}

// Preparer is implemented by a [Session] that can send messages encoded once for
// many connections. It is useful for extensions whose encoding does not depend on the
// connection or that can do without its state.
type Preparer interface {
	// Form returns how messages for many connections are encoded. Sessions with
	// equal Forms (==) can send the same encoded messages. Form is called before
	// each of them.
	Form() Form

	// Sent reports that p, of kind k, has been sent in the encoding of Form.
	Sent(k ws.Kind, p []byte)
}

// Form encodes messages independently of any connection. Its type must be
// comparable, for example a pointer. It must be safe for concurrent use.
type Form interface {
	// Encode appends the encoded form of p to dst and returns the extended slice.
	// If ok is false, the message is sent unchanged. Encode must not modify p, and
	// must not retain p or dst.
	Encode(dst []byte, k ws.Kind, p []byte) (out []byte, ok bool, err error)
}

// Active returns the number of messages and fragments encoded since the last
// Release, or 0 if no session is a [Releaser].
func (p *Pipeline) Active() uint32 {
	if p == nil {
		return 0
	}
	return p.active
}

// Release calls Release of each session that is a [Releaser].
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

// Form returns how to encode messages for many connections, and the RSV bits of
// those that it changes. Without extensions f is nil. ok is false if there is no such
// encoding: with several extensions, or with one that is not a [Preparer].
func (p *Pipeline) Form() (f Form, rsv byte, ok bool) {
	switch {
	case p == nil || len(p.stages) == 0, len(p.stages) == 1 && p.bypass && p.rsv != 0:
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

// Sent reports that b, of kind k, has been sent in the encoding of Form.
func (p *Pipeline) Sent(k ws.Kind, b []byte) {
	p.stages[0].s.(Preparer).Sent(k, b)
}
