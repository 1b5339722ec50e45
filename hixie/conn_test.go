package hixie

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"

	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

// both are the versions; most tables are for both.
var both = []ws.Version{ws.Hixie75, ws.Hixie76}

// text draws a text frame.
func text(s string) []byte { return AppendText(nil, []byte(s)) }

// until draws a frame of a type below 0x80: it lasts until 0xFF.
func until(kind byte, payload string) []byte {
	return append(append([]byte{kind}, payload...), 0xFF)
}

// counted draws a frame with a length in the shortest form.
func counted(kind byte, payload string) []byte {
	b := []byte{kind}
	n := len(payload)
	for shift := 28; shift > 0; shift -= 7 {
		if n>>shift > 0 {
			b = append(b, 0x80|byte(n>>shift)&0x7F)
		}
	}
	return append(append(b, byte(n)&0x7F), payload...)
}

// closing draws the closing handshake of draft-76.
func closing() []byte { return []byte{0xFF, 0x00} }

// join concatenates frames.
func join(frames ...[]byte) []byte { return bytes.Join(frames, nil) }

// unlimited is a Config without limits.
func unlimited(v ws.Version) Config {
	return Config{Version: v, MaxMessage: -1, MaxFrame: -1}
}

// wire is a Conn with its queue and what came of it.
type wire struct {
	t *testing.T
	*Conn
	queue ws.Queue
	log   []string // one line for each message and for the Close
	text  []byte   // the pieces of a message so far
}

func newWire(t *testing.T, c Config) *wire {
	w := &wire{t: t}
	w.Conn = NewConn(&w.queue, c)
	return w
}

// feed gives a chunk to Parse. It hands over a copy and scribbles over that
// and over all events when their time is up.
func (w *wire) feed(chunk []byte) {
	w.t.Helper()
	p := slices.Clone(chunk)
	for {
		n, ev := w.Parse(p)
		if n < 0 || n > len(p) {
			w.t.Fatalf("Parse used %d of %d bytes", n, len(p))
		}
		if ev.Kind == ws.None {
			if n != len(p) {
				w.t.Fatalf("Parse used %d of %d bytes without an event", n, len(p))
			}
			break
		}
		w.note(ev)
		scribble(ev.Data)
		p = p[n:]
	}
	scribble(p)
	if w.phase != phaseText && w.buf != nil {
		w.t.Fatalf("an idle Conn holds a buffer of %d bytes", cap(w.buf))
	}
}

func scribble(b []byte) {
	for i := range b {
		b[i] = 0xEE
	}
}

// note logs an event, joining pieces.
func (w *wire) note(ev ws.Event) {
	w.t.Helper()
	if len(w.log) > 0 && strings.HasPrefix(w.log[len(w.log)-1], "Close") {
		w.t.Fatalf("%v after Close", ev.Kind)
	}
	switch ev.Kind {
	case ws.Text:
		if cap(ev.Data) != len(ev.Data) {
			w.t.Fatalf("text of %d bytes with room for %d", len(ev.Data), cap(ev.Data))
		}
		if !ev.Final && len(ev.Data) == 0 {
			w.t.Fatal("empty piece that is not the last")
		}
		if !ev.Final && !w.inPieces {
			w.t.Fatal("piece without Pieces")
		}
		if !bytes.Equal(bytes.ToValidUTF8(ev.Data, nil), ev.Data) {
			w.t.Fatalf("piece % x is not valid UTF-8", ev.Data)
		}
		w.text = append(w.text, ev.Data...)
		if ev.Final {
			w.log = append(w.log, fmt.Sprintf("Text %q", w.text))
			w.text = nil
		}
	case ws.Close:
		if len(w.text) > 0 {
			w.log = append(w.log, fmt.Sprintf("part %q", w.text))
		}
		w.log = append(w.log, fmt.Sprintf("Close %d %s", ev.Code, ev.Data))
	default:
		w.t.Fatalf("event %v", ev.Kind)
	}
}

// splits calls f with the ways to cut b: whole, in two at every position, and
// byte by byte.
func splits(b []byte, f func(name string, chunks [][]byte)) {
	f("whole", [][]byte{b})
	for i := 1; i < len(b); i++ {
		f(fmt.Sprintf("cut at %d", i), [][]byte{b[:i], b[i:]})
	}
	f("bytes", slices.Collect(slices.Chunk(b, 1)))
}

