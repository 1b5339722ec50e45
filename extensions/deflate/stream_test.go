//go:build !race

// Nothing here is concurrent, and the race detector takes 40 times as long.

package deflate

import (
	"bytes"
	"hash/crc32"
	"math/rand/v2"
	"testing"

	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

// TestStream sends long messages by Fragment and receives them in pieces, in each
// direction. What that allocates does not grow with the messages.
func TestStream(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	mixed := append(prose(rnd, 200<<10), noise(rnd, 56<<10)...)
	tests := []struct {
		name string
		size int
		text []byte // again and again
	}{
		{"mixed", 8 << 20, mixed},
		{"the same", 64 << 20, bytes.Repeat([]byte("again and again "), 64<<10/16)},
	}
	if wstest.Long() {
		tests[0].size, tests[1].size = 32<<20, 1<<30
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
	const most = 4 << 20 // bytes: a compressor and some buffers
	sent, got := crc32.NewIEEE(), crc32.NewIEEE()
	total, final := 0, false
	var spare []byte
	allocated := wstest.AllocBytes(func() {
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
		}
	})
	if allocated > most {
		t.Errorf("%d bytes allocated for %d, more than %d", allocated, size, most)
	}
	t.Logf("%d KiB allocated", allocated>>10)
	if total != size || !final || sent.Sum32() != got.Sum32() {
		t.Errorf("%d bytes came, final %v, checksums %08x and %08x", total, final, sent.Sum32(), got.Sum32())
	}
}
