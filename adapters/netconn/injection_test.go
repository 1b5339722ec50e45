package netconn_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/sans-io/websocket-driver/adapters/netconn"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
	"github.com/sans-io/websocket-driver/proxy"
)

// fixedJar is a cookie jar of an application's own, which checks nothing.
type fixedJar []*http.Cookie

func (j fixedJar) Cookies(*url.URL) []*http.Cookie     { return j }
func (j fixedJar) SetCookies(*url.URL, []*http.Cookie) {}

// TestInjection: values that an application forwards, for example from a form, may
// contain line breaks. They are refused before a byte is sent. The error names the part
// but does not contain its value, which may be a secret.
func TestInjection(t *testing.T) {
	const evil = "secret\r\nX: injected"
	field := func(name, value string) netconn.Dialer {
		return netconn.Dialer{Config: &driver.Config{Fields: []driver.Field{{Name: name, Value: value}}}}
	}
	tests := []struct {
		name   string
		dialer netconn.Dialer
		url    string // default ws://example.com/
		want   string
	}{
		{"field", field("X-Token", evil), "", "X-Token"},
		{"field, LF alone", field("X-Token", "secret\nX: injected"), "", "X-Token"},
		{"field, CR alone", field("X-Token", "secret\rX: injected"), "", "X-Token"},
		{"field, NUL", field("X-Token", "secret\x00"), "", "X-Token"},
		{"name of a field", field("X: injected\r\nY", "secret"), "", "field name"},
		{"Origin", field("Origin", evil), "", "Origin"},
		{"Authorization", field("Authorization", evil), "", "Authorization"},
		{"Host", field("Host", evil), "", "Host"},
		{"Content-Length", field("Content-Length", "5"), "", "Content-Length"},
		{"cookie", netconn.Dialer{Config: &driver.Config{Cookies: []driver.Field{{Name: "session", Value: evil}}}}, "", "cookie session"},
		{"second cookie", netconn.Dialer{Config: &driver.Config{Cookies: []driver.Field{{Name: "session", Value: "secret;admin=1"}}}}, "", "cookie session"},
		{"name of a cookie", netconn.Dialer{Config: &driver.Config{Cookies: []driver.Field{{Name: "a=1;b", Value: "secret"}}}}, "", "cookie name"},
		{"jar", netconn.Dialer{Jar: fixedJar{{Name: "session", Value: evil}}}, "", "cookie session"},
		{"second cookie of a jar", netconn.Dialer{Jar: fixedJar{{Name: "session", Value: "secret;admin=1"}}}, "", "cookie session"},
		{"quote of a jar", netconn.Dialer{Jar: fixedJar{{Name: "session", Value: `secret";admin=1`, Quoted: true}}}, "", "cookie session"},
		{"subprotocol", netconn.Dialer{Config: &driver.Config{Subprotocols: []string{"chat\r\nX: injected"}}}, "", "subprotocol"},
		{"path", netconn.Dialer{}, "ws://user:secret@example.com/\r\nX:injected", "URL"},
		{"host of the URL", netconn.Dialer{}, "ws://user:secret@example.com\r\nX:injected/", "URL"},
		{"coded host of the URL", netconn.Dialer{}, "ws://user:secret@example.com%0d%0aX:1/", "URL"},
		{"proxy", netconn.Dialer{Proxy: netconn.ProxyURL(&url.URL{Scheme: "http", User: url.UserPassword("user", "secret"),
			Host: "proxy.test\r\nX: injected"})}, "", "proxy"},
		{"field for a proxy", netconn.Dialer{Proxy: netconn.ProxyURL(&url.URL{Scheme: "http", Host: "proxy.test"}),
			ProxyConfig: &proxy.Config{Fields: []driver.Field{{Name: "X-Token", Value: evil}}}}, "", "X-Token"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.dialer.DialContext = func(context.Context, string, string) (net.Conn, error) {
				t.Error("a connection is made")
				return nil, errors.New("unwanted")
			}
			if test.url == "" {
				test.url = "ws://example.com/"
			}
			_, err := test.dialer.Dial(context.Background(), test.url)
			if !errors.Is(err, driver.ErrInvalid) || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "secret") {
				t.Errorf("%v", err)
			}
			if err != nil && strings.ContainsAny(err.Error(), "\r\n") {
				t.Errorf("a line break in %q", err)
			}
		})
	}
}

// TestCodedInjection: percent-encoded line breaks arrive percent-encoded, also after
// a redirect. In user name and password they are an error (RFC 7617, section 2).
func TestCodedInjection(t *testing.T) {
	wstest.NoLeaks(t)
	const coded = "/a%0d%0aX:%20injected?b%0d%0aX:%20injected"
	l := listen(t, nil)
	requests := make(chan *driver.Request, 2)
	l.Check = func(r *driver.Request) *driver.Response {
		requests <- r
		if r.Target == "/" {
			return &driver.Response{Status: 302, Fields: []driver.Field{{Name: "Location", Value: coded}}}
		}
		return nil
	}
	serve(t, l)
	d := netconn.Dialer{MaxRedirects: 1}
	if _, err := d.Dial(context.Background(), "ws://user:secret%0d%0aX:%20injected@"+l.Addr().String()+"/"); !errors.Is(err, driver.ErrInvalid) || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v", err)
	}
	conn, err := d.Dial(context.Background(), "ws://"+l.Addr().String()+"/")
	if err != nil {
		t.Fatal(err)
	}
	exchange(t, conn)
	for _, target := range []string{"/", coded} {
		if r := <-requests; r.Target != target || r.Get("X") != "" {
			t.Errorf("%q with %q", r.Target, r.Fields)
		}
	}
}

// TestAnswerInjection: a server whose settings contain line breaks does not send
// them. Those of a Config are found by NewListener.
func TestAnswerInjection(t *testing.T) {
	const evil = "secret\r\nX: injected"
	tests := []struct {
		name   string
		config driver.Config
		check  *driver.Response
		status int // -1: there is no Listener
	}{
		{"field", driver.Config{Fields: []driver.Field{{Name: "X-Token", Value: evil}}}, nil, -1},
		{"cookie", driver.Config{Cookies: []driver.Field{{Name: "session", Value: evil}}}, nil, -1},
		{"subprotocol", driver.Config{Select: func(*driver.Request, []string) string { return evil }}, nil, 500},
		{"refusal", driver.Config{}, &driver.Response{Status: 302, Fields: []driver.Field{{Name: "Location", Value: "/" + evil}}}, 500},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			wstest.NoLeaks(t)
			if test.status < 0 {
				_, err := netconn.Listen("tcp", "127.0.0.1:0", &test.config)
				if !errors.Is(err, driver.ErrInvalid) || strings.ContainsAny(err.Error(), "\r\n") || strings.Contains(err.Error(), "secret") {
					t.Errorf("%v", err)
				}
				return
			}
			l := listen(t, &test.config)
			l.Check = func(*driver.Request) *driver.Response { return test.check }
			serve(t, l)
			_, err := netconn.Dial(context.Background(), "ws://"+l.Addr().String(), nil)
			var he *netconn.HandshakeError
			if !errors.As(err, &he) {
				t.Fatalf("%v", err)
			}
			switch r := he.Response; {
			case r == nil, r.Status != test.status:
				t.Errorf("%+v, %v", r, err)
			case r.Get("X") != "", strings.Contains(string(r.Body), "secret"):
				t.Errorf("%q %q", r.Fields, r.Body)
			}
		})
	}
}
