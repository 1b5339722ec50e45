package driver_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sans-io/websocket-driver/driver"
)

// end is one end of a connection that does what Needs says and nothing else.
type end struct {
	*driver.Driver
	handle func(driver.Event)
	log    []string // kinds of events, with the code of a Close
	in     []byte   // what the wire has brought
	ended  bool     // the other end has closed its transport
	batch  []byte   // taken, and not written yet
	closed bool     // this end has closed its transport
}

// wire is how many bytes are on the way in one direction at most.
const wire = 64 << 10

// turn does one thing that Needs asks for, and reports whether there was one that
// could be done.
func (e *end) turn(to *end, now *time.Time) bool {
	if to.closed { // nothing takes it
		e.batch = nil
	}
	if n := min(len(e.batch), wire-len(to.in)); n > 0 && !e.closed {
		to.in = append(to.in, e.batch[:n]...)
		e.batch = e.batch[n:]
		return true
	}
	needs := e.Needs()
	switch {
	case needs&driver.NeedFetch != 0:
		e.events(nil)
	case needs&driver.NeedOutput != 0 && len(e.batch) == 0:
		e.batch = e.Take(nil)
	case needs&driver.NeedInput != 0 && len(e.in) > 0:
		in := e.in
		e.in = nil
		e.events(in)
	case needs&driver.NeedInput != 0 && e.ended && len(e.in) == 0 && !e.closed:
		e.closed = true // a transport that has ended is not read again
		e.EOF()
		to.ended = true
	case needs == driver.NeedFinish && len(e.batch) == 0 && !e.closed:
		e.closed = true
		to.ended = true
	default:
		if at, ok := e.NextTick(); ok && at.IsZero() {
			e.Tick(*now)
			return true
		}
		return false
	}
	return true
}

func (e *end) events(in []byte) {
	for ev := range e.Events(in) {
		text := ev.Kind.String()
		if ev.Kind == driver.Close || ev.Kind == driver.PeerClose {
			text += fmt.Sprintf(" %d", ev.Code)
		}
		e.log = append(e.log, text)
		if e.handle != nil {
			e.handle(ev)
		}
	}
}

// runEnds lets both ends do what they need until both are finished, moving the
// clock when nothing else can be done. It fails if they stand still.
func runEnds(t *testing.T, a, b *end) {
	t.Helper()
	now := at(0)
	for turns := 0; a.Needs() != driver.NeedFinish || b.Needs() != driver.NeedFinish; turns++ {
		if turns > 1e6 {
			t.Fatalf("no end: needs %v and %v, %v and %v", a.Needs(), b.Needs(), a.log, b.log)
		}
		if a.turn(b, &now) || b.turn(a, &now) {
			continue
		}
		var next time.Time
		for _, e := range []*end{a, b} {
			if at, ok := e.NextTick(); ok && (next.IsZero() || at.Before(next)) {
				next = at
			}
		}
		if next.IsZero() {
			t.Fatalf("both stand still: needs %v and %v, %v and %v", a.Needs(), b.Needs(), a.log, b.log)
		}
		now = next
		a.Tick(now)
		b.Tick(now)
	}
}

// newEnds returns a client and a server that accepts it.
func newEnds(t *testing.T, client, server *driver.Config) (c, s *end) {
	t.Helper()
	d, err := driver.NewClient("ws://example.com/chat", client)
	if err != nil {
		t.Fatal(err)
	}
	c, s = &end{Driver: d}, &end{Driver: driver.NewServer(server)}
	s.handle = func(ev driver.Event) {
		if ev.Kind == driver.Connect {
			if err := s.Start(); err != nil {
				_ = s.Refuse(err)
			}
		}
	}
	if needs := d.Needs(); needs != driver.NeedAnswer {
		t.Errorf("a client before Start needs %v", needs)
	}
	if err := d.Start(); err != nil {
		t.Fatal(err)
	}
	return c, s
}

// TestNeedsTakesLast: a server that takes before it reads does not end with the
// close reply inside.
func TestNeedsTakesLast(t *testing.T) {
	d := openServer(t, nil, request13())
	want(t, d, masked(opFin|opClose, closing(1000, "")), "Close 1000")
	if needs := d.Needs(); needs != driver.NeedOutput {
		t.Errorf("needs %v, not NeedOutput", needs)
	}
	wantOut(t, d, plain(opFin|opClose, closing(1000, "")))
	if needs := d.Needs(); needs != driver.NeedFinish {
		t.Errorf("needs %v, not NeedFinish", needs)
	}
}