// vector is an input and what comes of it.
type vector struct {
	name     string
	versions []ws.Version // both if nil
	limits   [2]int       // MaxMessage and MaxFrame; none if 0
	in       []byte
	log      []string
	out      []byte
	state    ws.State // StateOpen if 0
}

var only75, only76 = both[:1], both[1:]

var vectors = []vector{
	{name: "nothing", in: []byte{}},
	{name: "empty text", in: text(""), log: []string{`Text ""`}},
	{name: "text", in: text("Hello"), log: []string{`Text "Hello"`}},
	{
		name: "texts",
		in:   join(text("a"), text(""), text("bc"), text("€")),
		log:  []string{`Text "a"`, `Text ""`, `Text "bc"`, `Text "€"`},
	},
	{name: "text of 1 to 4 byte characters", in: text("aß€😀"), log: []string{`Text "aß€😀"`}},
	{name: "NUL is a character", in: text("\x00\x00"), log: []string{`Text "\x00\x00"`}},
	{
		name: "text longer than a window",
		in:   text(strings.Repeat("a", 254) + "€€€" + strings.Repeat("ß", 200)),
		log:  []string{fmt.Sprintf("Text %q", strings.Repeat("a", 254)+"€€€"+strings.Repeat("ß", 200))},
	},

	{name: "stray continuation", in: text("a\x80b"), log: []string{"Text \"a\uFFFDb\""}},
	{name: "two stray continuations", in: text("\x80\xBF"), log: []string{"Text \"\uFFFD\uFFFD\""}},
	{name: "overlong C0", in: text("\xC0\x80"), log: []string{"Text \"\uFFFD\uFFFD\""}},
	{name: "overlong E0", in: text("\xE0\x9F\xBF"), log: []string{"Text \"\uFFFD\uFFFD\uFFFD\""}},
	{name: "surrogate", in: text("\xED\xA0\x80"), log: []string{"Text \"\uFFFD\uFFFD\uFFFD\""}},
	{name: "above U+10FFFF", in: text("\xF4\x90\x80\x80"), log: []string{"Text \"\uFFFD\uFFFD\uFFFD\uFFFD\""}},
	{name: "bytes that never occur", in: text("\xF5\xFEx"), log: []string{"Text \"\uFFFD\uFFFDx\""}},
	{name: "cut by a letter", in: text("\xF0\x9F\x98z"), log: []string{"Text \"\uFFFDz\""}},
	{name: "cut by a start", in: text("\xE2\x82\xE2\x82\xAC"), log: []string{"Text \"\uFFFD€\""}},
	{name: "cut by the end, 1 byte", in: text("a\xF0"), log: []string{"Text \"a\uFFFD\""}},
	{name: "cut by the end, 2 bytes", in: text("a\xF0\x9F"), log: []string{"Text \"a\uFFFD\""}},
	{name: "cut by the end, 3 bytes", in: text("a\xF0\x9F\x98"), log: []string{"Text \"a\uFFFD\""}},
	{name: "cut by the end, after another", in: text("\xE2\x82\xC3"), log: []string{"Text \"\uFFFD\uFFFD\""}},
	{name: "FFFD itself", in: text("\uFFFD"), log: []string{"Text \"\uFFFD\""}},
	{name: "bad, then good", in: join(text("\x80"), text("good")), log: []string{"Text \"\uFFFD\"", `Text "good"`}},

	{name: "type 0x01", in: join(until(0x01, "skipped"), text("a")), log: []string{`Text "a"`}},
	{name: "type 0x7F", in: join(until(0x7F, ""), text("a")), log: []string{`Text "a"`}},
	{name: "type 0x80, no payload", in: join(counted(0x80, ""), text("a")), log: []string{`Text "a"`}},
	{name: "type 0x80, 1 byte", in: join(counted(0x80, "\x00"), text("a")), log: []string{`Text "a"`}},
	{name: "type 0x80, 0xFF in the payload", in: join(counted(0x80, "\xFF\x00x\xFF"), text("a")), log: []string{`Text "a"`}},
	{name: "type 0xFE, length of 2 bytes", in: join(counted(0xFE, strings.Repeat("x", 300)), text("a")), log: []string{`Text "a"`}},
	{name: "length with zero groups", in: join([]byte{0x80, 0x80, 0x80, 0x02, 'x', 'x'}, text("a")), log: []string{`Text "a"`}},
	{name: "type 0xFF with a payload", in: join(counted(0xFF, "xy"), text("a")), log: []string{`Text "a"`}},

	{name: "closing", versions: only76, in: closing(), log: []string{"Close 1005 "}, out: closing(), state: ws.StateClosed},
	{
		name:     "closing with zero groups",
		versions: only76,
		in:       []byte{0xFF, 0x80, 0x80, 0x00},
		log:      []string{"Close 1005 "},
		out:      closing(),
		state:    ws.StateClosed,
	},
	{
		name:     "texts, then closing, then nothing",
		versions: only76,
		in:       join(text("a"), until(0x05, "b"), closing(), text("c"), closing()),
		log:      []string{`Text "a"`, "Close 1005 "},
		out:      closing(),
		state:    ws.StateClosed,
	},
	{name: "no closing in draft-75", versions: only75, in: join(closing(), text("a")), log: []string{`Text "a"`}},

	{name: "text at the limit", limits: [2]int{5, 0}, in: text("ab€"), log: []string{`Text "ab€"`}},
	{name: "skipped, at the limit", limits: [2]int{0, 3}, in: join(until(1, "abc"), counted(0x80, "abc"))},
	{name: "each frame has its own limit", limits: [2]int{3, 3}, in: join(until(1, "abc"), until(2, "abc"), text("abc"), text("abc")), log: []string{`Text "abc"`, `Text "abc"`}},
	{name: "63 bits", in: append([]byte{0x90}, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 'x')},
}

