package proxy_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sans-io/websocket-driver/driver/head"
	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/proxy"
)

// TestRequest checks the requests that are sent.
func TestRequest(t *testing.T) {
	tests := []struct {
		name, proxy, target string // the name begins with the rule
		fields              []head.Field
		want                string
	}{
		{"RFC 9112 3.2.3 ws", "http://proxy:3128", "ws://example.com/chat?room=1", nil, lines("CONNECT example.com:80 HTTP/1.1", "Host: example.com:80")},
		{"RFC 9112 3.2.3 wss", "https://proxy", "WSS://example.com", nil, lines("CONNECT example.com:443 HTTP/1.1", "Host: example.com:443")},
		{"RFC 9112 3.2.3 a port", "http://proxy", "wss://example.com:08443/", nil, lines("CONNECT example.com:8443 HTTP/1.1", "Host: example.com:8443")},
		{"RFC 9110 4.2 an empty port", "http://proxy", "wss://example.com:/", nil, lines("CONNECT example.com:443 HTTP/1.1", "Host: example.com:443")},
		{"RFC 9112 3.2.3 IPv4", "http://proxy", "ws://127.0.0.1/", nil, lines("CONNECT 127.0.0.1:80 HTTP/1.1", "Host: 127.0.0.1:80")},
		{"RFC 3986 3.2.2 IPv6", "http://[::1]:3128", "wss://[2001:db8::1]/", nil, lines("CONNECT [2001:db8::1]:443 HTTP/1.1", "Host: [2001:db8::1]:443")},
		{"RFC 3986 3.2.2 IPv6 with a port", "http://proxy", "ws://[::ffff:10.0.0.1]:81/", nil, lines("CONNECT [::ffff:10.0.0.1]:81 HTTP/1.1", "Host: [::ffff:10.0.0.1]:81")},
		{"RFC 3986 3.2.2 odd names", "http://proxy", "ws://xn--bcher-kva_1.example./", nil, lines("CONNECT xn--bcher-kva_1.example.:80 HTTP/1.1", "Host: xn--bcher-kva_1.example.:80")},
		{"RFC 9112 3.2.3 user of the target", "http://proxy", "ws://user:s3cret@example.com/", nil, request()},
		{"RFC 7617 2 user and password", "http://Al%40ddin:open%20ses%3A%C3%A4me@proxy", "ws://example.com/", nil,
			request("Proxy-Authorization: Basic QWxAZGRpbjpvcGVuIHNlczrDpG1l")},
		{"RFC 7617 2 user alone", "http://user@proxy", "ws://example.com/", nil, request("Proxy-Authorization: Basic dXNlcjo=")},
		{"RFC 9110 5.5 fields", "http://proxy", "ws://example.com/", []head.Field{{Name: "User-Agent", Value: "x"}, {Name: "X", Value: "caf\xe9"}},
			request("User-Agent: x", "X: caf\xe9")},
		{"RFC 9110 11.7.2 authorization of one's own", "http://user:password@proxy", "ws://example.com/",
			[]head.Field{{Name: "proxy-authorization", Value: "Bearer x"}, {Name: "X", Value: "y"}},
			request("X: y", "Proxy-Authorization: Bearer x")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := mustNew(t, test.proxy, test.target, &proxy.Config{Fields: test.fields})
			if !isPaused(p) || p.State() != ws.StateConnecting || p.Buffered() != 0 {
				t.Errorf("before Start: paused %v, %v, %d bytes to send", isPaused(p), p.State(), p.Buffered())
			}
			if n, ev := p.Parse([]byte("HTTP/1.1 200 OK\r\n\r\n")); n != 0 || ev.Kind != ws.None {
				t.Errorf("before Start: %d bytes used, %v", n, ev.Kind)
			}
			if err := p.Start(); err != nil {
				t.Error(err)
			}
			wantErr(t, p.Start(), ws.ErrState)
			if p.Buffered() != len(test.want) || isPaused(p) {
				t.Errorf("after Start: paused %v, %d bytes to send", isPaused(p), p.Buffered())
			}
			out := string(p.Take(nil))
			if diff := cmp.Diff(test.want, out); diff != "" {
				t.Errorf("request (-want +got):\n%s", diff)
			}
			if first, _, _ := strings.Cut(out, " HTTP"); first != "CONNECT "+p.Target() {
				t.Errorf("target %s", p.Target())
			}
		})
	}
}

