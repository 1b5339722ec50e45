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

// target is what Dial connects to next: first the URL of the caller, then those of
// redirects.
type target struct {
	url    *url.URL
	config driver.Config // without what must not be sent to the host of url
}

// isRedirect reports whether r is a redirect (RFC 9110, section 15.4).
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

// hostFields are the fields of Config that are sent only to the host of the URL.
var hostFields = []string{"Authorization", "Cookie", "Proxy-Authorization", "Host"}

// resolve returns the ws or wss URL that location, a Location field, refers to.
func (t *target) resolve(location string) (*url.URL, error) {
	if location == "" {
		return nil, errors.New("redirect without Location")
	}
	next, err := httpURL(t.url).Parse(location)
	if err != nil { // the error contains the URL
		return nil, errors.New("redirect with a malformed Location")
	}
	switch next.Scheme {
	case "http", "ws":
		next.Scheme = "ws"
	case "https", "wss":
		next.Scheme = "wss"
	default:
		return nil, fmt.Errorf("redirect to scheme %q", next.Scheme)
	}
	if next.Hostname() == "" {
		return nil, errors.New("redirect to a URL without a host")
	}
	next.Fragment, next.RawFragment, next.User = "", "", nil
	if err := toASCII(next); err != nil {
		return nil, fmt.Errorf("redirect: %w", err)
	}
	return next, nil
}

// unfollowed returns the error for a redirect to location that exceeds
// MaxRedirects. It does not contain the query, which may hold a secret.
func (t *target) unfollowed(location string, maxRedirects int) error {
	next, err := t.resolve(location)
	if err != nil {
		return err
	}
	next.RawQuery, next.ForceQuery = "", false
	if maxRedirects <= 0 {
		return fmt.Errorf("redirect to %s, not followed without MaxRedirects", next)
	}
	return fmt.Errorf("redirect to %s after %d redirects, the maximum", next, maxRedirects)
}

// follow makes t the target that location, a Location field, refers to.
func (t *target) follow(location string) error {
	next, err := t.resolve(location)
	if err != nil {
		return err
	}
	if next.Scheme == "ws" && t.url.Scheme == "wss" {
		return fmt.Errorf("redirect from wss to ws, to %s", next.Host)
	}
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

// sameHost reports whether what is sent to from may be sent to the URL to.
func sameHost(from, to *url.URL) bool {
	upgraded := from.Scheme == "ws" && to.Scheme == "wss" && head.Port(from) == "80" && head.Port(to) == "443"
	return strings.EqualFold(from.Hostname(), to.Hostname()) && (head.Port(from) == head.Port(to) || upgraded)
}
