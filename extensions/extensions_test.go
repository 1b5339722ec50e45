package extensions

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sans-io/websocket-driver/driver/ws"
)

// fake is an extension for negotiations. It accepts exactly the parameters of its own
// offers.
type fake struct {
	name   string
	rsv    byte
	offers []Offer
	err    error // of Activate
	s      func() Session
	log    *[]string
}

// ext returns a fake that offers each of the given header elements.
func ext(name string, rsv byte, offers ...string) *fake {
	f := &fake{name: name, rsv: rsv, log: new([]string), s: func() Session { return &xor{} }}
	for _, o := range offers {
		all, err := ParseHeader(lines(o))
		if err != nil {
			panic(err)
		}
		f.offers = append(f.offers, all...)
	}
	return f
}

func (f *fake) Name() string   { return f.name }
func (f *fake) RSV() byte      { return f.rsv }
func (f *fake) Offer() []Offer { return f.offers }

func (f *fake) Accept(offer []Param) ([]Param, Session, bool) {
	*f.log = append(*f.log, Offer{f.name, offer}.String())
	for _, o := range f.offers {
		if cmp.Equal(o.Params, offer) {
			return offer, f.s(), true
		}
	}
	return nil, nil, false
}

func (f *fake) Activate(answer []Param) (Session, error) {
	if f.err != nil {
		return nil, f.err
	}
	for _, o := range f.offers {
		if cmp.Equal(o.Params, answer) {
			return f.s(), nil
		}
	}
	return nil, fmt.Errorf("wants %d parameters", len(answer))
}

func TestOfferHeader(t *testing.T) {
	var many []Extension
	for i := range MaxExtensions + 1 {
		many = append(many, ext(fmt.Sprint("x", i), 0))
	}
	tests := []struct {
		name string
		exts []Extension
		want string
		err  string
	}{
		{"RFC 6455 9.1 none", nil, "", ""},
		{"RFC 6455 9.1 one", []Extension{ext("a", RSV1, "a")}, "a", ""},
		{"RFC 6455 9.1 fallback", []Extension{ext("a", RSV1, "a; b=1", "a")}, "a; b=1, a", ""},
		{"RFC 6455 9.1 same bit", []Extension{ext("a", RSV1, "a"), ext("b", RSV1, "b")}, "a, b", ""},
		{"RFC 6455 9.1 nothing to offer", []Extension{ext("a", RSV1), ext("b", RSV2, "b")}, "b", ""},
		{"RFC 6455 9.1 most", many[:MaxExtensions], "", ""},
		{"RFC 6455 9.1 too many", many, "", "33 extensions, more than 32"},
		{"RFC 6455 9.1 no name", []Extension{ext("", 0)}, "", `extension name "" is not a token`},
		{"RFC 6455 9.1 bad name", []Extension{ext("a b", 0)}, "", `extension name "a b" is not a token`},
		{"RFC 6455 9.1 injection", []Extension{ext("a\r\nb", 0)}, "", `extension name "a\r\nb" is not a token`},
		{"RFC 6455 9.1 foreign name", []Extension{ext("a", 0, "b")}, "", `extension a offers "b"`},
		{"RFC 6455 5.2 bad bits", []Extension{ext("a", 0x80)}, "", "extension a: RSV bits 0x80 are not among 0x70"},
		{"RFC 6455 9.1 twice", []Extension{ext("a", RSV1, "a"), ext("a", RSV2, "a")}, "", "extension a appears twice"},
		{
			"RFC 6455 9.1 bad parameter",
			[]Extension{&fake{name: "a", offers: []Offer{{"a", []Param{{Name: "b,c"}}}}}},
			"", `extension a: parameter name "b,c" is not a token`,
		},
		{
			"RFC 6455 9.1 bad value",
			[]Extension{&fake{name: "a", offers: []Offer{{"a", []Param{{"b", "c\n"}}}}}},
			"", `extension a: value "c\n" of parameter b is not a token`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := OfferHeader(tt.exts)
			if got != tt.want || text(err) != invalid(tt.err) || err != nil && !errors.Is(err, ws.ErrInvalid) {
				t.Errorf("got %q and %q, want %q and %q", got, text(err), tt.want, tt.err)
			}
		})
	}
}

