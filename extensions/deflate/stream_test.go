//go:build !race

// Nothing here is concurrent, and the race detector takes 40 times as long.

package deflate

import (
	"bytes"
	"hash/crc32"
	"math/rand/v2"
	"runtime/metrics"
	"testing"

	"github.com/sans-io/websocket-driver/driver"
)

// TestStream sends long messages by Fragment and receives them in pieces, in each
// direction. The memory in use remains constant.
func TestStream(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	mixed := append(prose(rnd, 200<<10), noise(rnd, 56<<10)...)
	tests := []struct {
		name string
		size int
		text []byte // again and again
	}{
		{"32 MiB, mixed", 32 << 20, mixed},
		{"1 GiB, the same again and again", 1 << 30, bytes.Repeat([]byte("again and again "), 64<<10/16)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg := &driver.Config{MaxMessage: -1, Pieces: true, MaxFragments: -1}
			server, client := connect(t, cfg, cfg, &Extension{}, &Extension{Params: Params{ServerMaxWindowBits: 11}})
			testStream(t, server, client, tt.text, tt.size)
			testStream(t, client, server, tt.text, tt.size)
		})
	}
}

// testStream sends size bytes of text repeatedly.
func testStream(t *testing.T, from, to *peer, text []byte, size int) {
	t.Helper()
	const growth = 4 << 20 // of the heap: a compressor, some buffers, and what waits for the collector
	most := heap() + growth
	sent, got := crc32.NewIEEE(), crc32.NewIEEE()
	total, final := 0, false
	var spare []byte
	for n := 0; n < size; {
		part := text[n%len(text):]
		part = part[:min(len(part), 48<<10, size-n)]
		n += len(part)
		sent.Write(part)
		if err := from.Fragment(driver.Binary, part, n == size); err != nil {
			t.Fatal(err)
		}
		spare = from.Take(spare)
		for p := spare; ; {
			m, ev := to.Parse(p)
			p = p[m:]
			if ev.Kind == driver.None {
				break
			}
			total, final = total+len(ev.Data), ev.Final
			got.Write(ev.Data)
		}
		if h := heap(); h > most {
			t.Fatalf("after %d bytes the heap has grown by %d more than %d", n, h-most, growth)
		}
	}
	if total != size || !final || sent.Sum32() != got.Sum32() {
		t.Errorf("%d bytes came, final %v, checksums %08x and %08x", total, final, sent.Sum32(), got.Sum32())
	}
}

// heap returns the bytes of objects on the heap, including those not yet collected.
func heap() uint64 {
	s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}
