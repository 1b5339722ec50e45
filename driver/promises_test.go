package driver_test

import (
	"reflect"
	"strconv"
	"strings"
	"testing"
	"unsafe"

	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
	"github.com/sans-io/websocket-driver/hixie"
	"github.com/sans-io/websocket-driver/hybi"
	"github.com/sans-io/websocket-driver/hybi/frame"
)

// TestEventSize: four fields and four words, so that an event travels in
// registers.
func TestEventSize(t *testing.T) {
	var ev driver.Event
	if n := reflect.TypeFor[driver.Event]().NumField(); n != 4 {
		t.Errorf("Event has %d fields, not 4", n)
	}
	if n := unsafe.Sizeof(ev); n != 4*unsafe.Sizeof(uintptr(0)) {
		t.Errorf("Event has %d bytes, not 4 words", n)
	}
}

// TestDriverSize: what an idle open connection of a server holds, apart from
// its Config. Measured on 64 bits: Driver 208 bytes, hybi.Conn 200.
func TestDriverSize(t *testing.T) {
	if strconv.IntSize == 32 {
		t.Log("the sizes are those of 64-bit machines and smaller here")
	}
	const most = 2 * 208 // each is allocated in a class of 208 bytes
	d := unsafe.Sizeof(driver.Driver{})
	if n := d + unsafe.Sizeof(hybi.Conn{}); n > most {
		t.Errorf("Driver and hybi.Conn have %d bytes, the limit is %d", n, most)
	}
	if n := d + unsafe.Sizeof(hixie.Conn{}); n > most {
		t.Errorf("Driver and hixie.Conn have %d bytes, the limit is %d", n, most)
	}
	t.Logf("Driver %d, hybi.Conn %d, hixie.Conn %d bytes", d, unsafe.Sizeof(hybi.Conn{}), unsafe.Sizeof(hixie.Conn{}))
}

// sizes of messages for the tests of allocations.
var sizes = []int{0, 16, 125, 126, 4 << 10, 64 << 10}

// TestNoAllocsReceiving: frames that lie whole in the input cost no memory.
func TestNoAllocsReceiving(t *testing.T) {
	for role, d := range map[string]*driver.Driver{"server": openServer(t, nil, request13()), "client": openClient(t, nil)} {
		frame := masked
		if role == "client" {
			frame = plain
		}
		for _, n := range sizes {
			payload := strings.Repeat("a", n)
			control := payload[:min(n, 125)]
			in := []byte(frame(opFin|opText, payload) + frame(opFin|opBinary, payload) + frame(opFin|opPing, control) +
				frame(opFin|opPong, control)) // with the masking key 0 it stays as it is
			var out []byte
			t.Run(role+"/Parse/"+strconv.Itoa(n), func(t *testing.T) {
				wstest.NoAllocs(t, func() {
					events := 0
					for p := in; len(p) > 0; events++ {
						used, ev := d.Parse(p)
						if ev.Kind == driver.None {
							break
						}
						p = p[used:]
					}
					out = d.Take(out)
					if events != 4 {
						t.Errorf("%d events", events)
					}
				})
			})
			t.Run(role+"/Events/"+strconv.Itoa(n), func(t *testing.T) {
				wstest.NoAllocs(t, func() {
					events := 0
					for range d.Events(in) {
						events++
					}
					out = d.Take(out)
					if events != 4 {
						t.Errorf("%d events", events)
					}
				})
			})
		}
	}
}

