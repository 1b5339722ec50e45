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

// TestOpen takes answers of proxies that established the tunnel. The answer ends
// with its head.
func TestOpen(t *testing.T) {
	for name, in := range map[string]string{
		"RFC 9110 9.3.6 squid":             lines("HTTP/1.1 200 Connection established"),
		"RFC 9110 9.3.6 tinyproxy":         lines("HTTP/1.0 200 Connection established", "Proxy-agent: tinyproxy/1.11.1"),
		"RFC 9112 4 no reason":             "HTTP/1.1 200\r\n\r\n",
		"RFC 9110 9.3.6 another 2xx":       lines("HTTP/1.1 204 No Content"),
		"RFC 9110 9.3.6 Content-Length":    lines("HTTP/1.1 200 OK", "Content-Length: 5"),
		"RFC 9110 9.3.6 a bad length":      lines("HTTP/1.1 200 OK", "Content-Length: x", "Content-Length: 7"),
		"RFC 9110 9.3.6 Transfer-Encoding": lines("HTTP/1.1 200 OK", "Transfer-Encoding: chunked"),
		"RFC 9110 9.3.6 Connection: close": lines("HTTP/1.1 200 OK", "Connection: close"),
		"RFC 9112 5.2 a folded line":       "HTTP/1.1 200 OK\r\nX: y\r\n z\r\n\r\n",
		"RFC 9110 15.2 interim answers": lines("HTTP/1.1 100 Continue") + lines("HTTP/1.1 103 Early Hints", "Link: x") +
			lines("HTTP/1.1 199 Odd", "Content-Length: 9") + lines("HTTP/1.1 200 OK"),
	} {
		t.Run(name, func(t *testing.T) {
			o := playSplits(t, func() *proxy.Exchange { return start(t, nil) }, false, in)
			if o.kind() != ws.Open || o.Used != len(in) || o.Output != request() || o.Response == nil || o.Response.Status/100 != 2 {
				t.Errorf("%+v", o)
			}
		})
	}
}

// TestEOFAfterOpen: the end of the transport after Open does not concern the
// exchange.
func TestEOFAfterOpen(t *testing.T) {
	p := start(t, nil)
	if o := play(t, p, true, []byte(lines("HTTP/1.1 200 OK"))); o.kind() != ws.Open {
		t.Errorf("%+v", o)
	}
}

// TestFails checks answers that are malformed or unusable.
func TestFails(t *testing.T) {
	for name, in := range map[string]string{
		"RFC 9112 4 no HTTP":                          "SSH-2.0-OpenSSH\r\n",
		"RFC 8446 5.1 TLS":                            "\x15\x03\x01",
		"RFC 9112 2.3 HTTP/2":                         "HTTP/2.0 200 OK\r\n\r\n",
		"RFC 9110 7.8 status 101":                     lines("HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"),
		"RFC 9110 15 status 099":                      "HTTP/1.1 099 Odd\r\n\r\n",
		"RFC 9112 2.2 a blank before the first field": "HTTP/1.1 200 OK\r\n X: y\r\n\r\n",
		"RFC 9112 2.2 a bare LF":                      "HTTP/1.1 200 OK\n\n",
		"RFC 9110 5.4 too long a head":                "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 300),
		"RFC 9110 15.2 endless interim answers":       strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 20),
	} {
		t.Run(name, func(t *testing.T) {
			o := playSplits(t, func() *proxy.Exchange { return start(t, &proxy.Config{MaxHead: 200}) }, false, in)
			if o.kind() != ws.Close || o.Events[0].Code != ws.CodeProtocolError || o.Retry != "" || o.Used > 200 {
				t.Errorf("%+v", o)
			}
		})
	}
}

// TestMaxHead: the limit is inclusive.
func TestMaxHead(t *testing.T) {
	in := lines("HTTP/1.1 103 Early Hints") + lines("HTTP/1.1 200 OK", "X: y")
	for limit, want := range map[int]ws.Kind{len(in): ws.Open, len(in) - 1: ws.Close} {
		if o := play(t, start(t, &proxy.Config{MaxHead: limit}), false, []byte(in)); o.kind() != want {
			t.Errorf("limit %d: %v, want %v", limit, o.kind(), want)
		}
	}
}

