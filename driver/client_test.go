package driver_test

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

// TestClientRequest holds the requests that clients send.
func TestClientRequest(t *testing.T) {
	key := "Sec-WebSocket-Key: " + sampleKey
	tests := []struct {
		name, url string
		config    driver.Config
		want      string
	}{{
		name: "plain", url: "ws://example.com",
		want: lines("GET / HTTP/1.1", "Host: example.com", "Upgrade: websocket", "Connection: Upgrade", key, "Sec-WebSocket-Version: 13"),
	}, {
		name: "everything", url: "wss://[::1]:8443/a%20b?x=%2F",
		config: driver.Config{
			Subprotocols: []string{"a", "b"},
			Fields:       []driver.Field{{Name: "Origin", Value: "http://x"}, {Name: "X", Value: "caf\xe9"}},
			Cookies:      []driver.Field{{Name: "a", Value: "1"}, {Name: "b", Value: `"2, 3"`}},
		},
		want: lines("GET /a%20b?x=%2F HTTP/1.1", "Host: [::1]:8443", "Upgrade: websocket", "Connection: Upgrade", key,
			"Sec-WebSocket-Version: 13", "Sec-WebSocket-Protocol: a, b", "Origin: http://x", "X: caf\xe9", `Cookie: a=1; b="2, 3"`),
	}, {
		name: "Origin in version 8", url: "ws://example.com:80/?q",
		config: driver.Config{Version: driver.Hybi8, Fields: []driver.Field{{Name: "origin", Value: "http://x"}}},
		want: lines("GET /?q HTTP/1.1", "Host: example.com", "Upgrade: websocket", "Connection: Upgrade", key,
			"Sec-WebSocket-Version: 8", "Sec-WebSocket-Origin: http://x"),
	}, {
		name: "Host of one's own", url: "wss://10.0.0.1:443/",
		config: driver.Config{Fields: []driver.Field{{Name: "host", Value: "example.com"}}},
		want:   lines("GET / HTTP/1.1", "Host: example.com", "Upgrade: websocket", "Connection: Upgrade", key, "Sec-WebSocket-Version: 13"),
	}, {
		name: "user and password", url: "ws://Al%40ddin:open%20ses:%C3%A4me@example.com/",
		want: lines("GET / HTTP/1.1", "Host: example.com", "Upgrade: websocket", "Connection: Upgrade", key,
			"Sec-WebSocket-Version: 13", "Authorization: Basic QWxAZGRpbjpvcGVuIHNlczrDpG1l"),
	}, {
		name: "Authorization of one's own", url: "ws://u:p@example.com/",
		config: driver.Config{Fields: []driver.Field{{Name: "Authorization", Value: "Bearer x"}}},
		want: lines("GET / HTTP/1.1", "Host: example.com", "Upgrade: websocket", "Connection: Upgrade", key,
			"Sec-WebSocket-Version: 13", "Authorization: Bearer x"),
	}, {
		name: "hixie-75", url: "ws://EXAMPLE.com/demo",
		config: driver.Config{Version: driver.Hixie75, Subprotocols: []string{"a", "b"},
			Fields: []driver.Field{{Name: "Origin", Value: "http://x"}, {Name: "X", Value: "y"}}},
		want: lines("GET /demo HTTP/1.1", "Upgrade: WebSocket", "Connection: Upgrade", "Host: example.com",
			"Origin: http://x", "WebSocket-Protocol: a b", "X: y"),
	}, {
		name: "hixie-75 with a Host", url: "ws://10.0.0.1/demo",
		config: driver.Config{Version: driver.Hixie75, Fields: []driver.Field{{Name: "Host", Value: "example.com"}}},
		want: lines("GET /demo HTTP/1.1", "Upgrade: WebSocket", "Connection: Upgrade", "Host: example.com",
			"Origin: http://example.com"),
	}}
	for _, test := range tests {
		test.config.Rand = &fixedKey{}
		d, err := driver.NewClient(test.url, &test.config)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if err := d.Start(); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		if diff := cmp.Diff(test.want, string(d.Take(nil))); diff != "" {
			t.Errorf("%s: request (-want +got):\n%s", test.name, diff)
		}
		wantErr(t, d.Start(), driver.ErrState)
	}
}

