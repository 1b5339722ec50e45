package driver_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

// browsers holds requests as browsers have sent them, order and case of the
// fields included, with the answers.
var browsers = []struct {
	name    string
	version driver.Version
	request string
	body    string // what follows the head
	answer  string
}{{
	name:    "Chrome 4",
	version: driver.Hixie75,
	request: lines("GET /demo HTTP/1.1", "Upgrade: WebSocket", "Connection: Upgrade", "Host: example.com",
		"Origin: http://example.com", "WebSocket-Protocol: sample", "Cookie: a=1; b=2"),
	answer: lines("HTTP/1.1 101 Web Socket Protocol Handshake", "Upgrade: WebSocket", "Connection: Upgrade",
		"WebSocket-Origin: http://example.com", "WebSocket-Location: ws://example.com/demo", "WebSocket-Protocol: sample"),
}, {
	name:    "Safari 5.1",
	version: driver.Hixie76,
	request: lines("GET / HTTP/1.1", "Upgrade: WebSocket", "Connection: Upgrade", "Host: localhost:843",
		"Origin: http://localhost:8888", "Cookie: SQLiteManager_currentLangue=2",
		"Sec-WebSocket-Key1: 4 @1  46546xW%0l 1 5", "Sec-WebSocket-Key2: 12998 5 Y3 1  .P00"),
	body: hixieBody,
	answer: lines("HTTP/1.1 101 WebSocket Protocol Handshake", "Upgrade: WebSocket", "Connection: Upgrade",
		"Sec-WebSocket-Origin: http://localhost:8888", "Sec-WebSocket-Location: ws://localhost:843/") + hixieDigest,
}, {
	name:    "Firefox 6",
	version: driver.Hybi7,
	request: lines("GET / HTTP/1.1", "Host: 81.0.231.149:81",
		"User-Agent: Mozilla/5.0 (Windows NT 6.1; WOW64; rv:6.0) Gecko/20100101 Firefox/6.0",
		"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
		"Accept-Language: sk,cs;q=0.8,en-us;q=0.5,en;q=0.3", "Accept-Encoding: gzip, deflate",
		"Accept-Charset: ISO-8859-2,utf-8;q=0.7,*;q=0.7", "Connection: keep-alive, Upgrade", "Sec-WebSocket-Version: 7",
		"Sec-WebSocket-Origin: http://example.com", "Sec-WebSocket-Protocol: other, sample",
		"Sec-WebSocket-Extensions: deflate-stream", "Sec-WebSocket-Key: HgBKcPfdBSzjCYxGnWCO3g==", "Pragma: no-cache",
		"Cache-Control: no-cache", "Upgrade: websocket", "Cookie: a=1"),
	answer: lines("HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
		"Sec-WebSocket-Accept: a0nyM64D16W27Chda1gmuNfpAqQ=", "Sec-WebSocket-Protocol: sample"),
}, {
	name:    "Firefox 7",
	version: driver.Hybi8,
	request: lines("GET / HTTP/1.1", "Host: example.com", "Connection: keep-alive, Upgrade", "Sec-WebSocket-Version: 8",
		"Sec-WebSocket-Origin: http://example.com", "Sec-WebSocket-Extensions: deflate-stream",
		"Sec-WebSocket-Key: "+sampleKey, "Pragma: no-cache", "Cache-Control: no-cache", "Upgrade: websocket"),
	answer: response13(),
}, {
	name:    "Chrome 14",
	version: driver.Hybi8,
	request: lines("GET / HTTP/1.1", "Upgrade: websocket", "Connection: Upgrade", "Host: 81.0.231.149:81",
		"Sec-WebSocket-Origin: http://example.com", "Sec-WebSocket-Key: Q9ceXTuzjdF2o23CRYvnuA==",
		"Sec-WebSocket-Version: 8"),
	answer: lines("HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
		"Sec-WebSocket-Accept: 3ee8Zo5szukQEYtPKOLyzzlDjHs="),
}, {
	name:    "Chrome today",
	version: driver.Hybi13,
	request: lines("GET /chat HTTP/1.1", "Host: localhost:9001", "Connection: Upgrade", "Pragma: no-cache",
		"Cache-Control: no-cache", "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "+
			"Chrome/140.0.0.0 Safari/537.36", "Upgrade: websocket", "Origin: http://localhost:9001",
		"Sec-WebSocket-Version: 13", "Accept-Encoding: gzip, deflate, br, zstd", "Accept-Language: en-US,en;q=0.9",
		"Sec-WebSocket-Key: "+sampleKey, "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"),
	answer: response13(),
}, {
	name:    "Firefox today",
	version: driver.Hybi13,
	request: lines("GET /chat HTTP/1.1", "Host: localhost:9001",
		"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Accept: */*",
		"Accept-Language: en-US,en;q=0.5", "Accept-Encoding: gzip, deflate, br, zstd", "Sec-WebSocket-Version: 13",
		"Origin: http://localhost:9001", "Sec-WebSocket-Extensions: permessage-deflate", "Sec-WebSocket-Key: "+sampleKey,
		"Connection: keep-alive, Upgrade", "Sec-Fetch-Dest: empty", "Sec-Fetch-Mode: websocket",
		"Sec-Fetch-Site: same-origin", "Pragma: no-cache", "Cache-Control: no-cache", "Upgrade: websocket"),
	answer: response13(),
}}