// TestMisuse checks what New rejects, and that errors show no secret.
func TestMisuse(t *testing.T) {
	const secret = "s3cret"
	const at, target = "http://proxy", "ws://example.com/"
	field := func(name, value string) *proxy.Config {
		return &proxy.Config{Fields: []head.Field{{Name: name, Value: value}}}
	}
	tests := []struct {
		proxy, target string
		c             *proxy.Config
		want          string
	}{
		{"socks5://proxy", target, nil, `scheme "socks5" of the URL is not http or https`},
		{"proxy:3128", target, nil, "does not begin with http:// or https://"},
		{"http://:3128", target, nil, "without a host"},
		{"http://user:" + secret + "@proxy:port", target, nil, "user information"},
		{"http://user:%zz" + secret + "@proxy", target, nil, "user information"},
		{"http://user:" + secret + "/x@proxy", target, nil, "user information"},
		{"http://us%3Aer:" + secret + "@proxy", target, nil, "colon"},
		{"http://user:%0d%0a" + secret + "@proxy", target, nil, "control byte"},
		{"http://us%00er:" + secret + "@proxy", target, nil, "control byte"},
		{at, "http://example.com/", nil, `scheme "http" of the URL is not ws or wss`},
		{at, "ws:///path", nil, "without a host"},
		{at, "ws://user:" + secret + "@exa mple.com/", nil, "user information"},
		{at, "ws://user:" + secret + "@example.com/#x", nil, "fragment"},
		{at, "ws://example.com:0/", nil, "port 0"},
		{at, "ws://example.com:65536/", nil, "port 65536"},
		{at, "ws://b\xc3\xbccher.example/", nil, "not ASCII"},
		{at, "ws://b%C3%BCcher.example/", nil, "not ASCII"},
		{at, "ws://user:" + secret + "@exa\"mple.com/", nil, "byte 0x22 in the host"},
		{at, "ws://exa<mple.com/", nil, "byte 0x3c in the host"},
		{at, "ws://[fe80::1%25eth0]/", nil, "zone"},
		{at, "ws://[::g]/", nil, "host"},
		{at, target, field("X", "a\r\nb"), "byte 0x0d"},
		{at, target, field("X", "a\nb"), "byte 0x0a"},
		{at, target, field("X", "a\x00b"), "byte 0x00"},
		{at, target, field("X: y\r\nZ", "a"), "field name"},
		{at, target, field("", "a"), "field name"},
		{at, target, field("Proxy-Authorization", "Bearer "+secret+"\r\nX: y"), "byte 0x0d"},
		{at, target, field("host", "example.com"), "field host in Config.Fields"},
		{at, target, field("Content-Length", "1"), "Content-Length"},
		{at, target, field("Transfer-Encoding", "chunked"), "Transfer-Encoding"},
	}
	for _, test := range tests {
		p, err := proxy.New(test.proxy, test.target, test.c)
		if wantErr(t, err, ws.ErrInvalid); err == nil || p != nil {
			t.Errorf("%s to %s: an exchange despite %v", test.proxy, test.target, err)
			continue
		}
		if !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s to %s: %v, want %s", test.proxy, test.target, err, test.want)
		}
		if strings.Contains(err.Error(), secret) {
			t.Errorf("the error shows a secret: %v", err)
		}
	}
}

// TestConfigShared: an exchange does not modify its Config.
func TestConfigShared(t *testing.T) {
	fields := []head.Field{{Name: "Proxy-Authorization", Value: "Bearer x"}, {Name: "X", Value: "y"}, {Name: "Z", Value: "z"}}
	c := &proxy.Config{Fields: append([]head.Field(nil), fields...)}
	want := request("X: y", "Z: z", "Proxy-Authorization: Bearer x")
	for range 2 {
		if diff := cmp.Diff(want, string(start(t, c).Take(nil))); diff != "" {
			t.Errorf("request (-want +got):\n%s", diff)
		}
	}
	if diff := cmp.Diff(fields, c.Fields); diff != "" {
		t.Errorf("Config.Fields (-before +after):\n%s", diff)
	}
}
