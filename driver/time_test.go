package driver_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sans-io/websocket-driver/driver"
)

// wantNext compares NextTick: a time, or one of never and atOnce.
func wantNext(t *testing.T, d *driver.Driver, next time.Time) {
	t.Helper()
	got, ok := d.NextTick()
	switch {
	case next.Equal(never) && ok:
		t.Errorf("next tick at %v, want none", got)
	case !next.Equal(never) && !(ok && got.Equal(next)):
		t.Errorf("next tick at %v, %v, want %v", got, ok, next)
	}
}

// never is no tick, atOnce a limit that waits for its start: the zero Time.
var never, atOnce = time.Unix(1<<40, 0), time.Time{}

// wantLate ticks just before the limit and at it, and expects the Close event.
func wantLate(t *testing.T, d *driver.Driver, limit time.Duration, msg string) {
	t.Helper()
	wantNext(t, d, at(limit))
	d.Tick(at(limit - 1))
	want(t, d, "")
	wantNext(t, d, at(limit))
	d.Tick(at(limit))
	wantNext(t, d, never)
	want(t, d, "", "Close 1006")
	if e := peerError(t, d); !strings.Contains(e.Msg, msg) || e.Status != 0 {
		t.Errorf("error %v, status %d", e, e.Status)
	}
	wantNext(t, d, never)
	d.Tick(at(100 * limit))
	want(t, d, "")
	if !isOver(d) {
		t.Error("not done")
	}
}

func TestHandshakeTimeout(t *testing.T) {
	server := driver.NewServer(nil)
	wantNext(t, server, atOnce)
	want(t, server, "GET / HTTP/1.1\r\n") // input does not prolong it
	server.Tick(at(0))
	want(t, server, "Host: x\r\n")
	wantLate(t, server, 10*time.Second, "opening handshake took longer than 10s")

	client := startClient(t, &driver.Config{HandshakeTimeout: time.Minute})
	wantNext(t, client, atOnce)
	client.Tick(at(0))
	wantLate(t, client, time.Minute, "longer than 1m0s")

	client, _ = driver.NewClient("ws://example.com/", &driver.Config{ExtendedConnect: true})
	wantNext(t, client, never)
	client.Tick(at(-time.Hour))
	if err := client.Start(); err != nil {
		t.Fatal(err)
	}
	wantNext(t, client, atOnce)
	client.Tick(at(0))
	wantLate(t, client, 10*time.Second, "handshake")

	server = driver.NewServer(&driver.Config{HandshakeTimeout: -1})
	wantNext(t, server, never)
	server.Tick(at(0))
	server.Tick(at(1e6 * time.Second))
	want(t, server, request13(), "Connect")
}

// TestNoTimeInPause: the caller takes its time, and the peer's starts again.
func TestNoTimeInPause(t *testing.T) {
	d := driver.NewServer(&driver.Config{Versions: driver.AllVersions()})
	d.Tick(at(-9 * time.Second))
	want(t, d, request76(), "Connect")
	wantNext(t, d, never)
	if err := d.Start(); err != nil { // no Tick in the pause, as NextTick has said
		t.Fatal(err)
	}
	wantNext(t, d, atOnce)
	d.Tick(at(0))
	wantLate(t, d, 10*time.Second, "handshake")

	d = driver.NewServer(nil)
	d.Tick(at(0))
	want(t, d, request13(), "Connect")
	d.Tick(at(time.Hour))
	want(t, d, "")
	if !isPaused(d) {
		t.Error("the pause is over")
	}
}

// TestHandshakeCutTime: nothing runs while the Close event waits.
func TestHandshakeCutTime(t *testing.T) {
	d := driver.NewServer(nil)
	d.Tick(at(0))
	d.EOF()
	wantNext(t, d, never)
	d.Tick(at(time.Hour))
	want(t, d, "", "Close 1006")
	if _, ok := d.Err().(*driver.Error); ok {
		t.Errorf("the end of the transport turned into %v", d.Err())
	}
}

