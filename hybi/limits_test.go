package hybi

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/driver/wstest"
	"github.com/sans-io/websocket-driver/hybi/frame"
)

func maxMessage(n int) func(*Config)   { return func(c *Config) { c.MaxMessage = n } }
func maxFrame(n int) func(*Config)     { return func(c *Config) { c.MaxFrame = n } }
func maxFragments(n int) func(*Config) { return func(c *Config) { c.MaxFragments = n } }

func TestLimits(t *testing.T) {
	a := func(n int) string { return strings.Repeat("a", n) }
	tooBig := func(n uint64, limit int) string {
		return fmt.Sprintf("message of at least %d bytes, the limit is %d", n, limit)
	}
	partText := func(s string) []wstest.Record { return []wstest.Record{gotPart(ws.Text, s)} }
	const big = ws.CodeMessageTooBig
	huge := drawn{fin: true, claim: math.MaxInt64}
	runAll(t, []vector{
		{rule: "10.4", name: "message as long as the limit", adjust: maxMessage(10), in: []drawn{text(a(10)), bin(a(10))}, want: []wstest.Record{gotText(a(10)), gotBin(a(10))}},
		{rule: "10.4", name: "one byte more", adjust: maxMessage(10), in: []drawn{text(a(11))}, code: big, msg: tooBig(11, 10)},
		{rule: "10.4", name: "bad text beyond the limit", adjust: maxMessage(1), in: []drawn{text("\xff\xff")}, code: big, msg: tooBig(2, 1)},
		{rule: "10.4", name: "fragments as long as the limit", adjust: maxMessage(10), in: []drawn{first(a(9)), more(""), more("a"), last("")}, want: []wstest.Record{gotText(a(10))}},
		{rule: "10.4", name: "fragments one byte longer", adjust: maxMessage(10), in: []drawn{first(a(9)), more("a"), last("a")}, part: partText(a(10)), code: big, msg: tooBig(11, 10)},
		{rule: "10.4", name: "control frames do not count", adjust: maxMessage(3), in: []drawn{first("a"), ping(a(125)), last("bc")}, want: []wstest.Record{gotPing(a(125)), gotText("abc")}, out: []drawn{pong(a(125))}},
		{rule: "10.4", name: "limit of 0", adjust: maxMessage(0), in: []drawn{text(""), bin("a")}, want: []wstest.Record{gotText("")}, code: big, msg: tooBig(1, 0)},
		{rule: "10.4", name: "the longest length", adjust: maxMessage(100), in: []drawn{{fin: true, op: frame.Text, claim: math.MaxInt64}}, code: big, msg: tooBig(math.MaxInt64, 100)},
		{rule: "10.4", name: "a sum beyond 2^63", adjust: maxMessage(100), in: []drawn{first("ab"), huge}, part: partText("ab"), code: big, msg: tooBig(1<<63+1, 100)},
		{rule: "10.4", name: "a sum beyond 2^63 and the highest limit", adjust: maxMessage(math.MaxInt), in: []drawn{first("ab"), huge}, part: partText("ab"), code: big, msg: tooBig(1<<63+1, math.MaxInt)},
		{rule: "10.4", name: "frame as long as the limit", adjust: maxFrame(5), in: []drawn{first(a(5)), last(a(5))}, want: []wstest.Record{gotText(a(10))}},
		{rule: "10.4", name: "frame one byte longer", adjust: maxFrame(5), in: []drawn{first(a(5)), last(a(6))}, part: partText(a(5)), code: big, msg: "frame of 6 bytes, the limit is 5"},
		{rule: "10.4", name: "only frame one byte longer", adjust: maxFrame(5), in: []drawn{text(a(6))}, code: big, msg: "frame of 6 bytes, the limit is 5"},
		{rule: "10.4", name: "control frames know no limit", adjust: maxFrame(5), in: []drawn{ping(a(125))}, want: []wstest.Record{gotPing(a(125))}, out: []drawn{pong(a(125))}},
		{rule: "10.4", name: "as many fragments as allowed", adjust: maxFragments(3), in: []drawn{first(""), more("a"), last("b"), first("c"), last("d")}, want: []wstest.Record{gotText("ab"), gotText("cd")}},
		{rule: "10.4", name: "one fragment more", adjust: maxFragments(3), in: []drawn{first(""), more("a"), ping(""), more("b"), last("c")},
			want: []wstest.Record{gotPing("")}, out: []drawn{pong("")}, only: func(c Config) bool { return !c.Pieces },
			code: ws.CodePolicyViolation, msg: "message of more than 3 fragments"},
		{rule: "10.4", name: "empty fragments count", adjust: maxFragments(2), in: []drawn{first(""), more(""), more("")}, code: ws.CodePolicyViolation, msg: "message of more than 2 fragments"},
		{rule: "10.4", name: "one fragment only", adjust: maxFragments(1), in: []drawn{text("a"), first("b"), last("")}, want: []wstest.Record{gotText("a")}, part: partText("b"),
			code: ws.CodePolicyViolation, msg: "message of more than 1 fragments"},
	})
}

