package proxy_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sans-io/websocket-driver/driver/head"
	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/driver/wstest"
	"github.com/sans-io/websocket-driver/proxy"
)

// demand is a 407 without a body and with the fields.
func demand(fields ...string) string {
	return lines(append([]string{"HTTP/1.1 407 Proxy Authentication Required", "Content-Length: 0"}, fields...)...)
}

const (
	askBasic  = `Proxy-Authenticate: Basic realm="x"`
	askDigest = `Proxy-Authenticate: Digest realm="r", nonce="n", qop="auth"`
	opened    = "HTTP/1.1 200 OK\r\n\r\n"
	sentBasic = "Proxy-Authorization: Basic dXNlcjpwdw=="
	sentMD5   = `Proxy-Authorization: Digest username="user", realm="r", nonce="n", uri="example.com:80", ` +
		`response="fc9e60ec2e9a25ef200994a8dd8455fe", qop=auth, nc=00000001, cnonce="00000000000000000000000000000000"`
)

func basic() *proxy.Config { return &proxy.Config{Challenge: proxy.Basic("user", "pw"), Rand: zeros{}} }
func digest() *proxy.Config {
	return &proxy.Config{Challenge: proxy.Digest("user", "pw"), Rand: zeros{}}
}

// TestAnswered answers a 407 on the same connection.
func TestAnswered(t *testing.T) {
	custom := basic()
	custom.Fields = []head.Field{{Name: "Proxy-Authorization", Value: "Bearer old"}, {Name: "X", Value: "y"}}
	for _, test := range []struct {
		name string
		c    *proxy.Config
		in   string
		want string
	}{
		{"RFC 7617 2 Basic", basic(), demand(askBasic), request() + request(sentBasic)},
		{"RFC 7616 3.4 Digest", digest(), demand(askDigest), request() + request(sentMD5)},
		{"RFC 9110 11.7.1 one of several", basic(), demand("Proxy-Authenticate: Negotiate", askDigest+", Basic realm=x"), request() + request(sentBasic)},
		{"RFC 9110 11.7.2 fields again, authorization anew", custom, demand(askBasic), request("X: y", "Proxy-Authorization: Bearer old") + request("X: y", sentBasic)},
		{"RFC 9112 6.3 a body", basic(), lines("HTTP/1.1 407 No", askBasic, "Content-Length: 10") + "0123456789", request() + request(sentBasic)},
		{"RFC 9112 7.1 a chunked body", basic(), lines("HTTP/1.1 407 No", askBasic, "Transfer-Encoding: chunked") + "5\r\nhello\r\n0\r\nX: y\r\n\r\n", request() + request(sentBasic)},
		{"RFC 9112 9.3 HTTP/1.0", basic(), lines("HTTP/1.0 407 No", askBasic, "Proxy-Connection: keep-alive", "Content-Length: 2") + "no", request() + request(sentBasic)},
		{"RFC 9110 15.2 interim answers", basic(), lines("HTTP/1.1 100 Continue") + demand(askBasic) + lines("HTTP/1.1 103 Hm"), request() + request(sentBasic)},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := playSplits(t, func() *proxy.Exchange { return start(t, test.c) }, false, test.in+opened)
			if diff := cmp.Diff(test.want, o.Output); diff != "" || o.kind() != ws.Open || o.Used != len(test.in+opened) || o.Response.Status != 200 {
				t.Errorf("%+v; output (-want +got):\n%s", o, diff)
			}
		})
	}
}

// TestURLAnswersDigest: the user name in the URL of the proxy answers Digest too.
func TestURLAnswersDigest(t *testing.T) {
	begin := func() *proxy.Exchange {
		p := mustNew(t, "http://user:pw@proxy", "ws://example.com/", &proxy.Config{Rand: zeros{}})
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		return p
	}
	o := playSplits(t, begin, false, demand(askBasic, askDigest)+opened)
	if diff := cmp.Diff(request(sentBasic)+request(sentMD5), o.Output); diff != "" || o.kind() != ws.Open {
		t.Errorf("%v; output (-want +got):\n%s", o.kind(), diff)
	}
	if o = playSplits(t, begin, false, demand(askBasic)); o.kind() != ws.Close || o.Response.Status != 407 || o.Retry != "" {
		t.Errorf("Basic, which has been tried: %+v", o)
	}
}