// TestNeedsInPause: while a request waits for its response the end of the transport
// changes nothing, so that a client that has closed its half still gets one; no
// loop spins, since NeedAnswer does not ask for input.
func TestNeedsInPause(t *testing.T) {
	paused := func() *driver.Driver {
		d := driver.NewServer(nil)
		want(t, d, request13(), "Connect")
		d.EOF()
		d.EOF()
		want(t, d, "")
		if needs := d.Needs(); needs != driver.NeedAnswer {
			t.Fatalf("needs %v, not NeedAnswer", needs)
		}
		return d
	}
	d := paused()
	if err := d.Reject(404, nil, nil); err != nil {
		t.Fatal(err)
	}
	want(t, d, "", "Close 1006")
	if out := string(d.Take(nil)); !strings.HasPrefix(out, "HTTP/1.1 404 ") || d.Needs() != driver.NeedFinish {
		t.Errorf("%q, needs %v", out, d.Needs())
	}
	d = paused()
	if err := d.Start(); err != nil {
		t.Fatal(err)
	}
	want(t, d, "", "Open", "Close 1006")
	if d.Err() != io.ErrUnexpectedEOF {
		t.Errorf("Err %v", d.Err())
	}
	d = paused()
	if b := d.Detach(); string(b) != request13() || d.Needs() != 0 {
		t.Errorf("Detach %q, needs %v", b, d.Needs())
	}
	c, err := driver.NewClient("ws://example.com/", &driver.Config{ExtendedConnect: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if c.EOF(); c.Needs() != driver.NeedFetch {
		t.Errorf("a client that waits for Respond needs %v after EOF", c.Needs())
	}
	want(t, c, "", "Close 1006")
}

// TestNextTickIsNoTrap: time until the next tick never lies hundreds of years back
// unless it is due at once, which the zero Time says.
func TestNextTickIsNoTrap(t *testing.T) {
	if at, ok := openServer(t, nil, request13()).NextTick(); ok {
		t.Errorf("no limit runs, but the next tick is at %v", at)
	}
	if at, ok := driver.NewServer(nil).NextTick(); !ok || !at.IsZero() {
		t.Errorf("a limit waits for its start, and the next tick is at %v, %v", at, ok)
	}
}

// TestNeedsOnClient: a server's loop copied for a client ends by the client's clock
// where the server never closes the transport (RFC 6455, section 7.1.1).
func TestNeedsOnClient(t *testing.T) {
	d := openClient(t, nil)
	if err := d.Close(1000, ""); err != nil {
		t.Fatal(err)
	}
	d.Take(nil)
	want(t, d, plain(opFin|opClose, closing(1000, "")), "Close 1000")
	if d.Needs() != driver.NeedInput {
		t.Fatalf("needs %v, not NeedInput", d.Needs())
	}
	d.Tick(at(0))
	if ended := d.Tick(at(5 * time.Second)); !ended || d.Needs() != driver.NeedFinish {
		t.Errorf("Tick %v, needs %v", ended, d.Needs())
	}
}

// TestNeedsFullDuplex: two ends that each send 4 MiB over 64 KiB of wire finish.
func TestNeedsFullDuplex(t *testing.T) {
	const count, size = 4, 1 << 20
	c, s := newEnds(t, nil, nil)
	start := s.handle
	for _, e := range []*end{c, s} {
		got := 0
		e.handle = func(ev driver.Event) {
			switch start(ev); ev.Kind {
			case driver.Open:
				for range count {
					if err := e.Binary(make([]byte, size)); err != nil {
						t.Error(err)
					}
				}
			case driver.Binary:
				if got++; got == count && e == c {
					_ = e.Close(driver.CodeNormal, "")
				}
			case driver.Close:
				if got != count || ev.Code != driver.CodeNormal {
					t.Errorf("%d messages before Close %d", got, ev.Code)
				}
			}
		}
	}
	runEnds(t, c, s)
}

// TestNeedsBoundsPongs: a peer that sends 100,000 pings and never reads makes
// MaxPongs pongs wait, and not more.
func TestNeedsBoundsPongs(t *testing.T) {
	d := openServer(t, nil, request13())
	ping := masked(opFin|opPing, strings.Repeat("p", 125))
	batch, most := 0, 0
	for i := range 100_000 {
		parse(d, ping)
		if i == 0 { // it is being written, for ever
			batch = len(d.Take(nil))
		}
		most = max(most, d.Buffered())
	}
	if limit := driver.DefaultMaxPongs * 127; most > limit || batch != 127 {
		t.Errorf("%d bytes wait, the limit is %d", most, limit)
	}
}

// TestNeedsFetch: what waits inside the driver is seen without input.
func TestNeedsFetch(t *testing.T) {
	d := openServer(t, nil, request13())
	two := []byte(masked(opFin|opText, "one") + masked(opFin|opText, "two"))
	for range d.Events(two) {
		break
	}
	if d.Needs() != driver.NeedFetch {
		t.Errorf("a message is left of Events: needs %v", d.Needs())
	}
	want(t, d, "", "Text two")
	if d.Needs() != driver.NeedInput {
		t.Errorf("nothing is left: needs %v", d.Needs())
	}
	d = driver.NewServer(nil)
	if _, err := io.WriteString(d.IO(), request13()+masked(opFin|opText, "early")); err != nil {
		t.Fatal(err)
	}
	if d.Needs() != driver.NeedFetch {
		t.Errorf("IO.Write has taken a request: needs %v", d.Needs())
	}
	want(t, d, "", "Connect")
	if d.Needs() != driver.NeedAnswer {
		t.Errorf("the request waits: needs %v", d.Needs())
	}
	_ = d.Start()
	want(t, d, "", "Open", "Text early")
	if _, ev := d.Parse(nil); ev.Kind != driver.None {
		t.Errorf("%v", ev)
	}
	if err := d.Text(nil); err != nil || d.Needs() != driver.NeedInput|driver.NeedOutput {
		t.Errorf("%v, needs %v", err, d.Needs())
	}
}

// TestNeedsEveryVersion: handshake, echo, and every order of closing come to an end
// by Needs alone, in all versions, also where one side just ends its transport.
func TestNeedsEveryVersion(t *testing.T) {
	type orders struct {
		name           string
		client, server func(e *end, ev driver.Event)
	}
	closeAt := func(k driver.Kind) func(*end, driver.Event) {
		return func(e *end, ev driver.Event) {
			if ev.Kind == k {
				_ = e.Close(driver.CodeNormal, "")
			}
		}
	}
	nothing := func(*end, driver.Event) {}
	for _, o := range []orders{
		{"client closes", closeAt(driver.Text), nothing},
		{"server closes", nothing, closeAt(driver.Text)},
		{"both close", closeAt(driver.Open), closeAt(driver.Open)},
		{"the server closes at once", nothing, closeAt(driver.Open)},
		{"the client vanishes", func(e *end, ev driver.Event) {
			if ev.Kind == driver.Open {
				e.EOF()
			}
		}, closeAt(driver.Text)},
	} {
		for _, v := range driver.AllVersions() {
			for _, hold := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%v/hold %v", o.name, v, hold), func(t *testing.T) {
					c, s := newEnds(t, &driver.Config{Version: v, HoldClose: hold},
						&driver.Config{Versions: driver.AllVersions(), HoldClose: hold})
					start := s.handle
					for _, side := range []struct {
						e  *end
						do func(*end, driver.Event)
					}{{c, o.client}, {s, o.server}} {
						e := side.e
						e.handle = func(ev driver.Event) {
							if start(ev); ev.Kind == driver.PeerClose {
								_ = e.Close(ev.Code, string(ev.Data))
							}
							side.do(e, ev)
						}
					}
					if err := c.Text([]byte("hello")); err != nil {
						t.Fatal(err)
					}
					echo := s.handle
					s.handle = func(ev driver.Event) {
						if ev.Kind == driver.Text {
							_ = s.Text(ev.Data)
						}
						echo(ev)
					}
					runEnds(t, c, s)
					for _, e := range []*end{c, s} {
						last := e.log[len(e.log)-1]
						if !strings.HasPrefix(last, "Close") || slices.IndexFunc(e.log, func(s string) bool { return strings.HasPrefix(s, "Close") }) != len(e.log)-1 {
							t.Errorf("events %v", e.log)
						}
					}
				})
			}
		}
	}
}

