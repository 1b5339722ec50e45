package extensions

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sans-io/websocket-driver/driver/head"
)

// lines returns one Sec-WebSocket-Extensions field for each value.
func lines(values ...string) []head.Field {
	fields := []head.Field{{Name: "Host", Value: "a, b"}}
	for i, v := range values {
		name := [...]string{"Sec-WebSocket-Extensions", "sec-websocket-extensions"}[i%2]
		fields = append(fields, head.Field{Name: name, Value: v}, head.Field{Name: "X", Value: "y"})
	}
	return fields
}

func TestParseHeader(t *testing.T) {
	flag := func(n string) Param { return Param{Name: n} }
	tests := []struct {
		name string
		in   []string
		want []Offer
	}{
		{"RFC 6455 9.1 no field", nil, nil},
		{"RFC 6455 11.3.2 the name without regard to case", []string{"a", "b", "c"}, []Offer{{Name: "a"}, {Name: "b"}, {Name: "c"}}},
		{"RFC 6455 9.1 foo", []string{"foo"}, []Offer{{Name: "foo"}}},
		{
			"RFC 6455 9.1 two lines",
			[]string{"foo", "bar; baz=2"},
			[]Offer{{Name: "foo"}, {"bar", []Param{{"baz", "2"}}}},
		},
		{
			"RFC 6455 9.1 one line",
			[]string{"foo, bar; baz=2"},
			[]Offer{{Name: "foo"}, {"bar", []Param{{"baz", "2"}}}},
		},
		{"RFC 6455 9.1 deflate-stream", []string{"deflate-stream"}, []Offer{{Name: "deflate-stream"}}},
		{
			"RFC 6455 9.1 mux",
			[]string{"mux; max-channels=4; flow-control, deflate-stream"},
			[]Offer{{"mux", []Param{{"max-channels", "4"}, flag("flow-control")}}, {Name: "deflate-stream"}},
		},
		{"RFC 6455 9.1 private", []string{"private-extension"}, []Offer{{Name: "private-extension"}}},
		{
			"RFC 7692 7.1 fallback",
			[]string{"permessage-deflate; client_max_window_bits; server_max_window_bits=10, permessage-deflate; client_max_window_bits"},
			[]Offer{
				{"permessage-deflate", []Param{flag("client_max_window_bits"), {"server_max_window_bits", "10"}}},
				{"permessage-deflate", []Param{flag("client_max_window_bits")}},
			},
		},
		{"RFC 6455 9.1 quoted", []string{`a; b="10"; c`}, []Offer{{"a", []Param{{"b", "10"}, flag("c")}}}},
		{"RFC 9110 5.6.4 escaped", []string{`a; b="\1\0", c`}, []Offer{{"a", []Param{{"b", "10"}}}, {Name: "c"}}},
		{"RFC 9110 5.6.3 no blanks", []string{"a;b=c;d,e"}, []Offer{{"a", []Param{{"b", "c"}, flag("d")}}, {Name: "e"}}},
		{
			"RFC 9110 5.6.3 many blanks",
			[]string{" \ta \t;\tb = \"c\"  ; d\t,  e "},
			[]Offer{{"a", []Param{{"b", "c"}, flag("d")}}, {Name: "e"}},
		},
		{"RFC 6455 9.1 duplicates", []string{"a; b=1; b=2; b, a"}, []Offer{{"a", []Param{{"b", "1"}, {"b", "2"}, flag("b")}}, {Name: "a"}}},
		{"RFC 6455 9.1 case", []string{"A; B=C, a"}, []Offer{{"A", []Param{{"B", "C"}}}, {Name: "a"}}},
		{"RFC 9110 5.6.1.2 trailing comma", []string{"a,"}, []Offer{{Name: "a"}}},
		{"RFC 9110 5.6.1.2 leading comma", []string{", a; b"}, []Offer{{"a", []Param{flag("b")}}}},
		{"RFC 9110 5.6.1.2 commas", []string{"a,,b, \t,,"}, []Offer{{Name: "a"}, {Name: "b"}}},
		{"RFC 9110 5.6.1.2 comma alone", []string{","}, nil},
		{"RFC 9110 5.6.1.2 empty field", []string{""}, nil},
		{"RFC 9110 5.6.1.2 blank field", []string{"  "}, nil},
		{"RFC 9110 5.6.1.2 empty fields", []string{"", "a", ""}, []Offer{{Name: "a"}}},
		{"RFC 9110 5.6.2 all of token", []string{"!#$%&'*+-.^_`|~09azAZ"}, []Offer{{Name: "!#$%&'*+-.^_`|~09azAZ"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseHeader(lines(tt.in...))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestParseHeaderError(t *testing.T) {
	tests := []struct {
		rule string
		in   []string
		want string
	}{
		{"RFC 6455 9.1", []string{";a"}, "1: byte 0x3b at offset 0 instead of the name of an extension"},
		{"RFC 6455 9.1", []string{"a, ;b"}, "1: byte 0x3b at offset 3 instead of the name of an extension"},
		{"RFC 6455 9.1", []string{"a;"}, "1: end at offset 2 instead of the name of a parameter"},
		{"RFC 6455 9.1", []string{"a;;b"}, "1: byte 0x3b at offset 2 instead of the name of a parameter"},
		{"RFC 6455 9.1", []string{"a;,b"}, "1: byte 0x2c at offset 2 instead of the name of a parameter"},
		{"RFC 6455 9.1", []string{"a; =b"}, "1: byte 0x3d at offset 3 instead of the name of a parameter"},
		{"RFC 6455 9.1", []string{"a; b="}, "1: end at offset 5 instead of a value"},
		{"RFC 6455 9.1", []string{"a; b=;c"}, "1: byte 0x3b at offset 5 instead of a value"},
		{"RFC 6455 9.1", []string{"a; b==c"}, "1: byte 0x3d at offset 5 instead of a value"},
		{"RFC 6455 9.1", []string{`a; b=""`}, `1: value "" of parameter "b" is not a token`},
		{"RFC 6455 9.1", []string{`a; b="c d"`}, `1: value "c d" of parameter "b" is not a token`},
		{"RFC 6455 9.1", []string{`a; b="c\"d"`}, `1: value "c\"d" of parameter "b" is not a token`},
		{"RFC 9110 5.6.4", []string{`a; b="c\`}, "1: end at offset 8 instead of a value"},
		{"RFC 9110 5.6.4", []string{`a; b="c`}, "1: end at offset 7 instead of a value"},
		{"RFC 9110 5.6.4", []string{`a; b="`}, "1: end at offset 6 instead of a value"},
		{"RFC 9110 5.6.4", []string{`a; b="c"d`}, "1: byte 0x64 at offset 8 instead of a separator"},
		{"RFC 9110 5.6.2", []string{`a; b=c"d"`}, "1: byte 0x22 at offset 6 instead of a separator"},
		{"RFC 9110 5.6.2", []string{`"a"`}, "1: byte 0x22 at offset 0 instead of the name of an extension"},
		{"RFC 9110 5.6.1", []string{"a b"}, "1: byte 0x62 at offset 2 instead of a separator"},
		{"RFC 6455 9.1", []string{"a=b"}, "1: byte 0x3d at offset 1 instead of a separator"},
		{"RFC 6455 9.1", []string{"a; b c"}, "1: byte 0x63 at offset 5 instead of a separator"},
		{"RFC 9110 5.6.2", []string{"a\x00"}, "1: byte 0x00 at offset 1 instead of a separator"},
		{"RFC 9110 5.6.2", []string{"a", "b", "é"}, "3: byte 0xc3 at offset 0 instead of the name of an extension"},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%s %q", tt.rule, tt.in), func(t *testing.T) {
			got, err := ParseHeader(lines(tt.in...))
			if want := "Sec-WebSocket-Extensions field " + tt.want; text(err) != want || got != nil {
				t.Errorf("got %v and %v, want %v", got, err, want)
			}
		})
	}
}

func TestOfferString(t *testing.T) {
	o := Offer{"foo", []Param{{Name: "bar"}, {"baz", "10"}}}
	if got, want := o.String(), "foo; bar; baz=10"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func FuzzHeader(f *testing.F) {
	for _, s := range []string{
		"foo", "foo, bar; baz=2", `a; b="\1\0" ;c,d`, "a;b;b;b=1,a", "", ",", `a;b="`, `a;b="\`, " \t",
	} {
		f.Add(s, "x; y=z")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		offers, err := ParseHeader(lines(a, b))
		if err != nil {
			if offers != nil {
				t.Fatalf("offers with the error %v", err)
			}
			return
		}
		for _, o := range offers {
			if err := o.check(); err != nil {
				t.Fatal(err)
			}
		}
		again, err := ParseHeader(lines(join(offers)))
		if err != nil {
			t.Fatalf("%q: %v", join(offers), err)
		}
		if d := cmp.Diff(offers, again); d != "" {
			t.Fatal(d)
		}
		joined, err := ParseHeader(lines(a + "," + b))
		if err != nil {
			t.Fatalf("as one line: %v", err)
		}
		if d := cmp.Diff(offers, joined); d != "" {
			t.Fatal(d)
		}
	})
}