// invalid returns the text of an error that wraps ErrInvalid, or "" for "".
func invalid(msg string) string {
	if msg == "" {
		return ""
	}
	return ws.ErrInvalid.Error() + ": " + msg
}

// text returns the text of an error, or "" for nil.
func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestAccept(t *testing.T) {
	a := func() *fake { return ext("a", RSV1, "a; x=1", "a") }
	b := func() *fake { return ext("b", RSV2, "b") }
	c := func() *fake { return ext("c", RSV1|RSV2, "c") }
	d := func() *fake { return ext("d", 0, "d") }
	tests := []struct {
		name string
		exts []Extension
		in   []string
		want string
		rsv  byte
	}{
		{"RFC 6455 9.1 no extensions", nil, []string{"a"}, "", 0},
		{"RFC 6455 9.1 no offers", []Extension{a()}, nil, "", 0},
		{"RFC 6455 9.1 unknown", []Extension{a()}, []string{"x, y"}, "", 0},
		{"RFC 9110 5.6.1.2 empty elements", []Extension{a()}, []string{"", ",a; x=1,"}, "a; x=1", RSV1},
		{"RFC 9110 5.6.1.2 nothing but commas", []Extension{a()}, []string{",,", ""}, "", 0},
		{"RFC 9110 5.6.1.2 without extensions", nil, []string{"a,"}, "", 0},
		{"RFC 6455 9.1 plain", []Extension{a()}, []string{"a"}, "a", RSV1},
		{"RFC 6455 9.1 case matters", []Extension{a()}, []string{"A"}, "", 0},
		{"RFC 6455 9.1 the client's first", []Extension{a()}, []string{"a, a; x=1"}, "a", RSV1},
		{"RFC 6455 9.1 the client's first, with parameters", []Extension{a()}, []string{"a; x=1, a"}, "a; x=1", RSV1},
		{"RFC 6455 9.1 the first is declined", []Extension{a()}, []string{"a; y=1, a"}, "a", RSV1},
		{"RFC 6455 9.1 all are declined", []Extension{a()}, []string{"a; y=1, a; y=2"}, "", 0},
		{"RFC 6455 9.1 the server's order", []Extension{b(), a()}, []string{"a, b"}, "b, a", RSV1 | RSV2},
		{"RFC 6455 9.1 several lines", []Extension{a(), b()}, []string{"b", "a"}, "a, b", RSV1 | RSV2},
		{"RFC 6455 9.1 conflict", []Extension{a(), c(), b()}, []string{"c, b, a"}, "a, b", RSV1 | RSV2},
		{"RFC 6455 9.1 conflict, other order", []Extension{c(), a(), b()}, []string{"a, b, c"}, "c", RSV1 | RSV2},
		{"RFC 6455 9.1 declined leaves its bits", []Extension{a(), c()}, []string{"a; y=1, c"}, "c", RSV1 | RSV2},
		{"RFC 6455 9.1 no bits", []Extension{d(), a()}, []string{"a, d"}, "d, a", RSV1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, p, err := Accept(tt.exts, lines(tt.in...))
			if err != nil {
				t.Fatal(err)
			}
			if got != tt.want || p.String() != tt.want || p.RSV() != tt.rsv {
				t.Errorf("got %q, %q and 0x%02x, want %q and 0x%02x", got, p, p.RSV(), tt.want, tt.rsv)
			}
			if (p == nil) != (tt.want == "") {
				t.Errorf("pipeline is %v", p)
			}
		})
	}
}

// TestAcceptAsks: Accept of an extension whose bits are taken is not called, because
// the session would not be used.
func TestAcceptAsks(t *testing.T) {
	a, b := ext("a", RSV1, "a"), ext("b", RSV1, "b")
	if _, _, err := Accept([]Extension{a, b}, lines("a; x, b, a, a; y")); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"a; x", "a"}, *a.log); d != "" {
		t.Error(d)
	}
	if len(*b.log) != 0 {
		t.Errorf("b was asked %q", *b.log)
	}
}

