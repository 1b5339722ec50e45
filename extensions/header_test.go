package extensions

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sans-io/websocket-driver/driver/head"
)

// lines returns one extensions field for each value.
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
		{"no field", nil, nil},
		{"section 9.1, foo", []string{"foo"}, []Offer{{Name: "foo"}}},
		{
			"section 9.1, two lines",
			[]string{"foo", "bar; baz=2"},
			[]Offer{{Name: "foo"}, {"bar", []Param{{"baz", "2"}}}},
		},
		{
			"section 9.1, one line",
			[]string{"foo, bar; baz=2"},
			[]Offer{{Name: "foo"}, {"bar", []Param{{"baz", "2"}}}},
		},
		{"section 9.1, deflate-stream", []string{"deflate-stream"}, []Offer{{Name: "deflate-stream"}}},
		{
			"section 9.1, mux",
			[]string{"mux; max-channels=4; flow-control, deflate-stream"},
			[]Offer{{"mux", []Param{{"max-channels", "4"}, flag("flow-control")}}, {Name: "deflate-stream"}},
		},
		{"section 9.1, private", []string{"private-extension"}, []Offer{{Name: "private-extension"}}},
		{
			"RFC 7692 7.1, fallback",
			[]string{"permessage-deflate; client_max_window_bits; server_max_window_bits=10, permessage-deflate; client_max_window_bits"},
			[]Offer{
				{"permessage-deflate", []Param{flag("client_max_window_bits"), {"server_max_window_bits", "10"}}},
				{"permessage-deflate", []Param{flag("client_max_window_bits")}},
			},
		},
		{"quoted", []string{`a; b="10"; c`}, []Offer{{"a", []Param{{"b", "10"}, flag("c")}}}},
		{"escaped", []string{`a; b="\1\0", c`}, []Offer{{"a", []Param{{"b", "10"}}}, {Name: "c"}}},
		{"no blanks", []string{"a;b=c;d,e"}, []Offer{{"a", []Param{{"b", "c"}, flag("d")}}, {Name: "e"}}},
		{
			"many blanks",
			[]string{" \ta \t;\tb = \"c\"  ; d\t,  e "},
			[]Offer{{"a", []Param{{"b", "c"}, flag("d")}}, {Name: "e"}},
		},
		{"duplicates", []string{"a; b=1; b=2; b, a"}, []Offer{{"a", []Param{{"b", "1"}, {"b", "2"}, flag("b")}}, {Name: "a"}}},
		{"case", []string{"A; B=C, a"}, []Offer{{"A", []Param{{"B", "C"}}}, {Name: "a"}}},
		{"all of token", []string{"!#$%&'*+-.^_`|~09azAZ"}, []Offer{{Name: "!#$%&'*+-.^_`|~09azAZ"}}},
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
		in   []string
		want string
	}{
		{[]string{""}, "extensions field 1: end at offset 0 instead of the name of an extension"},
		{[]string{"  "}, "extensions field 1: end at offset 2 instead of the name of an extension"},
		{[]string{"a", ""}, "extensions field 2: end at offset 0 instead of the name of an extension"},
		{[]string{","}, "extensions field 1: byte 0x2c at offset 0 instead of the name of an extension"},
		{[]string{"a,"}, "extensions field 1: end at offset 2 instead of the name of an extension"},
		{[]string{"a,,b"}, "extensions field 1: byte 0x2c at offset 2 instead of the name of an extension"},
		{[]string{"a, , b"}, "extensions field 1: byte 0x2c at offset 3 instead of the name of an extension"},
		{[]string{";a"}, "extensions field 1: byte 0x3b at offset 0 instead of the name of an extension"},
		{[]string{"a;"}, "extensions field 1: end at offset 2 instead of the name of a parameter"},
		{[]string{"a;;b"}, "extensions field 1: byte 0x3b at offset 2 instead of the name of a parameter"},
		{[]string{"a; =b"}, "extensions field 1: byte 0x3d at offset 3 instead of the name of a parameter"},
		{[]string{"a; b="}, "extensions field 1: end at offset 5 instead of a value"},
		{[]string{"a; b=;c"}, "extensions field 1: byte 0x3b at offset 5 instead of a value"},
		{[]string{"a; b==c"}, "extensions field 1: byte 0x3d at offset 5 instead of a value"},
		{[]string{`a; b=""`}, "extensions field 1: byte 0x22 at offset 6 instead of a token within the quotes"},
		{[]string{`a; b="c d"`}, "extensions field 1: byte 0x20 at offset 7 instead of a token within the quotes"},
		{[]string{`a; b="c\"d"`}, "extensions field 1: byte 0x22 at offset 8 instead of a token within the quotes"},
		{[]string{`a; b="c\`}, "extensions field 1: end at offset 8 instead of a token within the quotes"},
		{[]string{`a; b="c`}, "extensions field 1: end at offset 7 instead of a closing quote"},
		{[]string{`a; b="`}, "extensions field 1: end at offset 6 instead of a closing quote"},
		{[]string{`a; b="c"d`}, "extensions field 1: byte 0x64 at offset 8 instead of a separator"},
		{[]string{`a; b=c"d"`}, "extensions field 1: byte 0x22 at offset 6 instead of a separator"},
		{[]string{`"a"`}, "extensions field 1: byte 0x22 at offset 0 instead of the name of an extension"},
		{[]string{"a b"}, "extensions field 1: byte 0x62 at offset 2 instead of a separator"},
		{[]string{"a=b"}, "extensions field 1: byte 0x3d at offset 1 instead of a separator"},
		{[]string{"a; b c"}, "extensions field 1: byte 0x63 at offset 5 instead of a separator"},
		{[]string{"a\x00"}, "extensions field 1: byte 0x00 at offset 1 instead of a separator"},
		{[]string{"a", "b", "é"}, "extensions field 3: byte 0xc3 at offset 0 instead of the name of an extension"},
	}
	for _, tt := range tests {
		got, err := ParseHeader(lines(tt.in...))
		if err == nil || err.Error() != tt.want || got != nil {
			t.Errorf("%q: got %v and %v, want %v", tt.in, got, err, tt.want)
		}
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