// TestNoAllocsSending: a spare buffer that is large enough is all that sends
// need.
func TestNoAllocsSending(t *testing.T) {
	for role, d := range map[string]*driver.Driver{"server": openServer(t, nil, request13()), "client": openClient(t, nil)} {
		for _, n := range sizes {
			payload := []byte(strings.Repeat("ä", n/2))
			m, err := driver.NewPrepared(driver.Text, payload)
			if err != nil {
				t.Fatal(err)
			}
			var out []byte
			t.Run(role+"/"+strconv.Itoa(n), func(t *testing.T) {
				wstest.NoAllocs(t, func() {
					for _, err := range [...]error{d.Text(payload), d.Binary(payload), d.Ping(payload[:min(n, 125)]),
						d.Pong(payload[:min(n, 125)]), d.Fragment(driver.Binary, payload, false),
						d.Fragment(driver.Binary, payload, true), d.SendPrepared(m)} {
						if err != nil {
							t.Error(err)
						}
					}
					out = d.Take(out)
				})
			})
		}
	}
}

// TestNoAllocsHixie is the same for hixie.
func TestNoAllocsHixie(t *testing.T) {
	d := openServer(t, &driver.Config{Versions: driver.AllVersions()}, request75())
	payload := []byte(strings.Repeat("häuser ", 500))
	in := []byte("\x00" + string(payload) + "\xff")
	var out []byte
	wstest.NoAllocs(t, func() {
		for ev := range d.Events(in) {
			if err := d.Text(ev.Data); err != nil {
				t.Error(err)
			}
		}
		out = d.Take(out)
	})
}

// TestNoAllocsTicking: keep-alive costs no memory.
func TestNoAllocsTicking(t *testing.T) {
	d := openServer(t, &driver.Config{PingInterval: 10}, request13())
	pong := []byte(masked(opFin|opPong, ""))
	now := at(0)
	var out []byte
	wstest.NoAllocs(t, func() {
		for range 10 {
			d.Tick(now)
			now = now.Add(10)
			d.NextTick()
			d.Tick(now)
			d.Parse(pong)
		}
		out = d.Take(out)
	})
	if d.State() != driver.StateOpen {
		t.Errorf("state %v, %v", d.State(), d.Err())
	}
}

// TestNoAllocsStreams: Messages and the reading side of IO cost no memory;
// IO.Write copies.
func TestNoAllocsStreams(t *testing.T) {
	d := openServer(t, nil, request13())
	m, wire := d.Messages(), d.IO()
	payload := make([]byte, 1000)
	out := make([]byte, 3000)
	in := []byte(masked(opFin|opBinary, string(payload)))
	m.Kind = driver.Binary
	_, _ = m.Write(payload)
	_, _ = wire.Read(out)
	if n := wstest.Allocs(100, func() {
		_, _ = wire.Write(in)
		m.Next()
		_, _ = m.Read(payload)
		m.Next()
	}); n > 1 {
		t.Errorf("%v allocations for a message through IO, not 1", n)
	}
}

// TestInPlace: a frame that lies whole in the input is delivered from there.
func TestInPlace(t *testing.T) {
	d := openServer(t, nil, request13())
	binary := frame.Header{Fin: true, Opcode: frame.Binary, Masked: true, Key: 0x04030201}
	in := []byte(frame.Encode(binary, "\x00\x00\x00\x00") + masked(opFin|opPing, "p"))
	n, ev := d.Parse(in)
	if n != 10 || &ev.Data[0] != &in[6] || string(in[6:10]) != "\x00\x00\x00\x00" {
		t.Errorf("%d bytes used, data %x, input %x", n, ev.Data, in)
	}
	if cap(ev.Data) != len(ev.Data) {
		t.Error("an append to the data would overwrite the next frame")
	}
	if n, ev = d.Parse(in[n:]); n != 7 || &ev.Data[0] != &in[16] {
		t.Errorf("%d bytes used, ping %q", n, ev.Data)
	}
}

// TestGrowth: memory grows with what arrived, not with what was promised.
func TestGrowth(t *testing.T) {
	d := openServer(t, &driver.Config{MaxMessage: -1}, request13())
	before := heap()
	want(t, d, promise(opFin|opBinary, 1<<30)+strings.Repeat("x", 1000))
	if grown := int64(heap()) - int64(before); grown > 64<<10 {
		t.Errorf("%d bytes held for 1000 bytes of a message", grown)
	}
	want(t, d, "x")
}
