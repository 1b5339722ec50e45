package deflate

import (
	"bytes"
	"compress/flate"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	klauspost "github.com/klauspost/compress/flate"
)

// result is the outcome of a message.
type result struct {
	Out        string
	Err        string
	Boundary   bool
	Flushed    bool
	AfterFinal bool
}

// cuts says how a message is fed: the sizes of src and dst, from 1, or 0 for random sizes
// of up to 40 bytes.
type cuts struct{ in, out int }

// wholeCuts splits rarely, if at all.
var wholeCuts = cuts{1 << 30, 1 << 16}

// inflate feeds src to z, which has been reset, and checks the contract of push.
func inflate(t testing.TB, z *inflater, src []byte, c cuts) result {
	t.Helper()
	rnd := rand.New(rand.NewPCG(uint64(len(src)), uint64(c.in)))
	size := func(n int) int {
		if n == 0 {
			return 1 + rnd.IntN(40)
		}
		return n
	}
	var out []byte
	var room []byte
	for {
		n := size(c.out)
		if cap(room) < n {
			room = make([]byte, n)
		}
		dst := room[:n]
		in := src[:min(len(src), size(c.in))]
		nd, ns, err := z.push(dst, in)
		if nd < 0 || nd > len(dst) || ns < 0 || ns > len(in) {
			t.Fatalf("wrote %d of %d bytes and read %d of %d", nd, len(dst), ns, len(in))
		}
		out = append(out, dst[:nd]...)
		for i := range dst {
			dst[i] = 0xaa
		}
		src = src[ns:]
		if err != nil {
			if nd != 0 {
				t.Fatalf("an error with %d bytes: %v", nd, err)
			}
			if _, _, again := z.push(dst, in); again != err {
				t.Fatalf("error %v, then %v", err, again)
			}
			return result{Out: string(out), Err: err.Error()}
		}
		if nd == 0 && ns == 0 && len(in) > 0 {
			t.Fatal("neither read nor wrote")
		}
		if len(src) == 0 && nd < len(dst) {
			return result{string(out), "", z.atBoundary(), z.flushed(), z.afterFinal()}
		}
	}
}

// inflateWith inflates src after history with a window of 1<<bits bytes.
func inflateWith(t testing.TB, src, history []byte, bits int, c cuts) result {
	t.Helper()
	w := newWindow(bits, true)
	w.write(history)
	var z inflater
	z.reset(&w)
	return inflate(t, &z, src, c)
}

// finalBlock is an empty stored block with BFINAL. After it compress/flate reports
// success.
const finalBlock = "\x01\x00\x00\xff\xff"

// reference inflates src after history with compress/flate. whole reports whether src is
// a sequence of streams the last of which is complete.
func reference(src, history []byte) (out []byte, whole bool) {
	in := bytes.NewReader(src)
	for in.Len() > 0 {
		dict := append(bytes.Clone(history), out...)
		dict = dict[max(0, len(dict)-1<<15):]
		more, err := io.ReadAll(flate.NewReaderDict(in, dict))
		out = append(out, more...)
		if err != nil {
			return out, false
		}
	}
	return out, len(src) > 0
}

// deflated compresses p with klauspost or, for level -3, with compress/flate. The result
// ends with 00 00 ff ff.
func deflated(t testing.TB, p []byte, level int) []byte {
	t.Helper()
	var b bytes.Buffer
	var w interface {
		io.Writer
		Flush() error
	}
	var err error
	if level == -3 {
		w, err = flate.NewWriter(&b, flate.BestCompression)
	} else {
		w, err = klauspost.NewWriter(&b, level)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(p); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// draw returns the bytes of a stream that is drawn as fields with blanks between them:
// codes and single bits in order (110), numbers with their width (13/5), whole bytes in
// hexadecimal after the rest of the previous byte (x05ff), and text likewise ("Hello).
func draw(t testing.TB, s string) []byte {
	t.Helper()
	var out []byte
	free := 0 // bits of the last byte
	put := func(v, n int) {
		for ; n > 0; n-- {
			if free == 0 {
				out, free = append(out, 0), 8
			}
			out[len(out)-1] |= byte(v&1) << (8 - free)
			v, free = v>>1, free-1
		}
	}
	for _, field := range strings.Fields(s) {
		num, width, isNumber := strings.Cut(field, "/")
		switch {
		case field[0] == 'x':
			b, err := hex.DecodeString(field[1:])
			if err != nil {
				t.Fatal(err)
			}
			out, free = append(out, b...), 0
		case field[0] == '"':
			out, free = append(out, field[1:]...), 0
		case isNumber:
			v, err1 := strconv.Atoi(num)
			n, err2 := strconv.Atoi(width)
			if err1 != nil || err2 != nil {
				t.Fatalf("bad field %q", field)
			}
			put(v, n)
		default:
			for _, c := range field {
				put(int(c-'0'), 1)
			}
		}
	}
	return out
}

// dynamic draws the header of a block with the given code lengths of symbols, such as
// "256:1 0:1", for literals and lengths, and for distances. The code for code lengths has
// 4 bits for each length from 0 to 15.
func dynamic(lit, dist string) string {
	s := "2/2 29/5 29/5 15/4"
	for _, sym := range preOrder {
		if sym < 16 {
			s += " 4/3"
		} else {
			s += " 0/3"
		}
	}
	lens := make([]int, maxLitLen+maxDist)
	for i, part := range []string{lit, dist} {
		for _, field := range strings.Fields(part) {
			var sym, l int
			fmt.Sscanf(field, "%d:%d", &sym, &l)
			lens[i*maxLitLen+sym] = l
		}
	}
	for _, l := range lens {
		s += fmt.Sprintf(" %04b", l)
	}
	return s
}

// deflatedMessages compresses each size bytes of p to a message that refers to the
// earlier ones and ends with 00 00 ff ff.
func deflatedMessages(t testing.TB, p []byte, size int) [][]byte {
	t.Helper()
	var b bytes.Buffer
	w, err := klauspost.NewWriter(&b, 5)
	if err != nil {
		t.Fatal(err)
	}
	var all [][]byte
	for ; len(p) > 0; p = p[min(size, len(p)):] {
		b.Reset()
		if _, err := w.Write(p[:min(size, len(p))]); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		all = append(all, bytes.Clone(b.Bytes()))
	}
	return all
}

// jsonText returns n bytes of text as servers send it.
func jsonText(n int, seed uint64) []byte {
	rnd := rand.New(rand.NewPCG(seed, 1))
	words := strings.Fields("price volume symbol exchange timestamp bid ask trade update snapshot " +
		"channel user message status active pending closed error reason subscribe")
	var b bytes.Buffer
	b.WriteByte('[')
	for b.Len() < n {
		fmt.Fprintf(&b, `{"id":%d,"type":%q,"name":"%s-%s","value":%.4f,"ok":%t,"tags":[%q,%q]},`,
			rnd.IntN(1e6), words[rnd.IntN(len(words))], words[rnd.IntN(len(words))], words[rnd.IntN(len(words))],
			rnd.Float64()*1000, rnd.IntN(2) == 0, words[rnd.IntN(len(words))], words[rnd.IntN(len(words))])
	}
	return b.Bytes()[:n]
}