// hello is a message of version v from a client.
func hello(v driver.Version) string {
	if v.IsHixie() {
		return "\x00hello\xff"
	}
	return masked(opFin|opText, "hello")
}

// starter is a server that is started at its Connect event.
type starter struct{ *driver.Driver }

func (s starter) Parse(p []byte) (int, driver.Event) {
	n, ev := s.Driver.Parse(p)
	if ev.Kind == driver.Connect {
		_ = s.Start()
	}
	return n, ev
}

// TestBrowsers opens what browsers ask for, at every split, with a message in
// the same stream after the handshake.
func TestBrowsers(t *testing.T) {
	for _, b := range browsers {
		t.Run(b.name, func(t *testing.T) {
			in := b.request + b.body + hello(b.version)
			wstest.Splits([]byte(in), func(name string, chunks [][]byte) {
				d := driver.NewServer(&driver.Config{Versions: driver.AllVersions(), Subprotocols: []string{"sample"}})
				got := short(wstest.Feed(starter{d}, chunks...))
				if diff := cmp.Diff([]string{"Connect", "Open", "Text hello"}, got); diff != "" {
					t.Fatalf("%s: events (-want +got):\n%s", name, diff)
				}
				wantOut(t, d, b.answer)
				if d.Version() != b.version || d.Extensions() != "" {
					t.Errorf("version %v, extensions %q, want %v and none", d.Version(), d.Extensions(), b.version)
				}
				if want := strings.Contains(b.request, "sample"); (d.Subprotocol() == "sample") != want {
					t.Errorf("subprotocol %q", d.Subprotocol())
				}
			})
		})
	}
}

// TestDefaultVersions refuses what has no masking unless it is named.
func TestDefaultVersions(t *testing.T) {
	for _, b := range browsers {
		d := driver.NewServer(nil)
		got := short(wstest.Feed(starter{d}, []byte(b.request)))
		out := string(d.Take(nil))
		if !b.version.IsHixie() {
			if diff := cmp.Diff([]string{"Connect", "Open"}, got); diff != "" {
				t.Errorf("%s: events (-want +got):\n%s", b.name, diff)
			}
			continue
		}
		if diff := cmp.Diff([]string{"Close 1002"}, got); diff != "" {
			t.Errorf("%s: events (-want +got):\n%s", b.name, diff)
		}
		if !strings.HasPrefix(out, "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13, 8, 7\r\n") {
			t.Errorf("%s: answer %q", b.name, out)
		}
		if !strings.Contains(out, "\r\nConnection: Upgrade, close\r\n") {
			t.Errorf("%s: answer without Connection: %q", b.name, out)
		}
		if e := peerError(t, d); e.Status != 426 {
			t.Errorf("%s: status %d, want 426", b.name, e.Status)
		}
		if !isOver(d) {
			t.Errorf("%s: the server is not done", b.name)
		}
	}
}

