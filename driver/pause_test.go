package driver_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

// TestPause takes nothing between Connect and the decision.
func TestPause(t *testing.T) {
	d := driver.NewServer(nil)
	in := []byte(request13() + masked(opFin|opText, "a"))
	n, ev := d.Parse(in)
	if n != len(request13()) || ev.Kind != driver.Connect || !isPaused(d) {
		t.Fatalf("%d bytes used, event %v, paused %v", n, ev.Kind, isPaused(d))
	}
	if d.Version() != driver.Hybi13 || d.Request().Target != "/chat" || d.Response().Status != 101 {
		t.Errorf("version %v, request %+v", d.Version(), d.Request())
	}
	for range 3 {
		if n, ev := d.Parse(in[n:]); n != 0 || ev.Kind != driver.None {
			t.Fatalf("%d bytes used in the pause, event %v", n, ev.Kind)
		}
	}
	if err := d.Start(); err != nil || isPaused(d) {
		t.Fatalf("Start: %v, paused %v", err, isPaused(d))
	}
	want(t, d, string(in[n:]), "Open", "Text a")
}

// TestPauseEOF keeps the choice open when the transport has ended: the Close
// event comes after everything received before.
func TestPauseEOF(t *testing.T) {
	start := func() *driver.Driver {
		d := driver.NewServer(nil)
		for range d.Events([]byte(request13() + masked(opFin|opText, "a"))) {
		}
		d.EOF()
		want(t, d, "")
		if !isPaused(d) || isOver(d) {
			t.Fatalf("paused %v, done %v", isPaused(d), isOver(d))
		}
		return d
	}
	d := start()
	if err := d.Start(); err != nil {
		t.Fatal(err)
	}
	want(t, d, "", "Open", "Text a", "Close 1006")

	d = start()
	if err := d.Reject(403, nil, nil); err != nil {
		t.Fatal(err)
	}
	want(t, d, "", "Close 1006")
	if e := peerError(t, d); e.Status != 403 {
		t.Errorf("status %d, want 403", e.Status)
	}

	d = start()
	if got := string(d.Detach()); got != request13()+masked(opFin|opText, "a") {
		t.Errorf("Detach returns %q", got)
	}
	want(t, d, "")
}

// TestPauseRoom bounds what Events keeps: what was given with the head, and
// MaxHead bytes more.
func TestPauseRoom(t *testing.T) {
	const maxHead = 1 << 10
	for _, with := range []int{0, 1, 5 * maxHead} {
		fill := func(more int) (*driver.Driver, []string) {
			d := driver.NewServer(&driver.Config{MaxHead: maxHead})
			var got []string
			give := func(in string) {
				for ev := range d.Events([]byte(in)) {
					got = append(got, ev.Kind.String())
				}
			}
			give(request13() + strings.Repeat("x", with))
			for more > 0 {
				n := min(more, 100)
				give(strings.Repeat("x", n))
				more -= n
			}
			return d, got
		}
		d, got := fill(maxHead)
		if diff := cmp.Diff([]string{"Connect"}, got); diff != "" || !isPaused(d) {
			t.Errorf("%d bytes with the head, within the limit: %s", with, diff)
		}
		d, got = fill(maxHead + 1)
		if diff := cmp.Diff([]string{"Connect", "Close"}, got); diff != "" {
			t.Errorf("%d bytes with the head, beyond the limit: %s", with, diff)
		}
		if e := peerError(t, d); e.Status != 413 || !isOver(d) || !strings.HasPrefix(string(d.Take(nil)), "HTTP/1.1 413 ") {
			t.Errorf("status %d, done %v", e.Status, isOver(d))
		}
	}
	d := driver.FromRequest(&driver.Request{}, &driver.Config{MaxHead: maxHead})
	for range d.Events(make([]byte, maxHead+1)) {
	}
	if e := peerError(t, d); e.Status != 413 {
		t.Errorf("FromRequest: status %d, want 413", e.Status)
	}
}

