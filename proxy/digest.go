package proxy

import (
	"cmp"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"github.com/sans-io/websocket-driver/driver/head"
	"github.com/sans-io/websocket-driver/driver/ws"
)

// Basic returns a hook for Config.Challenge that answers challenges of the Basic
// scheme (RFC 7617). It sends the password in the clear.
func Basic(user, password string) func(*Challenge) (string, error) {
	return func(c *Challenge) (string, error) {
		if !c.is("Basic") {
			return "", nil
		}
		return head.BasicAuthorization(user, password)
	}
}

// Digest returns a hook for Config.Challenge that answers challenges of the
// Digest scheme (RFC 7616) with the algorithms SHA-256, SHA-256-sess, MD5 and
// MD5-sess, and with qop=auth or, as in RFC 2069, without qop. Every nonce is used
// once.
func Digest(user, password string) func(*Challenge) (string, error) {
	return func(c *Challenge) (string, error) {
		if !c.is("Digest") {
			return "", nil
		}
		d, ok := newDigest(c)
		if !ok {
			return "", nil
		}
		if head.HasControl(user) {
			return "", fmt.Errorf("%w: control byte in the user name of Digest authorization", ws.ErrInvalid)
		}
		if d.auth {
			nonce := make([]byte, 16)
			if _, err := io.ReadFull(cmp.Or(c.Rand, rand.Reader), nonce); err != nil {
				return "", fmt.Errorf("reading randomness: %w", err)
			}
			d.cnonce = hex.EncodeToString(nonce)
		}
		return d.field(c, user, password), nil
	}
}

func isMD5(algorithm string) bool {
	return algorithm == "" || head.EqualFold(algorithm, "MD5") || head.EqualFold(algorithm, "MD5-sess")
}

// digest holds the values that an answer is computed from.
type digest struct {
	md5    bool
	sess   bool // the algorithm ends in -sess
	auth   bool // qop=auth; otherwise none, as in RFC 2069
	realm  string
	nonce  string
	cnonce string
	method string
	uri    string
}

// newDigest reads a challenge. ok is false if it cannot be answered.
func newDigest(c *Challenge) (d digest, ok bool) {
	algorithm := c.Param("algorithm")
	d = digest{
		md5:    isMD5(algorithm),
		sess:   len(algorithm) > 5 && head.EqualFold(algorithm[len(algorithm)-5:], "-sess"),
		auth:   head.HasToken(c.Params, "qop", "auth"),
		realm:  c.Param("realm"),
		nonce:  c.Param("nonce"),
		method: c.Method,
		uri:    c.Target,
	}
	known := d.md5 || head.EqualFold(algorithm, "SHA-256") || head.EqualFold(algorithm, "SHA-256-sess")
	old := head.Count(c.Params, "qop") == 0 && !d.sess // a session needs a cnonce, which requires qop
	return d, known && d.nonce != "" && (d.auth || old)
}

// hash returns the hash of the parts joined by colons, in hexadecimal.
func (d *digest) hash(parts ...string) string {
	text := []byte(strings.Join(parts, ":"))
	if d.md5 {
		sum := md5.Sum(text)
		return hex.EncodeToString(sum[:])
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// nc is the count of requests with the nonce.
const nc = "00000001"

// response computes the proof of the password (RFC 7616, section 3.4.1).
func (d *digest) response(user, password string) string {
	secret := d.hash(user, d.realm, password)
	if d.sess {
		secret = d.hash(secret, d.nonce, d.cnonce)
	}
	request := d.hash(d.method, d.uri)
	if !d.auth {
		return d.hash(secret, d.nonce, request)
	}
	return d.hash(secret, d.nonce, nc, d.cnonce, "auth", request)
}

// field returns the value of the field (RFC 7616, section 3.4).
func (d *digest) field(c *Challenge, user, password string) string {
	var b strings.Builder
	b.WriteString("Digest ")
	hashed := head.EqualFold(c.Param("userhash"), "true")
	utf8 := head.EqualFold(c.Param("charset"), "UTF-8")
	switch {
	case hashed:
		b.WriteString("username=" + quote(d.hash(user, d.realm)))
	case utf8 && !isASCII(user):
		b.WriteString("username*=UTF-8''" + percentEncode(user))
	default:
		b.WriteString("username=" + quote(user))
	}
	b.WriteString(", realm=" + quote(d.realm) + ", nonce=" + quote(d.nonce) + ", uri=" + quote(d.uri))
	b.WriteString(`, response="` + d.response(user, password) + `"`)
	if algorithm := c.Param("algorithm"); algorithm != "" {
		b.WriteString(", algorithm=" + algorithm)
	}
	if d.auth {
		b.WriteString(", qop=auth, nc=" + nc + ", cnonce=" + quote(d.cnonce))
	}
	if head.Count(c.Params, "opaque") > 0 {
		b.WriteString(", opaque=" + quote(c.Param("opaque")))
	}
	if hashed {
		b.WriteString(", userhash=true")
	}
	return b.String()
}

// quote returns s as a quoted string (RFC 9110, section 5.6.4).
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= 0x80 })
}

// percentEncode encodes s as the value of an extended parameter (RFC 8187,
// section 3.2.1).
func percentEncode(s string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c < 0x80 && head.IsToken(s[i:i+1]) && strings.IndexByte("*'%", c) < 0 {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', digits[c>>4], digits[c&15]})
		}
	}
	return b.String()
}
