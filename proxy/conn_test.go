package proxy_test

import (
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sans-io/websocket-driver/driver/head"
	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/driver/wstest"
	"github.com/sans-io/websocket-driver/proxy"
)

// TestOpen takes what proxies answer when the tunnel stands: the answer ends
// with its head.
func TestOpen(t *testing.T) {
	for name, in := range map[string]string{
		"squid":             lines("HTTP/1.1 200 Connection established"),
		"tinyproxy":         lines("HTTP/1.0 200 Connection established", "Proxy-agent: tinyproxy/1.11.1"),
		"no reason":         "HTTP/1.1 200\r\n\r\n",
		"another 2xx":       lines("HTTP/1.1 204 No Content"),
		"Content-Length":    lines("HTTP/1.1 200 OK", "Content-Length: 5"),
		"a bad length":      lines("HTTP/1.1 200 OK", "Content-Length: x", "Content-Length: 7"),
		"Transfer-Encoding": lines("HTTP/1.1 200 OK", "Transfer-Encoding: chunked"),
		"Connection: close": lines("HTTP/1.1 200 OK", "Connection: close"),
		"interim answers": lines("HTTP/1.1 100 Continue") + lines("HTTP/1.1 103 Early Hints", "Link: x") +
			lines("HTTP/1.1 199 Odd", "Content-Length: 9") + lines("HTTP/1.1 200 OK"),
	} {
		o := playSplits(t, func() *proxy.Conn { return start(t, nil) }, false, in)
		if o.kind() != ws.Open || o.Used != len(in) || o.Output != request() || o.Response == nil || o.Response.Status/100 != 2 {
			t.Errorf("%s: %+v", name, o)
		}
	}
}

// TestEOFAfterOpen: what happens to the transport then is not the exchange's business.
func TestEOFAfterOpen(t *testing.T) {
	p := start(t, nil)
	if o := play(t, p, true, []byte(lines("HTTP/1.1 200 OK"))); o.kind() != ws.Open {
		t.Errorf("%+v", o)
	}
}

// TestFails ends the exchange when the answer is none, or none that can be used.
func TestFails(t *testing.T) {
	for name, in := range map[string]string{
		"no HTTP":                "SSH-2.0-OpenSSH\r\n",
		"TLS":                    "\x15\x03\x01",
		"HTTP/2":                 "HTTP/2.0 200 OK\r\n\r\n",
		"status 101":             lines("HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"),
		"status 600":             "HTTP/1.1 600 Odd\r\n\r\n",
		"a folded line":          "HTTP/1.1 200 OK\r\nX: y\r\n z\r\n\r\n",
		"a bare LF":              "HTTP/1.1 200 OK\n\n",
		"too long a head":        "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 300),
		"endless interim answer": strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 20),
	} {
		o := playSplits(t, func() *proxy.Conn { return start(t, &proxy.Config{MaxHead: 200}) }, false, in)
		if o.kind() != ws.Close || o.Events[0].Code != ws.CodeProtocolError || o.Retry != "" || o.Used > 200 {
			t.Errorf("%s: %+v", name, o)
		}
	}
}

// TestMaxHead: the limit counts inclusive.
func TestMaxHead(t *testing.T) {
	in := lines("HTTP/1.1 103 Early Hints") + lines("HTTP/1.1 200 OK", "X: y")
	for limit, want := range map[int]ws.Kind{len(in): ws.Open, len(in) - 1: ws.Close} {
		if o := play(t, start(t, &proxy.Config{MaxHead: limit}), false, []byte(in)); o.kind() != want {
			t.Errorf("limit %d: %v, want %v", limit, o.kind(), want)
		}
	}
}

