package driver

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"strconv"
	"strings"

	"github.com/sans-io/websocket-driver/driver/head"
	"github.com/sans-io/websocket-driver/driver/ws"
)

// originFields are the fields in which browsers send the origin: hybi-7 and 8 use
// the second one.
var originFields = [...]string{"Origin", "Sec-WebSocket-Origin"}

// Origin returns the origin of the page that sends the request r, or "" if r does not
// come from a page. The field is Origin or, in hybi-7 and hybi-8,
// Sec-WebSocket-Origin. Its value is whatever the client has sent.
func Origin(r *Request) string {
	for _, name := range originFields {
		for origin := range head.Values(r.Fields, name) {
			return origin
		}
	}
	return ""
}

// CheckOrigin returns nil if the page that sends the request r is allowed to
// connect, else an *Error with Status 403. Browsers let any page connect and send
// the user's cookies along, so a server that relies on cookies must check the
// origin (RFC 6455, section 10.2).
//
// A page is allowed if its host and port are those that r is for, or if its origin
// matches one of the patterns. A request without an origin does not come from a
// browser and is allowed.
//
// A pattern is a host, with the port unless that is the default port of the
// scheme, or a scheme and a host: "example.com", "*.example.com", "localhost:*",
// "https://*.example.com". Each part is matched as in [path.Match], without regard
// to case. An IPv6 address in brackets is taken literally: "[::1]:3000". So an
// Origin field copied word for word is a pattern: the default port of the scheme
// and a path are ignored. "*" allows all pages, and "null" those with an opaque
// origin, such as files.
//
// An error that is not an *Error is the one that CheckOrigins returns for a
// pattern.
func CheckOrigin(r *Request, patterns []string) error {
	for _, name := range originFields {
		for origin := range head.Values(r.Fields, name) {
			ok, err := originAllowed(origin, host(r), patterns)
			switch {
			case err != nil:
				return err
			case !ok:
				return ws.Refusal(403, "origin %.64q is not allowed", origin)
			}
		}
	}
	return nil
}

// CheckOrigins returns an error that wraps ErrInvalid for the first of the patterns
// for CheckOrigin that is malformed or matches no origin. Servers call it when they
// start.
func CheckOrigins(patterns []string) error {
	for _, pattern := range patterns {
		if _, err := parseOriginPattern(pattern); err != nil {
			return err
		}
	}
	return nil
}

// host returns the host that r is for. A target in absolute form takes precedence
// over the Host field (RFC 9112, section 3.2.2).
func host(r *Request) string {
	if scheme, rest, ok := strings.Cut(r.Target, "://"); ok && !strings.ContainsAny(scheme, "/?") {
		if i := strings.IndexAny(rest, "/?#"); i >= 0 {
			rest = rest[:i]
		}
		return rest
	}
	if r.Authority != "" {
		return r.Authority
	}
	return r.Get("Host")
}

func originAllowed(origin, host string, patterns []string) (bool, error) {
	origin = strings.ToLower(origin)
	scheme, page := "", ""
	if u, err := url.Parse(origin); err == nil && u.Host != "" {
		scheme, page = u.Scheme, cutDefaultPort(u.Host, u.Scheme)
		if page == cutDefaultPort(strings.ToLower(host), scheme) {
			return true, nil
		}
	}
	for _, pattern := range patterns {
		p, err := parseOriginPattern(pattern)
		if err != nil {
			return false, err
		}
		if pattern == "*" || strings.ToLower(pattern) == origin || page != "" && p.matches(scheme, page) {
			return true, nil
		}
	}
	return false, nil
}

// originPattern is a pattern for CheckOrigin in lower case.
type originPattern struct {
	scheme string // "*" for a host alone
	host   string // with the port, if any; "" if only the whole origin matches
}

// matches reports whether p matches an origin with this scheme and host.
func (p originPattern) matches(scheme, host string) bool {
	if ok, _ := path.Match(p.scheme, scheme); !ok {
		return false
	}
	ok, _ := path.Match(cutDefaultPort(p.host, scheme), host)
	return ok
}

// parseOriginPattern parses a pattern for CheckOrigin. One that matches no origin
// is an error.
func parseOriginPattern(pattern string) (originPattern, error) {
	p, err := splitOriginPattern(strings.ToLower(pattern))
	if err != nil {
		return p, fmt.Errorf("%w: origin pattern %.100q: %w", ErrInvalid, pattern, err)
	}
	return p, nil
}

