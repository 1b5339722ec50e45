package netconn

import (
	"net"
	"net/url"
	"strings"

	"github.com/sans-io/websocket-driver/driver/head"
)

// parseURL parses a ws or wss URL and converts its host to A-labels.
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

// address returns the host and port of u to dial, with the zone of an IPv6 address.
func address(u *url.URL) string { return net.JoinHostPort(u.Hostname(), head.Port(u)) }

// serverName returns the host of u for TLS, which verifies IPv6 addresses without a
// zone (RFC 6874, section 4).
func serverName(u *url.URL) string {
	return strings.Trim(head.Host(u), "[]")
}

// httpURL returns the http or https URL that corresponds to a ws or wss URL,
// without user name and password: cookie jars and the proxies of the environment
// know no other schemes.
func httpURL(u *url.URL) *url.URL {
	h := *u
	h.User = nil
	switch u.Scheme {
	case "ws":
		h.Scheme = "http"
	case "wss":
		h.Scheme = "https"
	}
	return &h
}