// failures are vectors that fail the connection; draft-76 says FF 00.
var failures = []vector{
	{name: "text too long", limits: [2]int{4, 0}, in: text("ab€"), log: []string{`part "ab"`, "Close 1009 message is longer than 4 bytes"}},
	{name: "text too long by one", limits: [2]int{4, 0}, in: text("abcde"), log: []string{`part "abcd"`, "Close 1009 message is longer than 4 bytes"}},
	{name: "U+FFFD counts", limits: [2]int{4, 0}, in: text("ab\x80"), log: []string{`part "ab"`, "Close 1009 message is longer than 4 bytes"}},
	{name: "U+FFFD at the end counts", limits: [2]int{4, 0}, in: text("ab\xC3"), log: []string{`part "ab"`, "Close 1009 message is longer than 4 bytes"}},
	{name: "no text fits", limits: [2]int{2, 0}, in: text("€"), log: []string{"Close 1009 message is longer than 2 bytes"}},
	{
		name:   "second text too long",
		limits: [2]int{1, 0},
		in:     join(text("a"), text("bc"), text("d")),
		log:    []string{`Text "a"`, `part "b"`, "Close 1009 message is longer than 1 bytes"},
	},
	{name: "skipped, until 0xFF, too long", limits: [2]int{0, 3}, in: until(0x7E, "abcd"), log: []string{"Close 1009 frame of type 0x7e is longer than 3 bytes"}},
	{name: "skipped, with a length, too long", limits: [2]int{0, 3}, in: counted(0x80, "abcd"), log: []string{"Close 1009 frame of type 0x80 is longer than 3 bytes"}},
	{name: "length too long before its end", limits: [2]int{0, 300}, in: []byte{0xFF, 0x83, 0x80}, log: []string{"Close 1009 frame of type 0xff is longer than 300 bytes"}},
	{
		name: "length that never ends",
		in:   append([]byte{0x80}, bytes.Repeat([]byte{0x80}, 10)...),
		log:  []string{"Close 1002 length of a frame of type 0x80 has more than 9 bytes"},
	},
	{
		name: "length of 70 bits",
		in:   append([]byte{0x80}, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F),
		log:  []string{"Close 1002 length of a frame of type 0x80 has more than 9 bytes"},
	},
}

