//go:build !race

// Under the race detector sync.Pool drops items at random.

package deflate

import (
	"fmt"
	"slices"
	"testing"

	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

// TestNoAllocs: no allocations for a message, in either direction.
func TestNoAllocs(t *testing.T) {
	for _, size := range []int{600, 1 << 10, 64 << 10} {
		for name, e := range map[string]*Extension{"kept": {}, "re-primed": {Keep: -1}} {
			for _, takeover := range []bool{false, true} {
				terms := side{takeover, maxBits}
				s, r := newSession(e, terms, side{}), newReceiver(terms)
				msgs := sample(size)
				enc, dst := make([]byte, 0, 2*size), make([]byte, size+1)
				i := 0
				round := func() {
					s.Begin(ws.Text, size)
					enc, _ = s.Encode(enc[:0], msgs[i%len(msgs)], true)
					if nd, _, err := r.Decode(dst, enc, true); nd != size || err != nil {
						t.Fatal(nd, err)
					}
					i++
				}
				for range 100 {
					round()
				}
				t.Run(fmt.Sprintf("%d bytes, %s, takeover %v", size, name, takeover), func(t *testing.T) {
					wstest.NoAllocs(t, round)
				})
			}
		}
	}
}

// buffers is a Config.Buffers that keeps the buffers it gets back.
type buffers struct{ free [][]byte }

func (b *buffers) Get(n int) []byte {
	for i := len(b.free) - 1; i >= 0; i-- {
		if p := b.free[i]; cap(p) >= n {
			b.free = slices.Delete(b.free, i, i+1)
			return p
		}
	}
	return make([]byte, 0, n)
}

func (b *buffers) Put(p []byte) {
	if cap(p) >= 4096 && len(b.free) < 16 {
		b.free = append(b.free, p[:0])
	}
}

// TestDriverNoAllocs: the same for drivers in both roles that send and receive one
// message at a time, with buffers from a pool.
func TestDriverNoAllocs(t *testing.T) {
	for _, size := range []int{600, 1 << 10, 64 << 10} {
		for _, takeover := range []bool{false, true} {
			for _, pieces := range []bool{false, true} {
				t.Run(fmt.Sprintf("%d bytes, takeover %v, pieces %v", size, takeover, pieces), func(t *testing.T) {
					p := Params{ServerNoContextTakeover: !takeover, ClientNoContextTakeover: !takeover}
					c := &driver.Config{Pieces: pieces, Buffers: &buffers{}}
					server, client := connect(t, c, c, &Extension{Params: p}, &Extension{Params: p})
					msgs := sample(size)
					var spare []byte
					i := 0
					round := func() {
						spare = transfer(t, server.Driver, client.Driver, msgs[i%len(msgs)], spare)
						spare = transfer(t, client.Driver, server.Driver, msgs[i%len(msgs)], spare)
						i++
					}
					for range 100 {
						round()
					}
					wstest.NoAllocs(t, round)
				})
			}
		}
	}
}
