package deflate

import (
	"bytes"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sans-io/websocket-driver/driver"
)

// TestTick: Tick makes an idle connection release its compressor, but not a connection
// that sends one fragment of a message after the other.
func TestTick(t *testing.T) {
	t.Run("messages", func(t *testing.T) {
		testTick(t, func(d *driver.Driver, p []byte, _ bool) error { return d.Text(p) }, 4)
	})
	t.Run("fragments", func(t *testing.T) {
		testTick(t, func(d *driver.Driver, p []byte, fin bool) error { return d.Fragment(driver.Text, p, fin) }, 1)
	})
}

func testTick(t *testing.T, send func(d *driver.Driver, p []byte, fin bool) error, messages int) {
	e := &Extension{}
	server, client := connect(t, nil, nil, e, &Extension{})
	text := prose(rand.New(rand.NewPCG(1, 1)), 1000)
	if next, ok := server.NextTick(); ok {
		t.Fatalf("before any message a tick is due at %v", next)
	}
	start := time.Unix(1000, 0)
	at := start
	for range 3 { // busy
		if err := send(server.Driver, text, false); err != nil {
			t.Fatal(err)
		}
		if next, ok := server.NextTick(); !ok || next.After(at.Add(2*time.Second)) {
			t.Fatalf("after a message the next tick is %v", next)
		}
		at = at.Add(1500 * time.Millisecond)
		server.Tick(at)
		if server.spy.s.comp == nil {
			t.Fatal("a busy connection keeps no compressor")
		}
	}
	next, _ := server.NextTick()
	if want := at.Add(2 * time.Second); !next.Equal(want) {
		t.Fatalf("next tick at %v, want %v", next, want)
	}
	server.Tick(next.Add(-1))
	if server.spy.s.comp == nil {
		t.Fatal("released too early")
	}
	server.Tick(next)
	if server.spy.s.comp != nil || e.kept.Load() != 0 {
		t.Fatal("an idle connection keeps its compressor")
	}
	if next, ok := server.NextTick(); ok {
		t.Fatalf("on an idle connection a tick is due at %v", next)
	}
	if err := send(server.Driver, text, true); err != nil {
		t.Fatal(err)
	}
	client.feed(server.Take(nil))
	want := slices.Repeat([]string{"Text " + brief(bytes.Repeat(text, 4/messages))}, messages)
	if diff := cmp.Diff(want, client.got); diff != "" {
		t.Error(diff)
	}
}

// TestEnd: a connection releases its compressor however it ends.
func TestEnd(t *testing.T) {
	tests := map[string]func(server, client *peer){
		"close here": func(server, client *peer) {
			server.Close(1000, "")
			client.feed(server.Take(nil))
			server.feed(client.Take(nil))
		},
		"close there": func(server, client *peer) {
			client.Close(1000, "")
			server.feed(client.Take(nil))
		},
		"end of the transport": func(server, _ *peer) {
			server.EOF()
			server.feed(nil)
		},
		"violation": func(server, _ *peer) { server.feed([]byte{0xff, 0xff}) },
		"no answer to the close": func(server, _ *peer) {
			server.Close(1000, "")
			server.Tick(time.Unix(1, 0))
			server.Tick(time.Unix(1000, 0))
			server.feed(nil)
		},
	}
	for name, finish := range tests {
		for _, fin := range []bool{false, true} {
			e := &Extension{}
			server, client := connect(t, nil, nil, e, &Extension{})
			server.Fragment(driver.Text, prose(rand.New(rand.NewPCG(1, 1)), 1000), fin)
			client.feed(server.Take(nil))
			if e.kept.Load() != 1 {
				t.Fatal("no compressor is kept")
			}
			finish(server, client)
			if server.State() != driver.StateClosed {
				t.Fatalf("%s: not closed: %q", name, server.got)
			}
			if e.kept.Load() != 0 || server.spy.s.comp != nil {
				t.Errorf("%s: the compressor is still held", name)
			}
		}
	}
}

// TestEndUnheard: the compressor is released when the end is known, even if the Close
// event is not fetched.
func TestEndUnheard(t *testing.T) {
	tests := map[string]func(d *driver.Driver){
		"end of the transport": (*driver.Driver).EOF,
		"no pong": func(d *driver.Driver) {
			for i := range int64(4) {
				d.Tick(time.Unix(100*i, 0))
			}
		},
	}
	for name, end := range tests {
		e := &Extension{}
		server, _ := connect(t, &driver.Config{PingInterval: time.Minute, PongTimeout: time.Minute}, nil, e, &Extension{})
		server.Tick(time.Unix(0, 0))
		for range 3 {
			server.Text(prose(rand.New(rand.NewPCG(1, 1)), 1000))
		}
		end(server.Driver)
		if server.Needs()&driver.NeedFetch == 0 || server.spy.s.comp != nil || e.kept.Load() != 0 {
			t.Errorf("%s: needs %v, %d compressors kept", name, server.Needs(), e.kept.Load())
		}
	}
}

// TestDropped: drivers that are dropped without an end give up their places when they are
// collected.
func TestDropped(t *testing.T) {
	e := &Extension{Keep: 3}
	text := prose(rand.New(rand.NewPCG(1, 1)), 1000)
	for range 5 {
		server, _ := connect(t, nil, nil, e, &Extension{})
		server.Text(text)
		// It keeps none if there was no place, and others may have been collected since.
		if n := e.kept.Load(); n > 3 || n < 1 && server.spy.s.kept {
			t.Fatalf("%d compressors kept", n)
		}
		runtime.KeepAlive(server) // until here
	}
	for e.kept.Load() > 0 { // else the test times out
		runtime.GC()
	}
	server, _ := connect(t, nil, nil, e, &Extension{})
	server.Text(text)
	if server.spy.s.comp == nil {
		t.Error("there is no place")
	}
}
