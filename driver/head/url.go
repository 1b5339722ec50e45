package head

import (
	"encoding/base64"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// ParseURL parses an absolute URL and checks it with [CheckURL]. The error wraps
// [ws.ErrInvalid] and does not contain the URL, which may hold a password.
func ParseURL(raw string, schemes ...string) (*url.URL, error) {
	u, err := ReadURL(raw, schemes...)
	if err != nil {
		return nil, err
	}
	if err := CheckURL(u, schemes...); err != nil {
		return nil, err
	}
	return u, nil
}

// ReadURL is ParseURL for callers that convert the host before they call
// [CheckURL]. The schemes are for the error only.
func ReadURL(raw string, schemes ...string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil && strings.Contains(raw, "@"):
		return nil, invalid("malformed URL with user information")
	case err != nil && !strings.Contains(raw, "://"):
		return nil, noScheme(schemes)
	case err != nil:
		var e *url.Error
		if errors.As(err, &e) {
			err = e.Err
		}
		return nil, invalid("malformed URL: %v", err)
	case strings.Contains(raw, "#"): // url.Parse drops an empty fragment
		return nil, errFragment()
	}
	return u, nil
}

// CheckURL reports whether u is a URL to connect to: it must have one of the
// schemes, a host of ASCII bytes, no fragment (RFC 6455, section 3) and a port
// from 1 to 65535 if any. The error wraps [ws.ErrInvalid] and shows neither user
// name nor password.
//
// A host that is not ASCII must be converted to A-labels first (RFC 5891), as
// golang.org/x/net/idna does.
func CheckURL(u *url.URL, schemes ...string) error {
	switch host := u.Hostname(); {
	case !slices.Contains(schemes, u.Scheme) && (u.Scheme == "" || u.Opaque != ""): // "localhost:80" has one
		return noScheme(schemes)
	case !slices.Contains(schemes, u.Scheme):
		return invalid("scheme %s of the URL is not %s", Quote(u.Scheme), strings.Join(schemes, " or "))
	case host == "":
		return invalid("URL without a host")
	case u.Fragment != "":
		return errFragment()
	default:
		if err := checkHost(host, strings.HasPrefix(u.Host, "[")); err != nil {
			return err
		}
	}
	if u.Port() != "" {
		if n, err := strconv.ParseUint(u.Port(), 10, 16); err != nil || n == 0 {
			return invalid("port %s of the URL is not from 1 to 65535", u.Port())
		}
	}
	return nil
}

func errFragment() error { return invalid("URL with a fragment") }

// noScheme is for what people type: "localhost:9001".
func noScheme(schemes []string) error {
	return invalid("URL does not begin with %s://", strings.Join(schemes, ":// or "))
}

// checkHost checks the bytes of a host (RFC 3986, section 3.2.2). A percent sign
// is not one of them: [url.Parse] has decoded those of a name, and that of a zone
// is not sent.
func checkHost(host string, literal bool) error {
	extra := "-._~!$&'()*+,;="
	if literal {
		extra = ":."
		host, _, _ = strings.Cut(host, "%")
	}
	for i := range len(host) {
		switch c := host[i]; {
		case c >= 0x80:
			return invalid("host %s of the URL is not ASCII; convert it to A-labels (xn--)", Quote(host))
		case !isAlphanumeric(c) && strings.IndexByte(extra, c) < 0:
			return invalid("%s in the host %s of the URL", byteText(c), Quote(host))
		}
	}
	return nil
}

// Host returns the host of u for requests: in brackets if it is an IPv6 address,
// and without its zone, which means nothing to the peer (RFC 6874, section 4).
func Host(u *url.URL) string {
	host := u.Hostname()
	if strings.HasPrefix(u.Host, "[") {
		host, _, _ = strings.Cut(host, "%")
		return "[" + host + "]"
	}
	return host
}

// ServerName returns the host of u without brackets and zone, as the name that TLS
// verifies (RFC 6874, section 4).
func ServerName(u *url.URL) string {
	name, _, _ := strings.Cut(u.Hostname(), "%")
	return name
}

// Port returns the port of u as a number without leading zeros, or the default
// port of its scheme.
func Port(u *url.URL) string {
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err == nil {
			return strconv.FormatUint(n, 10)
		}
	}
	return defaultPorts[u.Scheme]
}

// defaultPorts maps schemes to the ports of URLs without one (RFC 6455, section
// 3; RFC 9110, section 4.2).
var defaultPorts = map[string]string{
	"ws": "80", "wss": "443", "http": "80", "https": "443", "socks5": "1080", "socks5h": "1080",
}

// HostField returns the value of the Host field for u: the host, and the port
// unless it is the default port of the scheme (RFC 6455, section 4.1).
func HostField(u *url.URL) string {
	if port := Port(u); port != defaultPorts[u.Scheme] {
		return Host(u) + ":" + port
	}
	return Host(u)
}

// HostPort returns the host and port of u, as the target of CONNECT (RFC 9112,
// section 3.2.3): "example.com:443", "[::1]:80".
func HostPort(u *url.URL) string { return Host(u) + ":" + Port(u) }

// Target returns the request target for u: path and query in origin form (RFC
// 9112, section 3.2.1). Bytes that neither may contain are percent-encoded (RFC
// 3986, sections 3.3 and 3.4); percent signs are kept.
func Target(u *url.URL) string {
	path := u.EscapedPath()
	if raw, err := url.PathUnescape(u.RawPath); err == nil && raw == u.Path && u.RawPath != "" {
		path = u.RawPath // EscapedPath gives up "%2F" if another byte needs encoding
	}
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	target := percentEncode(path, "/")
	if u.RawQuery != "" || u.ForceQuery {
		target += "?" + percentEncode(u.RawQuery, "/?")
	}
	return target
}

// percentEncode encodes the bytes of s that are not a pchar of RFC 3986, section
// 3.3, a percent sign, or one of extra.
func percentEncode(s, extra string) string {
	const digits = "0123456789ABCDEF"
	var b []byte
	done := 0 // bytes of s that b has
	for i := range len(s) {
		c := s[i]
		if !isAlphanumeric(c) && strings.IndexByte("-._~!$&'()*+,;=:@%", c) < 0 && strings.IndexByte(extra, c) < 0 {
			b = append(append(b, s[done:i]...), '%', digits[c>>4], digits[c&15])
			done = i + 1
		}
	}
	if done == 0 {
		return s
	}
	return string(append(b, s[done:]...))
}

// BasicAuthorization returns the value of an Authorization or Proxy-Authorization
// field of the Basic scheme. A user name with a colon, and control bytes, are
// errors (RFC 7617, section 2), which wrap [ws.ErrInvalid] and contain neither
// user name nor password.
func BasicAuthorization(user, password string) (string, error) {
	switch {
	case strings.Contains(user, ":"):
		return "", invalid("user name with a colon in Basic authorization")
	case HasControl(user) || HasControl(password):
		return "", invalid("control byte in user name or password of Basic authorization")
	}
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password)), nil
}

// HasControl reports whether s contains an ASCII control character.
func HasControl(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}
