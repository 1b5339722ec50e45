package proxy

import (
	"errors"
	"strings"
	"testing"

	"github.com/sans-io/websocket-driver/driver/head"
	"github.com/sans-io/websocket-driver/driver/ws"
)

// zeros is a Rand.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// challenge parses the value of a field, for the sample request.
func challenge(t *testing.T, value string) *Challenge {
	t.Helper()
	all := parseChallenges(func(yield func(string) bool) { yield(value) })
	if len(all) != 1 {
		t.Fatalf("%s: %d challenges", value, len(all))
	}
	c := all[0]
	c.Method, c.Target, c.Rand = connect, "example.com:80", zeros{}
	return c
}

// TestDigestVectors checks the examples of RFC 7616, section 3.9.1, RFC 2617,
// section 3.5, and RFC 2069, section 2.4, with its erratum. The RFCs have no example
// of a session; those values were computed with another program.
func TestDigestVectors(t *testing.T) {
	const long = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
	const longClient = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
	const short = "dcd98b7102dd2f0e8b11d0f600bfb0c093"
	for _, test := range []struct {
		name, realm, password, challenge, cnonce, want string
	}{
		{"RFC 7616 3.4.1 and RFC 7616 3.9.1 MD5", "http-auth@example.org", "Circle of Life", `qop="auth, auth-int", algorithm=MD5, nonce="` + long + `"`, longClient,
			"8ca523f5e9506fed4657c9700eebdbec"},
		{"RFC 7616 3.4.1 and RFC 7616 3.9.1 SHA-256", "http-auth@example.org", "Circle of Life", `qop="auth, auth-int", algorithm=SHA-256, nonce="` + long + `"`, longClient,
			"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"},
		{"RFC 7616 3.4.2 MD5-sess", "http-auth@example.org", "Circle of Life", `qop=auth, algorithm=MD5-sess, nonce="` + long + `"`, longClient,
			"e783283f46242139c486a698fec7211d"},
		{"RFC 7616 3.4.2 SHA-256-sess", "http-auth@example.org", "Circle of Life", `qop=auth, algorithm=sha-256-SESS, nonce="` + long + `"`, longClient,
			"2fd51b3a77ad75bad6afad6003e818d767133c46d9e2749e7f5232ae1ea3efd7"},
		{"RFC 2617 3.5", "testrealm@host.com", "Circle Of Life", `qop="auth,auth-int", nonce="` + short + `"`, "0a4f113b",
			"6629fae49393a05397450978507c4ef1"},
		{"RFC 2069 2.4", "testrealm@host.com", "CircleOfLife", `nonce="` + short + `"`, "",
			"1949323746fe6a43ef61f9606e7febea"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := challenge(t, `Digest realm="`+test.realm+`", `+test.challenge)
			c.Method, c.Target = "GET", "/dir/index.html"
			d, ok := newDigest(c)
			if !ok {
				t.Error("no answer")
			}
			d.cnonce = test.cnonce
			if got := d.response("Mufasa", test.password); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}

// TestDigestField checks the fields that answer a challenge.
func TestDigestField(t *testing.T) {
	const start = `Digest username="user", realm="r", nonce="n", uri="example.com:80", `
	const end = `, qop=auth, nc=00000001, cnonce="00000000000000000000000000000000"`
	for _, test := range []struct{ rule, name, user, challenge, want string }{
		{"RFC 7616 3.4", "MD5", "user", `Digest realm="r", nonce="n", qop="auth"`,
			start + `response="fc9e60ec2e9a25ef200994a8dd8455fe"` + end},
		{"RFC 7616 3.4", "MD5 by name", "user", `digest realm="r", nonce="n", qop="auth-int,auth", algorithm=md5, opaque="o"`,
			start + `response="fc9e60ec2e9a25ef200994a8dd8455fe", algorithm=md5` + end + `, opaque="o"`},
		{"RFC 7616 3.4", "SHA-256", "user", `Digest REALM="r", nonce="n", qop=auth, algorithm="SHA-256", opaque=""`,
			start + `response="01054ce4d36a94458a3b007b475c74695e92543fce6e9ddc1873475988a41b1c", algorithm=SHA-256` + end + `, opaque=""`},
		{"RFC 7616 3.4.2", "MD5-sess", "user", `Digest realm="r", nonce="n", qop=auth, algorithm=MD5-sess`,
			start + `response="f32490999cb4cb8d3dd4b1a80d0afc47", algorithm=MD5-sess` + end},
		{"RFC 2069 2.4", "no qop", "user", `Digest realm="r", nonce="n"`, start + `response="b476214bf59b4fc05081046a4372620b"`},
		{"RFC 9110 5.6.4", "a quote", `us"er`, `Digest realm="r", nonce="n", qop=auth`,
			strings.Replace(start, `"user"`, `"us\"er"`, 1) + `response="bfbea2a369124b0d30108d89ef68f6ea"` + end},
		{"RFC 7616 3.4.4", "a hashed user name", "J\u00e4s\u00f8n Doe", `Digest realm="r", nonce="n", qop=auth, algorithm=SHA-256, charset=UTF-8, userhash=true`,
			strings.Replace(start, `"user"`, `"91e702702279fa375d7b8ba1a48d59cb25af8f489363b01bcb9f50fe050aebef"`, 1) +
				`response="c902550b4ecb6e8c7645de2fa45fbdc5601220353a9a1b6eae740cdbe28380a6", algorithm=SHA-256` + end + `, userhash=true`},
		{"RFC 8187 3.2.1", "a user name in UTF-8", "J\u00e4s\u00f8n Doe", `Digest realm="r", nonce="n", qop=auth, algorithm=SHA-256, charset=utf-8`,
			strings.Replace(start, `username="user"`, "username*=UTF-8''J%C3%A4s%C3%B8n%20Doe", 1) +
				`response="c902550b4ecb6e8c7645de2fa45fbdc5601220353a9a1b6eae740cdbe28380a6", algorithm=SHA-256` + end},
		{"RFC 7616 4", "a user name in ASCII", "user", `Digest realm="r", nonce="n", qop=auth, charset=UTF-8`,
			start + `response="fc9e60ec2e9a25ef200994a8dd8455fe"` + end},
	} {
		t.Run(test.rule+" "+test.name, func(t *testing.T) {
			got, err := Digest(test.user, "pw")(challenge(t, test.challenge))
			if err != nil || got != test.want {
				t.Errorf("%v\n got %s\nwant %s", err, got, test.want)
			}
			if err := head.CheckField(head.Field{Name: "Proxy-Authorization", Value: got}); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestNoAnswer checks the challenges that the hooks do not answer.
func TestNoAnswer(t *testing.T) {
	for _, value := range []string{
		"Basic realm=x",
		"Negotiate",
		`Digest realm="r", qop=auth`,
		`Digest realm="r", nonce="", qop=auth`,
		`Digest realm="r", nonce="n", qop=auth, algorithm=SHA-512-256`,
		`Digest realm="r", nonce="n", qop=auth-int`,
		`Digest realm="r", nonce="n", qop=""`,
		`Digest realm="r", nonce="n", algorithm=MD5-sess`,
		"Digest token68==",
	} {
		if got, err := Digest("user", "pw")(challenge(t, value)); got != "" || err != nil {
			t.Errorf("Digest for %s: %q, %v", value, got, err)
		}
	}
	if got, err := Basic("user", "pw")(challenge(t, `Digest realm="r", nonce="n"`)); got != "" || err != nil {
		t.Errorf("Basic for Digest: %q, %v", got, err)
	}
}

func TestBasic(t *testing.T) {
	for _, test := range []struct{ rule, user, password, want string }{
		{"RFC 7617 2", "Aladdin", "open sesame", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},
		{"RFC 7617 2.1", "test", "123\u00a3", "Basic dGVzdDoxMjPCow=="},
		{"RFC 7617 2", "", "", "Basic Og=="},
	} {
		t.Run(test.rule+" "+test.user, func(t *testing.T) {
			if got, err := Basic(test.user, test.password)(challenge(t, "BASIC realm=x")); got != test.want || err != nil {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

// TestHookErrors checks errors of the caller, which must not show secrets.
func TestHookErrors(t *testing.T) {
	dry := errors.New("no entropy")
	digest := challenge(t, `Digest realm="r", nonce="n", qop=auth`)
	digest.Rand = failing{dry}
	if _, err := Digest("user", "pw")(digest); !errors.Is(err, dry) {
		t.Errorf("no randomness: %v", err)
	}
	digest.Rand = nil
	if got, err := Digest("user", "pw")(digest); got == "" || err != nil {
		t.Errorf("crypto/rand: %q, %v", got, err)
	}
	for name, hook := range map[string]func(*Challenge) (string, error){
		"RFC 7617 2 colon":                  Basic("us:er", "s3cret"),
		"RFC 7617 2 control byte":           Basic("us\ner", "s3cret"),
		"RFC 7617 2 control byte in secret": Basic("user", "s3cret\x7f"),
		"RFC 7616 3.4 control byte":         Digest("us\r\ner", "s3cret"),
	} {
		c := challenge(t, "Basic realm=x")
		if strings.HasPrefix(name, "RFC 7616") {
			c = challenge(t, `Digest realm="r", nonce="n"`)
		}
		if got, err := hook(c); got != "" || !errors.Is(err, ws.ErrInvalid) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}
