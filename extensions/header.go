package extensions

import (
	"fmt"
	"strings"

	"github.com/sans-io/websocket-driver/driver/head"
	"github.com/sans-io/websocket-driver/driver/ws"
)

// FieldName is the name of the header field with which extensions are offered and
// accepted (RFC 6455, section 11.3.2).
const FieldName = "Sec-WebSocket-Extensions"

// Param is one parameter of an offer or an answer. Name is a token. Value is a
// token, even if it was sent as a quoted string (RFC 6455, section 9.1). If it is
// empty, the parameter is a flag.
type Param struct{ Name, Value string }

// Offer is one element of the header field: the offer of a client or, in the same
// form, the answer of a server.
type Offer struct {
	Name   string  // the registered token of the extension
	Params []Param // in the order of the header, including duplicates
}

// String returns o in the form of the header field: "foo; bar; baz=10".
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

// check returns an error if o cannot be sent: a mistake of the extension.
func (o Offer) check() error {
	if !head.IsToken(o.Name) {
		return fmt.Errorf("%w: extension name %q is not a token", ws.ErrInvalid, o.Name)
	}
	for _, p := range o.Params {
		if !head.IsToken(p.Name) {
			return fmt.Errorf("%w: extension %s: parameter name %q is not a token", ws.ErrInvalid, o.Name, p.Name)
		}
		if p.Value != "" && !head.IsToken(p.Value) {
			return fmt.Errorf("%w: extension %s: value %q of parameter %s is not a token", ws.ErrInvalid, o.Name, p.Value, p.Name)
		}
	}
	return nil
}

// ParseHeader parses the Sec-WebSocket-Extensions fields among fields. Several
// fields form one list (RFC 6455, section 9.1). Blanks are allowed around every
// token and separator, and empty elements are ignored (RFC 9110, section 5.6.1.2).
// Names keep their case. Duplicate parameters are left to the extension. An error
// names the field, the offset in its value, from 0, and what is wrong there.
func ParseHeader(fields []head.Field) ([]Offer, error) { return readHeader(fields, true) }

// readHeader is ParseHeader if keep is true; otherwise it only checks the fields.
func readHeader(fields []head.Field, keep bool) ([]Offer, error) {
	var offers []Offer
	field := 0
	for i := range fields {
		if !head.EqualFold(fields[i].Name, FieldName) {
			continue
		}
		field++
		for s := head.NewScanner(fields[i].Value); s.Element(); {
			o, err := readOffer(s, keep)
			if err != nil {
				return nil, fmt.Errorf("%s field %d: %w", FieldName, field, err)
			}
			if keep {
				offers = append(offers, o)
			}
		}
	}
	return offers, nil
}

// readOffer reads extension-token *( ";" extension-param ) (RFC 6455, section
// 9.1) up to a separator. The parameters are part of o if keep is true.
func readOffer(s *head.Scanner, keep bool) (o Offer, err error) {
	if o.Name = s.Token(); o.Name == "" {
		return o, s.Unexpected("the name of an extension")
	}
	for s.Skip(';') {
		s.Blanks()
		p := Param{Name: s.Token()}
		if p.Name == "" {
			return o, s.Unexpected("the name of a parameter")
		}
		if s.Skip('=') {
			if p.Value, err = parseValue(s, p.Name); err != nil {
				return o, err
			}
		}
		if keep {
			o.Params = append(o.Params, p)
		}
	}
	if !s.AtSeparator() {
		return o, s.Unexpected("a separator")
	}
	return o, nil
}

// parseValue reads token | quoted-string. RFC 6455, section 9.1: "the value after
// quoted-string unescaping MUST conform to the 'token' ABNF".
func parseValue(s *head.Scanner, name string) (string, error) {
	value, ok := s.Value()
	if !ok {
		return "", s.Unexpected("a value")
	}
	if !head.IsToken(value) {
		return "", fmt.Errorf("value %s of parameter %s is not a token", head.Quote(value), head.Quote(name))
	}
	return value, nil
}
