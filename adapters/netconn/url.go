package netconn

import (
	"net"
	"net/url"
)

// defaultPorts are the ports of URLs without one.
var defaultPorts = map[string]string{
	"ws": "80", "wss": "443", "http": "80", "https": "443", "socks5": "1080", "socks5h": "1080",
}

// port returns the port of u.
func port(u *url.URL) string {
	if port := u.Port(); port != "" {
		return port
	}
	return defaultPorts[u.Scheme]
}

// address returns the host and port of u.
func address(u *url.URL) string { return net.JoinHostPort(u.Hostname(), port(u)) }

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
