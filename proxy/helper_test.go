package proxy_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sans-io/websocket-driver/driver/head"
	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/driver/wstest"
	"github.com/sans-io/websocket-driver/proxy"
)

// zeros is a Config.Rand.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// failing is a Config.Rand that returns an error.
type failing struct{}

var errNoEntropy = errors.New("no entropy")

func (failing) Read([]byte) (int, error) { return 0, errNoEntropy }

// lines joins lines to a head.
func lines(s ...string) string { return strings.Join(s, "\r\n") + "\r\n\r\n" }

// request is what an exchange of start sends, with more fields.
func request(fields ...string) string {
	return lines(append([]string{"CONNECT example.com:80 HTTP/1.1", "Host: example.com:80"}, fields...)...)
}

func mustNew(t testing.TB, proxyURL, target string, c *proxy.Config) *proxy.Exchange {
	t.Helper()
	p, err := proxy.New(proxyURL, target, c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// start returns a started exchange about a tunnel to example.com:80.
func start(t testing.TB, c *proxy.Config) *proxy.Exchange {
	t.Helper()
	p := mustNew(t, "http://proxy.example:3128", "ws://example.com/chat", c)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	return p
}

// outcome is what an exchange does with its input.
type outcome struct {
	Events   []wstest.Record
	Used     int // bytes up to the event
	Output   string
	Err      string
	Response *head.Response
	Retry    string // what the exchange on a new connection sends
}

// play gives the chunks to p, and then the end of the transport if eof is true.
func play(t testing.TB, p *proxy.Exchange, eof bool, chunks ...[]byte) outcome {
	t.Helper()
	counted := &counting{Exchange: p}
	events := wstest.Feed(counted, chunks...)
	if eof {
		p.EOF()
		events = append(events, wstest.Feed(counted)...)
	}
	return observe(t, p, events, counted.used)
}

// observe returns the state of p after its events, and checks that it is consistent.
func observe(t testing.TB, p *proxy.Exchange, events []wstest.Record, used int) outcome {
	t.Helper()
	o := outcome{Events: events, Used: used, Output: string(p.Take(nil))}
	if p.Err() != nil {
		o.Err = p.Err().Error()
	}
	if r := p.Response(); r != nil {
		copied := *r
		o.Response = &copied
	}
	if again := p.Retry(); again != nil {
		if p.Retry() != again {
			t.Error("Retry gives two exchanges")
		}
		if err := again.Start(); err != nil {
			t.Fatal(err)
		}
		o.Retry = string(again.Take(nil))
	}
	checkEnd(t, p, o)
	return o
}

// counting counts the bytes that Parse uses up to the event.
type counting struct {
	*proxy.Exchange
	used int
	over bool
}

func (c *counting) Parse(b []byte) (int, ws.Event) {
	n, ev := c.Exchange.Parse(b)
	if !c.over {
		c.used += n
	}
	c.over = c.over || ev.Kind != ws.None
	return n, ev
}

// checkEnd checks that there is at most one event, and that State, Needs, Err and
// NextTick agree with it.
func checkEnd(t testing.TB, p *proxy.Exchange, o outcome) {
	t.Helper()
	if len(o.Events) > 1 {
		t.Errorf("%d events: %v", len(o.Events), o.Events)
	}
	kind, state := ws.None, ws.StateConnecting
	if len(o.Events) > 0 {
		kind = o.Events[0].Kind
	}
	switch kind {
	case ws.Open:
		state = ws.StateOpen
	case ws.Close:
		state = ws.StateClosed
	}
	needs := p.Needs()
	opened := needs == 0 || needs == ws.NeedAnswer // with Detach, or without
	if p.State() != state || isDone(p) != (kind == ws.Close) || opened != (kind == ws.Open) || isPending(p) ||
		(p.Err() != nil) != (kind == ws.Close) || kind != ws.Close && p.Retry() != nil {
		t.Errorf("after %v: %v, needs %v, error %v, retry %v", kind, p.State(), needs, p.Err(), p.Retry() != nil)
	}
	if at, ok := p.NextTick(); kind != ws.None && ok {
		t.Errorf("after %v: a tick at %v", kind, at)
	}
	if kind == ws.Close && p.Buffered() != 0 {
		t.Errorf("after Close: %d bytes to send", p.Buffered())
	}
}

// playSplits plays in at every split and with bytes after it. It checks that all have
// the same outcome, which it returns.
func playSplits(t *testing.T, begin func() *proxy.Exchange, eof bool, in string) outcome {
	t.Helper()
	want := play(t, begin(), eof, []byte(in))
	inputs := []string{in}
	if !eof && len(want.Events) > 0 {
		inputs = append(inputs, in+"\x16\x03\x01HTTP/1.1 200 OK\r\n\r\n")
	}
	for _, in := range inputs {
		wstest.Splits([]byte(in), func(cut string, chunks [][]byte) {
			if got := play(t, begin(), eof, chunks...); !reflect.DeepEqual(want, got) { // cmp takes its time
				t.Errorf("%s, of %q (-whole +cut):\n%s", cut, in, cmp.Diff(want, got))
			}
		})
	}
	return want
}

// kind returns the kind of the one event.
func (o outcome) kind() ws.Kind {
	if len(o.Events) == 0 {
		return ws.None
	}
	return o.Events[0].Kind
}

// wantErr checks the error of a call.
func wantErr(t *testing.T, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Errorf("error %v, want %v", err, target)
	}
}

// peerError returns p.Err as an *Error.
func peerError(t *testing.T, p *proxy.Exchange) *ws.Error {
	t.Helper()
	var e *ws.Error
	if !errors.As(p.Err(), &e) {
		t.Fatalf("Err is %v, not an *Error", p.Err())
	}
	return e
}

// isPaused reports whether p waits for a call and takes no input.
func isPaused(p *proxy.Exchange) bool { return p.Needs()&ws.NeedAnswer != 0 }

// isPending reports whether p may have an event that needs no input.
func isPending(p *proxy.Exchange) bool { return p.Needs()&ws.NeedFetch != 0 }

// isDone reports whether p has ended without a tunnel.
func isDone(p *proxy.Exchange) bool { return p.Needs() == ws.NeedFinish }

// at is a time of the virtual clock.
func at(d time.Duration) time.Time { return time.Unix(1000, 0).Add(d) }