func TestPingInterval(t *testing.T) {
	d := openServer(t, &driver.Config{PingInterval: 10 * time.Second, PongTimeout: 3 * time.Second}, request13())
	wantNext(t, d, atOnce)
	d.Tick(at(0))
	wantNext(t, d, at(10*time.Second))
	want(t, d, masked(opFin|opText, "a"), "Text a")
	d.Tick(at(5 * time.Second)) // the message counts now
	wantNext(t, d, at(15*time.Second))
	d.Tick(at(4 * time.Second)) // backwards
	wantNext(t, d, at(15*time.Second))
	d.Tick(at(15*time.Second - 1))
	wantOut(t, d, "")
	d.Tick(at(15 * time.Second))
	wantOut(t, d, plain(opFin|opPing, ""))
	wantNext(t, d, at(18*time.Second))
	want(t, d, masked(opFin|opPong, ""), "Pong")
	d.Tick(at(19 * time.Second)) // late, but the pong has come
	want(t, d, "")
	wantNext(t, d, at(29*time.Second))
	d.Tick(at(29 * time.Second))
	wantOut(t, d, plain(opFin|opPing, ""))
	want(t, d, "\x81") // part of a frame is life too
	d.Tick(at(30 * time.Second))
	wantNext(t, d, at(40*time.Second))
	d.Tick(at(40 * time.Second))
	d.Take(nil)
	wantLate(t, d, 43*time.Second, "no sign of life for 3s")
}

// TestPingDefaults: no pings unless asked for, none in hixie, and PongTimeout is
// as PingInterval.
func TestPingDefaults(t *testing.T) {
	d := openServer(t, nil, request13())
	wantNext(t, d, never)
	for _, request := range []string{request75(), request76()} {
		d = openServer(t, &driver.Config{Versions: driver.AllVersions(), PingInterval: time.Second}, request)
		wantNext(t, d, never)
		d.Tick(at(0))
		d.Tick(at(time.Hour))
		want(t, d, "")
		wantOut(t, d, "")
	}
	d = openClient(t, &driver.Config{PingInterval: time.Minute})
	d.Tick(at(0))
	d.Tick(at(time.Minute))
	wantOut(t, d, masked(opFin|opPing, ""))
	wantLate(t, d, 2*time.Minute, "no sign of life for 1m0s")

	d = openClient(t, &driver.Config{PingInterval: time.Minute, PongTimeout: -1})
	d.Tick(at(0))
	for i := range 3 {
		d.Tick(at(time.Duration(i+1) * time.Hour))
		wantOut(t, d, masked(opFin|opPing, ""))
		wantNext(t, d, atOnce)
		d.Tick(at(time.Duration(i+1) * time.Hour))
	}
	want(t, d, "")
}

// TestPingWithoutKey ends a client that cannot mask its ping.
func TestPingWithoutKey(t *testing.T) {
	d := openClient(t, &driver.Config{PingInterval: time.Second})
	_ = d.Text(nil)
	c := &driver.Config{PingInterval: time.Second}
	d = startClient(t, c)
	rand := c.Rand.(*fixedKey)
	rand.broken = true
	want(t, d, response13(), "Open")
	d.Tick(at(0))
	d.Tick(at(time.Second))
	want(t, d, "", "Close 1006")
	if e := peerError(t, d); !strings.Contains(e.Msg, "no keep-alive ping") {
		t.Errorf("error %v", e)
	}
}

func TestCloseTimeout(t *testing.T) {
	d := openServer(t, &driver.Config{CloseTimeout: 2 * time.Second, PingInterval: time.Hour}, request13())
	d.Tick(at(-time.Second))
	if err := d.Close(1000, ""); err != nil {
		t.Fatal(err)
	}
	wantNext(t, d, atOnce)
	d.Tick(at(0))
	want(t, d, masked(opFin|opText, "input does not prolong it"), "Text input does not prolong it")
	d.Tick(at(time.Second))
	wantLate(t, d, 2*time.Second, "closing handshake took longer than 2s")

	d = openServer(t, &driver.Config{CloseTimeout: -1}, request13())
	_ = d.Close(1000, "")
	wantNext(t, d, never)
}

