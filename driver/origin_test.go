package driver_test

import (
	"errors"
	"path"
	"strconv"
	"strings"
	"testing"

	"github.com/sans-io/websocket-driver/driver"
)

func TestCheckOrigin(t *testing.T) {
	tests := []struct {
		origin, host string
		patterns     []string
		ok           bool
	}{
		{"http://example.com", "example.com", nil, true},
		{"https://example.com", "example.com", nil, true},
		{"HTTP://Example.COM", "eXample.com", nil, true},
		{"http://example.com", "example.com:80", nil, true},
		{"https://example.com", "example.com:443", nil, true},
		{"http://example.com:80", "example.com", nil, true},
		{"https://example.com", "example.com:80", nil, false},
		{"http://example.com:8080", "example.com:8080", nil, true},
		{"http://example.com:8080", "example.com", nil, false},
		{"http://example.com", "example.com:8080", nil, false},
		{"http://[::1]:8080", "[::1]:8080", nil, true},
		{"http://[::1]", "[::1]:80", nil, true},
		{"http://example.com.evil.org", "example.com", nil, false},
		{"http://evil.org", "example.com", nil, false},
		{"http://evil.org/example.com", "example.com", nil, false},
		{"http://example.com@evil.org", "example.com", nil, false},
		{"http://evil.org#example.com", "example.com", nil, false},
		{"null", "example.com", nil, false},
		{"null", "null", nil, false},
		{"", "", nil, false},
		{"example.com", "example.com", nil, false},
		{"http:example.com", "example.com", nil, false},
		{"http://%zz", "example.com", nil, false},
		{"chrome-extension://abc", "abc", nil, true},

		{"http://a.example.com", "x.org", []string{"example.com"}, false},
		{"http://a.example.com", "x.org", []string{"*.example.com"}, true},
		{"http://a.b.example.com", "x.org", []string{"*.example.com"}, true},
		{"http://example.com", "x.org", []string{"*.example.com"}, false},
		{"http://example.com", "x.org", []string{"*.example.com", "EXAMPLE.com"}, true},
		{"http://example.com:8080", "x.org", []string{"example.com"}, false},
		{"http://localhost:8080", "x.org", []string{"localhost:*"}, true},
		{"http://localhost", "x.org", []string{"localhost:*"}, false},
		{"https://example.com", "x.org", []string{"https://example.com"}, true},
		{"https://example.com:443", "x.org", []string{"https://example.com"}, true},
		{"http://example.com", "x.org", []string{"https://example.com"}, false},
		{"http://example.com/path", "x.org", []string{"http://example.com"}, true},
		{"http://evil.org", "x.org", []string{"*"}, true},
		{"null", "x.org", []string{"*"}, true},
		{"null", "x.org", []string{"null"}, true},
		{"http://null", "x.org", []string{"null"}, true},
		{"file:///etc/x", "x.org", []string{"*"}, true},
		{"file:///etc/x", "x.org", []string{"*.org"}, false},
		{"http://[::1]:80", "x.org", []string{`\[::1\]`}, true},
	}
	for _, test := range tests {
		r := &driver.Request{Fields: []driver.Field{{Name: "Host", Value: test.host}, {Name: "origin", Value: test.origin}}}
		err := driver.CheckOrigin(r, test.patterns)
		var e *driver.Error
		if test.ok && err != nil || !test.ok && (!errors.As(err, &e) || e.Status != 403) {
			t.Errorf("origin %s, host %s, patterns %q: %v", test.origin, test.host, test.patterns, err)
		}
	}
}

