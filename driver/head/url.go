package head

import (
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// ParseURL parses an absolute URL with one of the schemes, a host and no
// fragment (RFC 6455, section 3). The error wraps [ws.ErrUnsupported] and does
// not show the URL, which may hold a password.
func ParseURL(raw string, schemes ...string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil && strings.Contains(raw, "@"):
		return nil, misuse("malformed URL with user information")
	case err != nil:
		var e *url.Error
		if errors.As(err, &e) {
			err = e.Err
		}
		return nil, misuse("URL: " + err.Error())
	case !slices.Contains(schemes, u.Scheme):
		return nil, misuse("URL with scheme " + strconv.Quote(u.Scheme) + ", not " + strings.Join(schemes, " or "))
	case u.Hostname() == "":
		return nil, misuse("URL without a host")
	case u.Fragment != "" || strings.Contains(raw, "#"):
		return nil, misuse("URL with a fragment")
	}
	return u, nil
}