// TestNeedsRefusals: refusals of every kind come to an end by Needs alone.
func TestNeedsRefusals(t *testing.T) {
	for name, handle := range map[string]func(*end){
		"Reject": func(s *end) { _ = s.Reject(403, nil, []byte("no")) },
		"Refuse": func(s *end) { _ = s.Refuse(errors.New("secret")) },
	} {
		c, s := newEnds(t, nil, nil)
		s.handle = func(ev driver.Event) {
			if ev.Kind == driver.Connect {
				handle(s)
			}
		}
		runEnds(t, c, s)
		e := peerError(t, c.Driver)
		if e.Status != s.Response().Status || bytes.Contains(c.Response().Body, []byte("secret")) {
			t.Errorf("%s: the client sees %v with body %q", name, e, c.Response().Body)
		}
	}
	c, s := newEnds(t, &driver.Config{Version: driver.Hixie76}, nil) // not served
	runEnds(t, c, s)
	if e := peerError(t, c.Driver); e.Status != 426 || c.Response().Get("Sec-WebSocket-Version") != "13, 8, 7" {
		t.Errorf("%v, %v", e, c.Response())
	}
}

// TestNeedsExtendedConnect: a client waits for Start, then for Respond; a server
// for Start.
func TestNeedsExtendedConnect(t *testing.T) {
	c, err := driver.NewClient("wss://example.com/", &driver.Config{ExtendedConnect: true})
	if err != nil {
		t.Fatal(err)
	}
	needs := []driver.Need{c.Needs()}
	_ = c.Start()
	needs = append(needs, c.Needs())
	s := driver.FromRequest(c.Request(), nil)
	needs = append(needs, s.Needs())
	_ = s.Start()
	needs = append(needs, s.Needs())
	_ = c.Respond(s.Response())
	needs = append(needs, c.Needs())
	const answer, fetch = driver.NeedAnswer, driver.NeedFetch
	if want := []driver.Need{answer, answer, answer, fetch, fetch}; !slices.Equal(needs, want) {
		t.Errorf("needs %v, want %v", needs, want)
	}
	a, b := &end{Driver: c}, &end{Driver: s}
	_ = c.Close(driver.CodeNormal, "")
	runEnds(t, a, b)
}

