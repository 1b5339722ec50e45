package deflate

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"testing"

	klauspost "github.com/klauspost/compress/flate"
)

// inflateBench is a sequence of messages of one size, compressed with or without a common
// window.
type inflateBench struct {
	size    int
	context bool
	plain   []byte // of all messages
	wire    [][]byte
}

func newInflateBench(b *testing.B, size int, context bool) *inflateBench {
	m := &inflateBench{size: size, context: context, plain: jsonText(max(64*size, 1<<20), 2)}
	var out bytes.Buffer
	w, err := klauspost.NewWriter(&out, 1)
	if err != nil {
		b.Fatal(err)
	}
	for i := 0; i+size <= len(m.plain); i += size {
		if !context {
			w.Reset(&out)
		}
		out.Reset()
		if _, err := w.Write(m.plain[i : i+size]); err != nil {
			b.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			b.Fatal(err)
		}
		m.wire = append(m.wire, bytes.Clone(out.Bytes()))
	}
	return m
}

// pull measures a reader such as that of compress/flate.
func (m *inflateBench) pull(b *testing.B, r io.Reader) {
	b.SetBytes(int64(m.size))
	b.ReportAllocs()
	dst := make([]byte, m.size+1)
	var src bytes.Reader
	tailed := make([][]byte, len(m.wire))
	for i, p := range m.wire {
		tailed[i] = append(bytes.Clone(p), finalBlock...)
	}
	for n := 0; b.Loop(); n++ {
		i := n % len(m.wire)
		var dict []byte
		if m.context {
			dict = m.plain[max(0, i*m.size-1<<15) : i*m.size]
		}
		src.Reset(tailed[i])
		if err := r.(flate.Resetter).Reset(&src, dict); err != nil {
			b.Fatal(err)
		}
		if nd, err := io.ReadFull(r, dst); nd != m.size || err != io.ErrUnexpectedEOF {
			b.Fatal(nd, err)
		}
	}
}

// push measures the inflater.
func (m *inflateBench) push(b *testing.B) {
	b.SetBytes(int64(m.size))
	b.ReportAllocs()
	dst := make([]byte, m.size+1)
	w := newWindow(15, m.context)
	var z inflater
	for n := 0; b.Loop(); n++ {
		i := n % len(m.wire)
		if i == 0 {
			w.release()
		}
		z.reset(&w)
		if nd, ns, err := z.push(dst, m.wire[i]); nd != m.size || ns != len(m.wire[i]) || err != nil || !z.flushed() {
			b.Fatal(nd, ns, err)
		}
		z.release()
	}
}

// BenchmarkInflate compares the inflater with the readers of compress/flate and klauspost,
// which are reset for each message.
func BenchmarkInflate(b *testing.B) {
	for _, size := range []int{1 << 10, 64 << 10} {
		for _, context := range []bool{false, true} {
			m := newInflateBench(b, size, context)
			name := fmt.Sprintf("%dKiB/context=%t/", size>>10, context)
			b.Run(name+"push", m.push)
			b.Run(name+"klauspost", func(b *testing.B) { m.pull(b, klauspost.NewReader(nil)) })
			b.Run(name+"stdlib", func(b *testing.B) { m.pull(b, flate.NewReader(nil)) })
		}
	}
}