// TestRetry: when the answer needs a new connection.
func TestRetry(t *testing.T) {
	demand := func(status string, fields ...string) string {
		return lines(append([]string{status, askBasic}, fields...)...)
	}
	for _, test := range []struct {
		name, in string
		eof      bool
	}{
		{"RFC 9112 9.6 close", demand("HTTP/1.1 407 No", "Content-Length: 0", "Connection: close"), false},
		{"RFC 9112 9.6 Proxy-Connection", demand("HTTP/1.1 407 No", "Content-Length: 0", "Proxy-Connection: close"), false},
		{"RFC 9112 9.3 HTTP/1.0", demand("HTTP/1.0 407 No", "Content-Length: 0"), false},
		{"RFC 9112 6.3 no length", demand("HTTP/1.1 407 No"), false},
		{"RFC 9112 6.3 a long body", demand("HTTP/1.1 407 No", "Content-Length: 65537"), false},
		{"RFC 9112 8 an incomplete body", demand("HTTP/1.1 407 No", "Content-Length: 5") + "hell", true},
		{"RFC 9112 7.1 malformed chunks", demand("HTTP/1.1 407 No", "Transfer-Encoding: chunked") + "x", false},
		{"RFC 9112 9.5 closed nevertheless", demand("HTTP/1.1 407 No", "Content-Length: 0"), true},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := (*proxy.Exchange)(nil)
			o := playSplits(t, func() *proxy.Exchange { p = start(t, basic()); return p }, test.eof, test.in)
			if o.kind() != ws.Close || o.Events[0].Code != ws.CodeAbnormal || o.Retry != request(sentBasic) || o.Response.Status != 407 {
				t.Fatalf("%+v", o)
			}
			if e := peerError(t, p); e.Status != 407 || !strings.Contains(e.Msg, "new connection") {
				t.Errorf("%v, status %d", e, e.Status)
			}
			if o := play(t, p.Retry(), false, []byte(opened)); o.kind() != ws.Open {
				t.Errorf("the new connection: %+v", o)
			}
		})
	}
}

// TestRetryContinues: an exchange on a new connection knows what has been tried, and
// has the whole time limit.
func TestRetryContinues(t *testing.T) {
	c := basic()
	c.Timeout = time.Minute
	p := start(t, c)
	p.Tick(at(0))
	wstest.Feed(p, []byte(demand(askBasic, "Connection: close")))
	again := p.Retry()
	if err := again.Start(); err != nil {
		t.Fatal(err)
	}
	again.Tick(at(time.Hour))
	wantNext(t, again, at(time.Hour+time.Minute))
	o := play(t, again, false, []byte(demand(askBasic, "Connection: close")))
	if o.kind() != ws.Close || o.Retry != "" || o.Response.Status != 407 {
		t.Errorf("%+v", o)
	}
}

// TestNoRetry: there is no retry if the connection ends after more than the 407.
func TestNoRetry(t *testing.T) {
	for _, more := range []string{"H", lines("HTTP/1.1 100 Continue"), lines("HTTP/1.1 502 Bad")} {
		o := playSplits(t, func() *proxy.Exchange { return start(t, basic()) }, true, demand(askBasic)+more)
		if o.kind() != ws.Close || o.Retry != "" {
			t.Errorf("%q: %+v", more, o)
		}
	}
}

