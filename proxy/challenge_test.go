package proxy

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sans-io/websocket-driver/driver/head"
)

// TestParseChallenges reads Proxy-Authenticate fields.
func TestParseChallenges(t *testing.T) {
	basic := &Challenge{Scheme: "Basic", Params: []head.Field{{Name: "realm", Value: "x"}}}
	scheme := func(name string) *Challenge { return &Challenge{Scheme: name} }
	token := func(name, token string) *Challenge { return &Challenge{Scheme: name, Token: token} }
	params := func(name string, params ...head.Field) *Challenge { return &Challenge{Scheme: name, Params: params} }
	tests := []struct {
		name   string
		values []string
		want   []*Challenge
	}{
		{"none", []string{""}, nil},
		{"a token as value", []string{"Basic realm=x"}, []*Challenge{basic}},
		{"a quoted string", []string{`Basic realm="x"`}, []*Challenge{basic}},
		{"blanks", []string{"Basic   realm\t= \t\"x\" "}, []*Challenge{basic}},
		{"quoted pairs", []string{`Basic realm="a, b=\"c\" \\"`}, []*Challenge{params("Basic", head.Field{Name: "realm", Value: `a, b="c" \`})}},
		{"an empty string", []string{`Basic realm=""`}, []*Challenge{params("Basic", head.Field{Name: "realm"})}},
		{"no parameters", []string{"Negotiate"}, []*Challenge{scheme("Negotiate")}},
		{"token68", []string{"NTLM TlRMTVNTUAACAAAA+/=="}, []*Challenge{token("NTLM", "TlRMTVNTUAACAAAA+/==")}},
		{"token68 without padding", []string{"A b-._~+/0, B c="}, []*Challenge{token("A", "b-._~+/0"), token("B", "c=")}},
		{"several fields", []string{"Negotiate", "Basic realm=x"}, []*Challenge{scheme("Negotiate"), basic}},
		{"several in one", []string{`Negotiate , NTLM,Digest nonce="a", realm=b ,Basic realm="x"`}, []*Challenge{
			scheme("Negotiate"), scheme("NTLM"),
			params("Digest", head.Field{Name: "nonce", Value: "a"}, head.Field{Name: "realm", Value: "b"}), basic}},
		{"empty elements", []string{", ,Digest a=b,, ,c=d,,Basic realm=x,"}, []*Challenge{
			params("Digest", head.Field{Name: "a", Value: "b"}, head.Field{Name: "c", Value: "d"}), basic}},
		{"a scheme that looks like a parameter", []string{"A b=c, D e=f, G"}, []*Challenge{
			params("A", head.Field{Name: "b", Value: "c"}), params("D", head.Field{Name: "e", Value: "f"}), scheme("G")}},
		{"malformed: no scheme", []string{"=x", "Basic realm=x"}, []*Challenge{basic}},
		{"malformed: scheme with something behind it", []string{"Basic realm=x, Digest@a", "A"}, []*Challenge{basic, scheme("A")}},
		{"malformed: open quote", []string{`Basic realm=x, Digest nonce="a`, `Digest nonce="\`, "A"}, []*Challenge{basic, scheme("A")}},
		{"malformed: no value", []string{"Digest a=b, nonce=, c=d", "A"}, []*Challenge{scheme("A")}},
		{"malformed: no comma", []string{`Basic realm=x, Digest nonce="a" qop="b"`}, []*Challenge{basic}},
		{"malformed: no name", []string{`Digest "a"`}, []*Challenge{scheme("Digest")}},
	}
	for _, test := range tests {
		if diff := cmp.Diff(test.want, parseChallenges(slices.Values(test.values))); diff != "" {
			t.Errorf("%s: (-want +got):\n%s", test.name, diff)
		}
	}
}