// TestClientAwaitsEOF: the server closes the transport first (section 7.1.1).
func TestClientAwaitsEOF(t *testing.T) {
	closed := func() *driver.Driver {
		d := openClient(t, nil)
		want(t, d, plain(opFin|opClose, closing(1000, "")), "Close 1000")
		if isOver(d) || d.Err() != nil {
			t.Fatalf("done %v, err %v", isOver(d), d.Err())
		}
		wantNext(t, d, atOnce)
		return d
	}
	d := closed()
	d.EOF()
	if !isOver(d) {
		t.Error("not done at EOF")
	}
	wantNext(t, d, never)
	want(t, d, "")

	d = closed()
	d.Tick(at(0))
	wantNext(t, d, at(5*time.Second))
	d.Tick(at(5*time.Second - 1))
	if isOver(d) {
		t.Error("done too early")
	}
	d.Tick(at(5 * time.Second))
	if !isOver(d) || d.Err() != nil {
		t.Errorf("done %v, err %v", isOver(d), d.Err())
	}
	want(t, d, "")
	wantNext(t, d, never)

	// Servers of hixie leave TCP to the client (draft-76, section 4.2); in draft-75 a
	// server learns of a close by nothing else.
	for _, v := range []driver.Version{driver.Hixie75, driver.Hixie76} {
		c, s := pair(t, &driver.Config{Version: v}, &driver.Config{Versions: driver.AllVersions()})
		_ = c.Close(1000, "")
		_ = s.Close(1000, "")
		want(t, c, string(s.Take(nil)), "Close 1005")
		want(t, s, string(c.Take(nil)), "Close 1005")
		if !isOver(c) || !isOver(s) {
			t.Errorf("%v: client done %v, server done %v", v, isOver(c), isOver(s))
		}
		wantNext(t, c, never)
		wantNext(t, s, never)
	}
}

// TestTimeBehindRequest: a request that has been received before the limit can still be
// accepted.
func TestTimeBehindRequest(t *testing.T) {
	d := driver.NewServer(nil)
	d.Tick(at(0))
	if _, err := d.IO().Write([]byte(request13())); err != nil {
		t.Fatal(err)
	}
	if !d.Tick(at(10 * time.Second)) {
		t.Fatal("the limit has not passed")
	}
	want(t, d, "", "Connect")
	if err := d.Start(); err != nil || d.Err() != nil {
		t.Fatalf("Start: %v, Err %v", err, d.Err())
	}
	want(t, d, "", "Open", "Close 1006")
	peerError(t, d)
}

// TestTimeBehindInput delivers what has been received before the Close event of
// a time limit.
func TestTimeBehindInput(t *testing.T) {
	d := openServer(t, nil, request13())
	_ = d.Close(1000, "")
	for range d.Events([]byte(masked(opFin|opText, "a") + masked(opFin|opText, "b"))) {
		break
	}
	d.Tick(at(0))
	d.Tick(at(5 * time.Second))
	want(t, d, masked(opFin|opText, "c"), "Text b", "Text c", "Close 1006")
}

// TestPending: what calls have caused waits for Parse(nil).
func TestPending(t *testing.T) {
	d := openServer(t, &driver.Config{PingInterval: time.Second, PongTimeout: time.Second}, request13())
	steps := []struct {
		name string
		do   func()
		want bool
	}{
		{"open", func() {}, false},
		{"the first Tick", func() { d.Tick(at(0)) }, false},
		{"a keep-alive ping", func() { d.Tick(at(time.Second)) }, false},
		{"no pong", func() { d.Tick(at(2 * time.Second)) }, true},
		{"the Close event", func() { d.Parse(nil) }, false},
	}
	for _, s := range steps {
		if s.do(); isPending(d) != s.want {
			t.Errorf("%s: Pending is %v", s.name, isPending(d))
		}
	}
}