// TestBeforeStart: a client takes no input before Start, and keeps little.
func TestBeforeStart(t *testing.T) {
	d, err := driver.NewClient("ws://example.com/chat", &driver.Config{Rand: &fixedKey{}, MaxHead: 1 << 10})
	if err != nil {
		t.Fatal(err)
	}
	want(t, d, "early") // wstest.Feed checks Paused
	for ev := range d.Events([]byte(response13())) {
		t.Errorf("event %v before Start", ev.Kind)
	}
	if err := d.Start(); err != nil {
		t.Fatal(err)
	}
	want(t, d, "", "Open")

	d, _ = driver.NewClient("ws://example.com/chat", &driver.Config{MaxHead: 1 << 10})
	got := 0
	for ev := range d.Events(make([]byte, 1<<10+1)) {
		if got++; ev.Kind != driver.Close {
			t.Errorf("event %v", ev.Kind)
		}
	}
	if e := peerError(t, d); got != 1 || e.Status != 0 || d.Buffered() != 0 {
		t.Errorf("%d events, %v", got, e)
	}

	d, _ = driver.NewClient("ws://example.com/chat", nil)
	d.EOF()
	want(t, d, "", "Close 1006")
	wantErr(t, d.Start(), driver.ErrState)
}

// TestAncestorDetach gives back the head as it came and everything after it.
func TestAncestorDetach(t *testing.T) {
	const in = "POST /form HTTP/1.0\r\nHOST:  example.com \r\nContent-Length: 8\r\nX:caf\xe9\r\n\r\na=1&b=\x002"
	in2 := []byte(in)
	doors := map[string]func(d *driver.Driver, chunks [][]byte) []byte{
		"Parse": func(d *driver.Driver, chunks [][]byte) (rest []byte) {
			for _, c := range chunks {
				n, _ := d.Parse(c)
				rest = append(rest, c[n:]...)
			}
			return append(d.Detach(), rest...)
		},
		"Events": func(d *driver.Driver, chunks [][]byte) []byte {
			for _, c := range chunks {
				for range d.Events(c) {
				}
			}
			return d.Detach()
		},
		"within Events": func(d *driver.Driver, chunks [][]byte) (got []byte) {
			for _, c := range chunks {
				if got != nil {
					got = append(got, c...)
					continue
				}
				for ev := range d.Events(c) {
					if ev.Kind == driver.Connect {
						got = d.Detach()
					}
				}
			}
			return got
		},
		"broken Events": func(d *driver.Driver, chunks [][]byte) []byte {
			for _, c := range chunks {
				for range d.Events(c) {
					break
				}
			}
			return d.Detach()
		},
		"IO": func(d *driver.Driver, chunks [][]byte) []byte {
			for _, c := range chunks {
				_, _ = d.IO().Write(c)
				d.Messages().Next()
			}
			return d.Detach()
		},
	}
	for name, door := range doors {
		wstest.Splits(in2, func(cut string, chunks [][]byte) {
			d := driver.NewServer(nil)
			if diff := cmp.Diff(in, string(door(d, chunks))); diff != "" {
				t.Fatalf("%s, %s: (-want +got):\n%s", name, cut, diff)
			}
			if d.Detach() != nil || d.State() != driver.StateClosed || isPaused(d) || isOver(d) {
				t.Fatalf("%s, %s: state %v, paused %v, done %v", name, cut, d.State(), isPaused(d), isOver(d))
			}
		})
	}
}

// TestDetached is silent and keeps nothing.
func TestDetached(t *testing.T) {
	d := driver.NewServer(nil)
	want(t, d, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "Connect")
	if err := d.Start(); err == nil {
		t.Error("Start for a plain request: no error")
	}
	if d.Version() != 0 || d.Response() != nil || !isPaused(d) {
		t.Errorf("version %v, response %v, paused %v", d.Version(), d.Response(), isPaused(d))
	}
	d.Detach()
	d.EOF()
	d.Tick(at(0))
	want(t, d, "more")
	for range d.Events([]byte("more")) {
		t.Error("an event after Detach")
	}
	_, err := d.IO().Write([]byte("x"))
	wantErr(t, err, driver.ErrClosed)
	wantErr(t, d.Text(nil), driver.ErrClosed)
	wantErr(t, d.Close(1000, ""), driver.ErrClosed)
	wantErr(t, d.Start(), driver.ErrState)
	wantErr(t, d.Reject(400, nil, nil), driver.ErrState)
	if _, ticks := d.NextTick(); d.Err() != nil || ticks || d.Buffered() != 0 || d.Needs() != 0 {
		t.Errorf("err %v, ticks %v, %d bytes to send, needs %v", d.Err(), ticks, d.Buffered(), d.Needs())
	}

	d = openServer(t, nil, request13())
	if d.Detach() != nil || d.State() != driver.StateOpen {
		t.Errorf("Detach of an open connection: state %v", d.State())
	}
	d = driver.FromRequest(&driver.Request{}, nil)
	if b := d.Detach(); len(b) != 0 || d.State() != driver.StateClosed {
		t.Errorf("Detach after FromRequest: %q, state %v", b, d.State())
	}
}
