package head

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/sans-io/websocket-driver/driver/ws"
)

func TestParseURL(t *testing.T) {
	u, err := ParseURL("WSS://u:p@[::1]:8443/a?b", "ws", "wss")
	if err != nil || u.Scheme != "wss" || u.Host != "[::1]:8443" || Target(u) != "/a?b" || u.User.String() != "u:p" {
		t.Errorf("%v, %v", u, err)
	}
}

// TestBadURL checks the errors, which must not show a password.
func TestBadURL(t *testing.T) {
	const secret = "s3cret"
	for _, tt := range []struct{ rule, raw, want string }{
		{"RFC 6455 3", "http://x/", `scheme "http" of the URL is not ws or wss`},
		{"RFC 6455 3", "x", "URL does not begin with ws:// or wss://"},
		{"RFC 6455 3", "localhost:9001", "URL does not begin with ws:// or wss://"},
		{"RFC 6455 3", "127.0.0.1:9001/chat", "URL does not begin with ws:// or wss://"},
		{"RFC 6455 3", "//x/", "URL does not begin with ws:// or wss://"},
		{"RFC 3986 3.2.2", "ws:///", "URL without a host"},
		{"RFC 3986 3.2.2", "ws://:80/", "URL without a host"},
		{"RFC 3986 3.2.2", "ws:x", "URL without a host"},
		{"RFC 6455 3", "ws://x/#", "URL with a fragment"},
		{"RFC 6455 3", "ws://x/#a", "URL with a fragment"},
		{"RFC 3986 2.1", "ws://x/%zz", `malformed URL: invalid URL escape "%zz"`},
		{"RFC 3986 3.2.3", "ws://x:0/", "port 0 of the URL is not from 1 to 65535"},
		{"RFC 3986 3.2.3", "ws://x:65536/", "port 65536 of the URL is not from 1 to 65535"},
		{"RFC 3986 3.2.2", "ws://a<b/", `byte 0x3c in the host "a<b" of the URL`},
		{"RFC 3986 3.2.2", "ws://a%20b/", "malformed URL: "},
		{"RFC 5891 4", "ws://b\u00fccher.example/", "host \"b\u00fccher.example\" of the URL is not ASCII; convert it to A-labels (xn--)"},
		{"RFC 5891 4", "ws://b%C3%BCcher.example/", "is not ASCII"},
		{"RFC 3986 3.2.1", "ws://u:" + secret + "@x:port/", "malformed URL with user information"},
		{"RFC 3986 3.2.1", "ws://u:%zz" + secret + "@x/", "malformed URL with user information"},
		{"RFC 6455 3", "http://u:" + secret + "@x/", `scheme "http"`},
		{"RFC 3986 3.2.2", "ws://u:" + secret + "@/", "without a host"},
		{"RFC 6455 3", "ws://u:" + secret + "@x/#fragment", "fragment"},
	} {
		t.Run(tt.rule+" "+tt.raw, func(t *testing.T) {
			_, err := ParseURL(tt.raw, "ws", "wss")
			if !errors.Is(err, ws.ErrInvalid) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %s", err, tt.want)
			} else if strings.Contains(err.Error(), secret) {
				t.Errorf("the error shows the password: %v", err)
			}
		})
	}
}

// TestCheckURL checks URLs that no parser has seen.
func TestCheckURL(t *testing.T) {
	for _, tt := range []struct {
		u  url.URL
		ok bool
	}{
		{url.URL{Scheme: "ws", Host: "a"}, true},
		{url.URL{Scheme: "ws", Host: "a\r\nX: y"}, false},
		{url.URL{Scheme: "ws", Host: "a/b"}, false},
		{url.URL{Scheme: "ws", Host: "[::1\r\n]"}, false},
		{url.URL{Scheme: "ws", Host: "[::1]"}, true},
		{url.URL{Scheme: "ws", Host: "a", Fragment: "x"}, false},
		{url.URL{Host: "a"}, false},
	} {
		if err := CheckURL(&tt.u, "ws"); (err == nil) != tt.ok || err != nil && !errors.Is(err, ws.ErrInvalid) {
			t.Errorf("%+v: %v", tt.u, err)
		}
	}
	if u, err := ReadURL("ws://b\u00fccher.example/", "ws"); err != nil || CheckURL(u, "ws") == nil {
		t.Errorf("ReadURL: %v, %v", u, err)
	}
}

