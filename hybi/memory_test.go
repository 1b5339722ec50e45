package hybi

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

// A connection that waits between two messages holds no buffer.
func TestIdleHoldsNothing(t *testing.T) {
	roles(func(cfg Config) {
		for _, frames := range [][]drawn{
			{text("hello")},
			{first("ab"), ping("c"), last("d")},
			{first(""), last("")},
			{ping(strings.Repeat("p", 125))},
			{bin(strings.Repeat("b", 5000)), bin("x")},
		} {
			c, _ := newConn(cfg)
			in := encode(cfg.Server, frames...)
			wstest.Feed(c, wstest.Cut(in, func() int { return 3 })...)
			if c.buf != nil {
				t.Errorf("%s: %d bytes of buffer between messages", describe(cfg), cap(c.buf))
			}
			wstest.Feed(c, encode(cfg.Server, text("next"))[:1])
			if c.buf != nil {
				t.Errorf("%s: %d bytes of buffer inside a header", describe(cfg), cap(c.buf))
			}
		}
	})
}

// The buffer of a large message stays while there is more input, and is dropped
// when there is none.
func TestBufferIsKeptWhileBusy(t *testing.T) {
	for _, server := range []bool{false, true} {
		c, _ := newConn(plain(server))
		in := encode(server, bin(strings.Repeat("x", 1<<20)))
		c.Parse(in[:1000])
		next := append(in[1000:], encode(server, first("a"), last("b"))...)
		n, ev := c.Parse(next)
		if len(ev.Data) != 1<<20 || cap(c.buf) != 1<<20 {
			t.Errorf("%d bytes, and %d bytes of buffer", len(ev.Data), cap(c.buf))
		}
		next = next[n:]
		if n, ev = c.Parse(next); string(ev.Data) != "ab" || cap(c.buf) != 1<<20 {
			t.Errorf("got %v, and %d bytes of buffer", ev, cap(c.buf))
		}
		if c.Parse(next[n:]); c.buf != nil {
			t.Errorf("%d bytes of buffer at rest", cap(c.buf))
		}
	}
}

// A failed or closed connection holds nothing.
func TestClosedHoldsNothing(t *testing.T) {
	roles(func(cfg Config) {
		for _, end := range []drawn{bye(1000, "x"), text(""), {fin: true, op: 0xf}} {
			c, _ := newConn(cfg)
			in := encode(cfg.Server, first(strings.Repeat("x", 1000)), end)
			wstest.Feed(c, in[:500], in[500:])
			if c.State() != ws.StateClosed || c.buf != nil {
				t.Errorf("%s: %v with %d bytes", describe(cfg), c.State(), cap(c.buf))
			}
		}
	})
}

// The size of what every connection costs, on 64-bit machines.
func TestSize(t *testing.T) {
	if unsafe.Sizeof(uintptr(0)) != 8 {
		return
	}
	if n := unsafe.Sizeof(Conn{}); n > 208 {
		t.Errorf("a Conn has %d bytes, not at most 208", n)
	}
	if n := unsafe.Sizeof(ws.Event{}); n > 32 {
		t.Errorf("an Event has %d bytes, not at most 32", n)
	}
}

// kinds are what is sent and received in the tests of allocations and speed.
var payloadKinds = []struct {
	name string
	kind ws.Kind
	word string
}{
	{"ASCII", ws.Text, "the quick brown fox "},
	{"text", ws.Text, "съешь же ещё этих мягких булок "},
	{"binary", ws.Binary, "\x00\xff\x80"},
}

// payload returns n bytes made of whole runes of word.
func payload(word string, n int) []byte {
	p := []byte(strings.Repeat(word, n/len(word)+1))[:n]
	tail, _ := validUTF8(p)
	for i := range tail {
		p[n-1-i] = '.'
	}
	return p
}

// Receiving and sending do not allocate, in either role (with its key made).
func TestNoAllocs(t *testing.T) {
	for _, server := range []bool{false, true} {
		for _, k := range payloadKinds {
			for _, n := range []int{16, 125, 1024, 65536} {
				t.Run(fmt.Sprintf("server %v, %s, %d", server, k.name, n), func(t *testing.T) {
					c, q := newConn(plain(server))
					p := payload(k.word, n)
					var spare []byte
					wstest.NoAllocs(t, func() {
						if err := c.Message(k.kind, p); err != nil {
							t.Fatal(err)
						}
						spare = q.Take(spare)
					})
					in := drawn{fin: true, op: opcodeOf(k.kind), payload: string(p)}.encode(server)
					work := slices.Clone(in)
					wstest.NoAllocs(t, func() {
						copy(work, in)
						if n, ev := c.Parse(work); n != len(work) || ev.Kind != k.kind {
							t.Fatalf("%d bytes, %v", n, ev.Kind)
						}
					})
				})
			}
		}
	}
}

// Pings, their answers and pings of ours do not allocate either.
func TestNoAllocsControl(t *testing.T) {
	for _, server := range []bool{false, true} {
		c, q := newConn(plain(server))
		p := payload("ping", 125)
		in := encode(server, ping(string(p)), pong(""))
		work := slices.Clone(in)
		var spare []byte
		wstest.NoAllocs(t, func() {
			copy(work, in)
			for rest := work; len(rest) > 0; {
				n, _ := c.Parse(rest)
				rest = rest[n:]
			}
			if err := c.Message(ws.Ping, p); err != nil {
				t.Fatal(err)
			}
			if err := c.Message(ws.Pong, p); err != nil {
				t.Fatal(err)
			}
			if err := c.Fragment(ws.Text, p[:4], false); err != nil {
				t.Fatal(err)
			}
			if err := c.Fragment(ws.Text, p[:4], true); err != nil {
				t.Fatal(err)
			}
			spare = q.Take(spare)
		})
	}
}

// In pieces nothing is ever gathered, wherever chunks end. Without pieces
// nothing is allocated while chunks end inside messages: the buffer stays.
func TestNoAllocsSplit(t *testing.T) {
	for _, server := range []bool{false, true} {
		for _, pieces := range []bool{false, true} {
			for _, n := range []int{125, 1024, 65536} {
				cfg := plain(server)
				cfg.Pieces = pieces
				c, q := newConn(cfg)
				one := text(string(payload("текст", n)))
				in := encode(server, one, one, one, first("a"), ping("p"), last("b"))
				// The input begins and ends inside a payload; so do the chunks,
				// but in pieces they end anywhere.
				size := len(one.encode(server))
				start := slices.Clone(in[:size/2])
				rest := slices.Concat(in[size/2:], in[:size/2])
				work := slices.Clone(rest)
				wstest.Feed(c, start)
				cuts := []int{size, 2 * size, len(rest)}
				rnd := rand.New(rand.NewPCG(1, uint64(n)))
				for at := 0; pieces && at < len(rest); at += 1 + rnd.IntN(n) {
					cuts = append(cuts, at)
				}
				slices.Sort(cuts)
				var spare []byte
				wstest.NoAllocs(t, func() {
					copy(work, rest)
					at := 0
					for _, cut := range cuts {
						for chunk := work[at:cut]; ; {
							used, ev := c.Parse(chunk)
							if chunk = chunk[used:]; ev.Kind == ws.None {
								break
							}
						}
						at = cut
					}
					spare = q.Take(spare)
				})
				if c.Err() != nil {
					t.Errorf("server %v, pieces %v: %v", server, pieces, c.Err())
				}
			}
		}
	}
}
