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
		rule   string
		name   string
		values []string
		want   []*Challenge
	}{
		{"RFC 9110 11.6.1", "none", []string{""}, nil},
		{"RFC 9110 11.6.1", "a token as value", []string{"Basic realm=x"}, []*Challenge{basic}},
		{"RFC 9110 5.6.4", "a quoted string", []string{`Basic realm="x"`}, []*Challenge{basic}},
		{"RFC 9110 5.6.3", "blanks", []string{"Basic   realm\t= \t\"x\" "}, []*Challenge{basic}},
		{"RFC 9110 5.6.4", "quoted pairs", []string{`Basic realm="a, b=\"c\" \\"`}, []*Challenge{params("Basic", head.Field{Name: "realm", Value: `a, b="c" \`})}},
		{"RFC 9110 5.6.4", "an empty string", []string{`Basic realm=""`}, []*Challenge{params("Basic", head.Field{Name: "realm"})}},
		{"RFC 9110 11.3", "no parameters", []string{"Negotiate"}, []*Challenge{scheme("Negotiate")}},
		{"RFC 9110 11.2", "token68", []string{"NTLM TlRMTVNTUAACAAAA+/=="}, []*Challenge{token("NTLM", "TlRMTVNTUAACAAAA+/==")}},
		{"RFC 9110 11.2", "token68 without padding", []string{"A b-._~+/0, B c="}, []*Challenge{token("A", "b-._~+/0"), token("B", "c=")}},
		{"RFC 9110 11.6.1", "several fields", []string{"Negotiate", "Basic realm=x"}, []*Challenge{scheme("Negotiate"), basic}},
		{"RFC 9110 11.6.1", "several in one", []string{`Negotiate , NTLM,Digest nonce="a", realm=b ,Basic realm="x"`}, []*Challenge{
			scheme("Negotiate"), scheme("NTLM"),
			params("Digest", head.Field{Name: "nonce", Value: "a"}, head.Field{Name: "realm", Value: "b"}), basic}},
		{"RFC 9110 5.6.1.2", "empty elements", []string{", ,Digest a=b,, ,c=d,,Basic realm=x,"}, []*Challenge{
			params("Digest", head.Field{Name: "a", Value: "b"}, head.Field{Name: "c", Value: "d"}), basic}},
		{"RFC 9110 11.6.1", "a scheme that looks like a parameter", []string{"A b=c, D e=f, G"}, []*Challenge{
			params("A", head.Field{Name: "b", Value: "c"}), params("D", head.Field{Name: "e", Value: "f"}), scheme("G")}},
		{"RFC 9110 11.6.1", "malformed: no scheme", []string{"=x", "Basic realm=x"}, []*Challenge{basic}},
		{"RFC 9110 11.6.1", "malformed: scheme followed by something else", []string{"Basic realm=x, Digest@a", "A"}, []*Challenge{basic, scheme("A")}},
		{"RFC 9110 5.6.4", "malformed: open quote", []string{`Basic realm=x, Digest nonce="a`, `Digest nonce="\`, "A"}, []*Challenge{basic, scheme("A")}},
		{"RFC 9110 11.6.1", "malformed: no value", []string{"Digest a=b, nonce=, c=d", "A"}, []*Challenge{scheme("A")}},
		{"RFC 9110 11.6.1", "malformed: no comma", []string{`Basic realm=x, Digest nonce="a" qop="b"`}, []*Challenge{basic}},
		{"RFC 9110 11.6.1", "malformed: no name", []string{`Digest "a"`}, []*Challenge{scheme("Digest")}},
	}
	for _, test := range tests {
		t.Run(test.rule+" "+test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, parseChallenges(slices.Values(test.values))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