// TestConnectHost puts a Host of the Config where HTTP/2 has it.
func TestConnectHost(t *testing.T) {
	d, err := driver.NewClient("wss://10.0.0.1/", &driver.Config{ExtendedConnect: true,
		Fields: []driver.Field{{Name: "Host", Value: "example.com"}, {Name: "X", Value: "y"}}})
	if err != nil {
		t.Fatal(err)
	}
	fields := []driver.Field{{Name: "Sec-WebSocket-Version", Value: "13"}, {Name: "X", Value: "y"}}
	if diff := cmp.Diff(fields, d.Request().Fields); diff != "" || d.Request().Authority != "example.com" {
		t.Errorf("authority %q, fields (-want +got):\n%s", d.Request().Authority, diff)
	}
}

// TestClientMisuse holds what NewClient refuses, and that no secret shows.
func TestClientMisuse(t *testing.T) {
	const secret = "s3cret"
	field := func(name, value string) *driver.Config {
		return &driver.Config{Fields: []driver.Field{{Name: name, Value: value}}}
	}
	tests := []struct {
		url string
		c   *driver.Config
	}{
		{"http://example.com/", nil},
		{"example.com", nil},
		{"ws:///path", nil},
		{"ws://example.com/#part", nil},
		{"ws://example.com/#", nil},
		{"ws://example.com/%zz", nil},
		{"ws://u:" + secret + "@example.com:port/", nil},
		{"ws://u:" + secret + "/x@example.com/", nil},
		{"ws://u:%zz" + secret + "@example.com/", nil},
		{"ws://u:" + secret + "#@example.com/", nil},
		{"ws://u:" + secret + "@exa mple.com/", nil},
		{"ws://u:" + secret + "@/", nil},
		{"ws://example.com/", field("Authorization", "Bearer "+secret+"\r\nX: y")},
		{"ws://example.com/", field("X", "a\nb")},
		{"ws://example.com/", field("X", "a\x00b")},
		{"ws://example.com/", field("X: y\r\nZ", "a")},
		{"ws://example.com/", field("", "a")},
		{"ws://example.com/", field("Sec-WebSocket-Key", sampleKey)},
		{"ws://example.com/", field("connection", "close")},
		{"ws://example.com/", field("Host", "a\r\nb")},
		{"ws://example.com/", &driver.Config{Subprotocols: []string{"a", "b\r\nc"}}},
		{"ws://example.com/", &driver.Config{Subprotocols: []string{"a, b"}}},
		{"ws://example.com/", &driver.Config{Subprotocols: []string{""}}},
		{"ws://example.com/", &driver.Config{Subprotocols: []string{"a", "a"}}},
		{"ws://example.com/", &driver.Config{Cookies: []driver.Field{{Name: "a", Value: secret + "; b=2"}}}},
		{"ws://example.com/", &driver.Config{Cookies: []driver.Field{{Name: "a", Value: `"` + secret + `; b=2"`}}}},
		{"ws://example.com/", &driver.Config{Cookies: []driver.Field{{Name: "a", Value: secret + ` "`}}}},
		{"ws://example.com/", &driver.Config{Cookies: []driver.Field{{Name: "a", Value: secret + "\r\nX: y"}}}},
		{"ws://example.com/", &driver.Config{Cookies: []driver.Field{{Name: "a=b", Value: secret}}}},
		{"ws://example.com/", &driver.Config{Version: 12}},
		{"ws://example.com/", &driver.Config{Version: driver.Hybi8, ExtendedConnect: true}},
		{"ws://example.com/", &driver.Config{Version: driver.Hixie76, ExtendedConnect: true}},
	}
	for _, test := range tests {
		d, err := driver.NewClient(test.url, test.c)
		fault := driver.ErrInvalid
		if test.c != nil && test.c.Version != 0 { // which lacks something
			fault = driver.ErrUnsupported
		}
		if wantErr(t, err, fault); d != nil {
			t.Errorf("%s: a driver in spite of %v", test.url, err)
		}
		if err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("the error shows a secret: %v", err)
		}
	}
	for _, v := range []driver.Version{driver.Hybi13, driver.Hixie76} {
		if _, err := driver.NewClient("ws://example.com/", &driver.Config{Version: v, Rand: failing{}}); err == nil {
			t.Errorf("%v without randomness: no error", v)
		}
	}
}