// TestNeedString names each need.
func TestNeedString(t *testing.T) {
	for need, text := range map[driver.Need]string{
		0:                                     "0",
		driver.NeedInput | driver.NeedOutput:  "NeedInput|NeedOutput",
		driver.NeedFetch:                      "NeedFetch",
		driver.NeedAnswer | driver.NeedOutput: "NeedAnswer|NeedOutput",
		driver.NeedFinish:                     "NeedFinish",
	} {
		if need.String() != text {
			t.Errorf("%q, not %q", need.String(), text)
		}
	}
}

// TestWake: input, the end of the transport and a tick that is due, in one call; the
// clock is read only if a limit runs.
func TestWake(t *testing.T) {
	d := openServer(t, nil, request13())
	for ev := range d.Wake([]byte(masked(opFin|opText, "hello")), false, func() time.Time {
		t.Error("the clock is read without a limit")
		return at(0)
	}) {
		if ev.Kind != driver.Text {
			t.Errorf("%v", ev.Kind)
		}
	}
	wake := func(d *driver.Driver, in string, eof bool, now time.Duration) (kinds []string) {
		for ev := range d.Wake([]byte(in), eof, func() time.Time { return at(now) }) {
			kinds = append(kinds, ev.Kind.String())
		}
		return kinds
	}
	if got := wake(d, masked(opFin|opText, "last"), true, 0); !slices.Equal(got, []string{"Text", "Close"}) {
		t.Errorf("%v", got)
	}
	d = driver.NewServer(&driver.Config{HandshakeTimeout: time.Second})
	wake(d, "GET ", false, 0)
	wantNext(t, d, at(time.Second))
	if got := wake(d, "/ ", false, time.Second-1); got != nil {
		t.Errorf("%v before the limit", got)
	}
	if got := wake(d, "", false, time.Second); !slices.Equal(got, []string{"Close"}) {
		t.Errorf("%v at the limit", got)
	}
	d = openServer(t, &driver.Config{PingInterval: time.Second}, request13())
	wake(d, "", false, 0)
	if got := wake(d, "", false, time.Second); got != nil || string(d.Take(nil)) != plain(opFin|opPing, "") {
		t.Errorf("%v, or no ping", got)
	}
	for range d.Wake([]byte(masked(opFin|opText, "one")+masked(opFin|opText, "two")), true, func() time.Time { return at(time.Second) }) {
		break
	}
	want(t, d, "", "Text two", "Close 1006")
}
