// Package extensions negotiates WebSocket extensions and runs messages through
// those that were agreed on (RFC 6455, section 9). [Extension] and [Session]
// are what an extension implements; package extensions/deflate is one.
//
// There are three parts: the grammar of the header field (header.go), the
// choice of extensions (this file) and the way of a message through the chosen
// ones (pipeline.go).
package extensions

import (
	"errors"
	"fmt"
	"math/bits"

	"github.com/sans-io/websocket-driver/driver/head"
	"github.com/sans-io/websocket-driver/driver/ws"
)

// The reserved bits of the first byte of a frame (RFC 6455, section 5.2).
const (
	RSV1 byte = 0x40
	RSV2 byte = 0x20
	RSV3 byte = 0x10
)

// MaxExtensions is the number of extensions that may be configured together.
const MaxExtensions = 32

// Extension is the configuration of an extension. It is used for any number
// of connections, also at the same time.
type Extension interface {
	// Name returns the registered token, which is compared byte by byte.
	Name() string

	// RSV returns the bits that the extension needs, of [RSV1], [RSV2] and
	// [RSV3]; 0 if none.
	RSV() byte

	// Offer returns what a client offers, in order of preference; none to stay
	// out. The Name of each is Name().
	Offer() []Offer

	// Accept is asked on a server for each offer of this name, in the client's
	// order, until ok is true: s then works on the connection, and the client
	// is told answer. ok is false to decline the offer, also if its parameters
	// are wrong. Accept may keep offer but not change it.
	Accept(offer []Param) (answer []Param, s Session, ok bool)

	// Activate is given the server's answer on a client. An error fails the
	// connection with code 1010.
	Activate(answer []Param) (Session, error)
}

// Session is one extension at work on one connection. It is not safe for
// concurrent use. Sending and receiving are independent of each other: calls
// of Encode for one message and of Decode for another may alternate.
//
// If the extension has RSV bits they are set on the first frame of the
// messages that the session takes part in, and the peer's messages with these
// bits are decoded. Without RSV bits every message of the peer is decoded.
type Session interface {
	// Begin is called before a message of kind k, Text or Binary, is encoded.
	// size is its length in bytes, all of which come with one call of Encode,
	// or -1 if that is not known. If Begin returns false the message passes
	// untouched and Encode is not called for it.
	Begin(k ws.Kind, size int) bool

	// Encode appends to dst what src becomes and returns the longer slice. fin
	// says that the message ends with src. Encode neither keeps nor changes
	// src, and keeps no reference to dst.
	Encode(dst, src []byte, fin bool) ([]byte, error)

	// Decode reads from src, writes to dst, which is never empty, and returns
	// the number of bytes written and read. fin says that the message ends with
	// src. Decode is called again with the rest of src until all of src is read
	// and dst is not full (ns == len(src) and nd < len(dst)): then everything
	// that can come out has come out, and with fin the message is over. While
	// dst gets full that may mean calls with an empty src. A rest may come again
	// with more bytes behind it or in parts, each with the fin that is right for
	// it, so fin counts only when all of src is read. A call that is given
	// unread bytes must read or write something.
	//
	// Decode neither keeps nor changes src, and keeps no reference to dst. An
	// error fails the connection: with its code if it is a [*ws.Error], with
	// 1007 otherwise.
	Decode(dst, src []byte, fin bool) (nd, ns int, err error)
}

// check returns an error if exts cannot be used together: a mistake of the
// program, not of the peer.
func check(exts []Extension) error {
	if len(exts) > MaxExtensions {
		return fmt.Errorf("%d extensions, at most %d are possible", len(exts), MaxExtensions)
	}
	for i, e := range exts {
		if err := (Offer{Name: e.Name()}).check(); err != nil {
			return err
		}
		if e.RSV()&^(RSV1|RSV2|RSV3) != 0 {
			return fmt.Errorf("extension %s: 0x%02x are not RSV bits", e.Name(), e.RSV())
		}
		if find(exts[:i], e.Name()) >= 0 {
			return fmt.Errorf("extension %s is there twice", e.Name())
		}
	}
	return nil
}

// find returns the index of the extension called name, or -1.
func find(exts []Extension, name string) int {
	for i, e := range exts {
		if e.Name() == name {
			return i
		}
	}
	return -1
}

