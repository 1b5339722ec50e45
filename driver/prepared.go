package driver

import (
	"fmt"
	"unicode/utf8"

	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/extensions"
	"github.com/sans-io/websocket-driver/hixie"
	"github.com/sans-io/websocket-driver/hybi"
)

// Variant names a form in which servers send a message. Drivers with equal
// Variants (==) send the same bytes. The zero Variant is the form of a server
// that speaks hybi, without extensions and FragmentSize.
type Variant struct {
	hixie        bool
	own          bool // the extensions encode messages for this connection only
	rsv          byte
	fragmentSize int
	form         extensions.Form
}

// Variant returns the form in which d sends messages. It is known after Open.
func (d *Driver) Variant() Variant {
	if d.version.IsHixie() {
		return Variant{hixie: true}
	}
	form, rsv, ok := d.pipeline.Form()
	return Variant{own: !ok, rsv: rsv, fragmentSize: max(d.cfg.FragmentSize, 0), form: form}
}

// Prepared is a message that has been encoded once, to be sent to many. It is
// immutable: any number of drivers may send it at the same time.
type Prepared struct {
	kind  Kind
	data  []byte
	forms map[Variant]prepared
}

// prepared is a message in the form of a Variant.
type prepared struct {
	frames  []byte
	encoded bool // by the extension
}

// NewPrepared encodes a message of kind Text or Binary in the zero Variant and in
// all variants given, where possible: several extensions at once, and extensions
// that are no extensions.Preparer, encode anew for each connection. It keeps a
// copy of p. The error is ErrInvalid for another kind, ErrInvalidUTF8, or that of
// an extension.
func NewPrepared(k Kind, p []byte, variants ...Variant) (*Prepared, error) {
	switch {
	case k != ws.Text && k != ws.Binary:
		return nil, fmt.Errorf("%w: prepared message of kind %v", ErrInvalid, k)
	case k == ws.Text && !utf8.Valid(p):
		return nil, ErrInvalidUTF8
	}
	plain := hybi.AppendMessage(nil, k, p, 0)
	m := &Prepared{kind: k, data: plain[len(plain)-len(p):], forms: map[Variant]prepared{{}: {frames: plain}}}
	for _, v := range variants {
		if _, done := m.forms[v]; done || v.own || v.hixie && k != ws.Text {
			continue
		}
		f, err := v.prepare(k, p)
		if err != nil {
			return nil, err
		}
		m.forms[v] = f
	}
	return m, nil
}

// Kind returns the kind of the message, Text or Binary.
func (m *Prepared) Kind() Kind { return m.kind }

// Len returns the length of the payload in bytes.
func (m *Prepared) Len() int { return len(m.data) }

// prepare encodes a message.
func (v Variant) prepare(k Kind, p []byte) (prepared, error) {
	if v.hixie {
		return prepared{frames: hixie.AppendText(nil, p)}, nil
	}
	if v.form != nil {
		out, ok, err := v.form.Encode(nil, k, p)
		if err != nil {
			return prepared{}, fmt.Errorf("websocket: extensions: %w", err)
		}
		if ok {
			return prepared{hybi.AppendEncoded(nil, k, v.rsv, out, v.fragmentSize), true}, nil
		}
	}
	return prepared{frames: hybi.AppendMessage(nil, k, p, v.fragmentSize)}, nil
}

// SendPrepared sends m, like Text or Binary. Only servers gain from it: a client
// masks each message with a fresh key. A driver for whose Variant m has not been
// encoded encodes it itself.
func (d *Driver) SendPrepared(m *Prepared) error {
	if !d.canSend() || !d.server {
		return d.send(m.kind, m.data)
	}
	f, ok := m.forms[d.Variant()]
	switch {
	case !ok:
		return d.send(m.kind, m.data)
	case d.isFull():
		return ErrFull
	}
	err := d.conn.Prepared(f.frames)
	if err == nil && f.encoded {
		d.pipeline.Sent(m.kind, m.data)
	}
	return err
}