// TestServerInjection: the Config of a server cannot break the head either.
func TestServerInjection(t *testing.T) {
	for _, c := range []*driver.Config{
		{Fields: []driver.Field{{Name: "X", Value: "a\r\nb"}}},
		{Fields: []driver.Field{{Name: "X", Value: "a\x00"}}},
		{Fields: []driver.Field{{Name: "Sec-WebSocket-Accept", Value: "x"}}},
		{Cookies: []driver.Field{{Name: "a", Value: "s3cret\nX: y"}}},
		{Cookies: []driver.Field{{Name: "a b", Value: "s3cret"}}},
	} {
		d := driver.NewServer(c)
		want(t, d, request13(), "Close 1006")
		wantErr(t, d.Err(), driver.ErrInvalid)
		if out := string(d.Take(nil)); !strings.HasPrefix(out, "HTTP/1.1 500 ") || strings.Contains(out+d.Err().Error(), "s3cret") {
			t.Errorf("error %v, answer %q", d.Err(), out)
		}
	}
}

// TestClientOpen takes what servers may answer.
func TestClientOpen(t *testing.T) {
	for name, in := range map[string]string{
		"plain":           response13(),
		"keep-alive":      strings.Replace(response13(), "Connection: Upgrade", "Connection: keep-alive, Upgrade", 1),
		"no reason":       strings.Replace(response13(), " Switching Protocols", "", 1),
		"interim":         "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + response13(),
		"high bytes":      response13("X: caf\xe9"),
		"case of Upgrade": strings.Replace(response13(), "Upgrade: websocket", "UPGRADE: WebSocket", 1),
		"a subprotocol":   response13("Sec-WebSocket-Protocol: b"),
	} {
		wstest.Splits([]byte(in+plain(opFin|opText, "hi")), func(cut string, chunks [][]byte) {
			d := startClient(t, &driver.Config{Subprotocols: []string{"a", "b"}})
			if diff := cmp.Diff([]string{"Open", "Text hi"}, short(wstest.Feed(d, chunks...))); diff != "" {
				t.Errorf("%s, %s: events (-want +got):\n%s; %v", name, cut, diff, d.Err())
			}
		})
	}
}

// TestClientRefuses fails the connection when the answer is wrong.
func TestClientRefuses(t *testing.T) {
	replace := func(old, new string) string { return strings.Replace(response13(), old, new, 1) }
	for name, test := range map[string]struct {
		in   string
		code driver.Code
	}{
		"HTTP/1.0":                {replace("HTTP/1.1", "HTTP/1.0"), 1002},
		"no Upgrade":              {replace("Upgrade: websocket\r\n", ""), 1002},
		"another Upgrade":         {replace("Upgrade: websocket", "Upgrade: h2c"), 1002},
		"no Connection":           {replace("Connection: Upgrade\r\n", ""), 1002},
		"no Accept":               {replace("Sec-WebSocket-Accept: "+sampleAccept+"\r\n", ""), 1002},
		"wrong Accept":            {replace(sampleAccept, sampleKey), 1002},
		"Accept in other case":    {replace(sampleAccept, strings.ToLower(sampleAccept)), 1002},
		"foreign subprotocol":     {response13("Sec-WebSocket-Protocol: c"), 1002},
		"two subprotocols":        {response13("Sec-WebSocket-Protocol: a, b"), 1002},
		"bad extension header":    {response13("Sec-WebSocket-Extensions: =;"), 1002},
		"foreign extension":       {response13("Sec-WebSocket-Extensions: foreign"), 1010},
		"no HTTP":                 {"SSH-2.0-OpenSSH\r\n", 1002},
		"an endless head":         {response13("X: " + strings.Repeat("x", 16<<10)), 1002},
		"endless interim answers": {strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 1000), 1002},
	} {
		d := startClient(t, &driver.Config{Subprotocols: []string{"a", "b"}})
		want(t, d, test.in, fmt.Sprintf("Close %d", test.code))
		if e := peerError(t, d); e.Code != test.code || !isOver(d) || d.Buffered() != 0 {
			t.Errorf("%s: %v with code %d, done %v, %d bytes to send", name, e, e.Code, isOver(d), d.Buffered())
		}
	}
}

// TestClientDigest fails the connection when a hixie-76 server cannot answer.
func TestClientDigest(t *testing.T) {
	d, err := driver.NewClient("ws://example.com/demo", &driver.Config{Version: driver.Hixie76, Rand: zeros{}})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Start(); err != nil {
		t.Fatal(err)
	}
	answer := lines("HTTP/1.1 101 WebSocket Protocol Handshake", "Upgrade: WebSocket", "Connection: Upgrade",
		"Sec-WebSocket-Origin: http://example.com", "Sec-WebSocket-Location: ws://example.com/demo")
	want(t, d, answer+"0123456789abcde")
	want(t, d, "f", "Close 1002")
	peerError(t, d)
}

