package netconn

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/head"
)

// httpURL returns the http or https URL of a ws or wss URL, without user name and
// password: what a browser's cookies and the proxies of the environment go by.
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

// withCookies returns fields and what a jar has.
func withCookies(fields []driver.Field, cookies []*http.Cookie) []driver.Field {
	fields = slices.Clip(fields)
	for _, c := range cookies {
		value := c.Value
		if c.Quoted || strings.ContainsAny(value, " ,") { // as net/http sends them
			value = `"` + value + `"`
		}
		fields = append(fields, driver.Field{Name: c.Name, Value: value})
	}
	return fields
}

// storeCookies hands the cookies that r sets to jar.
func storeCookies(jar http.CookieJar, u *url.URL, r *driver.Response) {
	header := http.Header{"Set-Cookie": slices.Collect(head.Values(r.Fields, "Set-Cookie"))}
	if cookies := (&http.Response{Header: header}).Cookies(); len(cookies) > 0 {
		jar.SetCookies(u, cookies)
	}
}