func TestHost(t *testing.T) {
	for _, tt := range []struct{ rule, raw, field, address string }{
		{"RFC 6455 4.1", "ws://a/", "a", "a:80"},
		{"RFC 6455 4.1", "ws://a:80/", "a", "a:80"},
		{"RFC 6455 4.1", "ws://a:443/", "a:443", "a:443"},
		{"RFC 6455 4.1", "wss://a/", "a", "a:443"},
		{"RFC 6455 4.1", "wss://a:443/", "a", "a:443"},
		{"RFC 6455 4.1", "wss://a:08443/", "a:8443", "a:8443"},
		{"RFC 6455 4.1", "ws://a:/", "a", "a:80"},
		{"RFC 3986 3.2.2", "ws://[::1]/", "[::1]", "[::1]:80"},
		{"RFC 3986 3.2.2", "ws://[::1]:8080/", "[::1]:8080", "[::1]:8080"},
		{"RFC 6874 4", "ws://[fe80::1%25eth0]/", "[fe80::1]", "[fe80::1]:80"},
		{"RFC 6874 4", "ws://[fe80::1%25eth0]:8080/", "[fe80::1]:8080", "[fe80::1]:8080"},
		{"RFC 6874 4", "ws://[fe80::1%25en%2d1]:80/", "[fe80::1]", "[fe80::1]:80"},
	} {
		t.Run(tt.rule+" "+tt.raw, func(t *testing.T) {
			u, err := ParseURL(tt.raw, "ws", "wss")
			if err != nil {
				t.Fatal(err)
			}
			if HostField(u) != tt.field || HostPort(u) != tt.address {
				t.Errorf("%s and %s", HostField(u), HostPort(u))
			}
			if want := strings.Trim(Host(u), "[]"); ServerName(u) != want {
				t.Errorf("server name %s, want %s", ServerName(u), want)
			}
			if err := CheckField(Field{"Host", HostField(u)}); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestTarget(t *testing.T) {
	for _, tt := range []struct{ rule, raw, want string }{
		{"RFC 9112 3.2.1", "ws://a", "/"},
		{"RFC 9112 3.2.1", "ws://a/", "/"},
		{"RFC 9112 3.2.1", "ws://a?b", "/?b"},
		{"RFC 9112 3.2.1", "ws://a/?", "/?"},
		{"RFC 9112 3.2.1", "ws://a/b/c?d=e&f=g?/", "/b/c?d=e&f=g?/"},
		{"RFC 3986 3.3", "ws://a/-._~!$&'()*+,;=:@", "/-._~!$&'()*+,;=:@"},
		{"RFC 3986 3.3", "ws://a/b c|{}\"", "/b%20c%7C%7B%7D%22"},
		{"RFC 3986 3.3", "ws://a/b%2Fc|", "/b%2Fc%7C"},
		{"RFC 3986 3.3", "ws://a/\u00e4%C3%A4", "/%C3%A4%C3%A4"},
		{"RFC 3986 3.4", "ws://a/?b c", "/?b%20c"},
		{"RFC 3986 3.4", "ws://a/?b=\u00e4", "/?b=%C3%A4"},
		{"RFC 3986 3.4", "ws://a/?{\"x\":[1|2]}", "/?%7B%22x%22:%5B1%7C2%5D%7D"},
		{"RFC 3986 3.4", "ws://a/?<>\\^`", "/?%3C%3E%5C%5E%60"},
		{"RFC 3986 2.1", "ws://a/?b=%20%c3%A4+", "/?b=%20%c3%A4+"},
	} {
		t.Run(tt.rule+" "+tt.raw, func(t *testing.T) {
			u, err := ParseURL(tt.raw, "ws", "wss")
			if err != nil {
				t.Fatal(err)
			}
			got := Target(u)
			if got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
			if err := CheckTarget(got); err != nil {
				t.Error(err)
			}
		})
	}
	if got := Target(&url.URL{Path: "a\r\nb", RawQuery: "c\r\nd\x7f#"}); got != "/a%0D%0Ab?c%0D%0Ad%7F%23" {
		t.Error(got)
	}
}

func TestBasicAuthorization(t *testing.T) {
	for _, tt := range []struct{ rule, user, password, want string }{
		{"RFC 7617 2", "Aladdin", "open sesame", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},
		{"RFC 7617 2", "a", "b:c", "Basic YTpiOmM="},
		{"RFC 7617 2.1", "test", "123\u00a3", "Basic dGVzdDoxMjPCow=="},
		{"RFC 7617 2", "us:er", "s3cret", ""},
		{"RFC 7617 2", "us\x00er", "s3cret", ""},
		{"RFC 7617 2", "peter", "s3cret\x7f", ""},
	} {
		t.Run(tt.rule+" "+tt.user, func(t *testing.T) {
			got, err := BasicAuthorization(tt.user, tt.password)
			if got != tt.want || (err != nil) != (tt.want == "") {
				t.Errorf("%q, %v", got, err)
			}
			if err != nil && (!errors.Is(err, ws.ErrInvalid) || strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), tt.user)) {
				t.Error(err)
			}
		})
	}
}
