package head

import (
	"strconv"
	"strings"
)

// HasBody reports whether the fields of a request announce a body (RFC 9112,
// section 6.3): a Transfer-Encoding field, or a Content-Length that is not zero.
func HasBody(fields []Field) bool {
	for i := range fields {
		switch f := &fields[i]; {
		case EqualFold(f.Name, "Transfer-Encoding"):
			return true
		case EqualFold(f.Name, "Content-Length") && strings.Trim(f.Value, "0") != "":
			return true
		}
	}
	return false
}

// framing is what the fields of a request so far say about its destination and
// about the end of its body. Requests are smuggled past proxies with exactly
// these fields.
type framing struct {
	host      bool   // there is a Host field
	coded     bool   // there is a Transfer-Encoding field
	hasLength bool   // there is a Content-Length field
	length    uint64 // its value
}

// add takes a field and returns what is wrong with it, or "".
func (f *framing) add(name, value string) string {
	switch {
	case EqualFold(name, "Host"):
		return f.addHost(value)
	case EqualFold(name, "Content-Length"):
		return f.addLength(value)
	case EqualFold(name, "Transfer-Encoding"):
		f.coded = true
		return f.conflict()
	}
	return ""
}

// frames reports whether add looks at a field with the given name.
func frames(name string) bool {
	return EqualFold(name, "Host") || EqualFold(name, "Content-Length") || EqualFold(name, "Transfer-Encoding")
}

// addHost requires at most one Host field, made of the bytes of a host and a
// port (RFC 9112, section 3.2). It may be empty.
func (f *framing) addHost(value string) string {
	if f.host {
		return "second Host field"
	}
	f.host = true
	if i := outside(value, hostByte); i >= 0 {
		return byteText(value[i]) + " in the Host field"
	}
	return ""
}

// addLength requires one plain number (RFC 9110, section 8.6; RFC 9112, section
// 6.3). The same number may be repeated in another field, not in a list.
func (f *framing) addLength(value string) string {
	for i := range len(value) {
		if c := value[i]; !isDigit(c) {
			return "malformed Content-Length: " + byteText(c)
		}
	}
	n, err := strconv.ParseUint(value, 10, 63)
	if err != nil {
		return "malformed Content-Length: empty or longer than 63 bits"
	}
	if f.hasLength && n != f.length {
		return "two different Content-Length fields"
	}
	f.hasLength, f.length = true, n
	return f.conflict()
}

// conflict applies RFC 9112, section 6.1: a request with both fields may be an
// attempt at smuggling.
func (f *framing) conflict() string {
	if f.coded && f.hasLength {
		return "Content-Length and Transfer-Encoding in one request"
	}
	return ""
}

// absoluteHost returns the authority of a target in absolute form, which takes
// precedence over the Host field (RFC 9112, section 3.2.2). absolute is false
// for the other forms. fault says what is wrong, or is "".
func absoluteHost(target string) (host string, absolute bool, fault string) {
	scheme, rest, found := strings.Cut(target, "://")
	if !found || !isScheme(scheme) {
		return "", false, ""
	}
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		rest = rest[:i]
	}
	switch i := outside(rest, hostByte); {
	case rest == "" || rest[0] == ':': // RFC 9110, section 4.2.1
		return "", true, "request target without a host"
	case i >= 0:
		return "", true, byteText(rest[i]) + " in the host of the request target"
	}
	return rest, true, ""
}

// isScheme reports whether s is the scheme of a URL (RFC 3986, section 3.1).
func isScheme(s string) bool {
	for i := range len(s) {
		if c := s[i]; !isAlphanumeric(c) && c != '+' && c != '-' && c != '.' {
			return false
		}
	}
	return s != "" && !isDigit(s[0])
}
