package head

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// scanList reads elements of the form token [ "=" value ] and writes them as
// name=value, or returns the error.
func scanList(value string) (elements []string, err string) {
	for s := NewScanner(value); s.Element(); {
		if name := s.Parameter(); name != "" {
			v, ok := s.Value()
			if !ok {
				return elements, s.Unexpected("a value").Error()
			}
			elements = append(elements, name+"="+v)
		} else if name := s.Token(); name != "" {
			elements = append(elements, name)
		} else {
			return elements, s.Unexpected("a token").Error()
		}
		if !s.AtSeparator() {
			return elements, s.Unexpected("a comma").Error()
		}
	}
	return elements, ""
}

func TestScanner(t *testing.T) {
	tests := []struct {
		rule, in string
		want     string // separated by |
		err      string
	}{
		{"RFC 9110 5.6.1", "", "", ""},
		{"RFC 9110 5.6.1", "a", "a", ""},
		{"RFC 9110 5.6.1", "a,b", "a|b", ""},
		{"RFC 9110 5.6.3", " \ta\t , \tb ", "a|b", ""},
		{"RFC 9110 5.6.1.2", "a,", "a", ""},
		{"RFC 9110 5.6.1.2", ",a", "a", ""},
		{"RFC 9110 5.6.1.2", "foo ,bar,", "foo|bar", ""},
		{"RFC 9110 5.6.1.2", "foo , ,bar,charlie", "foo|bar|charlie", ""},
		{"RFC 9110 5.6.1.2", ",", "", ""},
		{"RFC 9110 5.6.1.2", ",   ,", "", ""},
		{"RFC 9110 5.6.1.2", strings.Repeat(" ,\t", 1000) + "a", "a", ""},
		{"RFC 9110 5.6.2", "!#$%&'*+-.^_`|~09azAZ=x", "!#$%&'*+-.^_`|~09azAZ=x", ""},
		{"RFC 9110 5.6.2", "a b", "a", "byte 0x62 at offset 2 instead of a comma"},
		{"RFC 9110 5.6.2", "a, (", "a", "byte 0x28 at offset 3 instead of a token"},
		{"RFC 9110 5.6.2", "\xe9", "", "byte 0xe9 at offset 0 instead of a token"},
		{"RFC 9110 5.6.4", `a="b, c"`, "a=b, c", ""},
		{"RFC 9110 5.6.4", `a="\"\\\b" , c`, `a="\b|c`, ""},
		{"RFC 9110 5.6.4", `a=""`, "a=", ""},
		{"RFC 9110 5.6.4", `a="b`, "", "end at offset 4 instead of a value"},
		{"RFC 9110 5.6.4", `a="b\`, "", "end at offset 5 instead of a value"},
		{"RFC 9110 5.6.4", `a="b"c`, "a=b", "byte 0x63 at offset 5 instead of a comma"},
		{"RFC 9110 5.6.6", "a = b", "a=b", ""},
		{"RFC 9110 5.6.6", "a=", "", "end at offset 2 instead of a value"},
		{"RFC 9110 5.6.6", "a=,", "", "byte 0x2c at offset 2 instead of a value"},
		{"RFC 9110 5.6.6", "=a", "", "byte 0x3d at offset 0 instead of a token"},
	}
	for _, tt := range tests {
		t.Run(tt.rule+" "+tt.in[:min(len(tt.in), 20)], func(t *testing.T) {
			got, err := scanList(tt.in)
			if d := cmp.Diff(tt.want, strings.Join(got, "|")); d != "" || err != tt.err {
				t.Errorf("error %q, elements (-want +got):\n%s", err, d)
			}
		})
	}
}

func TestToken68(t *testing.T) {
	for _, tt := range []struct{ in, want, rest string }{
		{"TlRMTVNTUAACAAAA+/==", "TlRMTVNTUAACAAAA+/==", ""},
		{"b-._~+/0, c", "b-._~+/0", ", c"},
		{"c= \t,", "c=", " \t,"},
		{"", "", ""},
		{"=", "", "="},
		{"realm=x", "", "realm=x"},
		{"a b", "", "a b"},
	} {
		t.Run("RFC 9110 11.2 "+tt.in, func(t *testing.T) {
			s := NewScanner(tt.in)
			if got := s.Token68(); got != tt.want || s.in[s.pos:] != tt.rest {
				t.Errorf("%q, then %q", got, s.in[s.pos:])
			}
		})
	}
}

// FuzzScanner reads any value: it ends, and what it returns is well-formed.
func FuzzScanner(f *testing.F) {
	for _, s := range []string{"", "a, b=\"c\\\"\", ,d", "a=", ",\t,", "x=\"\\"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		elements, err := scanList(in)
		for _, e := range elements {
			if name, _, _ := strings.Cut(e, "="); !IsToken(name) {
				t.Errorf("element %q", e)
			}
		}
		if err == "" && len(elements) > 0 != (strings.Trim(in, ", \t") != "") {
			t.Errorf("%q: %q", in, elements)
		}
	})
}
