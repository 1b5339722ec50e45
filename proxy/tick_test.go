package proxy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/driver/wstest"
	"github.com/sans-io/websocket-driver/proxy"
)

// never is what wantNext takes for no limit.
var never = at(-1e6 * time.Hour)

// wantNext compares NextTick.
func wantNext(t *testing.T, p *proxy.Exchange, next time.Time) {
	t.Helper()
	got, ok := p.NextTick()
	if !ok {
		got = never
	}
	if !got.Equal(next) {
		t.Errorf("next tick at %v, want %v", got, next)
	}
}

// wantLate ticks just before the limit, backwards, and at the limit, and expects the
// Close event.
func wantLate(t *testing.T, p *proxy.Exchange, limit time.Duration) {
	t.Helper()
	wantNext(t, p, at(limit))
	p.Tick(at(limit - 1))
	p.Tick(at(-limit))
	if isPending(p) {
		t.Error("too early")
	}
	wantNext(t, p, at(limit))
	p.Tick(at(limit))
	if !isPending(p) {
		t.Error("nothing pending")
	}
	wantNext(t, p, never)
	if o := play(t, p, false); o.kind() != ws.Close || o.Events[0].Code != ws.CodeAbnormal {
		t.Errorf("%+v", o)
	}
	p.Tick(at(100 * limit))
	if isPending(p) {
		t.Error("a second event")
	}
}

func TestTimeout(t *testing.T) {
	p := mustNew(t, "http://proxy", "ws://example.com/", nil)
	wantNext(t, p, never)
	p.Tick(at(-time.Hour)) // nothing to start yet
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	wantNext(t, p, time.Time{})
	p.Tick(at(0))
	wstest.Feed(p, []byte("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 ")) // input does not extend it
	wantLate(t, p, 10*time.Second)
	if e := peerError(t, p); !strings.Contains(e.Msg, "longer than 10s") || e.Status != 0 {
		t.Errorf("%v, status %d", e, e.Status)
	}
}

// TestTimeoutOfRefusal: the error is the refusal, not the limit.
func TestTimeoutOfRefusal(t *testing.T) {
	p := start(t, &proxy.Config{Timeout: time.Minute})
	p.Tick(at(0))
	wstest.Feed(p, []byte(lines("HTTP/1.1 503 Busy")+"come back"))
	wantLate(t, p, time.Minute)
	if e := peerError(t, p); e.Status != 503 || string(p.Response().Body) != "come back" {
		t.Errorf("%v, response %+v", e, p.Response())
	}
}

// TestTimeoutAfterChallenge: the limit applies to the whole exchange, and a body that
// does not end requires a new connection.
func TestTimeoutAfterChallenge(t *testing.T) {
	p := start(t, basic())
	p.Tick(at(0))
	wstest.Feed(p, []byte(demand(askBasic)))
	wantLate(t, p, 10*time.Second)
	if p.Retry() != nil || peerError(t, p).Status != 0 {
		t.Errorf("the answer did not come: %v", p.Err())
	}

	p = start(t, basic())
	p.Tick(at(0))
	wstest.Feed(p, []byte(lines("HTTP/1.1 407 No", askBasic, "Content-Length: 5")+"hell"))
	wantLate(t, p, 10*time.Second)
	if p.Retry() == nil || peerError(t, p).Status != 407 {
		t.Errorf("the body did not end: %v", p.Err())
	}
}

func TestNoTimeout(t *testing.T) {
	p := start(t, &proxy.Config{Timeout: -1})
	wantNext(t, p, never)
	p.Tick(at(0))
	p.Tick(at(1e6 * time.Second))
	if o := play(t, p, false, []byte(opened)); o.kind() != ws.Open {
		t.Errorf("%+v", o)
	}
}

// TestEOFFirst: the first cause counts.
func TestEOFFirst(t *testing.T) {
	p := start(t, nil)
	p.Tick(at(0))
	p.EOF()
	wantNext(t, p, never)
	p.Tick(at(time.Hour))
	play(t, p, false)
	if strings.Contains(p.Err().Error(), "longer") {
		t.Errorf("%v", p.Err())
	}

	p = start(t, nil)
	p.Tick(at(0))
	p.Tick(at(time.Hour))
	play(t, p, true)
	if !strings.Contains(peerError(t, p).Msg, "longer") {
		t.Errorf("%v", p.Err())
	}
}