// OfferHeader returns the value of the header field with which a client offers
// exts, "" if there is nothing to offer. Extensions that need the same RSV bit
// may be offered together: the server chooses. An error says which extension
// is at fault: a name or value that is not a token, a foreign name, impossible
// RSV bits, a name that is there twice.
func OfferHeader(exts []Extension) (string, error) {
	if err := check(exts); err != nil {
		return "", err
	}
	var all []Offer
	for _, e := range exts {
		for _, o := range e.Offer() {
			if o.Name != e.Name() {
				return "", fmt.Errorf("extension %s offers %q", e.Name(), o.Name)
			}
			if err := o.check(); err != nil {
				return "", err
			}
			all = append(all, o)
		}
	}
	return join(all), nil
}

// Accept chooses on a server among the offers of a client. exts is in order of
// preference, which is the order of the answer too; of each the first offer
// that it accepts is taken, unless it needs an RSV bit that an earlier one has.
// answer is the value of the header field; it is "" and p nil if nothing fits.
//
// A header with bad grammar is a [*ws.Error] with Status 400. Any other error
// is a mistake in exts, as for [OfferHeader].
func Accept(exts []Extension, fields []head.Field) (answer string, p *Pipeline, err error) {
	if err := check(exts); err != nil {
		return "", nil, err
	}
	offers, err := ParseHeader(fields)
	if err != nil {
		return "", nil, &ws.Error{Code: ws.CodeProtocolError, Status: 400, Msg: err.Error()}
	}
	p = &Pipeline{}
	var answers []Offer
	for _, e := range exts {
		if p.rsv&e.RSV() != 0 {
			continue
		}
		params, s, ok := accept(e, offers)
		if !ok {
			continue
		}
		a := Offer{e.Name(), params}
		if err := a.check(); err != nil {
			return "", nil, err
		}
		if s == nil {
			return "", nil, fmt.Errorf("extension %s has accepted without a session", a.Name)
		}
		answers = append(answers, a)
		p.add(e, s)
	}
	if len(answers) == 0 {
		return "", nil, nil
	}
	p.header = join(answers)
	return p.header, p, nil
}

// accept shows e the offers of its name until it accepts one.
func accept(e Extension, offers []Offer) (answer []Param, s Session, ok bool) {
	for _, o := range offers {
		if o.Name != e.Name() {
			continue
		}
		if answer, s, ok = e.Accept(o.Params); ok {
			return answer, s, true
		}
	}
	return nil, nil, false
}

// Activate follows on a client what the server has answered to the offers of
// exts. p has the order of the answer; it is nil if the server wants no
// extension.
//
// Bad grammar is a [*ws.Error] with code 1002. An answer that cannot be
// followed is one with code 1010: an extension that was not offered or is
// answered twice, two that need the same RSV bit, an error of
// Extension.Activate.
func Activate(exts []Extension, fields []head.Field) (p *Pipeline, err error) {
	answers, err := ParseHeader(fields)
	if err != nil {
		return nil, &ws.Error{Code: ws.CodeProtocolError, Msg: err.Error()}
	}
	if len(answers) == 0 {
		return nil, nil
	}
	p = &Pipeline{}
	var seen uint32 // bit i: exts[i] has been answered
	for _, a := range answers {
		i := find(exts, a.Name)
		// RFC 6455, section 4.1: a response with an extension that was not in
		// the request fails the connection.
		if i < 0 || len(exts[i].Offer()) == 0 {
			return nil, refuse(a.Name, "was not offered")
		}
		e := exts[i]
		if seen&(1<<i) != 0 {
			return nil, refuse(a.Name, "is answered twice")
		}
		seen |= 1 << i
		if both := p.rsv & e.RSV(); both != 0 {
			return nil, refuse(a.Name, fmt.Sprintf("needs RSV%d, which another has", bits.LeadingZeros8(both)))
		}
		s, err := e.Activate(a.Params)
		if err != nil {
			return nil, refuse(a.Name, reason(err))
		}
		if s == nil {
			return nil, refuse(a.Name, "has no session")
		}
		p.add(e, s)
	}
	p.header = join(answers)
	return p, nil
}

// refuse is the error of a client that cannot follow the server's answer.
func refuse(name, why string) *ws.Error {
	return &ws.Error{
		Code: ws.CodeMandatoryExtension,
		Msg:  fmt.Sprintf("extension %q %s", name, why),
	}
}

// reason returns the text of an error of Extension.Activate, without the prefix
// that a [*ws.Error] would repeat.
func reason(err error) string {
	if e := (*ws.Error)(nil); errors.As(err, &e) {
		return e.Msg
	}
	return err.Error()
}
