//go:build !race

// Under the race detector sync.Pool forgets things at random.

package deflate

import (
	"fmt"
	"testing"

	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

// TestNoAllocs holds that nothing is allocated for a message, neither way.
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

// TestDriverNoAllocs holds the same of drivers, in both roles, that send and
// receive one message at a time.
func TestDriverNoAllocs(t *testing.T) {
	for _, size := range []int{600, 1 << 10, 64 << 10} {
		for _, takeover := range []bool{false, true} {
			for _, pieces := range []bool{false, true} {
				t.Run(fmt.Sprintf("%d bytes, takeover %v, pieces %v", size, takeover, pieces), func(t *testing.T) {
					p := Params{ServerNoContextTakeover: !takeover, ClientNoContextTakeover: !takeover}
					c := &driver.Config{Pieces: pieces}
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
