// Package deflate implements the extension permessage-deflate (RFC 7692). It
// compresses messages with DEFLATE (RFC 1951), each independently or with references
// to the messages before it, which the RFC calls context takeover.
//
// The zero [Extension] is ready to use. Put a pointer to it into Config.Extensions of
// all connections that share its settings and its kept compressors.
//
// The length of a compressed message reveals something about its text. Do not put a
// secret and text chosen by others into one message or, under context takeover, into
// one connection (RFC 7692, section 8).
package deflate

import (
	"sync/atomic"

	"github.com/sans-io/websocket-driver/extensions"
)

// Name is the registered name of the extension (RFC 7692, section 12.1).
const Name = "permessage-deflate"

// Extension is the configuration of permessage-deflate. A number outside its range
// means the nearest number in the range. An Extension may be used by any number of
// connections concurrently, and must not be modified or copied while it is in use.
type Extension struct {
	// Params are the parameters that a client offers first. On a server they are
	// limits, which the answer states. A server declines offers that cannot be
	// answered within these limits.
	Params

	// Fallback lists further offers of a client, in order of preference. A server
	// accepts the first offer that it supports.
	Fallback []Params

	// Level is the compression level, from 1, the fastest, to 9. If zero, it is 1.
	// It has no effect if the window is limited to less than 15 bits: compressors
	// for such windows have a single level, which is close to 5.
	Level int

	// Threshold is the minimum length in bytes of a message that is compressed.
	// Messages sent in fragments are always compressed. If zero, it is 128 under
	// context takeover and 512 without. If negative, all messages are compressed.
	// At levels 1 to 6 a message of less than 128 bytes makes the connection give
	// up a kept compressor.
	Threshold int

	// Keep is the number of busy connections that keep their compressor between
	// messages under context takeover. A compressor takes 0.8 MB at level 1 and
	// up to 1.4 MB. Other connections prime one from their History for each
	// message, which costs a few microseconds and some compression. If zero, it
	// is 64. If negative, no compressor is kept.
	//
	// A compressor is released by Driver.Tick, when the connection has been idle
	// for 2 to 4 seconds or a time limit has expired, by Driver.EOF, and when the
	// connection ends. If a driver is dropped before that, its place becomes free
	// at a garbage collection.
	Keep int

	// History is the number of bytes sent last that a connection stores under
	// context takeover to prime a compressor, up to 32768 and the size of the
	// window. A longer History makes messages smaller and takes time and memory:
	// about 1 µs per KiB. If zero, it is 4096.
	History int

	kept  atomic.Int32 // connections that keep their compressor
	forms [2][maxBits + 1]atomic.Pointer[form]
}

const (
	defaultLevel     = 1
	maxLevel         = 9
	defaultKeep      = 64
	defaultHistory   = 4 << 10
	maxHistory       = 32 << 10
	thresholdContext = 128 // default under context takeover
	thresholdAlone   = 512 // default without
)

// Name returns [Name].
func (e *Extension) Name() string { return Name }

// RSV returns RSV1, which marks a compressed message (RFC 7692, section 6).
func (e *Extension) RSV() byte { return extensions.RSV1 }

// Offer returns the offers of a client: Params, then Fallback.
func (e *Extension) Offer() []extensions.Offer {
	var all []extensions.Offer
	for _, t := range e.offers() {
		all = append(all, extensions.Offer{Name: Name, Params: t.params()})
	}
	return all
}

// offers returns the terms of all offers.
func (e *Extension) offers() []terms {
	all := []terms{e.Params.terms()}
	for _, p := range e.Fallback {
		all = append(all, p.terms())
	}
	return all
}

// Accept answers an offer on a server. It declines invalid offers, and offers that do
// not allow a limit of Params.
func (e *Extension) Accept(offer []extensions.Param) ([]extensions.Param, extensions.Session, bool) {
	o, err := parse(offer, true)
	if err != nil {
		return nil, nil, false // RFC 7692, section 7.1: "MUST decline"
	}
	a, ok := e.Params.terms().answer(o)
	if !ok {
		return nil, nil, false
	}
	server, client := a.sides()
	return a.params(), newSession(e, server, client), true
}

// Activate applies the answer of a server on a client. It returns an error if the
// answer is invalid or matches none of the offers.
func (e *Extension) Activate(answer []extensions.Param) (extensions.Session, error) {
	a, err := parse(answer, false)
	if err != nil {
		return nil, err
	}
	var first error
	for _, o := range e.offers() {
		if err := a.fits(o); err != nil {
			if first == nil {
				first = err
			}
			continue
		}
		server, client := a.bind(o).sides()
		return newSession(e, client, server), nil
	}
	return nil, first
}

// form returns how a side compresses. It returns the same pointer for all connections
// with these terms.
func (e *Extension) form(s side) *form {
	at := &e.forms[0][s.bits]
	if s.takeover {
		at = &e.forms[1][s.bits]
	}
	if at.Load() == nil {
		at.CompareAndSwap(nil, e.newForm(s))
	}
	return at.Load()
}

func (e *Extension) newForm(s side) *form {
	f := &form{bits: s.bits, threshold: e.Threshold}
	if s.bits == maxBits {
		f.level = uint8(clamp(e.Level, defaultLevel, 1, maxLevel))
	}
	switch {
	case f.threshold < 0:
		f.threshold = 0
	case f.threshold == 0 && s.takeover:
		f.threshold = thresholdContext
	case f.threshold == 0:
		f.threshold = thresholdAlone
	}
	return f
}

// history returns how many bytes of text a side stores.
func (e *Extension) history(s side) int {
	if !s.takeover {
		return 0
	}
	return min(clamp(e.History, defaultHistory, 1, maxHistory), 1<<s.bits)
}

// keep reports whether one more connection may keep its compressor, and counts it.
// unkeep undoes that.
func (e *Extension) keep() bool {
	most := e.Keep
	if most == 0 {
		most = defaultKeep
	}
	if int(e.kept.Add(1)) <= most {
		return true
	}
	e.unkeep()
	return false
}

func (e *Extension) unkeep() { e.kept.Add(-1) }

// clamp returns v limited to low and high. 0 means def.
func clamp(v, def, low, high int) int {
	if v == 0 {
		return def
	}
	return min(max(v, low), high)
}
