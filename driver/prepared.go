package driver

import (
	"fmt"
	"unicode/utf8"

	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/hixie"
	"github.com/sans-io/websocket-driver/hybi"
)

// Variant names a form in which servers send a message. Drivers with equal
// Variants send the same bytes. The zero Variant is the form of a server that
// speaks hybi, without extensions and FragmentSize.
type Variant struct {
	hixie        bool
	fragmentSize int
	extensions   string
}

// Variant returns the form in which d sends messages. It is known after Open.
func (d *Driver) Variant() Variant {
	if d.version.IsHixie() {
		return Variant{hixie: true}
	}
	return Variant{fragmentSize: max(d.cfg.FragmentSize, 0), extensions: d.extensions}
}

// Prepared is a message that has been encoded once, to be sent to many. It is
// immutable: any number of drivers may send it at the same time.
type Prepared struct {
	kind  Kind
	data  []byte
	forms map[Variant][]byte
}

// NewPrepared encodes a message of kind Text or Binary in the zero Variant and in
// all variants given. It keeps a copy of p.
func NewPrepared(k Kind, p []byte, variants ...Variant) (*Prepared, error) {
	switch {
	case k != ws.Text && k != ws.Binary:
		return nil, fmt.Errorf("%w: prepared message of kind %v", ErrUnsupported, k)
	case k == ws.Text && !utf8.Valid(p):
		return nil, ErrInvalidUTF8
	}
	plain := hybi.AppendMessage(nil, k, p, 0)
	m := &Prepared{kind: k, data: plain[len(plain)-len(p):], forms: map[Variant][]byte{{}: plain}}
	for _, v := range variants {
		switch {
		case m.forms[v] != nil, v.extensions != "": // what extensions do depends on the connection
		case v.hixie && k == ws.Text:
			m.forms[v] = hixie.AppendText(nil, p)
		case !v.hixie:
			m.forms[v] = hybi.AppendMessage(nil, k, p, v.fragmentSize)
		}
	}
	return m, nil
}

// Prepared sends m, like Text or Binary. Only servers gain from it: a client
// masks each message with a key of its own. A driver for whose Variant m has not
// been encoded encodes it for itself.
func (d *Driver) Prepared(m *Prepared) error {
	if d.conn == nil || d.phase >= phaseEnding || !d.server {
		return d.send(m.kind, m.data)
	}
	frame := m.forms[d.Variant()]
	if frame == nil {
		return d.send(m.kind, m.data)
	}
	if most := d.cfg.MaxBuffered; most > 0 && d.out.Len()+len(m.data) > most {
		return ErrFull
	}
	return d.conn.Encoded(frame)
}