// TestAncestorRefused shows of a refusal the status, the fields and up to 1 KiB
// of the body.
func TestAncestorRefused(t *testing.T) {
	body := strings.Repeat("0123456789abcdef", 70) // more than 1 KiB
	refused := func(status, fields string) string { return "HTTP/1.1 " + status + "\r\n" + fields + "\r\n" }
	tests := []struct {
		name, head, body string
		eof, late        bool
		status           int
		want             string
	}{
		{"Content-Length", refused("403 Forbidden", "X: y\r\nContent-Length: 4\r\n"), "nope", false, false, 403, "nope"},
		{"HTTP/1.0", "HTTP/1.0 404 Not Found\r\nContent-Length: 2\r\n\r\n", "no", false, false, 404, "no"},
		{"no body", refused("403 Forbidden", "Content-Length: 0\r\n"), "", false, false, 403, ""},
		{"204", refused("204 No Content", ""), "", false, false, 204, ""},
		{"304", refused("304 Not Modified", "Content-Length: 9\r\n"), "", false, false, 304, ""},
		{"1 KiB", refused("500 Oops", ""), body, false, false, 500, body[:1024]},
		{"long Content-Length", refused("500 Oops", "Content-Length: 1120\r\n"), body, false, false, 500, body[:1024]},
		{"EOF", refused("302 Found", "Location: /\r\n"), "moved", true, false, 302, "moved"},
		{"EOF before Content-Length", refused("302 Found", "Content-Length: 99\r\n"), "moved", true, false, 302, "moved"},
		{"time", refused("200 OK", ""), "hello", false, true, 200, "hello"},
		{"chunked", refused("503 Busy", "Transfer-Encoding: chunked\r\n"), "2\r\nno\r\n0\r\n\r\n", false, false, 503, "no"},
		{"chunked with Content-Length", refused("503 Busy", "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"), "2\r\nno", true, false, 503, "no"},
		{"bad Content-Length", refused("403 Forbidden", "Content-Length: -5\r\n"), "nope", true, false, 403, "nope"},
		{"huge Content-Length", refused("403 Forbidden", "Content-Length: 99999999999999999999\r\n"), "nope", true, false, 403, "nope"},
		{"after interim responses", refused("100 Continue", "") + refused("401 Unauthorized", "Content-Length: 1\r\n"), "x", false, false, 401, "x"},
	}
	for _, test := range tests {
		wstest.Splits([]byte(test.head+test.body), func(cut string, chunks [][]byte) {
			d := startClient(t, nil)
			got := wstest.Feed(d, chunks...)
			if test.eof || test.late {
				if len(got) > 0 {
					t.Fatalf("%s, %s: too early: %v", test.name, cut, got)
				}
				if test.eof {
					d.EOF()
				}
				d.Tick(at(0))
				d.Tick(at(10 * time.Second))
				got = wstest.Feed(d)
			}
			if diff := cmp.Diff([]string{"Close 1006"}, short(got)); diff != "" {
				t.Fatalf("%s, %s: events (-want +got):\n%s", test.name, cut, diff)
			}
			e := peerError(t, d)
			if r := d.Response(); r.Status != test.status || e.Status != test.status || string(r.Body) != test.want {
				t.Errorf("%s, %s: status %d and %d, body %q, want %d and %q", test.name, cut, r.Status, e.Status, r.Body, test.status, test.want)
			}
			if !isOver(d) {
				t.Errorf("%s: not done", test.name)
			}
		})
	}
}

