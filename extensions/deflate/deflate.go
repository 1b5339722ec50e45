// Package deflate is the extension permessage-deflate (RFC 7692): it
// compresses messages with DEFLATE (RFC 1951), each by itself or with reference
// to the ones before it, which the RFC calls context takeover.
//
// The zero [Extension] works. Put a pointer to one into Config.Extensions of
// all connections that are to share its settings and its kept compressors.
//
// The length of a compressed message tells something about its text. Do not put
// a secret and text that somebody else has chosen into one message nor, under
// context takeover, into one connection (RFC 7692, section 8).
package deflate

import (
	"sync/atomic"

	"github.com/sans-io/websocket-driver/extensions"
)

// Name is the registered name of the extension (RFC 7692, section 12.1).
const Name = "permessage-deflate"

// Extension is the configuration of permessage-deflate. Numbers outside their
// range mean the nearest within. An Extension may be used by any number of
// connections at the same time, and must not be changed or copied while it is.
type Extension struct {
	// Params are the parameters that a client offers first. On a server they
	// are limits, which the answer states; an offer that cannot be answered
	// within them is declined.
	Params

	// Fallback lists what a client offers after Params, in order of preference:
	// a server takes the first that it can follow.
	Fallback []Params

	// Level is how much work is spent on compressing: from 1, the fastest, to
	// 9. Default 1. It has no effect where the window is limited to less than
	// 15 bits: compressors for such windows have one level, near to 5.
	Level int

	// Threshold is the length in bytes from which on a message is compressed.
	// Messages sent in fragments are always compressed. Default 128 under
	// context takeover and 512 without; below 0 all messages are compressed.
	// A message of less than 128 bytes costs a kept compressor its place, at
	// levels 1 to 6.
	Threshold int

	// Keep is how many connections may keep their compressor between messages
	// under context takeover, as long as they are busy. One takes 0.8 MB at
	// level 1 and up to 1.4 MB. The other connections prepare one for each
	// message from their History, which costs some microseconds and some of
	// the ratio. Default 64; below 0 none.
	//
	// A compressor is let go by Driver.Tick, when the connection has been idle
	// for 2 to 4 seconds or a time limit has passed, by Driver.EOF, and when the
	// connection ends. A driver that is dropped before that gives its place back
	// at a garbage collection.
	Keep int

	// History is how many bytes of what it has sent a connection holds under
	// context takeover to prepare a compressor with, up to 32768 and not beyond
	// the window. More of it makes messages smaller, and takes time and memory:
	// about 1 µs for each KiB. Default 4096.
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

// Offer returns what a client offers: Params, then Fallback.
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

// Accept answers an offer on a server. It declines offers that are wrong, and
// those that do not allow a limit that Params sets.
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

// Activate follows the answer of a server. It returns an error if the answer
// is wrong, or if it fits none of the offers.
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

// form returns how a side compresses: the same pointer for all connections
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

// history returns how many bytes of text a side holds.
func (e *Extension) history(s side) int {
	if !s.takeover {
		return 0
	}
	return min(clamp(e.History, defaultHistory, 1, maxHistory), 1<<s.bits)
}

// keep reports whether one more connection may keep its compressor. unkeep
// takes it back.
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

// clamp returns v within limits; 0 means def.
func clamp(v, def, low, high int) int {
	if v == 0 {
		return def
	}
	return min(max(v, low), high)
}
