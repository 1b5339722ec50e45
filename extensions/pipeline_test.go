package extensions

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"

	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

// stack returns a pipeline of the named sessions: x (RSV2), r (RSV1), R (RSV3)
// and n, an xor without a bit.
func stack(names string) *Pipeline {
	p := &Pipeline{}
	for _, n := range names {
		switch n {
		case 'x':
			p.add(ext("xor", RSV2), &strict{Session: &xor{}})
		case 'r':
			p.add(ext("rle", RSV1), &strict{Session: &rle{}})
		case 'R':
			p.add(ext("reverse", RSV3), &strict{Session: &reverse{}})
		case 'n':
			p.add(ext("none", 0), &strict{Session: &xor{}})
		}
	}
	return p
}

// encode sends one message in the given fragments.
func encode(t testing.TB, p *Pipeline, k ws.Kind, fragments ...[]byte) (rsv byte, out []byte) {
	t.Helper()
	size := -1
	if len(fragments) == 1 {
		size = len(fragments[0])
	}
	rsv, active := p.Begin(k, size)
	if !active {
		return rsv, bytes.Join(fragments, nil)
	}
	for i, f := range fragments {
		var err error
		if out, err = p.Encode(out, f, i == len(fragments)-1); err != nil {
			t.Fatal(err)
		}
	}
	return rsv, out
}

// feed is one step of a receiver: it decodes src with a dst of size bytes until
// everything has been written.
func feed(p *Pipeline, out, src []byte, fin bool, size int) ([]byte, error) {
	dst := make([]byte, size)
	for {
		nd, ns, err := p.Decode(dst, src, fin)
		out, src = append(out, dst[:nd]...), src[ns:]
		if err != nil || (len(src) == 0 && nd < len(dst)) {
			return out, err
		}
	}
}

