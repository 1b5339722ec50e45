package deflate

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"
)

// fixedHello is a fixed block with the text Hello, without the first bit of its header
// (RFC 1951, section 3.2.6: codes of 8 bits from 00110000). fixedEnd is the code for the
// end of such a block.
const (
	fixedHello = "1/2 01111000 10010101 10011100 10011100 10011111 " + fixedEnd
	fixedEnd   = "0000000"
)

// The predicates that are true after a stream.
const (
	between = 1 << iota // atBoundary
	empty               // flushed
	final               // afterFinal
)

// inflateVectors are streams in the notation of draw.
var inflateVectors = []struct {
	name, in, history string
	out, err          string
	is                int
}{
	// RFC 7692, section 7.2.3, with the four bytes that a sender removes.
	{"RFC 7692 7.2.3.1 one block", "xf248cdc9c90700 x0000ffff", "", "Hello", "", between | empty},
	{"RFC 7692 7.2.3.2 shared window", "xf200110000 x0000ffff", "Hello", "Hello", "", between | empty},
	{"RFC 7692 7.2.3.3 stored", "x000500faff48656c6c6f00 x0000ffff", "", "Hello", "", between | empty},
	{"RFC 7692 7.2.3.4 BFINAL", "xf348cdc9c9070000 x0000ffff", "", "Hello", "", between | empty},
	{"RFC 7692 7.2.3.5 two blocks", "xf2480500 x0000ffff xcac9c90700 x0000ffff", "", "Hello", "", between | empty},
	{"RFC 7692 7.2.3.6 empty", "x00 x0000ffff", "", "", "", between | empty},

	{"RFC 1951 3.2.3 nothing", "", "", "", "", between},
	{"RFC 1951 3.2.6 a fixed block", "0 " + fixedHello, "", "Hello", "", 0},
	{"RFC 1951 3.2.6 a final fixed block", "1 " + fixedHello, "", "Hello", "", between | final},
	{"RFC 1951 3.2.3 an empty final block", "1 0/2 x0000ffff", "", "", "", between | empty | final},
	{"RFC 1951 3.2.4 a stored block of 4 bytes", "0 0/2 x0400fbff x0000ffff", "", "\x00\x00\xff\xff", "", between},
	{"RFC 1951 3.2.4 its header", "0 0/2", "", "", "", 0},
	{"RFC 1951 3.2.4 half of its header", "0 0/2 x0400", "", "", "", 0},
	{"RFC 1951 3.2.4 half of its bytes", `0 0/2 x0400fbff "ab`, "", "ab", "", 0},
	{"RFC 1951 3.2.3 a block without an end", "0 1/2 01111000 10010101", "", "He", "", 0},
	{"RFC 1951 3.2.4 stored after final", "1 " + fixedHello + ` x00 x0200fdff "ab`, "", "Helloab", "", between},
	{"RFC 1951 3.2.5 a match that overlaps", "1 1/2 10010001 0000110 00000 " + fixedEnd, "", "aaaaaaaaa", "", between | final},
	{"RFC 1951 3.2.5 a match of 258 bytes", "1 1/2 10010001 10010010 11000101 00001 " + fixedEnd, "", strings.Repeat("ab", 130), "", between | final},
	{"RFC 1951 3.2.7 one code", "1 " + dynamic("256:1", "") + " 0", "", "", "", between | final},
	{"RFC 1951 3.2.7 one distance code", "1 " + dynamic("97:2 98:2 256:2 257:2", "1:1") + " 00 01 11 0 10", "", "ababa", "", between | final},

	{"RFC 1951 3.2.3 block type 3", "0 3/2", "", "", "invalid block type 3", 0},
	{"RFC 1951 3.2.4 stored length", "0 0/2 x0500faf0", "", "", "stored block of length 0x0005 with complement 0xf0fa", 0},
	{"RFC 1951 3.2.3 an error after text", "0 " + fixedHello + " 0 3/2", "", "Hello", "invalid block type 3", 0},
	{"RFC 1951 3.2.7 287 literals", "0 2/2 30/5 0/5 0/4", "", "", "287 literal and length codes", 0},
	{"RFC 1951 3.2.7 31 distances", "0 2/2 0/5 30/5 0/4", "", "", "31 distance codes", 0},
	{"RFC 1951 3.2.7 code lengths: too many codes", "0 2/2 0/5 0/5 0/4 1/3 1/3 1/3 0/3", "", "", "code lengths with too many codes of up to 1 bits", 0},
	{"RFC 1951 3.2.7 code lengths: unused", "0 2/2 0/5 0/5 0/4 2/3 0/3 0/3 0/3", "", "", "code lengths that leave codes unused", 0},
	{"RFC 1951 3.2.7 code lengths: no code", "0 2/2 0/5 0/5 0/4 0/3 0/3 0/3 0/3 1", "", "", "code without a symbol", 0},
	{"RFC 1951 3.2.7 code lengths: the other code", "0 2/2 0/5 0/5 0/4 0/3 0/3 0/3 1/3 0 1", "", "", "code without a symbol", 0},
	{"RFC 1951 3.2.7 nothing to repeat", "0 2/2 0/5 0/5 0/4 1/3 1/3 0/3 0/3 0 0/2", "", "", "code lengths begin with a repetition", 0},
	{"RFC 1951 3.2.7 repeated too often", "0 2/2 0/5 0/5 0/4 0/3 0/3 1/3 1/3 1 127/7 1 127/7", "", "", "code length repeated 138 times with 120 left", 0},
	{"RFC 1951 3.2.7 no end", "0 2/2 0/5 0/5 0/4 0/3 0/3 1/3 1/3 1 127/7 1 109/7", "", "", "block without a code for its end", 0},
	{"RFC 1951 3.2.7 literals: too many codes", "0 " + dynamic("1:2 2:2 3:2 4:2 256:2", ""), "", "", "code lengths with too many codes of up to 2 bits", 0},
	{"RFC 1951 3.2.7 literals: unused", "0 " + dynamic("256:2", ""), "", "", "code lengths that leave codes unused", 0},
	{"RFC 1951 3.2.7 literals: the other code", "0 " + dynamic("256:1", "") + " 1", "", "", "code without a symbol", 0},
	{"RFC 1951 3.2.7 distances: too many codes", "0 " + dynamic("256:1", "0:1 1:1 2:15"), "", "", "code lengths with too many codes of up to 15 bits", 0},
	{"RFC 1951 3.2.7 distances: unused", "0 " + dynamic("256:1", "0:1 1:2"), "", "", "code lengths that leave codes unused", 0},
	{"RFC 1951 3.2.7 distances: none", "0 " + dynamic("256:1 257:1", "") + " 1 1", "abc", "", "code without a symbol", 0},
	{"RFC 1951 3.2.7 distances: the other code", "0 " + dynamic("256:1 257:1", "0:1") + " 1 0 1 1", "a", "aaa", "code without a symbol", 0},
	{"RFC 1951 3.2.5 length symbol 286", "0 1/2 11000110", "", "", "invalid length symbol 286", 0},
	{"RFC 1951 3.2.5 length symbol 287", "0 1/2 11000111", "", "", "invalid length symbol 287", 0},
	{"RFC 1951 3.2.5 distance symbol 30", "0 1/2 0000001 11110", "abc", "", "invalid distance symbol 30", 0},
	{"RFC 1951 3.2.5 distance symbol 31", "0 1/2 0000001 11111", "abc", "", "invalid distance symbol 31", 0},
	{"RFC 1951 3.2.5 distance without history", "0 1/2 0000001 00000", "", "", "invalid distance 1 with 0 bytes of history", 0},
	{"RFC 1951 3.2.5 distance beyond history", "0 1/2 01111000 01111000 0000001 00101 0/1", "ab", "HH", "invalid distance 7 with 4 bytes of history", 0},
}