// config returns the Config for a vector.
func (vec *vector) config(v ws.Version, pieces bool) Config {
	c := unlimited(v)
	c.Pieces = pieces
	if vec.limits[0] != 0 {
		c.MaxMessage = vec.limits[0]
	}
	if vec.limits[1] != 0 {
		c.MaxFrame = vec.limits[1]
	}
	return c
}

// run runs a vector at every split, in pieces and whole, with nothing and with
// more after it.
func (vec *vector) run(t *testing.T, v ws.Version, out []byte) {
	for _, pieces := range []bool{false, true} {
		want := slices.Clone(vec.log)
		if !pieces {
			want = slices.DeleteFunc(want, func(s string) bool { return strings.HasPrefix(s, "part ") })
		}
		splits(vec.in, func(name string, chunks [][]byte) {
			w := newWire(t, vec.config(v, pieces))
			for _, chunk := range chunks {
				w.feed(chunk)
			}
			if diff := cmp.Diff(want, w.log); diff != "" {
				t.Fatalf("pieces %v, %s:\n%s", pieces, name, diff)
			}
			if got := w.queue.Take(nil); !bytes.Equal(got, out) {
				t.Fatalf("pieces %v, %s: sent % x, want % x", pieces, name, got, out)
			}
			if w.State() != max(vec.state, ws.StateOpen) {
				t.Fatalf("pieces %v, %s: state %v", pieces, name, w.State())
			}
		})
		if vec.name == "63 bits" {
			continue // never ends
		}
		w := newWire(t, vec.config(v, pieces))
		w.feed(join(vec.in, text("x")))
		if vec.state != ws.StateClosed {
			want = append(want, `Text "x"`)
		}
		if diff := cmp.Diff(want, w.log); diff != "" {
			t.Fatalf("pieces %v, with a text after:\n%s", pieces, diff)
		}
	}
}

func TestReceive(t *testing.T) {
	for _, vec := range vectors {
		for _, v := range both {
			if vec.versions != nil && !slices.Contains(vec.versions, v) {
				continue
			}
			t.Run(vec.name+"/"+v.String(), func(t *testing.T) { vec.run(t, v, vec.out) })
		}
	}
}

func TestViolation(t *testing.T) {
	for _, vec := range failures {
		vec.state = ws.StateClosed
		for _, v := range both {
			t.Run(vec.name+"/"+v.String(), func(t *testing.T) {
				var out []byte
				if v == ws.Hixie76 {
					out = closing()
				}
				vec.run(t, v, out)

				w := newWire(t, vec.config(v, false))
				if w.Err() != nil {
					t.Errorf("error %v before the violation", w.Err())
				}
				w.feed(vec.in)
				e, ok := w.Err().(*ws.Error)
				if !ok {
					t.Fatalf("error %v", w.Err())
				}
				if got, want := fmt.Sprintf("Close %d %s", e.Code, e.Msg), vec.log[len(vec.log)-1]; got != want {
					t.Errorf("error %q, event %q", got, want)
				}
				if err := w.Message(ws.Text, nil); err != ws.ErrClosed {
					t.Errorf("Message: %v", err)
				}
			})
		}
	}
}

// TestNoCopy checks that a text that lies whole in the input is a slice of it,
// and in pieces every stretch but the characters that are cut.
func TestNoCopy(t *testing.T) {
	w := newWire(t, unlimited(ws.Hixie76))
	p := text("Hello")
	if _, ev := w.Parse(p); &ev.Data[0] != &p[1] {
		t.Error("text was copied")
	}
	w.SetMaxMessage(-1)
	w.SetPieces(true)
	p = text("Hello\xE2\x82")[:8]
	n, ev := w.Parse(p)
	if n != 6 || ev.Final || string(ev.Data) != "Hello" || &ev.Data[0] != &p[1] {
		t.Errorf("piece %q, used %d bytes", ev.Data, n)
	}
	if n, ev := w.Parse(p[n:]); n != 2 || ev.Kind != ws.None {
		t.Errorf("%v, used %d bytes", ev.Kind, n)
	}
	if _, ev := w.Parse([]byte("\xAC\xFF")); !ev.Final || string(ev.Data) != "€" {
		t.Errorf("last piece %q", ev.Data)
	}
}

