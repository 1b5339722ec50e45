package hybi

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/driver/wstest"
	"github.com/sans-io/websocket-driver/hybi/frame"
)

// pool is a ws.Buffers that counts what it lends and scribbles over what comes
// back. A buffer that comes back twice is a panic, one from elsewhere is dropped.
type pool struct {
	lent map[*byte]bool // by the first byte; false when it has come back
	out  int            // how many are lent
	free [32][][]byte   // by the logarithm of the capacity
}

func (l *pool) Get(n int) []byte {
	k := bits.Len(uint(max(n, 1) - 1))
	var b []byte
	if free := l.free[k]; len(free) > 0 {
		b, l.free[k] = free[len(free)-1], free[:len(free)-1]
	} else {
		b = make([]byte, 0, 1<<k)
	}
	if l.lent == nil {
		l.lent = map[*byte]bool{}
	}
	l.lent[&b[:1][0]] = true
	l.out++
	return b
}

func (l *pool) Put(b []byte) {
	b = b[:cap(b)]
	for i := range b {
		b[i] = 0xa5
	}
	lent, own := l.lent[&b[0]]
	switch {
	case !own:
		return
	case !lent:
		panic(fmt.Sprintf("a buffer of %d bytes comes back twice", len(b)))
	}
	l.lent[&b[0]] = false
	l.out--
	k := bits.Len(uint(len(b) - 1))
	l.free[k] = append(l.free[k], b[:0])
}

// gathering returns how many buffers are lent beside that of the output.
func (l *pool) gathering(q *ws.Queue) int {
	if cap(q.Buf) > 0 && l.lent[&q.Buf[:1][0]] {
		return l.out - 1
	}
	return l.out
}

// At most one buffer is lent inside a message, and none after it, also while a
// part of the next header has arrived.
func TestLent(t *testing.T) {
	roles(func(cfg Config) {
		for _, in := range [][]drawn{
			{text("hello")},
			{first("ab"), ping("c"), last("d")},
			{first(strings.Repeat("é", 1000)), more(""), pong(strings.Repeat("p", 125)), last(strings.Repeat("x", 3000))},
			runs(frame.Text, "\x03a", 1),
			runs(frame.Text, strings.Repeat("\xffa", 100), 1, 2, 50),
		} {
			cfg.Pipeline = pipeline(t, &repeat{})
			var lends pool
			q := &ws.Queue{Pool: &lends}
			c := NewConn(q, cfg)
			p := encode(cfg.Server, in...)
			for range 3 {
				var records []wstest.Record
				for i := range p {
					records = append(records, wstest.Feed(c, p[i:i+1])...)
					if n := lends.gathering(q); n > 1 {
						t.Fatalf("%s: %d buffers are lent inside a message", describe(cfg), n)
					}
				}
				if records = gather(records); !records[len(records)-1].Final || lends.gathering(q) != 0 || c.buf != nil {
					t.Fatalf("%s: %d events, then %d buffers are lent", describe(cfg), len(records), lends.gathering(q))
				}
				if q.GiveBack(q.Take(nil)); lends.out != 0 {
					t.Fatalf("%s: %d buffers are lent after Take", describe(cfg), lends.out)
				}
			}
		}
	})
}

// However a connection ends inside a message, nothing stays lent. The buffer is
// not returned while an event's Data may lie in it.
func TestLentAtEnd(t *testing.T) {
	roles(func(cfg Config) {
		for _, tt := range []struct {
			end  drawn
			hold bool
			want ws.Kind
		}{
			{bye(1000, "a reason"), false, ws.Close},
			{bye(1000, "a reason"), true, ws.PeerClose},
			{bye(999, ""), true, ws.Close},
			{last("\xff"), false, ws.Close},
			{text(""), false, ws.Close},
			{drawn{fin: true, op: 0xf}, false, ws.Close},
		} {
			for _, start := range [][]drawn{{first(strings.Repeat("x", 1000))}, runs(frame.Text, strings.Repeat("\xffa", 10))[:1]} {
				start = slices.Clone(start)
				start[0].fin = false
				cfg.HoldClose, cfg.Pipeline = tt.hold, pipeline(t, &repeat{})
				var lends pool
				q := &ws.Queue{Pool: &lends}
				c := NewConn(q, cfg)
				in := encode(cfg.Server, append(start, tt.end)...)
				records := wstest.Feed(c, wstest.Cut(in, func() int { return 3 })...)
				if got := records[len(records)-1]; got.Kind != tt.want || got.Code == 1000 && got.Data != "a reason" {
					t.Errorf("%s: %v", describe(cfg), got)
				}
				if lends.gathering(q) != 0 || c.buf != nil {
					t.Errorf("%s, %v: %d buffers are lent", describe(cfg), tt.end, lends.gathering(q))
				}
			}
		}
	})
}

