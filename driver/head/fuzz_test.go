package head

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzParse checks invariants for any input: the verdict does not depend on the
// split, Raw is the part of the input that was consumed, the limits hold, and a parsed
// head that is written and parsed again is the same head.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		chrome,
		"GET / HTTP/1.1\r\nHost: a\r\nA:\t b \r\n\r\njunk",
		"POST /\xff# HTTP/1.0\r\nContent-Length: 5\r\nTransfer-Encoding: x\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\ncontent-length: 05\r\n\r\n",
		"GET / HTTP/1.1\r\n Host: a\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\n\r\n",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"\x16\x03\x01",
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x00",
		"HTTP/1.0 200\r\n\r\n",
		"HTTP/1.1 599 \t\xff\r\nA: b\r\n\r\n",
		"HTTP/1.1 999 x\r\nA: b\r\n \tc\r\n\t\r\nD:\r\n e\r\n\r\n",
		"GET http://a:1?b HTTP/1.1\r\nHost: c\r\n\r\n",
		"\r\n\r\n\r\n\r",
	} {
		for _, cut := range []uint16{0, 1, 15, 40} {
			f.Add([]byte(s), cut, uint16(0), false)
			f.Add([]byte(s), cut, uint16(len(s)), strings.HasPrefix(s, "HTTP"))
		}
	}
	f.Fuzz(func(t *testing.T, in []byte, cut, maxBytes uint16, response bool) {
		s := string(in)
		newParser := func() *Parser { return newParser(int(maxBytes), 8, response) }
		want := parse(t, newParser(), s)
		if max := newParser().maxBytes; want.N > max || len(want.Raw) != want.N || !strings.HasPrefix(s, want.Raw) {
			t.Fatalf("Raw of %d bytes, %d consumed, limit %d", len(want.Raw), want.N, max)
		}
		c := min(int(cut), len(s))
		if d := cmp.Diff(want, parse(t, newParser(), s[:c], s[c:])); d != "" {
			t.Fatalf("cut at %d (-whole +cut):\n%s", c, d)
		}
		if d := cmp.Diff(want, parse(t, newParser(), splitBytes(s)...)); d != "" {
			t.Fatalf("byte by byte (-whole +cut):\n%s", d)
		}
		if want.Done {
			checkHead(t, want)
		}
	})
}

// checkHead checks that a parsed head follows the grammar, and that it is the same
// after it is written and parsed again.
func checkHead(t *testing.T, r result) {
	t.Helper()
	if i := strings.Index(r.Raw, "\r\n\r\n"); i != len(r.Raw)-4 {
		t.Fatalf("the empty line of %q is at %d", r.Raw, i)
	}
	if r.Resp != nil {
		if r.Resp.Status > 599 {
			return // read, but never written
		}
		b, err := AppendResponse(nil, r.Resp)
		if err != nil {
			t.Fatal(err)
		}
		again := parse(t, NewResponseParser(len(b), 0), string(b))
		if r.Resp.Reason == "" {
			again.Resp.Reason = ""
		}
		if d := cmp.Diff(r.Resp, again.Resp); d != "" {
			t.Fatalf("written and parsed again (-first +again):\n%s", d)
		}
		return
	}
	for _, field := range r.Req.Fields {
		if err := CheckField(field); err != nil {
			t.Fatal(err)
		}
	}
	r.Req.Cookies()
	if r.Req.Minor == 0 || CheckTarget(r.Req.Target) != nil {
		return // read, but never written
	}
	b, err := AppendRequest(nil, r.Req)
	if err != nil {
		t.Fatal(err)
	}
	again := parse(t, NewRequestParser(len(b), 0), string(b))
	if d := cmp.Diff(r.Req, again.Req); d != "" {
		t.Fatalf("written and parsed again (-first +again):\n%s", d)
	}
}
