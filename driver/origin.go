package driver

import (
	"fmt"
	"net/url"
	"path"
	"strings"

	"github.com/sans-io/websocket-driver/driver/head"
	"github.com/sans-io/websocket-driver/driver/ws"
)

// originFields are what browsers name the origin in, hybi-7 and 8 the second one.
var originFields = [...]string{"Origin", "Sec-WebSocket-Origin"}

// CheckOrigin returns nil if the page that makes the request r may connect, else
// an *Error with Status 403. Browsers let any page connect and send their cookies
// with it, so a server that trusts cookies has to ask (RFC 6455, section 10.2).
//
// A page may if its host is the one that r is for, with the same port, or if it
// matches one of the patterns. A request without an origin is not a browser's
// and passes.
//
// Patterns are as in path.Match, without regard to case: "example.com",
// "*.example.com", "localhost:*". They are matched against the host of the
// origin, with the port unless that is the default of the scheme; a pattern that
// contains "://" against the scheme and the host: "https://*.example.com". "*"
// lets every page in, "null" those without an origin to tell, such as files. An
// error that is no *Error says that a pattern is malformed.
func CheckOrigin(r *Request, patterns []string) error {
	for _, name := range originFields {
		for origin := range head.Values(r.Fields, name) {
			if ok, err := originPasses(origin, host(r), patterns); err != nil {
				return err
			} else if !ok {
				return ws.Refusal(403, "origin %.64q is not allowed", origin)
			}
		}
	}
	return nil
}

// host returns which host r is for.
func host(r *Request) string {
	if r.Authority != "" {
		return r.Authority
	}
	return r.Get("Host")
}

func originPasses(origin, host string, patterns []string) (bool, error) {
	whole, page := strings.ToLower(origin), ""
	if u, err := url.Parse(whole); err == nil && u.Host != "" {
		page = cutDefaultPort(u.Host, u.Scheme)
		if page == cutDefaultPort(strings.ToLower(host), u.Scheme) {
			return true, nil
		}
		whole = u.Scheme + "://" + page
	}
	for _, pattern := range patterns {
		name := page
		if strings.Contains(pattern, "://") || page == "" {
			name = whole
		}
		ok, err := path.Match(strings.ToLower(pattern), name)
		if err != nil {
			return false, fmt.Errorf("%w: origin pattern %q: %w", ErrInvalid, pattern, err)
		}
		if ok || pattern == "*" {
			return true, nil
		}
	}
	return false, nil
}

// cutDefaultPort returns host without a port that goes without saying.
func cutDefaultPort(host, scheme string) string {
	switch scheme {
	case "http", "ws":
		return strings.TrimSuffix(host, ":80")
	case "https", "wss":
		return strings.TrimSuffix(host, ":443")
	}
	return host
}
