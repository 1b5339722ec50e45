package deflate

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/sans-io/websocket-driver/driver/ws"
)

// prose returns n bytes that look like JSON, with repetitions near and far.
func prose(rnd *rand.Rand, n int) []byte {
	var b []byte
	for len(b) < n {
		if len(b) > 1000 && rnd.IntN(8) == 0 { // far back
			from := rnd.IntN(len(b) - 300)
			b = append(b, b[from:from+rnd.IntN(300)]...)
		}
		b = fmt.Appendf(b, `{"id":%d,"name":"user %d","tags":["red","green","%x"],"ok":%v},`,
			rnd.IntN(1e6), rnd.IntN(50), rnd.IntN(1<<16), rnd.IntN(2) == 0)
	}
	return b[:n]
}

// noise returns n bytes that cannot be compressed.
func noise(rnd *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rnd.Uint32())
	}
	return b
}

// mixture returns messages of many sizes that repeat parts of each other. Some cannot be
// compressed.
func mixture(rnd *rand.Rand, n int) [][]byte {
	sizes := []int{0, 1, 10, 33, 100, 127, 128, 129, 300, 1000, 4000, 5000, 20000}
	text := prose(rnd, 100000)
	var all [][]byte
	for range n {
		size := sizes[rnd.IntN(len(sizes))]
		switch from := rnd.IntN(len(text) - size); rnd.IntN(10) {
		case 0:
			all = append(all, noise(rnd, size))
		default:
			all = append(all, text[from:from+size])
		}
	}
	return append(all, text[:70000], nil, text[100:400], text[30000:100000], text[:65535+40], text[:200])
}

// send encodes p in the given number of fragments. ok is false if it is sent unchanged.
func (s *sender) send(t testing.TB, p []byte, fragments int) (out []byte, ok bool) {
	t.Helper()
	size := len(p)
	if fragments > 1 {
		size = -1
	}
	if !s.Begin(ws.Text, size) {
		return p, false
	}
	for i := range fragments {
		part := p[i*len(p)/fragments : (i+1)*len(p)/fragments]
		var err error
		if out, err = s.Encode(out, part, i == fragments-1); err != nil {
			t.Fatal(err)
		}
	}
	return out, true
}

// TestWindow: an inflater with exactly the negotiated window reads everything that is
// sent (RFC 7692, section 7.1.2).
func TestWindow(t *testing.T) {
	for bits := uint8(minBits); bits <= maxBits; bits++ {
		levels := []int{1}
		if bits == maxBits {
			levels = []int{1, 2, 3, 4, 5, 6, 7, 8, 9}
		}
		for _, level := range levels {
			for name, e := range map[string]*Extension{
				"kept":                   {Level: level, Threshold: -1},
				"re-primed":              {Level: level, Threshold: -1, Keep: -1},
				"re-primed from all":     {Level: level, Threshold: -1, Keep: -1, History: maxHistory},
				"re-primed from little":  {Level: level, Threshold: -1, Keep: -1, History: 5},
				"without takeover":       {Level: level, Threshold: -1},
				"kept, from a threshold": {Level: level},
			} {
				t.Run(fmt.Sprintf("RFC 7692 7.1.2 %d bits, level %d, %s", bits, level, name), func(t *testing.T) {
					testWindow(t, e, side{name != "without takeover", bits})
				})
			}
		}
	}
}

func testWindow(t *testing.T, e *Extension, terms side) {
	rnd := rand.New(rand.NewPCG(uint64(terms.bits), 2))
	s := newSession(e, terms, side{})
	r := newReceiver(terms)
	var in, out int
	for i, p := range mixture(rnd, 40) {
		msg, ok := s.send(t, p, 1+rnd.IntN(3)*rnd.IntN(2))
		in, out = in+len(p), out+len(msg)
		if rnd.IntN(10) == 0 {
			s.Release()
		}
		if !ok {
			continue
		}
		got, err := r.read([][]byte{msg}, 1+rnd.IntN(8000))
		if err != nil || !bytes.Equal(got, p) {
			t.Fatalf("message %d of %d bytes: %d bytes, %v", i, len(p), len(got), err)
		}
	}
	if out > in*2/3 {
		t.Errorf("%d bytes became %d", in, out)
	}
	s.Release()
	if n := e.kept.Load(); n != 0 {
		t.Errorf("%d compressors count as kept", n)
	}
}

