package netconn

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/sans-io/websocket-driver/driver"
)

func TestToASCII(t *testing.T) {
	for _, tt := range []struct{ rule, raw, host string }{
		{"RFC 5891 4", "ws://b\u00fccher.example/", "xn--bcher-kva.example"},
		{"RFC 5891 4", "wss://B\u00dcCHER.example:8443/", "xn--bcher-kva.example:8443"},
		{"RFC 3986 3.2.2", "ws://b%C3%BCcher.example/", "xn--bcher-kva.example"},
		{"RFC 5891 4", "ws://xn--bcher-kva_1.example./", "xn--bcher-kva_1.example."},
		{"RFC 3986 3.2.2", "ws://EXAMPLE.com:80/", "EXAMPLE.com:80"},
		{"RFC 6874 2", "ws://[fe80::1%25eth0]:80/", "[fe80::1%eth0]:80"},
	} {
		t.Run(tt.rule+" "+tt.raw, func(t *testing.T) {
			u, err := parseURL(tt.raw)
			if err != nil || u.Host != tt.host {
				t.Errorf("%v, %v", u, err)
			}
		})
	}
	for _, raw := range []string{"ws://user:s3cret@b\u00fccher\u2028.example/", "ws://\u00fc_\u200d.example/", "ws://-\u00fc.example/", "http://b\u00fccher.example/"} {
		if u, err := parseURL(raw); !errors.Is(err, driver.ErrInvalid) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v, %v", raw, u, err)
		}
	}
}

// TestProxyASCII: the host of a proxy is converted in a copy.
func TestProxyASCII(t *testing.T) {
	given := &url.URL{Scheme: "http", Host: "b\u00fccher.example:3128"}
	d := &Dialer{Proxy: ProxyURL(given)}
	via, err := d.proxyFor(&url.URL{Scheme: "ws", Host: "example.com"})
	if err != nil || via.Host != "xn--bcher-kva.example:3128" || given.Host != "b\u00fccher.example:3128" {
		t.Errorf("%v, %v, from %v", via, err, given)
	}
}

// TestServerName: TLS verifies the host without a zone (RFC 6874, section 4), and
// connections are made with it.
func TestServerName(t *testing.T) {
	for raw, want := range map[string][2]string{
		"wss://[fe80::1%25eth0]":      {"fe80::1", "[fe80::1%eth0]:443"},
		"wss://[fe80::1%25eth0]:8443": {"fe80::1", "[fe80::1%eth0]:8443"},
		"wss://192.0.2.1/":            {"192.0.2.1", "192.0.2.1:443"},
		"ws://example.com:00080/":     {"example.com", "example.com:80"},
	} {
		u, err := parseURL(raw)
		if err != nil {
			t.Fatal(err)
		}
		if got := [2]string{serverName(u), address(u)}; got != want {
			t.Errorf("%s: %q, want %q", raw, got, want)
		}
	}
}