// TestSelection goes through the rules that tell the versions apart.
func TestSelection(t *testing.T) {
	upgrade := []driver.Field{{Name: "Upgrade", Value: "WebSocket"}, {Name: "Connection", Value: "x, upgrade"}}
	tests := []struct {
		name    string
		fields  []driver.Field
		version driver.Version
		status  int
	}{
		{"no field of any", nil, driver.Hixie75, 0},
		{"Key1 alone is hixie-76", []driver.Field{{Name: "Sec-WebSocket-Key1", Value: "1 2"}}, 0, 400},
		{"Key2 alone is hixie-76", []driver.Field{{Name: "Sec-WebSocket-Key2", Value: "1 2"}}, 0, 400},
		{"Key alone is hybi", []driver.Field{{Name: "Sec-WebSocket-Key", Value: sampleKey}}, 0, 400},
		{"Version alone is hybi", []driver.Field{{Name: "Sec-WebSocket-Version", Value: "13"}}, 0, 400},
		{"an unknown version", []driver.Field{{Name: "Sec-WebSocket-Version", Value: "14"}}, 0, 426},
		{"a list of versions", []driver.Field{{Name: "Sec-WebSocket-Version", Value: "13, 8"}}, 0, 426},
		{"two versions", []driver.Field{{Name: "Sec-WebSocket-Version", Value: "13"}, {Name: "sec-websocket-version", Value: "13"}}, 0, 400},
		{"hybi wins over hixie-76", []driver.Field{{Name: "Sec-WebSocket-Version", Value: "8"},
			{Name: "Sec-WebSocket-Key", Value: sampleKey}, {Name: "Sec-WebSocket-Key1", Value: "1 2"}}, driver.Hybi8, 0},
	}
	for _, test := range tests {
		r := &driver.Request{Method: "GET", Target: "/", Major: 1, Minor: 1, Authority: "example.com",
			Fields: append([]driver.Field{{Name: "Origin", Value: "http://x"}}, append(upgrade, test.fields...)...)}
		d := driver.FromRequest(r, &driver.Config{Versions: driver.AllVersions()})
		if test.status != 0 {
			if e := peerError(t, d); e.Status != test.status || d.Response().Status != test.status {
				t.Errorf("%s: %v with status %d, want %d", test.name, e, e.Status, test.status)
			}
			continue
		}
		if d.Err() != nil || d.Version() != test.version {
			t.Errorf("%s: version %v, %v, want %v", test.name, d.Version(), d.Err(), test.version)
		}
	}
}

func TestIsWebSocket(t *testing.T) {
	tests := []struct {
		want bool
		r    driver.Request
	}{
		{true, driver.Request{Method: "GET", Fields: []driver.Field{{Name: "Upgrade", Value: "websocket"}, {Name: "Connection", Value: "Upgrade"}}}},
		{true, driver.Request{Method: "GET", Fields: []driver.Field{{Name: "upgrade", Value: "h2c, WebSocket"}, {Name: "CONNECTION", Value: "keep-alive, UPGRADE"}}}},
		{false, driver.Request{Method: "GET", Fields: []driver.Field{{Name: "Upgrade", Value: "websocket"}}}},
		{false, driver.Request{Method: "GET", Fields: []driver.Field{{Name: "Upgrade", Value: "websockets"}, {Name: "Connection", Value: "Upgrade"}}}},
		{false, driver.Request{Method: "GET", Fields: []driver.Field{{Name: "Upgrade", Value: "h2c"}, {Name: "Connection", Value: "Upgrade"}}}},
		{false, driver.Request{Method: "GET"}},
		{true, driver.Request{Method: "CONNECT", Protocol: "websocket"}},
		{false, driver.Request{Method: "CONNECT", Protocol: "connect-udp"}},
		{false, driver.Request{Method: "GET", Protocol: "websocket"}},
	}
	for _, test := range tests {
		if got := driver.IsWebSocket(&test.r); got != test.want {
			t.Errorf("IsWebSocket(%+v) is %v", test.r, got)
		}
	}
}

// TestVersionsOffered names in a 426 what the Config allows, in its order.
func TestVersionsOffered(t *testing.T) {
	tests := []struct {
		versions []driver.Version
		want     string
	}{
		{[]driver.Version{driver.Hybi13}, "Sec-WebSocket-Version: 13\r\n"},
		{[]driver.Version{driver.Hybi8, driver.Hixie76, driver.Hybi13}, "Sec-WebSocket-Version: 8, 13\r\n"},
		{[]driver.Version{driver.Hixie75}, ""},
	}
	for _, test := range tests {
		d := driver.NewServer(&driver.Config{Versions: test.versions})
		want(t, d, strings.Replace(request13(), "Version: 13", "Version: 7", 1), "Close 1002")
		out := string(d.Take(nil))
		if !strings.HasPrefix(out, "HTTP/1.1 426 ") || strings.Contains(out, "Sec-WebSocket-Version") != (test.want != "") ||
			!strings.Contains(out, test.want) {
			t.Errorf("versions %v: answer %q", test.versions, out)
		}
	}
}

func TestServerSide(t *testing.T) {
	client, err := driver.NewClient("ws://example.com/", nil)
	if err != nil {
		t.Fatal(err)
	}
	for want, d := range map[bool]*driver.Driver{true: driver.NewServer(nil), false: client} {
		if d.Server() != want {
			t.Errorf("Server is %v, not %v", !want, want)
		}
	}
}
