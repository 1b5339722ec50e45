package netconn

import (
	"fmt"
	"net/url"
	"strings"

	"golang.org/x/net/idna"

	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/head"
)

// toASCII converts the host of u to A-labels (RFC 5891, section 4), as browsers do. It
// does not modify a host that is ASCII, such as an address. Package driver does not
// convert hosts, because the tables are too large for it.
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
