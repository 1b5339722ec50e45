package driver_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
	"github.com/sans-io/websocket-driver/hybi"
)

// fuzzLimits are small, so that they are met often.
func fuzzLimits(pieces bool) *driver.Config {
	return &driver.Config{MaxMessage: 300, MaxFrame: 200, MaxHead: 1000, MaxFragments: 5, MaxPongs: 2, Pieces: pieces,
		Versions: driver.AllVersions(), Rand: zeros{}}
}

// outcome is what a driver makes of its input, up to the end of the transport.
type outcome struct {
	Events []wstest.Record
	Output string
	Err    string
}

// feedAll gives the chunks to d, through Parse or through IO and Messages, and
// decides at Connect.
func feedAll(t *testing.T, d *driver.Driver, streams bool, chunks ...[]byte) outcome {
	t.Helper()
	var o outcome
	handle := func(ev driver.Event) {
		o.Events = append(o.Events, wstest.Record{Kind: ev.Kind, Final: ev.Final, Code: ev.Code, Data: string(ev.Data)})
		if ev.Kind != driver.Connect {
			return
		}
		if !driver.IsWebSocket(d.Request()) {
			if err := d.Reject(404, nil, nil); err != nil {
				t.Fatal(err)
			}
		} else if err := d.Start(); err != nil {
			t.Fatalf("a request that came with Connect cannot be accepted: %v", err)
		}
	}
	next := func() {
		for ev := d.Messages().Next(); ev.Kind != driver.None; ev = d.Messages().Next() {
			handle(ev)
		}
	}
	for _, chunk := range chunks {
		if streams {
			if n, err := d.IO().Write(chunk); err != nil || n != len(chunk) {
				t.Fatalf("IO.Write: %d of %d bytes, %v", n, len(chunk), err)
			}
			next()
			continue
		}
		for ev := range d.Events(bytes.Clone(chunk)) {
			handle(ev)
		}
	}
	d.EOF()
	next()
	o.Events = wstest.Join(o.Events)
	o.Output = string(d.Take(nil))
	if d.Err() != nil {
		o.Err = d.Err().Error()
	}
	if !isOver(d) || d.State() != driver.StateClosed {
		t.Errorf("after EOF: Done %v, %v", isOver(d), d.State())
	}
	for i, r := range o.Events {
		switch {
		case len(r.Data) > 300 && r.Kind != driver.Close:
			t.Errorf("%v of %d bytes", r.Kind, len(r.Data))
		case (r.Kind == driver.Close) != (i == len(o.Events)-1):
			t.Errorf("event %d of %d is %v", i+1, len(o.Events), r.Kind)
		case r.Kind == driver.Text && r.Final && !utf8.ValidString(r.Data):
			t.Errorf("text %q is not valid UTF-8", r.Data)
		}
	}
	return o
}

// checkDoors compares one chunk, many chunks and the streams.
func checkDoors(t *testing.T, seed uint64, in []byte, newDriver func() *driver.Driver) {
	t.Helper()
	want := feedAll(t, newDriver(), false, in)
	rnd := rand.New(rand.NewPCG(seed, 0))
	chunks := wstest.Cut(in, func() int { return 1 + rnd.IntN(30) })
	for _, streams := range []bool{false, true} {
		if diff := cmp.Diff(want, feedAll(t, newDriver(), streams, chunks...)); diff != "" {
			t.Errorf("cut, streams=%v (-whole +cut):\n%s", streams, diff)
		}
	}
}

// FuzzServer gives arbitrary bytes to a server of all versions.
func FuzzServer(f *testing.F) {
	frames := masked(opFin|opText, "hi") + masked(opFin|opPing, "") + masked(opFin|opClose, closing(1000, ""))
	for _, in := range []string{
		"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n" + frames,
		"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 9\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nOrigin: http://x\r\n\r\n\x00hi\xff\x00\xfe\xff\xff\x00",
		"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key1: 4 @1  46546xW%0l 1 5\r\n" +
			"Sec-WebSocket-Key2: 12998 5 Y3 1  .P00\r\nOrigin: http://x\r\n\r\n^n:ds[4U\x00hi\xff\x80\x01x\xff\x00",
		"GET /plain HTTP/1.0\r\n\r\nbody",
		"\x16\x03\x01",
	} {
		f.Add(uint64(1), false, []byte(in))
		f.Add(uint64(2), true, []byte(in))
	}
	f.Fuzz(func(t *testing.T, seed uint64, pieces bool, in []byte) {
		checkDoors(t, seed, in, func() *driver.Driver { return driver.NewServer(fuzzLimits(pieces)) })
	})
}