// TestSetMaxMessage checks that limits hold from the next message on.
func TestSetMaxMessage(t *testing.T) {
	w := newWire(t, Config{Version: ws.Hixie76, MaxMessage: 4})
	in := text("abcd")
	w.feed(in[:2])
	w.SetMaxMessage(2)
	w.SetPieces(true)
	w.feed(join(in[2:], text("ab"), text("cde")))
	want := []string{`Text "abcd"`, `Text "ab"`, `part "cd"`, "Close 1009 message is longer than 2 bytes"}
	if diff := cmp.Diff(want, w.log); diff != "" {
		t.Error(diff)
	}
}

// TestBuffer checks that the buffer grows with what has arrived, and is released when
// the connection rests.
func TestBuffer(t *testing.T) {
	w := newWire(t, unlimited(ws.Hixie76))
	w.feed([]byte{0})
	total := 0
	for range 1000 {
		w.feed(bytes.Repeat([]byte("x"), 1000))
		if total += 1000; cap(w.buf) > 2*total {
			t.Fatalf("buffer of %d bytes for %d", cap(w.buf), total)
		}
	}
	w.feed([]byte{0xFF, 0, 'a'})
	w.feed([]byte{0xFF})
	if w.buf != nil {
		t.Errorf("at rest there is a buffer of %d bytes", cap(w.buf))
	}
	if want := `Text "a"`; w.log[1] != want {
		t.Errorf("%s, want %s", w.log[1], want)
	}
}

// TestPiecesBuffer checks that nothing is buffered in pieces.
func TestPiecesBuffer(t *testing.T) {
	w := newWire(t, Config{Version: ws.Hixie75, MaxMessage: -1, Pieces: true})
	w.feed([]byte{0})
	w.feed([]byte("abc\x80\xE2"))
	w.feed([]byte("\x82\xAC\xC3"))
	if w.buf != nil {
		t.Errorf("buffer of %d bytes", cap(w.buf))
	}
}

func TestSize(t *testing.T) {
	if n := unsafe.Sizeof(Conn{}); n > 128 {
		t.Errorf("Conn has %d bytes", n)
	}
}

func TestReceiveAllocs(t *testing.T) {
	for _, pieces := range []bool{false, true} {
		for _, s := range []string{"", "Hello", strings.Repeat("€", 5000)} {
			w := newWire(t, unlimited(ws.Hixie76))
			w.SetPieces(pieces)
			p := join(text(s), until(1, "skipped"), counted(0x80, "skipped"))
			allocs := wstest.Allocs(100, func() {
				n, ev := w.Parse(p)
				if ev.Kind != ws.Text || len(ev.Data) != len(s) {
					t.Fatalf("%v of %d bytes", ev.Kind, len(ev.Data))
				}
				if n, ev = w.Parse(p[n:]); ev.Kind != ws.None {
					t.Fatalf("%v after %d bytes", ev.Kind, n)
				}
			})
			if allocs != 0 {
				t.Errorf("%d bytes, pieces %v: %v allocations", len(s), pieces, allocs)
			}
		}
	}
}

func BenchmarkReceive(b *testing.B) {
	for _, unit := range []string{"x", "€"} {
		for _, size := range []int{16, 125, 1024, 65536} {
			b.Run(fmt.Sprintf("%s/%d", unit, size), func(b *testing.B) {
				c := NewConn(new(ws.Queue), unlimited(ws.Hixie76))
				p := text(strings.Repeat(unit, size/len(unit)))
				b.SetBytes(int64(len(p)))
				b.ReportAllocs()
				for b.Loop() {
					c.Parse(p)
				}
			})
		}
	}
}

// BenchmarkReceiveBad is the worst text: all its bytes are bad.
func BenchmarkReceiveBad(b *testing.B) {
	for _, pieces := range []bool{false, true} {
		b.Run(fmt.Sprintf("pieces=%v", pieces), func(b *testing.B) {
			config := unlimited(ws.Hixie76)
			config.Pieces = pieces
			c := NewConn(new(ws.Queue), config)
			p := text(strings.Repeat("\x80", 65536))
			b.SetBytes(int64(len(p)))
			for b.Loop() {
				for q := p; len(q) > 0; {
					n, _ := c.Parse(q)
					q = q[n:]
				}
			}
		})
	}
}