// TestSmall sends messages like those of a chat: under context takeover even messages
// that are too short for the compressor of their level become smaller.
func TestSmall(t *testing.T) {
	for _, level := range []int{1, 6, 9} {
		e := &Extension{Level: level, Threshold: -1}
		terms := side{true, maxBits}
		s, r := newSession(e, terms, terms), newReceiver(terms)
		in, out := 0, 0
		for i := range 200 {
			p := fmt.Appendf(nil, `{"type":"message","from":"user %d","text":"hello %d"}`, i%7, i)
			msg, _ := s.send(t, p, 1)
			if got, err := r.read([][]byte{msg}, 100); err != nil || !bytes.Equal(got, p) {
				t.Fatalf("message %d: %q, %v", i, got, err)
			}
			in, out = in+len(p), out+len(msg)
		}
		t.Logf("level %d: %d bytes became %d", level, in, out)
		if out > in/2 {
			t.Errorf("level %d: %d bytes became %d, more than half", level, in, out)
		}
	}
}

// TestSecret takes the compressor that one connection has used, and sends the same text
// on another connection: it must not refer to the text of the first.
func TestSecret(t *testing.T) {
	t.Run("RFC 7692 8", testSecret)
}

func testSecret(t *testing.T) {
	secret := prose(rand.New(rand.NewPCG(1, 1)), 3000)
	for _, f := range []side{{true, 8}, {true, 12}, {true, 15}, {false, 10}, {false, 15}} {
		for _, level := range []int{1, 6, 9} {
			e := &Extension{Level: level, Threshold: -1}
			reused := false
			for range 100 {
				a := newSession(e, f, side{})
				for range 3 {
					a.Encode(nil, secret, true)
				}
				a.Encode(nil, secret, false)
				comp := a.comp
				a.Release()

				b := newSession(e, f, side{})
				b.Begin(ws.Binary, -1)
				msg, _ := b.Encode(nil, secret[:1000], false)
				reused = reused || b.comp == comp
				end, _ := b.Encode(nil, nil, true)
				b.Release()
				r := newReceiver(side{false, f.bits})
				got, err := r.read([][]byte{append(msg, end...)}, 4000)
				if err != nil || !bytes.Equal(got, secret[:1000]) {
					t.Fatalf("%v, level %d: the second connection's message needs another's text: %v", f, level, err)
				}
				if reused {
					break
				}
			}
			if !reused {
				t.Errorf("%v, level %d: the pool never gave the same compressor", f, level)
			}
		}
	}
}

// TestKeep checks the number of kept compressors.
func TestKeep(t *testing.T) {
	terms := side{true, maxBits}
	text := prose(rand.New(rand.NewPCG(1, 1)), 1000)
	for _, tt := range []struct{ keep, want int }{{0, defaultKeep}, {3, 3}, {-1, 0}} {
		e := &Extension{Keep: tt.keep}
		var all []*session
		kept := func() (n int) {
			for _, s := range all {
				if s.comp != nil {
					n++
				}
			}
			return n
		}
		for range defaultKeep + 5 {
			s := newSession(e, terms, terms)
			s.send(t, text, 1)
			all = append(all, s)
		}
		if kept() != tt.want {
			t.Errorf("Keep %d: %d connections keep a compressor, want %d", tt.keep, kept(), tt.want)
		}
		last := all[len(all)-1]
		all[0].Release()
		all[0].Release()
		last.send(t, text, 1)
		if (last.comp != nil) != (tt.want > 0) || kept() != tt.want {
			t.Errorf("Keep %d: another connection does not get what one releases", tt.keep)
		}
		for _, s := range all {
			s.Release()
		}
		if n := e.kept.Load(); n != 0 || kept() != 0 {
			t.Errorf("Keep %d: %d count as kept in the end", tt.keep, n)
		}
	}
}

// TestRemembers: text that follows messages and fragments slightly longer than blocks
// refers to their end.
func TestRemembers(t *testing.T) {
	text := prose(rand.New(rand.NewPCG(1, 1)), 4*blockSize)
	for _, level := range []int{1, 6, 9} {
		for _, size := range []int{1000, blockSize, blockSize + 1, blockSize + smallest - 1, blockSize + smallest, 3*blockSize + 1} {
			for _, terms := range []side{{true, maxBits}, {true, 13}, {false, maxBits}} {
				s, r := newSession(&Extension{Level: level}, terms, side{}), newReceiver(terms)
				fin := terms.takeover // else fragments of one message
				first, err := s.Encode(nil, text[:size], fin)
				if err != nil {
					t.Fatal(err)
				}
				second, err := s.Encode(nil, text[size-1000:size], true)
				if err != nil {
					t.Fatal(err)
				}
				if len(second) > 100 {
					t.Errorf("level %d, %v, %d bytes: 1000 bytes of them again take %d", level, terms, size, len(second))
				}
				messages := [][]byte{first, second}
				if !fin {
					messages = [][]byte{append(first, second...)}
				}
				var got []byte
				for _, m := range messages {
					part, err := r.read([][]byte{m}, 5000)
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, part...)
				}
				if want := append(text[:size:size], text[size-1000:size]...); !bytes.Equal(got, want) {
					t.Errorf("level %d, %v, %d bytes: another text came", level, terms, size)
				}
			}
		}
	}
}

