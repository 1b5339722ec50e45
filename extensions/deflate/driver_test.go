package deflate

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
	"github.com/sans-io/websocket-driver/extensions"
)

// peer is one end of a connection and what it has received.
type peer struct {
	*driver.Driver
	spy  *spy
	got  []string // kind and data of the messages, pings and pongs; code and reason of the close
	join []byte   // the pieces of the message under way
}

// connect opens a connection. The configurations may be nil; their Extensions
// are s and c.
func connect(t testing.TB, sc, cc *driver.Config, s, c *Extension) (server, client *peer) {
	t.Helper()
	config := func(c *driver.Config, e *spy) *driver.Config {
		if c == nil {
			c = &driver.Config{}
		}
		own := *c
		own.Extensions = []driver.Extension{e}
		return &own
	}
	server, client = &peer{spy: &spy{Extension: s}}, &peer{spy: &spy{Extension: c}}
	server.Driver = driver.NewServer(config(sc, server.spy))
	var err error
	if client.Driver, err = driver.NewClient("ws://example.com/", config(cc, client.spy)); err != nil {
		t.Fatal(err)
	}
	if err := client.Start(); err != nil {
		t.Fatal(err)
	}
	server.feed(client.Take(nil))
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	server.feed(nil)
	client.feed(server.Take(nil))
	if server.State() != driver.StateOpen || client.State() != driver.StateOpen || server.Extensions() == "" {
		t.Fatal("no connection:", server.State(), client.State(), server.Extensions())
	}
	return server, client
}

// feed gives p to e and collects the events.
func (e *peer) feed(p []byte) {
	for {
		n, ev := e.Parse(p)
		p = p[n:]
		switch ev.Kind {
		case driver.None:
			return
		case driver.Text, driver.Binary:
			e.join = append(e.join, ev.Data...)
			if ev.Final {
				e.got = append(e.got, fmt.Sprintf("%v %s", ev.Kind, brief(e.join)))
				e.join = e.join[:0]
			}
		case driver.Ping, driver.Pong:
			e.got = append(e.got, fmt.Sprintf("%v %s", ev.Kind, ev.Data))
		case driver.Close:
			e.got = append(e.got, fmt.Sprintf("%v %d %s", ev.Kind, ev.Code, ev.Data))
		}
	}
}

// brief returns p, or length and checksum if it is long.
func brief(p []byte) string {
	if len(p) < 50 {
		return string(p)
	}
	return fmt.Sprintf("%d bytes, %08x", len(p), crc32.ChecksumIEEE(p))
}

// TestMix sends prepared messages, whole ones above and below the threshold and
// fragmented ones in random order, with pings between the fragments and idle
// times, and has every one read by a peer that enforces the window.
func TestMix(t *testing.T) {
	settings := []Params{
		{},
		{ServerNoContextTakeover: true},
		{ClientNoContextTakeover: true},
		{ServerMaxWindowBits: 9, ClientMaxWindowBits: 10},
		{ServerMaxWindowBits: 8, ClientMaxWindowBits: 8},
		{true, true, 12, 11},
	}
	for i, params := range settings {
		for _, keep := range []int{0, -1} {
			for _, size := range []int{0, 1000} {
				for _, pieces := range []bool{false, true} {
					t.Run(fmt.Sprintf("%+v keep=%d FragmentSize=%d Pieces=%v", params, keep, size, pieces), func(t *testing.T) {
						cfg := &driver.Config{FragmentSize: size, Pieces: pieces}
						server, client := connect(t, cfg, cfg, &Extension{Params: params, Keep: keep}, &Extension{Keep: keep, Level: 6})
						rnd := rand.New(rand.NewPCG(uint64(i), uint64(size)))
						testMix(t, rnd, server, client, mixture(rnd, 60))
						testMix(t, rnd, client, server, mixture(rnd, 60))
					})
				}
			}
		}
	}
}