// TestRefused shows of a refusal the status, the fields and up to 1 KiB of the
// body.
func TestRefused(t *testing.T) {
	long := strings.Repeat("0123456789abcdef", 70) // more than 1 KiB
	tests := []struct {
		name, head, body string
		eof              bool
		status           int
		want             string
	}{
		{"Content-Length", lines("HTTP/1.1 403 Forbidden", "X: y", "Content-Length: 4"), "nope", false, 403, "nope"},
		{"HTTP/1.0", lines("HTTP/1.0 404 Not Found", "Content-Length: 2"), "no", false, 404, "no"},
		{"no body", lines("HTTP/1.1 503 Busy", "Content-Length: 0"), "", false, 503, ""},
		{"304", lines("HTTP/1.1 304 Not Modified", "Content-Length: 9"), "", false, 304, ""},
		{"1 KiB", lines("HTTP/1.1 500 Oops"), long, false, 500, long[:1024]},
		{"a long Content-Length", lines("HTTP/1.1 500 Oops", "Content-Length: 1120"), long, false, 500, long[:1024]},
		{"EOF", lines("HTTP/1.1 302 Found", "Location: /"), "moved", true, 302, "moved"},
		{"EOF before Content-Length", lines("HTTP/1.1 502 Bad", "Content-Length: 99"), "bad", true, 502, "bad"},
		{"EOF without body", lines("HTTP/1.1 502 Bad", "Content-Length: 99"), "", true, 502, ""},
		{"chunked", lines("HTTP/1.1 503 Busy", "Transfer-Encoding: chunked"), "2\r\nno\r\n0\r\n\r\n", true, 503, "2\r\nno\r\n0\r\n\r\n"},
		{"behind interim answers", lines("HTTP/1.1 100 Continue") + lines("HTTP/1.1 400 Bad", "Content-Length: 1"), "x", false, 400, "x"},
		{"407 that nobody answers", lines("HTTP/1.1 407 No", "Proxy-Authenticate: Basic realm=x", "Content-Length: 2"), "no", false, 407, "no"},
		{"426 with Upgrade", lines("HTTP/1.1 426 Upgrade Required", "Upgrade: TLS/1.0", "Content-Length: 0"), "", false, 426, ""},
	}
	for _, test := range tests {
		p := (*proxy.Conn)(nil)
		o := playSplits(t, func() *proxy.Conn { p = start(t, nil); return p }, test.eof, test.head+test.body)
		if o.kind() != ws.Close || o.Events[0].Code != ws.CodeAbnormal || o.Retry != "" {
			t.Errorf("%s: %+v", test.name, o)
			continue
		}
		e := peerError(t, p)
		if e.Status != test.status || o.Response.Status != test.status || string(o.Response.Body) != test.want || len(o.Response.Fields) == 0 && test.name != "1 KiB" {
			t.Errorf("%s: error with status %d, response %+v", test.name, e.Status, o.Response)
		}
		if strings.Contains(e.Msg, "chunked") != (test.name == "chunked") || !strings.Contains(e.Msg, p.Target()) {
			t.Errorf("%s: %v", test.name, e)
		}
	}
}

// TestCut ends with 1006 when the transport ends before the answer.
func TestCut(t *testing.T) {
	for _, in := range []string{"", "HTTP/1.1 2", lines("HTTP/1.1 100 Continue"), "HTTP/1.1 200 OK\r\n\r"} {
		p := start(t, nil)
		o := playSplits(t, func() *proxy.Conn { p = start(t, nil); return p }, true, in)
		if o.kind() != ws.Close || o.Events[0].Code != ws.CodeAbnormal || p.Err() != io.ErrUnexpectedEOF || o.Response != nil {
			t.Errorf("%q: %+v", in, o)
		}
	}
}

// TestEOFBeforeStart: the event waits for Start.
func TestEOFBeforeStart(t *testing.T) {
	p := mustNew(t, "http://proxy", "ws://example.com/", nil)
	p.EOF()
	if n, ev := p.Parse(nil); n != 0 || ev.Kind != ws.None || p.Pending() {
		t.Errorf("before Start: %d, %v, pending %v", n, ev.Kind, p.Pending())
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	if !p.Pending() {
		t.Error("after Start: nothing is pending")
	}
	if o := play(t, p, false); o.kind() != ws.Close {
		t.Errorf("%+v", o)
	}
}

// TestInputBeforeEOF: EOF does not overtake what has come before it.
func TestInputBeforeEOF(t *testing.T) {
	p := start(t, nil)
	if n, err := p.IO().Write([]byte(lines("HTTP/1.1 200 OK"))); err != nil || n == 0 {
		t.Fatal(n, err)
	}
	p.EOF()
	if o := play(t, p, false); o.kind() != ws.Open {
		t.Errorf("%+v", o)
	}
}

// TestSecretsLetGo: nothing is left to send after the end, a password least of all.
func TestSecretsLetGo(t *testing.T) {
	p := mustNew(t, "http://user:s3cret@proxy", "ws://example.com/", nil)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	o := play(t, p, false, []byte(lines("HTTP/1.1 403 No", "Content-Length: 0")))
	if o.kind() != ws.Close || o.Output != "" {
		t.Errorf("%+v", o)
	}
}

// TestTakeReuse: Take gives the buffers back and forth.
func TestTakeReuse(t *testing.T) {
	p := start(t, nil)
	out := p.Take(make([]byte, 0, 1000))
	if string(out) != request() || p.Buffered() != 0 || len(p.Take(out)) != 0 {
		t.Errorf("%q, then %d bytes", out, p.Buffered())
	}
}

// TestEvents: Data is the caller's.
func TestEvents(t *testing.T) {
	p := start(t, nil)
	got := wstest.Feed(p, []byte(lines("HTTP/1.1 403 No", "Content-Length: 0")))
	const text = "proxy refuses a tunnel to example.com:80 with status 403 (Forbidden)"
	want := []wstest.Record{{Kind: ws.Close, Code: ws.CodeAbnormal, Data: text}}
	if diff := cmp.Diff(want, got); diff != "" || p.Err().Error() != "websocket: "+text {
		t.Errorf("%v; events (-want +got):\n%s", p.Err(), diff)
	}
	if diff := cmp.Diff([]head.Field{{Name: "Content-Length", Value: "0"}}, p.Response().Fields); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
}