// The Data of an event stays as it is when a send fails the connection.
func TestSendFailsBesideData(t *testing.T) {
	session := &repeat{}
	cfg := plain(true)
	cfg.Pipeline = pipeline(t, session)
	var lends pool
	q := &ws.Queue{Pool: &lends}
	c := NewConn(q, cfg)
	in := encode(true, text("hello"))
	c.Parse(in[:7])
	_, ev := c.Parse(in[7:])
	session.fail = fmt.Errorf("mistake")
	if err := c.Message(ws.Text, []byte("a")); err == nil || string(ev.Data) != "hello" {
		t.Errorf("got %v, and %q", err, ev.Data)
	}
	if got := wstest.Feed(c); len(got) != 1 || got[0].Code != 1011 || lends.gathering(q) != 0 {
		t.Errorf("got %v with %d buffers", got, lends.gathering(q))
	}
}

// Release returns what a connection holds that is dropped inside a message.
func TestRelease(t *testing.T) {
	var lends pool
	c := NewConn(&ws.Queue{Pool: &lends}, plain(true))
	wstest.Feed(c, encode(true, first("abc")))
	if lends.out != 1 {
		t.Errorf("%d buffers are lent inside a message", lends.out)
	}
	if c.Release(); lends.out != 0 {
		t.Errorf("%d buffers are lent after Release", lends.out)
	}
	c.Release()
}

// A message of 64 KiB that arrives in several reads takes no allocation if there
// is a Pool, and few buffers: the header tells the size.
func TestNoAllocsLent(t *testing.T) {
	for _, server := range []bool{false, true} {
		for _, read := range []int{4096, 1460, 64} {
			t.Run(fmt.Sprintf("server %v, reads of %d", server, read), func(t *testing.T) {
				lends := &getCounter{}
				q := &ws.Queue{Pool: lends}
				c := NewConn(q, plain(server))
				in := encode(server, text(string(payload("текст", 64<<10))))
				work := slices.Clone(in)
				round := func() {
					copy(work, in)
					messages := 0
					for rest := work; len(rest) > 0; {
						chunk := rest[:min(read, len(rest))]
						rest = rest[len(chunk):]
						for {
							n, ev := c.Parse(chunk)
							if chunk = chunk[n:]; ev.Kind == ws.None {
								break
							}
							messages++
						}
					}
					if messages != 1 || c.Err() != nil || lends.gathering(q) != 0 {
						t.Fatalf("%d messages, %v, %d buffers are lent", messages, c.Err(), lends.gathering(q))
					}
				}
				round()
				if most := 5; lends.gets > most {
					t.Errorf("%d buffers, not at most %d", lends.gets, most)
				}
				wstest.NoAllocs(t, round)
			})
		}
	}
}

// getCounter counts the calls of Get.
type getCounter struct {
	pool
	gets int
}

func (c *getCounter) Get(n int) []byte {
	c.gets++
	return c.pool.Get(n)
}

// A message through an extension takes no allocation either.
func TestNoAllocsLentDecoding(t *testing.T) {
	for _, pieces := range []bool{false, true} {
		lends := &pool{}
		q := &ws.Queue{Pool: lends}
		cfg := plain(true)
		cfg.Pieces, cfg.Pipeline = pieces, pipeline(t, &repeat{})
		c := NewConn(q, cfg)
		in := encode(true, runs(frame.Text, strings.Repeat("\xffa", 100), 1, 70)...)
		work := slices.Clone(in)
		wstest.NoAllocs(t, func() {
			copy(work, in)
			size := 0
			for rest := work; ; {
				n, ev := c.Parse(rest)
				size += len(ev.Data)
				if rest = rest[n:]; ev.Kind == ws.None {
					break
				}
			}
			if err := c.Message(ws.Text, in[:0]); err != nil || size != 25500 || lends.gathering(q) != 0 {
				t.Fatalf("%v, %d bytes, %d buffers are lent", err, size, lends.gathering(q))
			}
			lends.Put(q.Take(nil))
		})
	}
}

// In pieces an extension may leave input for the next call: it stays masked.
func TestDecodeKeepsInput(t *testing.T) {
	cfg := plain(true)
	cfg.Pieces, cfg.Pipeline = true, pipeline(t, &repeat{})
	c, _ := newConn(cfg)
	in := encode(true, runs(frame.Text, strings.Repeat("\xffa", 100))...)
	before := slices.Clone(in)
	var got []int
	for rest := in; ; {
		n, ev := c.Parse(rest)
		if rest = rest[n:]; ev.Kind == ws.None {
			break
		}
		if !slices.Equal(rest, before[len(before)-len(rest):]) {
			t.Fatal("input that has not been used was changed")
		}
		got = append(got, len(ev.Data))
	}
	if diff := cmp.Diff([]int{4096, 4096, 4096, 4096, 4096, 4096, 924}, got); diff != "" {
		t.Error(diff)
	}
}