// testMix sends messages in random ways, and others in between that have been
// prepared.
func testMix(t *testing.T, rnd *rand.Rand, from, to *peer, messages [][]byte) {
	t.Helper()
	var want []string
	var prepared []*driver.Prepared
	var plain []string
	for range min(len(messages), 15) {
		p := messages[rnd.IntN(len(messages))]
		m, err := driver.NewPrepared(driver.Binary, p, from.Variant(), driver.Variant{})
		if err != nil {
			t.Fatal(err)
		}
		prepared, plain = append(prepared, m), append(plain, "Binary "+brief(p))
	}
	now := time.Unix(1, 0)
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range messages {
		switch rnd.IntN(6) {
		case 0, 1:
			i := rnd.IntN(len(prepared))
			must(from.Prepared(prepared[i]))
			want = append(want, plain[i])
			must(from.Binary(p))
		case 2:
			for i := range 4 {
				must(from.Fragment(driver.Binary, p[i*len(p)/4:(i+1)*len(p)/4], i == 3))
				if i < 3 {
					must(from.Ping([]byte{'0' + byte(i)}))
					want = append(want, fmt.Sprintf("Ping %d", i))
				}
			}
		case 3:
			now = now.Add(time.Hour)
			from.Tick(now)
			from.Tick(now.Add(time.Minute))
			must(from.Binary(p))
		default:
			must(from.Binary(p))
		}
		want = append(want, "Binary "+brief(p))
	}
	to.got = nil
	for wire := from.Take(nil); len(wire) > 0; {
		n := min(1+rnd.IntN(10000), len(wire))
		to.feed(wire[:n])
		wire = wire[n:]
	}
	if diff := cmp.Diff(want, to.got); diff != "" {
		t.Error(diff)
	}
	to.Take(nil) // the pongs
}

// TestPreparedOnce holds that a prepared message is not compressed again for
// connections with the same terms.
func TestPreparedOnce(t *testing.T) {
	e := &Extension{}
	a, _ := connect(t, nil, nil, e, &Extension{})
	b, client := connect(t, nil, nil, e, &Extension{Params: Params{ClientNoContextTakeover: true}})
	if a.Variant() != b.Variant() {
		t.Fatal("the variants differ")
	}
	text := prose(rand.New(rand.NewPCG(1, 1)), 5000)
	m, err := driver.NewPrepared(driver.Text, text, a.Variant())
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := b.Prepared(m); err != nil {
			t.Fatal(err)
		}
	}
	if b.spy.s.comp != nil {
		t.Error("a prepared message takes a compressor")
	}
	if n := b.Buffered(); n > 3*len(text)/2 {
		t.Errorf("%d bytes: not compressed", n)
	}
	client.got = nil
	client.feed(b.Take(nil))
	if want := "Text " + brief(text); len(client.got) != 3 || client.got[2] != want {
		t.Errorf("%q", client.got)
	}
	buf := make([]byte, 0, 10000)
	if n := testing.AllocsPerRun(100, func() {
		b.Prepared(m)
		buf = b.Take(buf)
	}); n > 0 {
		t.Errorf("%v allocations for a prepared message", n)
	}
}

