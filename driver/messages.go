package driver

import (
	"io"

	"github.com/sans-io/websocket-driver/driver/ws"
)

// Messages is the application side of a driver: the events of what has come
// through IO, and messages as io.Reader and io.Writer. It never blocks.
type Messages struct {
	// Kind is the kind of the messages that Write sends: Text unless set.
	Kind Kind

	d    *Driver
	ev   Event
	read int // bytes of ev.Data that Read has given
}

var _ io.ReadWriter = (*Messages)(nil)

// Messages returns the application side; each call returns the same value.
func (d *Driver) Messages() *Messages {
	if d.messages == nil {
		d.messages = &Messages{d: d}
	}
	return d.messages
}

// Next moves to the next event and returns it: None when more input is needed.
// What Read has not read of the last one is given up.
func (m *Messages) Next() Event {
	_, m.ev = m.d.Parse(nil)
	m.read = 0
	return m.ev
}

// Read reads the payload of the current event. It returns io.EOF at the end and
// ErrNoData if there is no current event: more input is needed, and Next. When
// the Close event is past it returns ErrClosed.
func (m *Messages) Read(p []byte) (int, error) {
	switch {
	case m.ev.Kind == ws.None && m.d.phase >= phaseEnded:
		return 0, ErrClosed
	case m.ev.Kind == ws.None:
		return 0, ErrNoData
	case m.read == len(m.ev.Data):
		return 0, io.EOF
	}
	n := copy(p, m.ev.Data[m.read:])
	m.read += n
	return n, nil
}

// Write sends p as one message of kind m.Kind.
func (m *Messages) Write(p []byte) (int, error) {
	kind := m.Kind
	if kind == ws.None {
		kind = ws.Text
	}
	if err := m.d.send(kind, p); err != nil {
		return 0, err
	}
	return len(p), nil
}
