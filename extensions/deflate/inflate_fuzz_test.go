package deflate

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzInflate compares with compress/flate: output and verdict are the same, however
// input and output are split.
func FuzzInflate(f *testing.F) {
	for _, v := range inflateVectors {
		f.Add(draw(f, v.in), []byte(v.history), uint8(1), uint8(1))
	}
	text := jsonText(3000, 1)
	for level := -3; level <= 9; level++ {
		f.Add(deflated(f, text, level), []byte{}, uint8(7), uint8(3))
	}
	f.Fuzz(func(t *testing.T, src, history []byte, in, out uint8) {
		if len(src) > 1<<12 || len(history) > 1<<16 {
			return
		}
		for _, tail := range []string{"", finalBlock} {
			compare(t, append(bytes.Clone(src), tail...), history, cuts{int(in), int(out)})
		}
	})
}

// compare compares the inflater with compress/flate.
func compare(t *testing.T, src, history []byte, c cuts) {
	t.Helper()
	want, whole := reference(src, history)
	got := inflateWith(t, src, history, 15, wholeCuts)
	if got.AfterFinal != whole {
		t.Fatalf("compress/flate %t, this %+v", whole, got)
	}
	if a, b := string(want), got.Out; !strings.HasPrefix(a, b) && !strings.HasPrefix(b, a) || whole && a != b {
		t.Fatal(cmp.Diff(a, b))
	}
	if len(want) > 1<<16 { // a bomb: too much to read byte by byte
		return
	}
	for _, c := range []cuts{c, {1, 600}, {1 << 16, 1}, {0, 0}} {
		if d := cmp.Diff(got, inflateWith(t, src, history, 15, c)); d != "" {
			t.Fatalf("cut in %d and %d: %s", c.in, c.out, d)
		}
	}
}
