package head

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sans-io/websocket-driver/driver/ws"
)

// result is everything that a caller sees of a Parser.
type result struct {
	N    int
	Done bool
	Err  *ws.Error
	Raw  string
	Req  *Request
	Resp *Response
}

// parse feeds the chunks to p and stops where a caller would. It overwrites each
// chunk afterwards to reveal a retained reference.
func parse(t *testing.T, p *Parser, chunks ...string) (r result) {
	t.Helper()
	for _, chunk := range chunks {
		b := []byte(chunk)
		n, done, err := p.Parse(b)
		if string(b) != chunk {
			t.Fatalf("Parse changed its input %q", chunk)
		}
		for i := range b {
			b[i] = '?'
		}
		r.N += n
		if err != nil && !errors.As(err, &r.Err) {
			t.Fatalf("Parse: %T, want *ws.Error", err)
		}
		if r.Done = done; done || err != nil {
			break
		}
		if n != len(chunk) {
			t.Fatalf("Parse took %d of %q and wants more", n, chunk)
		}
	}
	r.Raw, r.Req, r.Resp = string(p.Raw()), p.Request(), p.Response()
	checkSticky(t, p, r)
	return r
}

// checkSticky checks that a verdict is final and that nothing more is consumed.
func checkSticky(t *testing.T, p *Parser, r result) {
	t.Helper()
	if !r.Done && r.Err == nil {
		return
	}
	n, done, err := p.Parse([]byte("GET / HTTP/1.1\r\n"))
	var e *ws.Error
	errors.As(err, &e)
	if n != 0 || done != r.Done || e != r.Err || string(p.Raw()) != r.Raw {
		t.Fatalf("Parse after its verdict: %d, %v, %v", n, done, err)
	}
}

// parseEverySplit parses s whole, in two parts at every position, and byte by byte,
// and checks that the result is the same.
func parseEverySplit(t *testing.T, newParser func() *Parser, s string) result {
	t.Helper()
	want := parse(t, newParser(), s)
	same := func(how string, got result) {
		t.Helper()
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("%s, of %q (-whole +cut):\n%s", how, s, d)
		}
	}
	for i := range len(s) + 1 {
		same("in two", parse(t, newParser(), s[:i], s[i:]))
	}
	same("byte by byte", parse(t, newParser(), splitBytes(s)...))
	if want.Done || want.Err != nil {
		junk := s + "\x00\r\n\r\nGET /junk"
		same("with junk after it", parse(t, newParser(), junk))
		same("with junk after it, byte by byte", parse(t, newParser(), splitBytes(junk)...))
	}
	if !strings.HasPrefix(s, want.Raw) || len(want.Raw) != want.N {
		t.Fatalf("Raw is %q after %d bytes of %q", want.Raw, want.N, s)
	}
	return want
}

// splitBytes cuts s into its bytes; strings.Split would keep runes whole.
func splitBytes(s string) []string {
	parts := make([]string, len(s))
	for i := range parts {
		parts[i] = s[i : i+1]
	}
	return parts
}

// lines joins lines to a head with its empty line.
func lines(l ...string) string { return strings.Join(l, "\r\n") + "\r\n\r\n" }

func newRequest() *Parser  { return NewRequestParser(0, 0) }
func newResponse() *Parser { return NewResponseParser(0, 0) }
