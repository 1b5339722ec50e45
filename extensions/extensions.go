// Package extensions negotiates WebSocket extensions and applies the negotiated
// ones to messages (RFC 6455, section 9). An extension implements [Extension] and
// [Session], and may implement [Releaser] and [Preparer]. Package
// extensions/deflate is an example.
//
// [OfferHeader], [Accept], [Activate] and [Pipeline] are what packages driver and
// hybi use.
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

// MaxExtensions is the maximum number of extensions of a configuration.
const MaxExtensions = 32

// Extension is the configuration of an extension. It may be used for any number of
// connections concurrently.
type Extension interface {
	// Name returns the registered token. It is compared byte by byte.
	Name() string

	// RSV returns the reserved bits that the extension uses: a combination of
	// [RSV1], [RSV2] and [RSV3], or 0.
	RSV() byte

	// Offer returns the offers of a client in order of preference, or none to
	// not take part. The Name of each offer is Name().
	Offer() []Offer

	// Accept is called on a server for each offer with this name, in the order of
	// the client, until ok is true. s is then used for the connection, and answer
	// is sent to the client. If ok is false, the offer is declined; Accept declines
	// offers with invalid parameters too. It may retain offer, but must not modify
	// it.
	Accept(offer []Param) (answer []Param, s Session, ok bool)

	// Activate is called on a client with the answer of the server. An error
	// fails the connection with code 1010.
	Activate(answer []Param) (Session, error)
}

// Session is an extension in use on one connection. It need not be safe for
// concurrent use. Sending and receiving are independent: calls of Encode for one
// message and of Decode for another may alternate.
//
// If the extension has RSV bits, they are set on the first frame of each message
// that the session encodes, and messages of the peer with these bits are decoded.
// Without RSV bits every message of the peer is decoded.
type Session interface {
	// Begin is called before a message of kind k, Text or Binary, is encoded. size
	// is its length in bytes, and one call of Encode follows; or size is -1 if
	// the length is not known. If Begin returns false, the message is sent
	// unchanged and Encode is not called for it.
	Begin(k ws.Kind, size int) bool

	// Encode appends the encoded form of src to dst and returns the extended
	// slice. fin reports whether the message ends with src. Encode must not modify
	// src, and must not retain src or dst.
	Encode(dst, src []byte, fin bool) ([]byte, error)

	// Decode reads from src and writes to dst, which is never empty. It returns
	// the number of bytes written and read. fin reports whether the message ends
	// with src.
	//
	// Decode is called again with the rest of src until it has read all of src
	// without filling dst (ns == len(src) and nd < len(dst)). It has then written
	// everything that it can, and if fin is true, the message is complete. As long
	// as dst is filled, calls with an empty src may follow. The rest of src may be
	// passed again with more bytes after it, or in parts, each with the fin that
	// applies to it: fin counts only when all of src has been read. A call with a
	// nonempty src must read or write at least one byte.
	//
	// Decode must not modify src, and must not retain src or dst. An error fails
	// the connection: with its code if it is a [*ws.Error], otherwise with 1007.
	Decode(dst, src []byte, fin bool) (nd, ns int, err error)
}

// check returns an error if exts cannot be used together. This is a mistake of the
// program, not of the peer.
func check(exts []Extension) error {
	if len(exts) > MaxExtensions {
		return fmt.Errorf("%w: %d extensions, more than %d", ws.ErrInvalid, len(exts), MaxExtensions)
	}
	for i, e := range exts {
		if err := (Offer{Name: e.Name()}).check(); err != nil {
			return err
		}
		if e.RSV()&^(RSV1|RSV2|RSV3) != 0 {
			return fmt.Errorf("%w: extension %s: RSV bits 0x%02x are not among 0x70", ws.ErrInvalid, e.Name(), e.RSV())
		}
		if find(exts[:i], e.Name()) >= 0 {
			return fmt.Errorf("%w: extension %s appears twice", ws.ErrInvalid, e.Name())
		}
	}
	return nil
}