// TestReserved has frames whose RSV bits are wrong although the extension is
// active (RFC 7692, section 6).
func TestReserved(t *testing.T) {
	const key = "\x00\x00\x00\x00"
	tests := []struct{ name, frames, want string }{
		{"continuation", "\x41\x80" + key + "\xc0\x81" + key + "\x00", "Close 1002 reserved bits 0x40 set in a frame with opcode 0x0"},
		{"ping", "\xc9\x80" + key, "Close 1002 reserved bits 0x40 set in a frame with opcode 0x9"},
		{"ping within a message", "\x41\x80" + key + "\xc9\x80" + key, "Close 1002 reserved bits 0x40 set in a frame with opcode 0x9"},
		{"close", "\xc8\x80" + key, "Close 1002 reserved bits 0x40 set in a frame with opcode 0x8"},
		{"RSV2", "\xe1\x81" + key + "\x00", "Close 1002 reserved bits 0x20 set in a frame with opcode 0x1"},
		{"not UTF-8", "\xc1\x83" + key + "\xfa\x07\x00", "Close 1007 text is not valid UTF-8"},
		{"corrupt", "\xc1\x81" + key + "\x06", "Close 1007 compressed message: invalid block type 3"},
		{"truncated", "\xc1\x84" + key + "\xf2\x48\xcd\xc9", "Close 1007 compressed message: ends inside a block"},
		{"empty", "\xc1\x81" + key + "\x00", "Text "},
		{"fragments", "\x41\x83" + key + "\xf2\x48\xcd" + "\x89\x81" + key + "p" + "\x00\x80" + key + "\x80\x84" + key + "\xc9\xc9\x07\x00", "Ping p|Text Hello"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server, _ := connect(t, nil, nil, &Extension{}, &Extension{})
			server.feed([]byte(tt.frames))
			var got string
			for i, s := range server.got {
				if i > 0 {
					got += "|"
				}
				got += s
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestBomb lets a message become a thousand times as long as it was, and holds
// what the receiver allocates until it fails with 1009.
func TestBomb(t *testing.T) {
	const limit = 1 << 20
	for _, pieces := range []bool{false, true} {
		server, client := connect(t, &driver.Config{MaxMessage: limit, Pieces: pieces}, nil, &Extension{}, &Extension{})
		zeros := make([]byte, 1<<20)
		for range 64 {
			if err := client.Fragment(driver.Binary, zeros, false); err != nil {
				t.Fatal(err)
			}
		}
		wire := client.Take(nil)
		if len(wire) > 400<<10 {
			t.Fatalf("the bomb has %d bytes", len(wire))
		}
		server.join = make([]byte, 0, limit+1) // not the driver's
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		server.feed(wire)
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > 4*limit {
			t.Errorf("pieces=%v: %d bytes allocated, the limit of a message is %d", pieces, n, limit)
		}
		want := []string{"Close 1009 message of more than 1048576 bytes after decoding"}
		if diff := cmp.Diff(want, server.got); diff != "" {
			t.Error(diff)
		}
	}
}

// TestLimit has messages that are just as long as MaxMessage allows, and one
// byte longer.
func TestLimit(t *testing.T) {
	for _, size := range []int{1000, 1001} {
		server, client := connect(t, &driver.Config{MaxMessage: 1000}, nil, &Extension{}, &Extension{})
		client.Binary(make([]byte, size))
		server.feed(client.Take(nil))
		want := "Binary " + brief(make([]byte, 1000))
		if size > 1000 {
			want = "Close 1009 message of more than 1000 bytes after decoding"
		}
		if len(server.got) != 1 || server.got[0] != want {
			t.Errorf("%d bytes: %q, want %q", size, server.got, want)
		}
	}
}

// streamed is the length of the message that TestStream sends each way.
const streamed = 32 << 20

// TestStream sends a message of many megabytes, by Fragment and in pieces, each
// way, and holds that memory stays constant.
func TestStream(t *testing.T) {
	cfg := &driver.Config{MaxMessage: -1, Pieces: true, MaxFragments: -1}
	server, client := connect(t, cfg, cfg, &Extension{}, &Extension{Params: Params{ServerMaxWindowBits: 11}})
	testStream(t, server, client)
	testStream(t, client, server)
}

func testStream(t *testing.T, from, to *peer) {
	t.Helper()
	text := append(prose(rand.New(rand.NewPCG(1, 1)), 200<<10), noise(rand.New(rand.NewPCG(1, 1)), 56<<10)...)
	var before, after runtime.MemStats
	var spare []byte
	sent, got := crc32.NewIEEE(), crc32.NewIEEE()
	total, fin := 0, false
	const warm = 4 << 20 // until all buffers have grown
	for n := 0; n < streamed; {
		part := text[n%len(text):]
		part = part[:min(len(part), 48<<10)]
		n += len(part)
		sent.Write(part)
		if err := from.Fragment(driver.Binary, part, n >= streamed); err != nil {
			t.Fatal(err)
		}
		spare = from.Take(spare)
		for p := spare; ; {
			m, ev := to.Parse(p)
			p = p[m:]
			if ev.Kind == driver.None {
				break
			}
			total, fin = total+len(ev.Data), ev.Final
			got.Write(ev.Data)
		}
		if n >= warm && before.TotalAlloc == 0 {
			runtime.ReadMemStats(&before)
		}
	}
	runtime.ReadMemStats(&after)
	if total < streamed || !fin || sent.Sum32() != got.Sum32() {
		t.Fatalf("%d bytes came, final %v, checksums %08x and %08x", total, fin, sent.Sum32(), got.Sum32())
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > streamed/8 {
		t.Errorf("%d bytes were allocated for %d", n, streamed)
	}
	if n := after.HeapInuse; n > 64<<20 {
		t.Errorf("%d bytes of heap in use", n)
	}
}

// TestTick has Tick make an idle connection let go of its compressor, and leave it
// to one that sends fragment after fragment of a message.
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
	if next := server.NextTick(); !next.IsZero() {
		t.Fatalf("before any message a tick is due at %v", next)
	}
	start := time.Unix(1000, 0)
	at := start
	for range 3 { // busy
		if err := send(server.Driver, text, false); err != nil {
			t.Fatal(err)
		}
		if next := server.NextTick(); next.IsZero() || next.After(at.Add(2*time.Second)) {
			t.Fatalf("after a message the next tick is %v", next)
		}
		at = at.Add(1500 * time.Millisecond)
		server.Tick(at)
		if server.spy.s.comp == nil {
			t.Fatal("a busy connection keeps no compressor")
		}
	}
	next := server.NextTick()
	if want := at.Add(2 * time.Second); !next.Equal(want) {
		t.Fatalf("next tick at %v, want %v", next, want)
	}
	server.Tick(next.Add(-1))
	if server.spy.s.comp == nil {
		t.Fatal("let go too early")
	}
	server.Tick(next)
	if server.spy.s.comp != nil || e.kept.Load() != 0 {
		t.Fatal("an idle connection keeps its compressor")
	}
	if next := server.NextTick(); !next.IsZero() {
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

// TestEnd has a connection let go of its compressor however it ends.
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

var _ extensions.Extension = (*Extension)(nil)

// TestTruncated has text that ends inside a block. In pieces what comes out of
// it is delivered before the Close event, however the input is cut.
func TestTruncated(t *testing.T) {
	text := prose(rand.New(rand.NewPCG(1, 1)), 6000) // more than a piece
	terms := side{true, maxBits}
	long, _ := newSession(&Extension{}, terms, terms).sender.send(t, text, 1)
	tests := []struct {
		name string
		wire []byte
		out  string
	}{
		{"in a header", []byte("\xf2"), ""},
		{"in a code", []byte("\xf2\x48\xcd\xc9"), "Hel"},
		{"behind a code", append(long[:len(long)-1:len(long)-1], 0, 0, 0), string(text)}, // inside the empty block
	}
	for _, tt := range tests {
		frame := []byte{0xc1, 0x80 | 126, byte(len(tt.wire) >> 8), byte(len(tt.wire)), 0, 0, 0, 0}
		if len(tt.wire) < 126 {
			frame = []byte{0xc1, 0x80 | byte(len(tt.wire)), 0, 0, 0, 0}
		}
		var want []wstest.Record
		if tt.out != "" {
			want = append(want, wstest.Record{Kind: driver.Text, Data: tt.out})
		}
		want = append(want, wstest.Record{Kind: driver.Close, Code: 1007, Data: "compressed message: ends inside a block"})
		wstest.Splits(append(frame, tt.wire...), func(split string, chunks [][]byte) {
			if len(tt.wire) > 100 && len(chunks) == 2 && len(chunks[0])%37 > 0 {
				return // not each of very many
			}
			server, _ := connect(t, &driver.Config{Pieces: true}, nil, &Extension{}, &Extension{})
			if diff := cmp.Diff(want, wstest.Join(wstest.Feed(server, chunks...))); diff != "" {
				t.Errorf("%s, %s: %s", tt.name, split, diff)
			}
		})
	}
}
