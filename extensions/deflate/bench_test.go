package deflate

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/klauspost/compress/flate"

	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/ws"
)

// sample returns messages of n bytes that differ from each other.
func sample(n int) [][]byte {
	text := prose(rand.New(rand.NewPCG(1, 1)), 256<<10)
	var all [][]byte
	for i := range 128 { // more than a window of them
		all = append(all, text[i*1499:][:n])
	}
	return all
}

var benchSizes = []int{1 << 10, 64 << 10}

// BenchmarkEncode compares sessions with a bare flate.Writer.
func BenchmarkEncode(b *testing.B) {
	for _, size := range benchSizes {
		msgs := sample(size)
		run := func(name string, encode func(dst, p []byte) []byte) {
			b.Run(fmt.Sprintf("%dKiB/%s", size>>10, name), func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(size))
				var dst []byte
				total := 0
				for i := 0; b.Loop(); i++ {
					dst = encode(dst[:0], msgs[i%len(msgs)])
					total += len(dst)
				}
				b.ReportMetric(float64(total)/float64(b.N)/float64(size), "ratio")
			})
		}
		bare := func(reset bool) func(dst, p []byte) []byte {
			out := &output{}
			w, err := flate.NewWriter(out, 1)
			if err != nil {
				b.Fatal(err)
			}
			return func(dst, p []byte) []byte {
				out.buf = dst
				if reset {
					w.Reset(out)
				}
				w.Write(p)
				w.Flush()
				return out.buf
			}
		}
		session := func(e *Extension, takeover bool) func(dst, p []byte) []byte {
			s := newSession(e, side{takeover, maxBits}, side{})
			return func(dst, p []byte) []byte {
				s.Begin(ws.Text, len(p))
				dst, _ = s.Encode(dst, p, true)
				return dst
			}
		}
		run("alone/bare", bare(true))
		run("alone/session", session(&Extension{}, false))
		run("context/bare", bare(false))
		run("context/session", session(&Extension{}, true))
		run("context/reprimed", session(&Extension{Keep: -1}, true))
	}
}

// BenchmarkDecode compares sessions with a bare flate.Reader, which gets the window for
// each message.
func BenchmarkDecode(b *testing.B) {
	for _, size := range benchSizes {
		for _, takeover := range []bool{false, true} {
			name := fmt.Sprintf("%dKiB/%s/", size>>10, map[bool]string{true: "context", false: "alone"}[takeover])
			terms := side{takeover, maxBits}
			s := newSession(&Extension{}, terms, side{})
			var wire [][]byte
			msgs := sample(size)
			for range 4 { // so that all but the first round have a full window
				wire = wire[:0]
				for _, p := range msgs {
					out, _ := s.Encode(nil, p, true)
					wire = append(wire, out)
				}
			}
			window := bytes.Join(msgs, nil)
			window = window[max(0, len(window)-maxHistory):]
			b.Run(name+"bare", func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(size))
				dst := make([]byte, size+1)
				dict := append([]byte(nil), window...)
				if !takeover {
					dict = nil
				}
				var src bytes.Reader
				var rest bytes.Reader
				r := flate.NewReader(&src)
				for i := 0; b.Loop(); i++ {
					src.Reset(wire[i%len(wire)])
					rest.Reset([]byte("\x00\x00\xff\xff\x01\x00\x00\xff\xff"))
					r.(flate.Resetter).Reset(&both{&src, &rest}, dict)
					if n, err := io.ReadFull(r, dst); n != size {
						b.Fatal(n, err)
					}
					if takeover {
						dict = append(dict, dst[:size]...)
						dict = dict[:copy(dict, dict[len(dict)-maxHistory:])]
					}
				}
			})
			b.Run(name+"session", func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(size))
				r := newReceiver(terms)
				dst := make([]byte, size+1)
				if takeover {
					r.window.write(window)
				}
				for i := 0; b.Loop(); i++ {
					nd, ns, err := r.Decode(dst, wire[i%len(wire)], true)
					if nd != size || ns != len(wire[i%len(wire)]) || err != nil {
						b.Fatal(nd, ns, err)
					}
				}
			})
		}
	}
}

// both reads one reader after the other.
type both struct{ a, b *bytes.Reader }

func (m *both) ReadByte() (byte, error) {
	if m.a.Len() > 0 {
		return m.a.ReadByte()
	}
	return m.b.ReadByte()
}

func (m *both) Read(p []byte) (int, error) {
	if m.a.Len() > 0 {
		return m.a.Read(p)
	}
	return m.b.Read(p)
}

// BenchmarkDriver sends and receives through drivers.
func BenchmarkDriver(b *testing.B) {
	for _, size := range benchSizes {
		for _, takeover := range []bool{false, true} {
			for _, pieces := range []bool{false, true} {
				b.Run(fmt.Sprintf("%dKiB/context=%v/pieces=%v", size>>10, takeover, pieces), func(b *testing.B) {
					b.ReportAllocs()
					b.SetBytes(int64(size))
					p := Params{ServerNoContextTakeover: !takeover}
					server, client := connect(b, nil, &driver.Config{Pieces: pieces}, &Extension{Params: p}, &Extension{Params: p})
					msgs := sample(size)
					var spare []byte
					for i := 0; b.Loop(); i++ {
						spare = transfer(b, server.Driver, client.Driver, msgs[i%len(msgs)], spare)
					}
				})
			}
		}
	}
}

// transfer sends p to a driver that has no other input, and returns the buffer for the
// next call.
func transfer(tb testing.TB, from, to *driver.Driver, p, spare []byte) []byte {
	if err := from.Text(p); err != nil {
		tb.Fatal(err)
	}
	spare = from.Take(spare)
	n := 0
	for in := spare; ; {
		m, ev := to.Parse(in)
		in, n = in[m:], n+len(ev.Data)
		if ev.Kind == driver.None {
			break
		}
	}
	if n != len(p) {
		tb.Fatalf("%d bytes received of %d", n, len(p))
	}
	return spare
}