// TestInflateVectors runs every stream at every split, for several sizes of dst, and
// compares it with compress/flate too.
func TestInflateVectors(t *testing.T) {
	for _, v := range inflateVectors {
		t.Run(v.name, func(t *testing.T) {
			in := draw(t, v.in)
			want := result{v.out, v.err, v.is&between != 0, v.is&empty != 0, v.is&final != 0}
			for i := range max(1, len(in)) {
				for _, out := range []int{1, 2, 3, 7, 300} {
					got := inflateWith(t, in, []byte(v.history), 15, cuts{max(1, i), out})
					if d := cmp.Diff(want, got); d != "" {
						t.Fatalf("%x in pieces of %d, %d bytes of room: %s", in, i, out, d)
					}
				}
			}
			compare(t, in, []byte(v.history), wholeCuts)
			for _, after := range []string{finalBlock, "\x00", "\xff\xff\xff", "more than a little junk"} {
				compare(t, append(bytes.Clone(in), after...), []byte(v.history), wholeCuts)
			}
		})
	}
}

// inflateCorpus returns texts that compress to blocks of all kinds.
func inflateCorpus() map[string][]byte {
	rnd := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 20000)
	for i := range noise {
		noise[i] = byte(rnd.Uint32())
	}
	// Fibonacci frequencies result in codes of the maximum length.
	var skew []byte
	for i, a, b := 0, 1, 1; len(skew) < 80000; i, a, b = i+1, b, a+b {
		skew = append(skew, bytes.Repeat([]byte{byte(i)}, a)...)
	}
	rnd.Shuffle(len(skew), func(i, j int) { skew[i], skew[j] = skew[j], skew[i] })
	var far []byte
	for len(far) < 50000 {
		if k := 3 + rnd.IntN(30); len(far) > 1000 && rnd.IntN(3) > 0 {
			i := max(0, len(far)-1-rnd.IntN(1<<(5+rnd.IntN(11)))-k)
			far = append(far, far[i:min(i+k, len(far))]...)
		} else {
			far = append(far, noise[rnd.IntN(10000):][:rnd.IntN(8)]...)
		}
	}
	return map[string][]byte{
		"nothing": {},
		"byte":    {0},
		"json":    jsonText(60000, 3),
		"noise":   noise,
		"zeros":   make([]byte, 100000),
		"skew":    skew,
		"far":     far,
	}
}

