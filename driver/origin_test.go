package driver_test

import (
	"errors"
	"path"
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

func TestCheckOriginPattern(t *testing.T) {
	r := &driver.Request{Fields: []driver.Field{{Name: "Origin", Value: "http://example.com"}}}
	err := driver.CheckOrigin(r, []string{"[a"})
	var e *driver.Error
	if !errors.Is(err, path.ErrBadPattern) || !errors.Is(err, driver.ErrInvalid) || errors.As(err, &e) {
		t.Errorf("%v", err)
	}
}
