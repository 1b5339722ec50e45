package netconn

import (
	"fmt"
	"net/url"
	"strings"

	"golang.org/x/net/idna"

	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/head"
)

// parseURL parses a ws or wss URL, with a host in A-labels.
func parseURL(raw string) (*url.URL, error) {
	u, err := head.ReadURL(raw, "ws", "wss")
	if err != nil {
		return nil, err
	}
	if err := toASCII(u); err != nil {
		return nil, err
	}
	if err := head.CheckURL(u, "ws", "wss"); err != nil {
		return nil, err
	}
	return u, nil
}

// toASCII converts the host of u to A-labels (RFC 5891, section 4), as browsers do. A
// host that is ASCII, such as an address, is not changed. It is this package that does
// so, because the tables are too large for package driver.
func toASCII(u *url.URL) error {
	host := u.Hostname()
	if !strings.ContainsFunc(host, func(r rune) bool { return r >= 0x80 }) {
		return nil
	}
	ascii, err := idna.Lookup.ToASCII(host)
	if err != nil {
		return fmt.Errorf("%w: host %s of the URL: %w", driver.ErrInvalid, head.Quote(host), err)
	}
	if port := u.Port(); port != "" {
		ascii += ":" + port
	}
	u.Host = ascii
	return nil
}