func TestInflateCorpus(t *testing.T) {
	for name, p := range inflateCorpus() {
		for _, level := range []int{-3, -2, 0, 1, 5, 9} {
			t.Run(fmt.Sprintf("%s, level %d", name, level), func(t *testing.T) {
				in := deflated(t, p, level)
				want := result{string(p), "", true, true, false}
				if got := inflateWith(t, in, nil, 15, wholeCuts); got != want {
					t.Fatalf("%d bytes, error %q, %+v", len(got.Out), got.Err, got)
				}
				compare(t, append(bytes.Clone(in), finalBlock...), nil, cuts{7, 300})

				// As sent, without the last four bytes.
				w := newWindow(15, false)
				var z inflater
				z.reset(&w)
				if got := inflate(t, &z, in[:len(in)-4], wholeCuts); got.Out != string(p) || !z.awaitsLength() {
					t.Errorf("without its tail: %d bytes, error %q, state %d", len(got.Out), got.Err, z.state)
				}
			})
		}
	}
}

// TestInflateEverySplit splits a stream with all kinds of blocks.
func TestInflateEverySplit(t *testing.T) {
	text := jsonText(700, 4)
	in := deflated(t, text, 9)
	in = append(in, draw(t, "0 "+fixedHello+` 0 0/2 x0300fcff "abc`)...)
	in = append(in, deflated(t, text[:300], -2)...)
	want := result{string(text) + "Helloabc" + string(text[:300]), "", true, true, false}
	for _, out := range []int{1, 2, 3, 7, 300, 5000} {
		for i := 1; i <= len(in); i++ {
			if d := cmp.Diff(want, inflateWith(t, in, nil, 15, cuts{i, out})); d != "" {
				t.Fatalf("pieces of %d bytes, %d bytes of room: %s", i, out, d)
			}
		}
	}
}

// TestInflateCorrupt modifies, removes and inserts bytes.
func TestInflateCorrupt(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 5))
	text := jsonText(1500, 5)
	for _, level := range []int{-3, -2, 0, 1, 9} {
		good := deflated(t, text, level)
		for range 200 {
			in := append(bytes.Clone(good), finalBlock...)
			for range 1 + rnd.IntN(3) {
				switch i := rnd.IntN(len(in)); rnd.IntN(4) {
				case 0:
					in[i] ^= 1 << rnd.IntN(8)
				case 1:
					in[i] = byte(rnd.Uint32())
				case 2:
					in = append(in[:i], in[i+1:]...)
				case 3:
					in = append(in[:i:i], append([]byte{byte(rnd.Uint32())}, in[i:]...)...)
				}
			}
			compare(t, in, text[:rnd.IntN(len(text))], cuts{1 + rnd.IntN(9), 1 + rnd.IntN(400)})
		}
	}
}

// TestInflateLongItems uses literals, lengths and distances with so many bits that the
// input may end within one iteration of the fast loop.
func TestInflateLongItems(t *testing.T) {
	history := jsonText(1<<15, 10)
	head := "1 " + dynamic("256:1 257:2 258:3 259:4 260:5 261:6 262:7 263:8 97:10 98:10 99:10 284:10", "28:1 29:1")
	item := " 1111111100 1111111101 1111111111 5/5 1 8191/13"
	for n := range 12 {
		in := draw(t, head+strings.Repeat(item, n)+" 0")
		got := inflateWith(t, in, history, 15, wholeCuts)
		if !got.AfterFinal || len(got.Out) != n*(2+227+5) {
			t.Fatalf("%d times: %d bytes, error %q", n, len(got.Out), got.Err)
		}
		compare(t, in, history, cuts{9, 1000})
	}
}