// TestCheckOriginFields: none, the other name, several.
func TestCheckOriginFields(t *testing.T) {
	field := func(name, value string) driver.Field { return driver.Field{Name: name, Value: value} }
	tests := []struct {
		name   string
		fields []driver.Field
		ok     bool
	}{
		{"none", nil, true},
		{"hybi-8", []driver.Field{field("Sec-WebSocket-Origin", "http://example.com")}, true},
		{"hybi-8 from elsewhere", []driver.Field{field("Sec-WebSocket-Origin", "http://evil.org")}, false},
		{"two", []driver.Field{field("Origin", "http://example.com"), field("Origin", "http://evil.org")}, false},
		{"one of each name", []driver.Field{field("Origin", "http://example.com"), field("Sec-WebSocket-Origin", "http://evil.org")}, false},
	}
	for _, test := range tests {
		r := &driver.Request{Authority: "example.com", Fields: append(test.fields, field("Host", "other.org"))}
		if err := driver.CheckOrigin(r, nil); (err == nil) != test.ok {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

// TestCheckOriginTarget: the host of a target in absolute form takes precedence
// over the Host field (RFC 9112, section 3.2.2).
func TestCheckOriginTarget(t *testing.T) {
	tests := []struct {
		target, authority string
		ok                bool
	}{
		{"http://page.example/chat", "other.example", true},
		{"HTTP://Page.Example:80?x", "", true},
		{"http://page.example", "", true},
		{"http://page.example:8080/", "page.example", false},
		{"http://other.example/http://page.example/", "page.example", false},
		{"/http://page.example/", "page.example", true},
		{"/http://page.example/", "other.example", false},
		{"/?http://page.example/", "other.example", false},
		{"http://user@page.example/", "page.example", false},
	}
	for _, test := range tests {
		r := &driver.Request{Target: test.target, Authority: test.authority, Fields: []driver.Field{{Name: "Origin", Value: "http://page.example"}}}
		if err := driver.CheckOrigin(r, nil); (err == nil) != test.ok {
			t.Errorf("target %s, authority %q: %v", test.target, test.authority, err)
		}
	}
}

// TestOriginCopied: an Origin field copied word for word into the patterns matches
// itself, and does not match another host.
func TestOriginCopied(t *testing.T) {
	for _, origin := range []string{
		"http://example.com", "https://Example.com:8443", "HTTPS://EXAMPLE.COM",
		"http://[::1]", "http://[::1]:3000", "https://[2001:db8::1]", "https://[2001:DB8::1]:443", "http://[::ffff:192.0.2.1]:80",
		"http://192.0.2.1:8080",
		"https://example.com:443", "http://example.com:80", "ws://example.com:80", "wss://example.com:443",
		"https://example.com/", "https://example.com:443/", "https://example.com/firmware/websockets", "https://example.com/a*b?c=[d",
		"null", "file://", "file:///etc/x", "chrome-extension://abcdefghijklmnop", "moz-extension://0b1c2d3e-0000-4000-8000-000000000000",
		"app://obsidian.md", "capacitor://localhost", "content://",
	} {
		if err := driver.CheckOrigins([]string{origin}); err != nil {
			t.Errorf("CheckOrigins: %v", err)
		}
		for _, host := range []string{origin, "http://evil.org", "https://evil.org", "http://[::2]:3000", "https://:443", "https://1"} {
			r := &driver.Request{Authority: "device.example", Fields: []driver.Field{{Name: "Origin", Value: host}}}
			if err := driver.CheckOrigin(r, []string{origin}); (err == nil) != (host == origin) {
				t.Errorf("pattern %s, origin %s: %v", origin, host, err)
			}
		}
	}
}

// TestOriginPattern: patterns whose parts are not what path.Match makes of the whole.
func TestOriginPattern(t *testing.T) {
	tests := []struct {
		pattern, origin string
		ok              bool
	}{
		{"[::1]", "http://[::1]", true},
		{"[::1]", "http://1", false},
		{"[::1]:3000", "http://[::1]:3000", true},
		{"[::1]:3000", "https://[::1]:3000", true},
		{"[::1]:3000", "http://[::1]:3001", false},
		{"[::1]:*", "http://[::1]:3001", true},
		{"http://[::1]:*", "http://[::1]:3001", true},
		{"[2001:db8::*]", "https://[2001:db8::17]", true},
		{"[2001:db8::*]", "https://[2001:db9::17]", false},
		{"[ab].example.com", "https://a.example.com", true},
		{"[ab].example.com", "https://c.example.com", false},
		{"[^a].example.com", "https://b.example.com", true},
		{`\[::1\]:3000`, "http://[::1]:3000", true},
		{"example.com:443", "https://example.com", true},
		{"example.com:443", "http://example.com:443", true},
		{"example.com:443", "http://example.com", false},
		{"example.com:80", "http://example.com", true},
		{"example.com:80", "https://example.com", false},
		{"*.example.com:443", "https://a.example.com", true},
		{"*://example.com:443", "https://example.com", true},
		{"*://example.com", "app://example.com", true},
		{"http*://example.com", "https://example.com", true},
		{"example.com/", "https://example.com", true},
		{"example.com/page", "https://example.com", true},
		{"https://*.example.com/*", "https://a.example.com", true},
		{"https://*.example.com/", "https://example.org", false},
		{"https://example.com:[0-9]*", "https://example.com:8443", true},
		{"[^x]://example.com", "https://example.com", false},
		{"file://", "file:///etc/x", false},
	}
	for _, test := range tests {
		r := &driver.Request{Authority: "device.example", Fields: []driver.Field{{Name: "Origin", Value: test.origin}}}
		var e *driver.Error
		err := driver.CheckOrigin(r, []string{test.pattern})
		if test.ok && err != nil || !test.ok && (!errors.As(err, &e) || e.Status != 403) {
			t.Errorf("pattern %s, origin %s: %v", test.pattern, test.origin, err)
		}
	}
}

// TestCheckOrigins: a pattern that matches no origin is an error that names it.
func TestCheckOrigins(t *testing.T) {
	if err := driver.CheckOrigins([]string{"*", "null", "example.com", "*.example.com", "localhost:*", "https://*.example.com", "*://*", "a_b.example", "xn--bcher-kva.example"}); err != nil {
		t.Error(err)
	}
	for pattern, want := range map[string]string{
		"":                            "empty",
		" ":                           "' '",
		"https://example.com ":        "' '",
		"a.example b.example":         "' '",
		"a.example,b.example":         "','",
		"https://a.com,https://b.com": "','",
		"example.com\n":               `'\n'`,
		"https://user@example.com":    "user information",
		"user:secret@example.com":     "",
		"https:/example.com":          "://",
		"https:example.com":           "port",
		"https//example.com":          "://",
		"//example.com":               "://",
		"://example.com":              "://",
		"https://":                    "no host",
		"https:///example.com":        "no host",
		"/chat":                       "no host",
		":8080":                       "no host",
		"*/chat":                      "path",
		"example.com:":                "://",
		"https://example.com:":        "port",
		"example.com:http":            "port",
		"example.com:0":               "port",
		"example.com:65536":           "port",
		"https://[::1]x":              "port",
		"::1":                         "IPv6 address without brackets",
		"2001:db8::1":                 "IPv6 address without brackets",
		"http://::1:80":               "IPv6 address without brackets",
		".example.com":                "label",
		"a..example.com":              "label",
		"büch.example":                "A-labels",
		"https://例え.example":          "A-labels",
		"http s://example.com":        "' '",
		"example.com#top":             "'#'",
		"ex%61mple.com":               "'%'",
		"[a":                          "syntax error",
		"a[]b":                        "syntax error",
		`example.com\`:                "syntax error",
		"http[://example.com":         "syntax error",
		"localhost:[1":                "syntax error",
	} {
		err := driver.CheckOrigins([]string{"example.com", pattern})
		if !errors.Is(err, driver.ErrInvalid) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), strconv.Quote(pattern)) {
			t.Errorf("%q: %v", pattern, err)
		}
		r := &driver.Request{Fields: []driver.Field{{Name: "Origin", Value: "http://elsewhere.example"}}}
		var e *driver.Error
		if got := driver.CheckOrigin(r, []string{pattern}); !errors.Is(got, driver.ErrInvalid) || errors.As(got, &e) {
			t.Errorf("%q: CheckOrigin returns %v", pattern, got)
		}
	}
	if err := driver.CheckOrigins([]string{"[a"}); !errors.Is(err, path.ErrBadPattern) {
		t.Error(err)
	}
}

// TestOrigin: each version has its field for the origin.
func TestOrigin(t *testing.T) {
	for request, want := range map[string]string{
		request13("Origin: https://example.com"):                "https://example.com",
		request13():                                             "",
		request13("Sec-WebSocket-Origin: http://a.example"):     "http://a.example",
		request13("Sec-WebSocket-Origin: null", "Origin: null"): "null",
		request75(): "http://example.com",
		request76(): "http://example.com",
	} {
		d := driver.NewServer(&driver.Config{Versions: driver.AllVersions()})
		d.Parse([]byte(request))
		if got := driver.Origin(d.Request()); got != want {
			t.Errorf("%q, not %q, in %q", got, want, request)
		}
	}
}