// TestRespond is a client over extended CONNECT.
func TestRespond(t *testing.T) {
	client := func() *driver.Driver {
		d, err := driver.NewClient("ws://example.com/", &driver.Config{ExtendedConnect: true, Subprotocols: []string{"a"}})
		if err != nil {
			t.Fatal(err)
		}
		wantErr(t, d.Respond(&driver.Response{Status: 200}), driver.ErrState)
		if err := d.Start(); err != nil {
			t.Fatal(err)
		}
		return d
	}
	tests := []struct {
		r      *driver.Response
		events []string
		status int
	}{
		{&driver.Response{Status: 200}, []string{"Open", "Text early"}, 0},
		{&driver.Response{Status: 204, Fields: []driver.Field{{Name: "sec-websocket-protocol", Value: "a"}}}, []string{"Open", "Text early"}, 0},
		{&driver.Response{Status: 403, Body: []byte("no")}, []string{"Close 1006"}, 403},
		{&driver.Response{Status: 101}, []string{"Close 1006"}, 101},
		{&driver.Response{Status: 200, Fields: []driver.Field{{Name: "sec-websocket-protocol", Value: "b"}}}, []string{"Close 1002"}, 0},
		{&driver.Response{Status: 200, Fields: []driver.Field{{Name: "sec-websocket-extensions", Value: "x"}}}, []string{"Close 1010"}, 0},
	}
	for _, test := range tests {
		d := client()
		for ev := range d.Events([]byte(plain(opFin|opText, "early"))) { // bytes before Respond wait
			t.Errorf("event %v before Respond", ev)
		}
		if err := d.Respond(test.r); err != nil {
			t.Fatal(err)
		}
		want(t, d, "", test.events...)
		if test.status != 0 {
			if e := peerError(t, d); e.Status != test.status || d.Response() != test.r {
				t.Errorf("status %d, want %d", e.Status, test.status)
			}
		}
		wantErr(t, d.Respond(test.r), driver.ErrState)
		wantOut(t, d, "")
	}
	d := openClient(t, nil)
	wantErr(t, d.Respond(&driver.Response{Status: 200}), driver.ErrState)
}

// TestClientCut ends with 1006 when the transport ends before the answer.
func TestClientCut(t *testing.T) {
	for _, in := range []string{"", "HTTP/1.1 101", response13()[:len(response13())-1]} {
		d := startClient(t, nil)
		want(t, d, in)
		d.EOF()
		want(t, d, "", "Close 1006")
		if d.Err() != io.ErrUnexpectedEOF || !isOver(d) {
			t.Errorf("err %v, done %v", d.Err(), isOver(d))
		}
	}
}

// TestFromURL: a URL that has been parsed is checked like one that has not, and is
// not modified.
func TestFromURL(t *testing.T) {
	parsed, err := url.Parse("wss://user:pass@example.com:443/chat?x")
	if err != nil {
		t.Fatal(err)
	}
	before := *parsed
	d, err := driver.FromURL(parsed, nil)
	if err != nil {
		t.Fatal(err)
	}
	if r := d.Request(); r.Target != "/chat?x" || r.Get("Host") != "example.com" || r.Get("Authorization") == "" || *parsed != before {
		t.Errorf("%+v", r)
	}
	for want, u := range map[string]*url.URL{
		"scheme":   {Scheme: "http", Host: "user:pass@example.com"},
		"host":     {Scheme: "ws", Host: ":80", User: url.UserPassword("user", "pass")},
		"fragment": {Scheme: "ws", Host: "example.com", Fragment: "pass"},
		"A-labels": {Scheme: "ws", Host: "b\u00fccher.example"},
		"colon":    {Scheme: "ws", Host: "example.com", User: url.UserPassword("a:b", "pass")}, // RFC 7617, section 2
	} {
		_, err := driver.FromURL(u, nil)
		if !errors.Is(err, driver.ErrInvalid) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "pass") {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// TestURLInRequest: what a request has of the URL.
func TestURLInRequest(t *testing.T) {
	for _, test := range []struct{ section, url, host, target string }{
		{"RFC 6874 4", "ws://[fe80::1%25eth0]:8080/", "[fe80::1]:8080", "/"},
		{"RFC 6874 4", "ws://[fe80::1%25eth0]/", "[fe80::1]", "/"},
		{"RFC 3986 3.4", "ws://example.com/a b?q=a b{|}\"\u00e4", "example.com", "/a%20b?q=a%20b%7B%7C%7D%22%C3%A4"},
		{"RFC 3986 2.4", "ws://example.com/a%2Fb%20?q=%7B", "example.com", "/a%2Fb%20?q=%7B"},
	} {
		t.Run(test.section+" "+test.url, func(t *testing.T) {
			d, err := driver.NewClient(test.url, nil)
			if err != nil {
				t.Fatal(err)
			}
			if r := d.Request(); r.Get("Host") != test.host || r.Target != test.target {
				t.Errorf("Host %q, target %q, want %q and %q", r.Get("Host"), r.Target, test.host, test.target)
			}
		})
	}
}
