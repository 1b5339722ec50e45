package driver

import (
	"fmt"
	"io"

	"github.com/sans-io/websocket-driver/driver/ws"
)

// Messages is the application side of a driver: the events of what has come
// through IO, and messages as io.Reader and io.Writer. It never blocks.
//
// This loop sends each message back as one message of the same kind:
//
//	for ev := m.Next(); ev.Kind != driver.None; ev = m.Next() {
//		switch ev.Kind {
//		case driver.Connect:
//			err = d.Start()
//		case driver.Text, driver.Binary:
//			_, err = io.Copy(m, m)
//		}
//	}
type Messages struct {
	// Kind is the kind of the messages that Write sends: Text unless set.
	Kind Kind

	d       *Driver
	ev      Event
	read    int  // bytes of ev.Data that Read has given
	passing bool // WriteTo has sent a part of a message, and not its end
}

var (
	_ io.ReadWriter = (*Messages)(nil)
	_ io.WriterTo   = (*Messages)(nil)
)

// Messages returns the application side; each call returns the same value.
func (d *Driver) Messages() *Messages {
	if d.messages == nil {
		d.messages = &Messages{d: d}
	}
	return d.messages
}

// Next moves to the next event and returns it: None when more input is needed.
// What Read has not read of the previous one is dropped.
func (m *Messages) Next() Event {
	_, m.ev = m.d.Parse(nil)
	m.read = 0
	return m.ev
}

// Read reads the payload of the current event. It returns io.EOF at the end and
// ErrNoData if there is no current event: more input is needed, and Next. After
// the Close event it returns ErrClosed.
func (m *Messages) Read(p []byte) (int, error) {
	switch err := m.current(); {
	case err != nil:
		return 0, err
	case m.read == len(m.ev.Data):
		return 0, io.EOF
	}
	n := copy(p, m.ev.Data[m.read:])
	m.read += n
	return n, nil
}

// current returns why there is no current event.
func (m *Messages) current() error {
	switch {
	case m.ev.Kind != ws.None:
		return nil
	case m.d.phase >= phaseEnded:
		return ErrClosed
	}
	return ErrNoData
}

// WriteTo writes what Read has not read of the payload of the current event, in
// one Write. If w is a *Messages, this one or that of another driver, it sends the
// payload as one message of the kind of the event, or with Config.Pieces or
// Config.Frames as the next fragment of one: io.Copy passes on messages of any length, empty ones
// included. The errors without a current event are those of Read.
func (m *Messages) WriteTo(w io.Writer) (int64, error) {
	if err := m.current(); err != nil {
		return 0, err
	}
	p := m.ev.Data[m.read:]
	if to, ok := w.(*Messages); ok {
		if err := to.pass(m.ev, p); err != nil {
			return 0, err
		}
		m.read = len(m.ev.Data)
		return int64(len(p)), nil
	}
	if len(p) == 0 {
		return 0, nil
	}
	n, err := w.Write(p)
	n = min(max(n, 0), len(p))
	m.read += n
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	return int64(n), err
}

// pass sends p, of the event ev of some driver.
func (m *Messages) pass(ev Event, p []byte) error {
	switch {
	case !ev.Kind.IsMessage():
		return fmt.Errorf("%w: a %v event is no message", ErrInvalid, ev.Kind)
	case ev.Final && !m.passing:
		return m.d.send(ev.Kind, p)
	}
	if err := m.d.Fragment(ev.Kind, p, ev.Final); err != nil {
		return err
	}
	m.passing = !ev.Final
	return nil
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