// decode receives one message in the given chunks.
func decode(t testing.TB, p *Pipeline, rsv byte, size int, chunks ...[]byte) []byte {
	t.Helper()
	if _, ok := p.BeginDecode(rsv); !ok {
		t.Fatalf("bits 0x%02x", rsv)
	}
	var out []byte
	for i, c := range chunks {
		var err error
		if out, err = feed(p, out, c, i == len(chunks)-1, size); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func TestRoundTrip(t *testing.T) {
	messages := []string{"", "a", "aa", "abc", strings.Repeat("a", 260), "aaaaabbbbbbcccccddefghijjjj"}
	for _, names := range []string{"", "x", "r", "R", "n", "xr", "rx", "rR", "Rr", "xRr", "rxR", "nrxR", "Rnn"} {
		for _, m := range messages {
			a, b := stack(names), stack(names)
			for _, k := range []ws.Kind{ws.Text, ws.Binary} { // two messages: no state carries over
				rsv, wire := encode(t, a, k, []byte(m))
				for _, size := range []int{1, 2, 3, 1000} {
					check := func(chunks ...[]byte) {
						t.Helper()
						if got := decode(t, b, rsv, size, chunks...); string(got) != m {
							t.Fatalf("%s, dst %d, chunks %q: got %q, want %q", names, size, chunks, got, m)
						}
						if b.chain != nil {
							t.Fatal("buffers are kept after the message")
						}
					}
					check(wire)
					check(wire, nil)
					var each [][]byte
					for i := range wire {
						check(wire[:i], wire[i:])
						each = append(each, wire[i:i+1])
					}
					check(append(each, nil)...)
				}
			}
		}
	}
}

// TestLarge: a message grows beyond the buffer between two sessions.
func TestLarge(t *testing.T) {
	m := bytes.Repeat([]byte("abbcccddddeeeee"), 1000)
	for i := range m[:len(m)/2] {
		m[i] = 'z'
	}
	for _, names := range []string{"xr", "rr", "xRr", "Rxx"} {
		a, b := &Pipeline{}, &Pipeline{}
		for i, n := range names {
			for _, p := range []*Pipeline{a, b} {
				st := stack(string(n)).stages[0]
				p.add(ext(fmt.Sprint(st.name, i), 0), st.s)
			}
		}
		_, wire := encode(t, a, ws.Text, m[:10], m[10:10], m[10:9000], m[9000:])
		for _, size := range []int{100, linkSize - 1, linkSize, 1 << 20} {
			for _, cut := range []int{0, 1, len(wire) / 2, len(wire)} {
				if got := decode(t, b, 0, size, wire[:cut], wire[cut:]); !bytes.Equal(got, m) {
					t.Fatalf("%s, dst %d, cut %d: %d bytes differ", names, size, cut, len(got))
				}
			}
		}
	}
}

// TestRecut: the unread rest of a chunk may be passed again longer or shorter, so that
// fin changes from true to false.
func TestRecut(t *testing.T) {
	m := []byte(strings.Repeat("aaaaaaaabc", 50))
	for _, names := range []string{"x", "r", "R", "xr", "rx", "xRr", "rxR", "Rrx", "nrxR"} {
		p := stack(names)
		for i, st := range p.stages {
			p.stages[i].s = st.s.(*strict).Session
		}
		rsv, wire := encode(t, stack(names), ws.Text, m)
		for step := 1; step < 40; step += 3 {
			if _, ok := p.BeginDecode(rsv); !ok {
				t.Fatal("not ok")
			}
			var out []byte
			cuts, rest, dst := []int{len(wire), 1, step, 0, 2 * step}, wire, make([]byte, step)
			for i := 0; ; i++ {
				src := rest[:min(len(rest), cuts[i%len(cuts)])]
				fin := len(src) == len(rest)
				nd, ns, err := p.Decode(dst, src, fin)
				if err != nil {
					t.Fatal(err)
				}
				out, rest = append(out, dst[:nd]...), rest[ns:]
				if fin && ns == len(src) && nd < len(dst) {
					break
				}
			}
			if !bytes.Equal(out, m) {
				t.Fatalf("%s, step %d: got %q", names, step, out)
			}
		}
	}
}

func TestOrder(t *testing.T) {
	// The xor breaks up runs of one value if it encodes first.
	m := []byte("aaaa")
	tests := map[string][]byte{
		"r":  {4, 'a'},
		"x":  {'a' ^ 1, 'a' ^ 2, 'a' ^ 3, 'a' ^ 4},
		"rx": {4 ^ 1, 'a' ^ 2},
		"xr": {1, 'a' ^ 1, 1, 'a' ^ 2, 1, 'a' ^ 3, 1, 'a' ^ 4},
	}
	for names, want := range tests {
		t.Run("RFC 6455 9.1 "+names, func(t *testing.T) {
			if _, got := encode(t, stack(names), ws.Text, m); !bytes.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

// TestInterleave sends and receives at the same time, with different sessions.
func TestInterleave(t *testing.T) {
	p, peer := stack("rxR"), stack("rxR")
	rsv, wire := encode(t, peer, ws.Text, []byte("received message"))
	if _, ok := p.BeginDecode(rsv); !ok {
		t.Fatal("not ok")
	}
	if got, _ := p.Begin(ws.Binary, -1); got != RSV1|RSV2 {
		t.Fatalf("bits 0x%02x", got)
	}
	var in, out []byte
	for i := range wire {
		var err error
		if in, err = feed(p, in, wire[i:i+1], i == len(wire)-1, 5); err != nil {
			t.Fatal(err)
		}
		if out, err = p.Encode(out, []byte("sent "), i == len(wire)-1); err != nil {
			t.Fatal(err)
		}
	}
	if string(in) != "received message" {
		t.Errorf("received %q", in)
	}
	want := strings.Repeat("sent ", len(wire))
	if got := decode(t, peer, RSV1|RSV2, 9, out); string(got) != want {
		t.Errorf("sent %q, want %q", got, want)
	}
}

func TestBegin(t *testing.T) {
	r1, r2 := &rle{min: 10}, &rle{min: 20}
	p := &Pipeline{}
	p.add(ext("a", RSV1), r1)
	p.add(ext("b", RSV2|RSV3), r2)
	tests := []struct {
		size   int
		rsv    byte
		active bool
	}{
		{9, 0, false},
		{10, RSV1 | RSV2 | RSV3, true}, // the second does not know the size
		{-1, RSV1 | RSV2 | RSV3, true},
	}
	for _, tt := range tests {
		if rsv, active := p.Begin(ws.Binary, tt.size); rsv != tt.rsv || active != tt.active {
			t.Errorf("%d bytes: got 0x%02x and %v", tt.size, rsv, active)
		}
	}
	if d := cmp.Diff([]string{"Binary 9", "Binary -1", "Binary -1"}, r2.begun); d != "" {
		t.Error(d)
	}
	r1.min = 100
	if rsv, _ := p.Begin(ws.Text, 20); rsv != RSV2|RSV3 {
		t.Errorf("second alone: got 0x%02x", rsv)
	}
}

func TestBeginDecode(t *testing.T) {
	one := &Pipeline{}
	one.add(ext("a", RSV1), &xor{})
	two := &Pipeline{}
	two.add(ext("a", RSV1|RSV3), &xor{})
	two.add(ext("b", RSV2), &xor{})
	none := &Pipeline{}
	none.add(ext("a", 0), &xor{})
	none.add(ext("b", RSV1), &xor{})
	tests := []struct {
		name       string
		p          *Pipeline
		rsv        byte
		active, ok bool
		recv       set
	}{
		{"nil", nil, 0, false, true, 0},
		{"nil with a bit", nil, RSV1, false, false, 0},
		{"no bit", one, 0, false, true, 0},
		{"its bit", one, RSV1, true, true, 1},
		{"a bit that no extension uses", one, RSV2, false, false, 0},
		{"one too many", one, RSV1 | RSV3, false, false, 0},
		{"all of two bits", two, RSV1 | RSV3, true, true, 1},
		{"first of two bits", two, RSV1, false, false, 0},
		{"second of two bits", two, RSV3, false, false, 0},
		{"half and another", two, RSV2 | RSV3, false, false, 0},
		{"only the second", two, RSV2, true, true, 2},
		{"both", two, RSV1 | RSV2 | RSV3, true, true, 3},
		{"needs no bit", none, 0, true, true, 1},
		{"needs no bit, with another", none, RSV1, true, true, 3},
	}
	for _, tt := range tests {
		t.Run("RFC 6455 5.2 "+tt.name, func(t *testing.T) {
			active, ok := tt.p.BeginDecode(tt.rsv)
			if active != tt.active || ok != tt.ok {
				t.Errorf("got %v and %v", active, ok)
			}
			if tt.p != nil && tt.p.recv != tt.recv {
				t.Errorf("sessions %b, want %b", tt.p.recv, tt.recv)
			}
		})
	}
}

func TestNilPipeline(t *testing.T) {
	var p *Pipeline
	if rsv, active := p.Begin(ws.Text, 3); rsv != 0 || active || p.RSV() != 0 || p.String() != "" {
		t.Errorf("got 0x%02x, %v, 0x%02x, %q", rsv, active, p.RSV(), p)
	}
	out, err := p.Encode([]byte("a"), []byte("b"), true)
	if string(out) != "ab" || err != nil {
		t.Errorf("got %q and %v", out, err)
	}
	out, err = feed(p, nil, []byte("abc"), true, 2)
	if string(out) != "abc" || err != nil {
		t.Errorf("got %q and %v", out, err)
	}
}

func TestSingleSessionAllocs(t *testing.T) {
	p := stack("x")
	src, dst, out := []byte("some message"), make([]byte, 64), make([]byte, 0, 64)
	wstest.NoAllocs(t, func() {
		p.Begin(ws.Text, len(src))
		p.Encode(out, src, true)
		p.BeginDecode(RSV2)
		p.Decode(dst, src, true)
	})
}

func TestPipelineSize(t *testing.T) {
	if got := unsafe.Sizeof(Pipeline{}); unsafe.Sizeof(uintptr(0)) == 8 && got > 64 {
		t.Errorf("a Pipeline has %d bytes, want at most 64", got)
	}
}

// FuzzPipeline receives a message with any split and any size of dst.
func FuzzPipeline(f *testing.F) {
	f.Add([]byte("aaaabbbc"), uint8(3), uint8(1), "rx")
	f.Add([]byte(strings.Repeat("a", 3000)), uint8(200), uint8(9), "xRr")
	f.Add([]byte(nil), uint8(0), uint8(0), "Rnr")
	f.Fuzz(func(t *testing.T, m []byte, cut, size uint8, names string) {
		m = m[:min(len(m), 3*linkSize)]
		seen := map[rune]bool{}
		names = strings.Map(func(r rune) rune {
			if !strings.ContainsRune("xrRn", r) || seen[r] {
				return -1
			}
			seen[r] = true
			return r
		}, names)
		a, b := stack(names), stack(names)
		for range 2 {
			rsv, wire := encode(t, a, ws.Text, m[:min(int(cut), len(m))], m[min(int(cut), len(m)):])
			c := min(int(cut), len(wire))
			if got := decode(t, b, rsv, int(size)+1, wire[:c], wire[c:]); !bytes.Equal(got, m) {
				t.Fatalf("%s: got %q, want %q", names, got, m)
			}
		}
	})
}
