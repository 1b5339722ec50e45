package deflate

import (
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
	"github.com/sans-io/websocket-driver/extensions"
	"github.com/sans-io/websocket-driver/hybi/frame"
)

// peer is one end of a connection with what it has received.
type peer struct {
	*driver.Driver
	spy  *spy
	got  []string // kind and data of the messages, pings and pongs; code and reason of the close
	join []byte   // the pieces of the current message
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

// feed gives p to e and records the events.
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

// brief returns p, or its length and checksum if it is long.
func brief(p []byte) string {
	if len(p) < 50 {
		return string(p)
	}
	return fmt.Sprintf("%d bytes, %08x", len(p), crc32.ChecksumIEEE(p))
}

// TestMix sends prepared messages, whole messages above and below the threshold, and
// fragmented ones in random order, with pings between the fragments and idle times. The
// peer enforces the window.
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

// testMix sends messages in random ways, with prepared ones between them.
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
			must(from.SendPrepared(prepared[i]))
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

// TestPreparedOnce: a prepared message is not compressed again for connections with the
// same terms.
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
		if err := b.SendPrepared(m); err != nil {
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
	wstest.NoAllocs(t, func() {
		b.SendPrepared(m)
		buf = b.Take(buf)
	})
}

// TestReserved: frames with invalid RSV bits while the extension is in use (RFC 7692,
// section 6).
func TestReserved(t *testing.T) {
	const (
		fin  = frame.FinBit
		text = byte(frame.Text)
		more = byte(frame.Continuation)
		ping = byte(frame.Ping)
		bye  = byte(frame.Close)
		rsv1 = frame.RSV1
		rsv2 = frame.RSV2
	)
	in := wstest.ClientFrame[string]
	tests := []struct{ name, frames, want string }{
		{"RFC 7692 6 continuation", in(rsv1|text, "") + in(fin|rsv1|more, "\x00"), "Close 1002 reserved bits 0x40 set in a frame with opcode 0x0"},
		{"RFC 7692 6 ping", in(fin|rsv1|ping, ""), "Close 1002 reserved bits 0x40 set in a frame with opcode 0x9"},
		{"RFC 7692 6 ping within a message", in(rsv1|text, "") + in(fin|rsv1|ping, ""), "Close 1002 reserved bits 0x40 set in a frame with opcode 0x9"},
		{"RFC 7692 6 close", in(fin|rsv1|bye, ""), "Close 1002 reserved bits 0x40 set in a frame with opcode 0x8"},
		{"RFC 6455 5.2 RSV2", in(fin|rsv1|rsv2|text, "\x00"), "Close 1002 reserved bits 0x20 set in a frame with opcode 0x1"},
		{"RFC 6455 8.1 not UTF-8", in(fin|rsv1|text, "\xfa\x07\x00"), "Close 1007 text is not valid UTF-8"},
		{"RFC 7692 7.2.2 corrupt", in(fin|rsv1|text, "\x06"), "Close 1007 compressed message: invalid block type 3"},
		{"RFC 7692 7.2.2 truncated", in(fin|rsv1|text, "\xf2\x48\xcd\xc9"), "Close 1007 compressed message: ends within a block"},
		{"RFC 7692 7.2.3.6 empty", in(fin|rsv1|text, "\x00"), "Text "},
		{"RFC 7692 6.1 fragments", in(rsv1|text, "\xf2\x48\xcd") + in(fin|ping, "p") + in(more, "") + in(fin|more, "\xc9\xc9\x07\x00"), "Ping p|Text Hello"},
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

// TestBomb: a message expands to a thousand times its length. The memory that the
// receiver allocates before it fails with 1009 is bounded.
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
		if n := wstest.AllocBytes(func() { server.feed(wire) }); n > 4*limit {
			t.Errorf("pieces=%v: %d bytes allocated, the limit of a message is %d", pieces, n, limit)
		}
		want := []string{"Close 1009 message of more than 1048576 bytes after decoding"}
		if diff := cmp.Diff(want, server.got); diff != "" {
			t.Error(diff)
		}
	}
}

// TestLimit: messages as long as MaxMessage allows, and one byte longer.
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

var _ extensions.Extension = (*Extension)(nil)

// TestTruncated: text that ends within a block. With Pieces the text before that is
// delivered before the Close event, however the input is split.
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
		{"after a code", append(long[:len(long)-1:len(long)-1], 0, 0, 0), string(text)}, // within the empty block
	}
	for _, tt := range tests {
		in := wstest.ClientFrame(frame.FinBit|frame.RSV1|byte(frame.Text), tt.wire)
		var want []wstest.Record
		if tt.out != "" {
			want = append(want, wstest.Record{Kind: driver.Text, Data: tt.out})
		}
		want = append(want, wstest.Record{Kind: driver.Close, Code: 1007, Data: "compressed message: ends within a block"})
		wstest.Splits(in, func(split string, chunks [][]byte) {
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
