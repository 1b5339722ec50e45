package netconn

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/head"
)

// withCookies returns Config.Cookies followed by the cookies of a jar.
func withCookies(fields []driver.Field, cookies []*http.Cookie) []driver.Field {
	fields = slices.Clip(fields)
	for _, c := range cookies {
		value := c.Value
		if c.Quoted || strings.ContainsAny(value, " ,") { // as in net/http
			value = `"` + value + `"`
		}
		fields = append(fields, driver.Field{Name: c.Name, Value: value})
	}
	return fields
}

// storeCookies stores the cookies that r sets in jar.
func storeCookies(jar http.CookieJar, u *url.URL, r *driver.Response) {
	header := http.Header{"Set-Cookie": slices.Collect(head.Values(r.Fields, "Set-Cookie"))}
	if cookies := (&http.Response{Header: header}).Cookies(); len(cookies) > 0 {
		jar.SetCookies(u, cookies)
	}
}