// What is declared without a limit is not stored: memory grows with what has
// arrived, to at most four times as much.
func TestMemoryFollowsInput(t *testing.T) {
	for _, server := range []bool{false, true} {
		c, _ := newConn(plain(server))
		wstest.Feed(c, encode(server, firstB("ab"), drawn{fin: true, claim: math.MaxInt64})) // the sum needs 64 bits
		for arrived := 2; arrived < 3<<20; {
			chunk := make([]byte, min(1+arrived/3, 40000))
			c.Parse(chunk)
			arrived += len(chunk)
			if cap(c.buf) > max(4*arrived, minBuffer) {
				t.Fatalf("%d bytes of buffer for %d bytes", cap(c.buf), arrived)
			}
		}
	}
	for _, size := range []int{100, 5000, 1 << 20} {
		cfg := plain(true)
		cfg.MaxMessage = size
		c, _ := newConn(cfg)
		in := encode(true, bin(strings.Repeat("m", size)))
		for i := range in[:len(in)-1] {
			c.Parse(in[i : i+1])
			if cap(c.buf) > size {
				t.Fatalf("%d bytes of buffer for a message of %d", cap(c.buf), size)
			}
		}
	}
}

// Many small fragments take a buffer that grows with their sum.
func TestFragmentsGrow(t *testing.T) {
	c, _ := newConn(plain(false))
	wstest.Feed(c, encode(false, firstB("x")))
	one := encode(false, more("y"))
	for i := 2; i < 100000; i++ {
		c.Parse(bytes.Clone(one))
		if len(c.buf) != i || cap(c.buf) > max(4*i, minBuffer) {
			t.Fatalf("%d of %d bytes of buffer for %d", len(c.buf), cap(c.buf), i)
		}
	}
}

// The limit of a declared size holds before a byte of it is stored.
func TestLimitBeforeStorage(t *testing.T) {
	cfg := plain(true)
	cfg.MaxMessage = 1000
	c, _ := newConn(cfg)
	in := encode(true, drawn{op: frame.Text, payload: "x", claim: 1001})
	c.Parse(in[:len(in)-2])
	if c.buf != nil || c.Err() != nil {
		t.Errorf("%d bytes, %v", cap(c.buf), c.Err())
	}
	if _, ev := c.Parse(in[len(in)-2:]); ev.Code != ws.CodeMessageTooBig || c.buf != nil {
		t.Errorf("got %v with %d bytes of buffer", ev, cap(c.buf))
	}
}

