package netconn

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/head"
)

// target is where Dial connects to next: at first where the caller says, then
// where redirects lead.
type target struct {
	url    *url.URL
	config driver.Config // without what the host of url is not to see
}

// isRedirect reports whether r leads elsewhere (RFC 9110, section 15.4).
func isRedirect(r *driver.Response) bool {
	if r == nil {
		return false
	}
	switch r.Status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// hostFields are the fields of Config that are meant for one host.
var hostFields = []string{"Authorization", "Cookie", "Proxy-Authorization", "Host"}

// follow makes t the target that location, a Location field, leads to.
func (t *target) follow(location string) error {
	if location == "" {
		return errors.New("redirect without Location")
	}
	next, err := httpURL(t.url).Parse(location)
	if err != nil { // the error shows the URL
		return errors.New("redirect with a malformed Location")
	}
	switch next.Scheme {
	case "http", "ws":
		next.Scheme = "ws"
	case "https", "wss":
		next.Scheme = "wss"
	default:
		return fmt.Errorf("redirect to scheme %q", next.Scheme)
	}
	if next.Hostname() == "" {
		return errors.New("redirect to a URL without a host")
	}
	if err := toASCII(next); err != nil {
		return fmt.Errorf("redirect: %w", err)
	}
	if next.Scheme == "ws" && t.url.Scheme == "wss" {
		return fmt.Errorf("redirect from wss to ws, to %s", next.Host)
	}
	next.Fragment, next.RawFragment, next.User = "", "", nil
	if sameHost(t.url, next) {
		next.User = t.url.User
	} else {
		t.config.Cookies = nil
		t.config.Fields = slices.DeleteFunc(slices.Clone(t.config.Fields), func(f driver.Field) bool {
			return slices.ContainsFunc(hostFields, func(name string) bool { return head.EqualFold(name, f.Name) })
		})
	}
	t.url = next
	return nil
}

// sameHost reports whether to may see what was meant for from.
func sameHost(from, to *url.URL) bool {
	upgraded := from.Scheme == "ws" && to.Scheme == "wss" && port(from) == "80" && port(to) == "443"
	return strings.EqualFold(from.Hostname(), to.Hostname()) && (port(from) == port(to) || upgraded)
}
