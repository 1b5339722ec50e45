package extensions

import (
	"fmt"
	"strings"

	"github.com/sans-io/websocket-driver/driver/head"
)

// FieldName is the header field in which extensions are offered and answered
// (RFC 6455, section 11.3.2).
const FieldName = "Sec-WebSocket-Extensions"

// Param is one parameter of an offer or an answer. Name is a token. Value is a
// token too, also where it was quoted on the wire (RFC 6455, section 9.1), or
// empty: then the parameter is a flag.
type Param struct{ Name, Value string }

// Offer is one element of the header field: what a client offers and, in the
// same form, what a server answers.
type Offer struct {
	Name   string  // the registered token of the extension
	Params []Param // in the order of the header, duplicates included
}

// String returns o as it stands in the header: "foo; bar; baz=10".
func (o Offer) String() string {
	var b strings.Builder
	b.WriteString(o.Name)
	for _, p := range o.Params {
		b.WriteString("; ")
		b.WriteString(p.Name)
		if p.Value != "" {
			b.WriteByte('=')
			b.WriteString(p.Value)
		}
	}
	return b.String()
}

// join returns the value of a header field that lists offers.
func join(offers []Offer) string {
	s := make([]string, len(offers))
	for i, o := range offers {
		s[i] = o.String()
	}
	return strings.Join(s, ", ")
}

// check returns an error if o could not be read back from the header.
func (o Offer) check() error {
	if !head.IsToken(o.Name) {
		return fmt.Errorf("extension name %q is not a token", o.Name)
	}
	for _, p := range o.Params {
		if !head.IsToken(p.Name) {
			return fmt.Errorf("extension %s: parameter name %q is not a token", o.Name, p.Name)
		}
		if p.Value != "" && !head.IsToken(p.Value) {
			return fmt.Errorf("extension %s: value %q of parameter %s is not a token", o.Name, p.Value, p.Name)
		}
	}
	return nil
}

// ParseHeader reads the Sec-WebSocket-Extensions fields among fields; several
// are one list (RFC 6455, section 9.1). Blanks may stand around every token
// and separator. Names keep their case. Empty elements, and with them an empty
// field, are errors; parameters that stand twice are for the extension to
// judge. An error says what stands where: the offset counts from 0 within the
// value of the field.
func ParseHeader(fields []head.Field) ([]Offer, error) {
	var offers []Offer
	field := 0
	for v := range head.Values(fields, FieldName) {
		field++
		s := scanner{in: v}
		for more := true; more; more = s.skip(',') {
			o, err := s.offer()
			if err != nil {
				return nil, fmt.Errorf("extensions field %d: %w", field, err)
			}
			offers = append(offers, o)
		}
		if s.pos < len(s.in) {
			return nil, fmt.Errorf("extensions field %d: %w", field, s.unexpected("a separator"))
		}
	}
	return offers, nil
}

// scanner walks over the value of one field.
type scanner struct {
	in  string
	pos int
}

// offer reads extension-token *( ";" extension-param ).
func (s *scanner) offer() (o Offer, err error) {
	if o.Name, err = s.token("the name of an extension"); err != nil {
		return o, err
	}
	for s.skip(';') {
		var p Param
		if p.Name, err = s.token("the name of a parameter"); err != nil {
			return o, err
		}
		if s.skip('=') {
			if p.Value, err = s.value(); err != nil {
				return o, err
			}
		}
		o.Params = append(o.Params, p)
	}
	return o, nil
}

// value reads token | quoted-string.
func (s *scanner) value() (string, error) {
	if !s.skip('"') {
		return s.token("a value")
	}
	var v []byte
	for s.pos < len(s.in) {
		if s.in[s.pos] == '"' && len(v) > 0 {
			s.pos++
			return string(v), nil
		}
		if s.in[s.pos] == '\\' {
			s.pos++
		}
		// Section 9.1: "the value after quoted-string unescaping MUST conform
		// to the 'token' ABNF".
		if !s.atToken() {
			return "", s.unexpected("a token within the quotes")
		}
		v = append(v, s.in[s.pos])
		s.pos++
	}
	return "", s.unexpected("a closing quote")
}

// token reads a token and the blanks before it. what names it in errors.
func (s *scanner) token(what string) (string, error) {
	s.blanks()
	start := s.pos
	for s.atToken() {
		s.pos++
	}
	if s.pos == start {
		return "", s.unexpected(what)
	}
	return s.in[start:s.pos], nil
}

// atToken reports whether the next byte may be part of a token.
func (s *scanner) atToken() bool {
	return s.pos < len(s.in) && head.IsToken(s.in[s.pos:s.pos+1])
}

// skip passes over blanks and then c, if it is there.
func (s *scanner) skip(c byte) bool {
	s.blanks()
	if s.pos < len(s.in) && s.in[s.pos] == c {
		s.pos++
		return true
	}
	return false
}

// blanks passes over spaces and tabs.
func (s *scanner) blanks() {
	for s.pos < len(s.in) && (s.in[s.pos] == ' ' || s.in[s.pos] == '\t') {
		s.pos++
	}
}

// unexpected is the error for the byte at the current position.
func (s *scanner) unexpected(want string) error {
	if s.pos >= len(s.in) {
		return fmt.Errorf("end at offset %d instead of %s", len(s.in), want)
	}
	return fmt.Errorf("byte 0x%02x at offset %d instead of %s", s.in[s.pos], s.pos, want)
}