// TestSecond407: a second 407 ends the exchange unless another answer can help.
func TestSecond407(t *testing.T) {
	stale := strings.Replace(askDigest, `"n"`, `"m", stale=TRUE`, 1)
	for _, test := range []struct {
		name string
		c    *proxy.Config
		in   []string // the 407s
		sent int      // requests
	}{
		{"RFC 7617 2 Basic", basic(), []string{askBasic, askBasic}, 2},
		{"RFC 7616 3.3 the same nonce", digest(), []string{askDigest, askDigest}, 2},
		{"RFC 7616 3.3 a new nonce", digest(), []string{askDigest, strings.Replace(askDigest, `"n"`, `"m"`, 1)}, 2},
		{"RFC 7616 3.3 not stale", digest(), []string{askDigest, strings.Replace(stale, "TRUE", "false", 1)}, 2},
		{"RFC 7616 3.3 stale, then wrong", digest(), []string{askDigest, stale, askDigest}, 3},
		{"RFC 7616 3.3 stale forever", digest(), []string{askDigest, stale, stale, stale, stale}, 5},
		{"weaker", &proxy.Config{Challenge: either, Rand: zeros{}}, []string{askDigest, askBasic}, 2},
		{"none", basic(), []string{askBasic, "X: y"}, 2},
		{"several rounds", &proxy.Config{Challenge: rounds}, []string{"Proxy-Authenticate: NTLM", "Proxy-Authenticate: ntlm abc="}, 3},
		{"rounds without end", &proxy.Config{Challenge: rounds}, slices.Repeat([]string{"Proxy-Authenticate: NTLM x"}, 5), 5},
	} {
		t.Run(test.name, func(t *testing.T) {
			in := ""
			for _, field := range test.in {
				in += demand(field)
			}
			events := []ws.Event{}
			out := ""
			p := start(t, test.c)
			for rest := []byte(in); ; {
				out += string(p.Take(nil))
				if len(rest) == 0 || isDone(p) {
					break
				}
				n, ev := p.Parse(rest[:1])
				if rest = rest[n:]; ev.Kind != ws.None {
					events = append(events, ev)
				}
			}
			ended := test.name != "several rounds"
			if sent := strings.Count(out, "CONNECT "); sent != test.sent || isDone(p) != ended || len(events) > 1 || p.Retry() != nil {
				t.Errorf("%d requests, want %d; done %v, %d events", sent, test.sent, isDone(p), len(events))
			}
			if ended && peerError(t, p).Status != 407 {
				t.Error(p.Err())
			}
		})
	}
}

// either answers Digest, and Basic otherwise.
func either(c *proxy.Challenge) (string, error) {
	if a, err := proxy.Digest("user", "pw")(c); a != "" || err != nil {
		return a, err
	}
	return proxy.Basic("user", "pw")(c)
}

// rounds answers with the token of the challenge.
func rounds(c *proxy.Challenge) (string, error) { return strings.TrimSpace("NTLM " + c.Token), nil }

// TestStrongestFirst checks which challenges the hook gets, and in which order.
func TestStrongestFirst(t *testing.T) {
	var asked []string
	random := zeros{}
	c := &proxy.Config{Rand: random, Challenge: func(c *proxy.Challenge) (string, error) {
		if c.Method != "CONNECT" || c.Target != "example.com:80" || c.Rand != random {
			t.Errorf("challenge %+v", c)
		}
		asked = append(asked, strings.TrimSpace(c.Scheme+" "+c.Param("Algorithm")+c.Token))
		return "", nil
	}}
	o := play(t, start(t, c), false, []byte(demand("Proxy-Authenticate: Basic realm=x, Digest nonce=n, Digest algorithm=SHA-256-sess",
		"proxy-authenticate: DIGEST algorithm=SHA-256, digest algorithm=MD5-sess, BASIC, Negotiate, NTLM abc=")))
	want := []string{"Negotiate", "NTLM abc=", "Digest SHA-256-sess", "DIGEST SHA-256", "Digest", "digest MD5-sess", "Basic", "BASIC"}
	if diff := cmp.Diff(want, asked); diff != "" || o.kind() != ws.Close {
		t.Errorf("%v; asked (-want +got):\n%s", o.kind(), diff)
	}
}

// TestHookFails: an error of the hook ends the exchange, and Err wraps it.
func TestHookFails(t *testing.T) {
	broken := errors.New("no ticket")
	for _, test := range []struct {
		name   string
		c      *proxy.Config
		target error
	}{
		{"an error", &proxy.Config{Challenge: func(*proxy.Challenge) (string, error) { return "s3cret", broken }}, broken},
		{"no randomness", &proxy.Config{Challenge: proxy.Digest("user", "pw"), Rand: failing{}}, errNoEntropy},
		{"no field value", &proxy.Config{Challenge: func(*proxy.Challenge) (string, error) { return "Bearer s3cret\r\nX: y", nil }}, ws.ErrInvalid},
	} {
		p := (*proxy.Exchange)(nil)
		o := playSplits(t, func() *proxy.Exchange { p = start(t, test.c); return p }, false, demand(askDigest))
		wantErr(t, p.Err(), test.target)
		if o.kind() != ws.Close || o.Events[0].Code != ws.CodeAbnormal || o.Retry != "" || o.Response.Status != 407 || o.Output != "" {
			t.Errorf("%s: %+v", test.name, o)
		}
		if strings.Contains(fmt.Sprint(o), "s3cret") {
			t.Errorf("%s: a secret shows: %+v", test.name, o)
		}
	}
}