// TestIdle measures the memory of an idle connection.
func TestIdle(t *testing.T) {
	if size := unsafe.Sizeof(session{}); size > 240 {
		t.Errorf("a session has %d bytes", size)
	}
	text := prose(rand.New(rand.NewPCG(1, 1)), 100000)
	for _, tt := range []struct {
		own, peer       side
		history, window int
	}{
		{side{false, 15}, side{false, 15}, 0, 0},
		{side{true, 15}, side{true, 15}, 4096, 32768},
		{side{true, 8}, side{true, 8}, 256, 256},
		{side{true, 10}, side{false, 15}, 1024, 0},
		{side{false, 15}, side{true, 11}, 0, 2048},
	} {
		for _, keep := range []int{1, -1} {
			for _, size := range []int{200, 5000, len(text)} {
				e, other := &Extension{Keep: keep}, &Extension{}
				s, o := newSession(e, tt.own, tt.peer), newSession(other, tt.peer, tt.own)
				for range 5 {
					s.send(t, text[:size], 1)
					msg, ok := o.send(t, text[:size], 1)
					if !ok {
						continue
					}
					if _, err := s.read([][]byte{msg}, 1000); err != nil {
						t.Fatal(err)
					}
				}
				s.Release()
				o.Release()
				if s.comp != nil || s.inflater.dyn != nil || s.inflater.codes != nil || s.window.box != nil {
					t.Errorf("%v %v: something pooled is held", tt.own, tt.peer)
				}
				if cap(s.history) > tt.history || cap(s.window.buf) > tt.window {
					t.Errorf("%v %v: history of %d bytes, at most %d; window of %d bytes, at most %d",
						tt.own, tt.peer, cap(s.history), tt.history, cap(s.window.buf), tt.window)
				}
				if most := 3 * 5 * size; cap(s.history) > most || cap(s.window.buf) > most {
					t.Errorf("%v %v: history %d, window %d after %d bytes", tt.own, tt.peer, cap(s.history), cap(s.window.buf), 5*size)
				}
			}
		}
	}
}

// TestForms checks which connections share prepared messages.
func TestForms(t *testing.T) {
	a, b := &Extension{}, &Extension{Level: 5}
	form := func(e *Extension, s side) any { return newSession(e, s, side{}).Form() }
	full, alone, small := side{true, 15}, side{false, 15}, side{true, 9}
	if form(a, full) != form(a, full) || form(a, small) != form(a, small) {
		t.Error("equal terms, different forms")
	}
	if form(a, full) == form(a, small) || form(a, full) == form(a, alone) || form(a, full) == form(b, full) {
		t.Error("different terms, equal forms")
	}
}

// TestReleaseInside releases the compressor between the fragments of messages.
func TestReleaseInside(t *testing.T) {
	text := prose(rand.New(rand.NewPCG(1, 1)), 9000)
	for _, terms := range []side{{true, 15}, {false, 15}, {true, 9}, {false, 9}} {
		s, r := newSession(&Extension{}, terms, side{}), newReceiver(terms)
		for range 3 {
			var msg []byte
			s.Begin(ws.Text, -1)
			for _, part := range [][]byte{text[:1000], text[1000:1010], text[1010:1010], text[1010:8000], text[8000:]} {
				var err error
				if msg, err = s.Encode(msg, part, false); err != nil {
					t.Fatal(err)
				}
				if s.Release(); s.comp != nil {
					t.Fatal("a compressor is held")
				}
			}
			msg, _ = s.Encode(msg, nil, true)
			if got, err := r.read([][]byte{msg}, 500); err != nil || !bytes.Equal(got, text) {
				t.Fatalf("%v: %d bytes, %v", terms, len(got), err)
			}
		}
	}
}