// TestInflateContext inflates messages that refer to earlier ones, in pieces.
func TestInflateContext(t *testing.T) {
	for _, size := range []int{1, 50, 1000, 20000} {
		text := jsonText(80*size, 6)
		in := deflatedMessages(t, text, size)
		for _, c := range []cuts{wholeCuts, {0, 0}, {1, 1000}, {1000, 1}} {
			w := newWindow(15, true)
			var z inflater
			var got []byte
			for _, p := range in {
				z.reset(&w)
				r := inflate(t, &z, p, c)
				if !r.Flushed || z.dyn != nil {
					t.Fatalf("%+v, tables %t", r, z.dyn != nil)
				}
				z.release()
				got = append(got, r.Out...)
			}
			if !bytes.Equal(got, text) {
				t.Errorf("messages of %d bytes, %+v: other text", size, c)
			}
			if cap(w.buf) > w.size {
				t.Errorf("a window of %d bytes", cap(w.buf))
			}
		}
	}
}

// TestInflateWindow: matches that refer as far back as the window, and one byte further
// (RFC 7692, section 7.1.2).
func TestInflateWindow(t *testing.T) {
	t.Run("RFC 7692 7.1.2", testInflateWindow)
}

func testInflateWindow(t *testing.T) {
	text := jsonText(1<<16, 7)
	for bits := 8; bits <= 15; bits++ {
		size := 1 << bits
		near := fmt.Sprintf("1 1/2 0000001 %05b %d/%d %s", 2*bits-1, size/4-1, bits-2, fixedEnd)
		got := inflateWith(t, draw(t, near), text, bits, wholeCuts)
		if want := string(text[len(text)-size:][:3]); got.Out != want || got.Err != "" {
			t.Errorf("%d bits: %+v, want %q", bits, got, want)
		}
		if bits == 15 {
			continue // there is no such code
		}
		far := fmt.Sprintf("1 1/2 0000001 %05b 0/%d %s", 2*bits, bits-1, fixedEnd)
		want := fmt.Sprintf("invalid distance %d with a window of %d bytes", size+1, size)
		for _, c := range []cuts{wholeCuts, {1, 1}} {
			if got := inflateWith(t, draw(t, far), text, bits, c); got.Err != want {
				t.Errorf("%d bits: %+v, want %q", bits, got, want)
			}
		}
		// The same within the output of one push.
		long := append(draw(t, fmt.Sprintf("0 0/2 x%02x%02x%02x%02x", 0, 0x80, 0xff, 0x7f)), text[:1<<15]...)
		if got := inflateWith(t, append(long, draw(t, far)...), nil, bits, wholeCuts); got.Err != want {
			t.Errorf("%d bits: %q, want %q", bits, got.Err, want)
		}
	}
}

// TestInflateNothingKept checks what is held within a message and after it.
func TestInflateNothingKept(t *testing.T) {
	in := deflated(t, jsonText(5000, 8), 1)
	for _, keep := range []bool{false, true} {
		w := newWindow(15, keep)
		var z inflater
		z.reset(&w)
		inflate(t, &z, in[:len(in)/2], wholeCuts)
		if z.dyn == nil || len(w.buf) == 0 {
			t.Fatal("not within a message")
		}
		z.release()
		if z.dyn != nil || z.codes != nil || z.win != nil {
			t.Errorf("keep %t: tables kept", keep)
		}
		if held := w.buf != nil || w.box != nil; held != keep {
			t.Errorf("keep %t: window kept is %t", keep, held)
		}

		z.reset(&w)
		if r := inflate(t, &z, []byte{0xff}, wholeCuts); r.Err == "" || z.dyn != nil {
			t.Errorf("error %q, tables kept: %t", r.Err, z.dyn != nil)
		}
	}
	// On 64-bit systems; pointers are smaller on others.
	if n := unsafe.Sizeof(inflater{}); n > 88 {
		t.Errorf("an inflater of %d bytes", n)
	}
	if n := unsafe.Sizeof(window{}); n > 56 {
		t.Errorf("a window of %d bytes", n)
	}
}