// SetMaxMessage inside a message counts from the next one on.
func TestSetMaxMessage(t *testing.T) {
	for _, server := range []bool{false, true} {
		c, _ := newConn(plain(server))
		got := wstest.Feed(c, encode(server, first("abc")))
		c.SetMaxMessage(4)
		c.SetPieces(true)
		got = append(got, wstest.Feed(c, encode(server, last("def"), first("ab"), more("cd")))...)
		c.SetMaxMessage(2)
		c.SetPieces(false)
		got = append(got, wstest.Feed(c, encode(server, last(""), first("a"), last("b"), text("abc")))...)
		want := []wstest.Record{
			gotText("abcdef"), gotPart(ws.Text, "ab"), gotPart(ws.Text, "cd"), gotText(""), gotText("ab"),
			gotClose(1009, "message of at least 3 bytes, the limit is 2"),
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	}
}

// pings are frames whose payload is a number, and pongs the answers.
func pings(from, to int) (frames []drawn) {
	for i := from; i < to; i++ {
		frames = append(frames, ping(fmt.Sprint(i)))
	}
	return frames
}
func pongs(numbers ...int) (frames []drawn) {
	for _, i := range numbers {
		frames = append(frames, pong(fmt.Sprint(i)))
	}
	return frames
}

// Sections 5.5.2 and 5.5.3: all pings are answered in order, until too many
// answers wait.
func TestMaxPongs(t *testing.T) {
	for _, server := range []bool{false, true} {
		t.Run(fmt.Sprint("5.5.3 server ", server), func(t *testing.T) {
			cfg := plain(server)
			cfg.MaxPongs = 3
			feed := func(c *Conn, from, to int) { wstest.Feed(c, encode(server, pings(from, to)...)) }

			c, q := newConn(cfg)
			feed(c, 0, 3)
			sameFrames(t, take(t, q, !server), pongs(0, 1, 2)...)
			feed(c, 3, 10)
			sameFrames(t, take(t, q, !server), pongs(3, 4, 9)...)
			feed(c, 10, 12)
			sameFrames(t, take(t, q, !server), pongs(10, 11)...)

			// A message after the newest pong stays where it is.
			feed(c, 0, 3)
			if err := c.Message(ws.Text, []byte("m")); err != nil {
				t.Fatal(err)
			}
			feed(c, 3, 4)
			if err := c.Message(ws.Text, []byte("n")); err != nil {
				t.Fatal(err)
			}
			feed(c, 4, 6)
			want := append(pongs(0, 1), text("m"), text("n"), pong("5"))
			sameFrames(t, take(t, q, !server), want...)

			// A pong that has left in part stays whole.
			feed(c, 0, 3)
			var left []byte
			for range 3 {
				p := make([]byte, q.Len()-1)
				n, _ := q.Read(p)
				left = append(left, p[:n]...)
				feed(c, 3, 5)
			}
			rest := &ws.Queue{Buf: append(left, q.Take(nil)...)}
			sameFrames(t, take(t, rest, !server), pongs(0, 1, 2, 4, 4, 4)...)
		})
	}
}

// Few are allowed, and 0 as many as 1.
func TestFewPongs(t *testing.T) {
	for _, most := range []int{0, 1} {
		t.Run(fmt.Sprint("5.5.3 MaxPongs ", most), func(t *testing.T) {
			cfg := plain(true)
			cfg.MaxPongs = most
			c, q := newConn(cfg)
			wstest.Feed(c, encode(true, pings(0, 9)...))
			sameFrames(t, take(t, q, false), pongs(8)...)
		})
	}
}

// Output stays bounded however many pings come and however it is drained.
func TestPongsAreBounded(t *testing.T) {
	for _, server := range []bool{false, true} {
		t.Run(fmt.Sprint("5.5.3 server ", server), func(t *testing.T) {
			c, q := newConn(plain(server))
			in := encode(server, ping(strings.Repeat("p", 125)))
			for i := range 100000 {
				c.Parse(bytes.Clone(in))
				if i%5 == 0 && i < 50000 {
					q.Read(make([]byte, i%7))
				}
				if q.Len() > 66*131 || cap(q.Buf) > 40000 {
					t.Fatalf("%d bytes wait in a buffer of %d after %d pings", q.Len(), cap(q.Buf), i+1)
				}
			}
			if c.Err() != nil {
				t.Error(c.Err())
			}
		})
	}
}
