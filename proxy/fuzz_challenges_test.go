package proxy

import (
	"slices"
	"testing"

	"github.com/sans-io/websocket-driver/driver/head"
)

// FuzzChallenges reads arbitrary fields. The challenges are well-formed, and the
// answers can be sent and repeat the values of the proxy.
func FuzzChallenges(f *testing.F) {
	f.Add(`Basic realm="a, b=\"c\" \\", Digest realm=r, nonce="\"", qop="auth,auth-int", opaque="\\"`, "user")
	f.Add("NTLM abc==, Digest nonce=n,, algorithm=SHA-256-sess,qop=auth,charset=UTF-8", "J\u00e4s\u00f8n \"Doe\"")
	f.Add("Digest nonce=n, realm=\"\xff\", userhash=true", "x")
	f.Fuzz(func(t *testing.T, value, user string) {
		if head.CheckField(head.Field{Name: "Proxy-Authenticate", Value: value}) != nil {
			return // cannot have come
		}
		for _, c := range parseChallenges(slices.Values([]string{value})) {
			if !head.IsToken(c.Scheme) || c.Token != "" && c.Params != nil {
				t.Errorf("%+v", c)
			}
			for _, p := range c.Params {
				if !head.IsToken(p.Name) {
					t.Errorf("parameter %q", p.Name)
				}
			}
			c.Method, c.Target, c.Rand = connect, "example.com:80", zeros{}
			answer, err := Digest(user, "pw")(c)
			if answer == "" || err != nil {
				continue
			}
			if err := head.CheckField(head.Field{Name: "Proxy-Authorization", Value: answer}); err != nil {
				t.Errorf("%q: %v", answer, err)
			}
			read := parseChallenges(slices.Values([]string{answer}))
			if len(read) != 1 || !read[0].is("Digest") {
				t.Fatalf("%q is not one Digest", answer)
			}
			for _, name := range []string{"realm", "nonce", "opaque"} {
				if got, want := read[0].Param(name), c.Param(name); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
		}
	})
}