// FuzzClient gives arbitrary bytes to a client of each version.
func FuzzClient(f *testing.F) {
	accept := hybi.Accept("AAAAAAAAAAAAAAAAAAAAAA==")
	frames := plain(opFin|opText, "hi") + plain(opFin|opPing, "") + plain(opFin|opClose, closing(1000, ""))
	for v := range byte(5) {
		for _, in := range []string{
			"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + accept + "\r\n\r\n" + frames,
			"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\nno!!junk",
			"HTTP/1.1 101 Web Socket Protocol Handshake\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nWebSocket-Origin: http://x\r\nWebSocket-Location: ws://x/\r\n\r\n\x00hi\xff",
			"HTTP/1.0 500 Oh\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
		} {
			f.Add(uint64(1), v, []byte(in))
			f.Add(uint64(2), v|0x80, []byte(in))
		}
	}
	f.Fuzz(func(t *testing.T, seed uint64, which byte, in []byte) {
		checkDoors(t, seed, in, func() *driver.Driver {
			c := fuzzLimits(which&0x80 != 0)
			c.Version = driver.AllVersions()[int(which&0x7f)%len(driver.AllVersions())]
			d, err := driver.NewClient("ws://x/", c)
			if err != nil {
				t.Fatal(err)
			}
			if err := d.Start(); err != nil {
				t.Fatal(err)
			}
			return d
		})
	})
}

// FuzzPipe runs a program of sends on two drivers, some before Open: all arrive,
// in order, whatever the cuts.
func FuzzPipe(f *testing.F) {
	f.Add(uint64(1), byte(0), []byte("\x00hello\x11world\x83\x92"))
	f.Add(uint64(2), byte(3), []byte("\x00\x10\x20\x30\x01\x11\x21\x31"))
	f.Add(uint64(3), byte(4), []byte("aAbBcCdD"))
	f.Fuzz(func(t *testing.T, seed uint64, which byte, program []byte) {
		program = program[:min(len(program), 100)]
		rnd := rand.New(rand.NewPCG(seed, 7))
		v := driver.AllVersions()[int(which)%len(driver.AllVersions())]
		client, err := driver.NewClient("ws://x/", &driver.Config{Version: v, Pieces: which&0x40 != 0, FragmentSize: int(which & 0x30), MaxQueued: -1})
		if err != nil {
			t.Fatal(err)
		}
		server := driver.NewServer(&driver.Config{Versions: driver.AllVersions(), FragmentSize: int(which & 0x30), MaxQueued: -1})
		ends := []*driver.Driver{client, server}
		sides := make([]*wstest.Side, 2)
		want, got := make([][]string, 2), make([][]string, 2)
		for i, d := range ends {
			message := ""
			sides[i] = &wstest.Side{End: d, Handle: func(ev driver.Event) {
				switch ev.Kind {
				case driver.Connect:
					if err := d.Start(); err != nil {
						t.Fatal(err)
					}
				case driver.Text, driver.Binary:
					if message += string(ev.Data); ev.Final {
						got[i] = append(got[i], ev.Kind.String()+" "+message)
						message = ""
					}
				case driver.Close:
					got[i] = append(got[i], "Close")
				}
			}}
		}
		if err := client.Start(); err != nil {
			t.Fatal(err)
		}
		for n, op := range program {
			from := int(op) >> 4 & 1
			message := bytes.Repeat([]byte(fmt.Sprintf("%d é ", n)), int(op&0xf)*rnd.IntN(30))
			kind, send := driver.Text, ends[from].Text
			if op&0x20 != 0 && !v.IsHixie() {
				kind, send = driver.Binary, ends[from].Binary
			}
			if err := send(message); err != nil {
				t.Fatalf("sending %v: %v", kind, err)
			}
			want[1-from] = append(want[1-from], kind.String()+" "+string(message))
			if op&0x80 != 0 {
				wstest.Pipe(sides[0], sides[1], rnd)
			}
		}
		if err := client.Close(driver.CodeNormal, ""); err != nil {
			t.Fatal(err)
		}
		wstest.Pipe(sides[0], sides[1], rnd)
		client.EOF()
		server.EOF()
		wstest.Pipe(sides[0], sides[1], rnd)
		for i := range want {
			want[i] = append(want[i], "Close")
		}
		if v == driver.Hixie75 { // its client closes at once: what comes then is lost
			want[0], got[0] = nil, nil
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("sent and received differ (-sent +received):\n%s", diff)
		}
	})
}
