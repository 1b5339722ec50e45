package proxy_test

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sans-io/websocket-driver/driver/head"
	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/driver/wstest"
	"github.com/sans-io/websocket-driver/proxy"
)

// playIO is play through IO.
func playIO(t *testing.T, p *proxy.Exchange, chunks ...[]byte) outcome {
	t.Helper()
	var events []wstest.Record
	used := 0
	for _, chunk := range chunks {
		if p.State() != ws.StateConnecting {
			break
		}
		if n, err := p.IO().Write(chunk); n != len(chunk) || err != nil {
			t.Fatalf("Write: %d of %d bytes, %v", n, len(chunk), err)
		}
		used += len(chunk)
		events = append(events, wstest.Feed(p)...)
	}
	if p.State() == ws.StateOpen {
		rest := p.Detach()
		if !bytes.HasSuffix(bytes.Join(chunks, nil)[:used], rest) {
			t.Errorf("Detach gives %q", rest)
		}
		used -= len(rest)
	}
	p.EOF()
	events = append(events, wstest.Feed(p)...)
	return observe(t, p, events, used)
}

// FuzzExchange gives arbitrary bytes to exchanges that answer every challenge they
// can. Every split has the same outcome.
func FuzzExchange(f *testing.F) {
	for _, in := range []string{
		opened + "rest",
		lines("HTTP/1.0 200 OK", "Content-Length: 5"),
		lines("HTTP/1.1 103 Early Hints", "Link: x") + lines("HTTP/1.1 403 Forbidden", "Content-Length: 4") + "no!!junk",
		lines("HTTP/1.1 500 Oh", "Transfer-Encoding: chunked") + "3\r\nabc\r\n0\r\n\r\n",
		demand(askBasic) + demand(askDigest) + opened,
		demand(askDigest) + demand(strings.Replace(askDigest, `"n"`, `"m", stale=true, algorithm=SHA-256`, 1)) + opened,
		lines("HTTP/1.1 407 No", "Proxy-Authenticate: NTLM", "Transfer-Encoding: chunked") + "5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n" + opened,
		lines("HTTP/1.1 407 No", "Proxy-Authenticate: X a=\"\\\"\",b=c, Y z==", "Connection: close"),
		"\x16\x03\x01",
	} {
		f.Add(uint64(1), in)
	}
	answer := func(c *proxy.Challenge) (string, error) {
		if head.EqualFold(c.Scheme, "Digest") || head.EqualFold(c.Scheme, "Basic") {
			return either(c)
		}
		return c.Scheme + " " + "x", nil
	}
	f.Fuzz(func(t *testing.T, seed uint64, in string) {
		begin := func() *proxy.Exchange {
			return start(t, &proxy.Config{MaxHead: 300, Challenge: answer, Rand: zeros{}})
		}
		want := play(t, begin(), true, []byte(in))
		if n := strings.Count(want.Output, "CONNECT "); len(want.Events) != 1 || n > 5 {
			t.Errorf("%d requests, events %v", n, want.Events)
		}
		if r := want.Response; r != nil && len(r.Body) > 1024 {
			t.Errorf("a body of %d bytes", len(r.Body))
		}
		rnd := rand.New(rand.NewPCG(seed, 0))
		chunks := wstest.Cut([]byte(in), func() int { return 1 + rnd.IntN(30) })
		if got := play(t, begin(), true, chunks...); !reflect.DeepEqual(want, got) {
			t.Errorf("cut (-whole +cut):\n%s", cmp.Diff(want, got))
		}
		got := playIO(t, begin(), chunks...)
		if want.kind() == ws.Close {
			got.Used = want.Used // IO does not say
		}
		if !reflect.DeepEqual(want, got) {
			t.Errorf("streams (-whole +streams):\n%s", cmp.Diff(want, got))
		}
	})
}