// TestRefused: a refusal is shown with its status, its fields and up to 1 KiB of the
// body, and ends where its body ends.
func TestRefused(t *testing.T) {
	long := strings.Repeat("0123456789abcdef", 70) // more than 1 KiB
	tests := []struct {
		name, head, body string
		eof              bool
		status           int
		want             string
	}{
		{"RFC 9112 6.3 Content-Length", lines("HTTP/1.1 403 Forbidden", "X: y", "Content-Length: 4"), "nope", false, 403, "nope"},
		{"RFC 9112 6.3 HTTP/1.0", lines("HTTP/1.0 404 Not Found", "Content-Length: 2"), "no", false, 404, "no"},
		{"RFC 9112 6.3 no body", lines("HTTP/1.1 503 Busy", "Content-Length: 0"), "", false, 503, ""},
		{"RFC 9112 6.3 status 304", lines("HTTP/1.1 304 Not Modified", "Content-Length: 9"), "", false, 304, ""},
		{"RFC 9112 6.3 no length, 1 KiB", lines("HTTP/1.1 500 Oops"), long, false, 500, long[:1024]},
		{"RFC 9112 6.3 a long Content-Length", lines("HTTP/1.1 500 Oops", "Content-Length: 1120"), long, false, 500, long[:1024]},
		{"RFC 9112 6.3 EOF", lines("HTTP/1.1 302 Found", "Location: /"), "moved", true, 302, "moved"},
		{"RFC 9112 8 EOF before Content-Length", lines("HTTP/1.1 502 Bad", "Content-Length: 99"), "bad", true, 502, "bad"},
		{"RFC 9112 8 EOF without body", lines("HTTP/1.1 502 Bad", "Content-Length: 99"), "", true, 502, ""},
		{"RFC 9112 7.1 chunked", lines("HTTP/1.1 503 Busy", "Transfer-Encoding: chunked"), "2\r\nno\r\n1;a\r\np\r\n0\r\nX: y\r\n\r\n", false, 503, "nop"},
		{"RFC 9112 7.1 chunked, cut off", lines("HTTP/1.1 503 Busy", "Transfer-Encoding: chunked"), "5\r\nno", true, 503, "no"},
		{"RFC 9112 7.1 malformed chunks", lines("HTTP/1.1 503 Busy", "Transfer-Encoding: chunked"), "2\r\nno!", false, 503, "no"},
		{"RFC 9112 7.1 a long chunk", lines("HTTP/1.1 503 Busy", "Transfer-Encoding: chunked"), "fffff\r\n" + long, false, 503, long[:1024]},
		{"RFC 9110 15 status 600", lines("HTTP/1.1 600 Odd", "Content-Length: 2"), "no", false, 600, "no"},
		{"RFC 9110 15 status 999", lines("HTTP/1.1 999 Odd", "Content-Length: 2"), "no", false, 999, "no"},
		{"RFC 9112 5.2 a folded line", "HTTP/1.1 403 No\r\nX: y\r\n z\r\nContent-Length:\r\n 2\r\n\r\n", "no", false, 403, "no"},
		{"RFC 9110 15.2 after interim answers", lines("HTTP/1.1 100 Continue") + lines("HTTP/1.1 400 Bad", "Content-Length: 1"), "x", false, 400, "x"},
		{"RFC 9110 15.5.8 an unanswered 407", lines("HTTP/1.1 407 No", "Proxy-Authenticate: Basic realm=x", "Content-Length: 2"), "no", false, 407, "no"},
		{"RFC 9110 15.5.22 status 426", lines("HTTP/1.1 426 Upgrade Required", "Upgrade: TLS/1.0", "Content-Length: 0"), "", false, 426, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := (*proxy.Exchange)(nil)
			o := playSplits(t, func() *proxy.Exchange { p = start(t, nil); return p }, test.eof, test.head+test.body)
			if o.kind() != ws.Close || o.Events[0].Code != ws.CodeAbnormal || o.Retry != "" {
				t.Fatalf("%+v", o)
			}
			e := peerError(t, p)
			if e.Status != test.status || o.Response.Status != test.status || string(o.Response.Body) != test.want || len(o.Response.Fields) == 0 && len(test.want) < 1024 {
				t.Errorf("error with status %d, response %+v", e.Status, o.Response)
			}
			if !strings.Contains(e.Msg, p.Target()) {
				t.Error(e)
			}
		})
	}
}

// TestCut: the event is Close with 1006 if the transport ends before the answer.
func TestCut(t *testing.T) {
	for _, in := range []string{"", "HTTP/1.1 2", lines("HTTP/1.1 100 Continue"), "HTTP/1.1 200 OK\r\n\r"} {
		p := start(t, nil)
		o := playSplits(t, func() *proxy.Exchange { p = start(t, nil); return p }, true, in)
		if o.kind() != ws.Close || o.Events[0].Code != ws.CodeAbnormal || p.Err() != io.ErrUnexpectedEOF || o.Response != nil {
			t.Errorf("%q: %+v", in, o)
		}
	}
}

// TestEOFBeforeStart: the event is not returned before Start.
func TestEOFBeforeStart(t *testing.T) {
	p := mustNew(t, "http://proxy", "ws://example.com/", nil)
	p.EOF()
	if n, ev := p.Parse(nil); n != 0 || ev.Kind != ws.None || isPending(p) {
		t.Errorf("before Start: %d, %v, pending %v", n, ev.Kind, isPending(p))
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	if !isPending(p) {
		t.Error("after Start: nothing is pending")
	}
	if o := play(t, p, false); o.kind() != ws.Close {
		t.Errorf("%+v", o)
	}
}

// TestInputBeforeEOF: EOF takes effect after the input before it.
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

// TestSecretsReleased: no output remains after the end, in particular no password.
func TestSecretsReleased(t *testing.T) {
	p := mustNew(t, "http://user:s3cret@proxy", "ws://example.com/", nil)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	o := play(t, p, false, []byte(lines("HTTP/1.1 403 No", "Content-Length: 0")))
	if o.kind() != ws.Close || o.Output != "" {
		t.Errorf("%+v", o)
	}
}

// TestTakeReuse: Take reuses the buffer that it is given.
func TestTakeReuse(t *testing.T) {
	p := start(t, nil)
	out := p.Take(make([]byte, 0, 1000))
	if string(out) != request() || p.Buffered() != 0 || len(p.Take(out)) != 0 {
		t.Errorf("%q, then %d bytes", out, p.Buffered())
	}
}

// TestEvents: the caller owns Data.
func TestEvents(t *testing.T) {
	p := start(t, nil)
	got := wstest.Feed(p, []byte(lines("HTTP/1.1 403 No", "Content-Length: 0")))
	const text = "proxy refused a tunnel to example.com:80 with status 403 (Forbidden)"
	want := []wstest.Record{{Kind: ws.Close, Code: ws.CodeAbnormal, Data: text}}
	if diff := cmp.Diff(want, got); diff != "" || p.Err().Error() != "websocket: "+text {
		t.Errorf("%v; events (-want +got):\n%s", p.Err(), diff)
	}
	if diff := cmp.Diff([]head.Field{{Name: "Content-Length", Value: "0"}}, p.Response().Fields); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
}