// find returns the index of the extension with the given name, or -1.
func find(exts []Extension, name string) int {
	for i, e := range exts {
		if e.Name() == name {
			return i
		}
	}
	return -1
}

// OfferHeader returns the value of the header field with which a client offers
// exts, or "" if there is nothing to offer. Extensions that use the same RSV bit may
// be offered together: the server chooses.
//
// An error wraps [ws.ErrInvalid] and names the extension: a name or value is not a
// token, an offer has another name, RSV bits are invalid, or a name appears twice.
func OfferHeader(exts []Extension) (string, error) {
	if err := check(exts); err != nil {
		return "", err
	}
	var all []Offer
	for _, e := range exts {
		for _, o := range e.Offer() {
			if o.Name != e.Name() {
				return "", fmt.Errorf("%w: extension %s offers %q", ws.ErrInvalid, e.Name(), o.Name)
			}
			if err := o.check(); err != nil {
				return "", err
			}
			all = append(all, o)
		}
	}
	return join(all), nil
}

// Accept chooses among the offers of a client on a server. exts is in order of
// preference, which is also the order of the answer. Each extension gets the first
// offer that it accepts, unless it uses an RSV bit of an earlier one. answer is the
// value of the header field. If no offer is accepted, answer is "" and p is nil.
//
// If the header is malformed, the error is a [*ws.Error] with Status 400. Any other
// error is a mistake in exts, as for [OfferHeader].
func Accept(exts []Extension, fields []head.Field) (answer string, p *Pipeline, err error) {
	if err := check(exts); err != nil {
		return "", nil, err
	}
	offers, err := readHeader(fields, len(exts) > 0)
	switch {
	case err != nil:
		return "", nil, ws.Refusal(400, "%v", err)
	case len(offers) == 0:
		return "", nil, nil
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
			return "", nil, fmt.Errorf("%w: extension %s accepts without a session", ws.ErrInvalid, a.Name)
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

// accept passes the offers with the name of e to e until it accepts one.
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

// Activate applies the answer of the server to the offers of exts on a client. p has
// the order of the answer. If the server has accepted no extension, p is nil.
//
// The error is a [*ws.Error]: with code 1002 if the header is malformed, and with
// code 1010 if the answer is not acceptable. That is an extension that was not
// offered or appears twice, two extensions that use the same RSV bit, or an error of
// Extension.Activate.
func Activate(exts []Extension, fields []head.Field) (p *Pipeline, err error) {
	answers, err := ParseHeader(fields)
	if err != nil {
		return nil, ws.Violation("%v", err)
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
			return nil, unacceptable(a.Name, "was not offered")
		}
		e := exts[i]
		if seen&(1<<i) != 0 {
			return nil, unacceptable(a.Name, "appears twice in the answer")
		}
		seen |= 1 << i
		if both := p.rsv & e.RSV(); both != 0 {
			return nil, unacceptable(a.Name, fmt.Sprintf("uses RSV%d, like another extension", bits.LeadingZeros8(both)))
		}
		s, err := e.Activate(a.Params)
		if err != nil {
			return nil, unacceptable(a.Name, reason(err))
		}
		if s == nil {
			return nil, unacceptable(a.Name, "has no session")
		}
		p.add(e, s)
	}
	p.header = join(answers)
	return p, nil
}

// unacceptable returns the error of a client that does not accept the answer of the
// server.
func unacceptable(name, why string) *ws.Error {
	return &ws.Error{
		Code: ws.CodeMandatoryExtension,
		Msg:  fmt.Sprintf("extension %q %s", name, why),
	}
}

// reason returns the text of an error of Extension.Activate without the prefix of a
// [*ws.Error], which would be repeated.
func reason(err error) string {
	if e := (*ws.Error)(nil); errors.As(err, &e) {
		return e.Msg
	}
	return err.Error()
}