// wildcards are the bytes that have a meaning in path.Match.
const wildcards = `*?[]\^`

func splitOriginPattern(pattern string) (originPattern, error) {
	scheme, rest, hasScheme := strings.Cut(pattern, "://")
	if !hasScheme {
		scheme, rest = "*", pattern
	}
	authority, tail, _ := strings.Cut(rest, "/")
	host, port := splitPatternPort(authority)
	p := originPattern{scheme, host + port}
	switch {
	case pattern == "":
		return p, errors.New("it is empty")
	case scheme == "" || !hasScheme && (strings.HasPrefix(tail, "/") || port == ":"):
		return p, errors.New("no scheme and \"://\" in front of the host")
	case host == "" && (!hasScheme || isWebScheme(scheme)):
		return p, errors.New("no host")
	case !hasScheme && tail != "" && strings.ContainsAny(host, wildcards):
		return p, errors.New("origins have no path")
	}
	if err := checkPatternPart("the scheme", scheme, "+-."); err != nil {
		return p, err
	}
	if err := checkPatternHost(host); err != nil {
		return p, err
	}
	return p, checkPatternPort(port)
}

// splitPatternPort splits a host with a port, which keeps its colon. It escapes the
// brackets of an IPv6 address, which path.Match takes for a class of characters.
func splitPatternPort(s string) (host, port string) {
	bare := strings.NewReplacer(`\[`, "[", `\]`, "]").Replace(s)
	if address, port, ok := strings.Cut(bare, "]"); ok && isIPv6(strings.TrimPrefix(address, "[")) && bare[0] == '[' {
		return `\` + address + `\]`, port
	}
	if i := strings.LastIndexByte(s, ':'); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

// isIPv6 reports whether s consists of what an IPv6 address or a pattern for some
// consists of. A class of characters does not name the colon twice.
func isIPv6(s string) bool {
	return strings.Count(s, ":") >= 2 && strings.Trim(s, "0123456789abcdef:.*?") == ""
}

// isWebScheme reports whether the origins of a scheme have a host.
func isWebScheme(scheme string) bool {
	return scheme == "http" || scheme == "https" || scheme == "ws" || scheme == "wss"
}

func checkPatternHost(host string) error {
	switch {
	case strings.HasPrefix(host, `\[`):
		return nil
	case strings.Contains(host, "@"):
		return errors.New("origins have no user information")
	case strings.Contains(host, ":"):
		return errors.New("more than one port, or an IPv6 address without brackets")
	case strings.HasPrefix(host, ".") || strings.Contains(host, ".."):
		return errors.New("an empty label in the host")
	}
	return checkPatternPart("the host", host, "-._~!$&'()+=")
}

// checkPatternPort checks a port with its colon, or "".
func checkPatternPort(port string) error {
	if port == "" {
		return nil
	}
	number, isPort := strings.CutPrefix(port, ":")
	if strings.Trim(number, "0123456789") == "" {
		if n, err := strconv.ParseUint(number, 10, 16); err != nil || n == 0 || !isPort {
			return fmt.Errorf("port %q is not from 1 to 65535", number)
		}
		return nil
	}
	if !isPort || strings.Trim(number, "-0123456789"+wildcards) != "" {
		return fmt.Errorf("port %q is not a number", number)
	}
	return checkPatternPart("the port", number, "-")
}

// checkPatternPart checks a part of a pattern, which may have ASCII letters and
// digits, wildcards and the bytes of extra.
func checkPatternPart(name, part, extra string) error {
	for _, r := range part {
		switch {
		case r >= 0x80:
			return fmt.Errorf("%q in %s: browsers convert it to A-labels (xn--)", r, name)
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9', strings.ContainsRune(wildcards+extra, r):
		default:
			return fmt.Errorf("%q in %s", r, name)
		}
	}
	if _, err := path.Match(part, ""); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// cutDefaultPort returns host without the default port of the scheme.
func cutDefaultPort(host, scheme string) string {
	switch scheme {
	case "http", "ws":
		return strings.TrimSuffix(host, ":80")
	case "https", "wss":
		return strings.TrimSuffix(host, ":443")
	}
	return host
}