func TestAcceptError(t *testing.T) {
	_, p, err := Accept([]Extension{ext("a", RSV1, "a")}, lines("a;"))
	want := &ws.Error{
		Code:   ws.CodeProtocolError,
		Status: 400,
		Msg:    "Sec-WebSocket-Extensions field 1: end at offset 2 instead of the name of a parameter",
	}
	if d := cmp.Diff(error(want), err); d != "" || p != nil {
		t.Error(d, p)
	}

	mistakes := map[string]Extension{
		"extension a: RSV bits 0x01 are not among 0x70": ext("a", 1, "a"),
		"extension a accepts without a session":         &fake{name: "a", offers: []Offer{{Name: "a"}}, s: func() Session { return nil }, log: new([]string)},
		`extension a: parameter name "" is not a token`: bad{ext("a", RSV1, "a")},
	}
	for want, e := range mistakes {
		answer, p, err := Accept([]Extension{e}, lines("a"))
		if text(err) != invalid(want) || answer != "" || p != nil {
			t.Errorf("got %q, %v and %v, want %s", answer, p, err, want)
		}
		if errors.As(err, new(*ws.Error)) {
			t.Errorf("%v blames the peer", err)
		}
	}
}

// bad answers with a parameter that has no name.
type bad struct{ *fake }

func (b bad) Accept([]Param) ([]Param, Session, bool) { return make([]Param, 1), &xor{}, true }

func TestActivate(t *testing.T) {
	exts := []Extension{
		ext("a", RSV1, "a; x=1", "a"), ext("b", RSV2, "b"), ext("c", RSV1|RSV2, "c"), ext("d", 0, "d"),
		ext("silent", 0),
		&fake{name: "picky", offers: []Offer{{Name: "picky"}}, err: &ws.Error{Msg: "does not like it"}},
		&fake{name: "empty", offers: []Offer{{Name: "empty"}}, s: func() Session { return nil }},
	}
	tests := []struct {
		in   []string
		want string
		rsv  byte
		code ws.Code
		msg  string
	}{
		{in: nil},
		{in: []string{"a"}, want: "a", rsv: RSV1},
		{in: []string{"a; x=1"}, want: "a; x=1", rsv: RSV1},
		{in: []string{`a;x="1"`}, want: "a; x=1", rsv: RSV1},
		{in: []string{"b", "a"}, want: "b, a", rsv: RSV1 | RSV2},
		{in: []string{"d, c"}, want: "d, c", rsv: RSV1 | RSV2},
		{in: []string{""}},
		{in: []string{",a,"}, want: "a", rsv: RSV1},
		{in: []string{";"}, code: 1002, msg: "Sec-WebSocket-Extensions field 1: byte 0x3b at offset 0 instead of the name of an extension"},
		{in: []string{"a;"}, code: 1002, msg: "Sec-WebSocket-Extensions field 1: end at offset 2 instead of the name of a parameter"},
		{in: []string{"x"}, code: 1010, msg: `extension "x" was not offered`},
		{in: []string{"A"}, code: 1010, msg: `extension "A" was not offered`},
		{in: []string{"silent"}, code: 1010, msg: `extension "silent" was not offered`},
		{in: []string{"a", "a"}, code: 1010, msg: `extension "a" appears twice in the answer`},
		{in: []string{"a; x=1, b, a"}, code: 1010, msg: `extension "a" appears twice in the answer`},
		{in: []string{"a, c"}, code: 1010, msg: `extension "c" uses RSV1, like another extension`},
		{in: []string{"b, c"}, code: 1010, msg: `extension "c" uses RSV2, like another extension`},
		{in: []string{"a; y"}, code: 1010, msg: `extension "a" wants 1 parameters`},
		{in: []string{"picky"}, code: 1010, msg: `extension "picky" does not like it`},
		{in: []string{"empty"}, code: 1010, msg: `extension "empty" has no session`},
	}
	for _, tt := range tests {
		t.Run("RFC 6455 9.1 "+strings.Join(tt.in, "|"), func(t *testing.T) {
			p, err := Activate(exts, lines(tt.in...))
			if tt.code == 0 {
				if err != nil || p.String() != tt.want || p.RSV() != tt.rsv || (p == nil) != (tt.want == "") {
					t.Errorf("got %q, 0x%02x and %v, want %q and 0x%02x", p, p.RSV(), err, tt.want, tt.rsv)
				}
				return
			}
			want := &ws.Error{Code: tt.code, Msg: tt.msg}
			if d := cmp.Diff(error(want), err); d != "" || p != nil {
				t.Error(d, p)
			}
		})
	}
}
