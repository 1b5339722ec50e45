//go:build !race

// Under the race detector sync.Pool forgets things at random.

package deflate

import (
	"fmt"
	"testing"

	"github.com/sans-io/websocket-driver/driver/wstest"
)

func TestInflateNoAllocs(t *testing.T) {
	for _, size := range []int{1 << 10, 64 << 10} {
		for _, keep := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d bytes, keep %t", size, keep), func(t *testing.T) {
				in, dst := deflated(t, jsonText(size, 9), 1), make([]byte, 700)
				w := newWindow(15, keep)
				var z inflater
				round := func() {
					z.reset(&w)
					total := 0
					for rest := in; !z.flushed(); {
						nd, ns, err := z.push(dst, rest)
						if err != nil {
							t.Fatal(err)
						}
						total, rest = total+nd, rest[ns:]
					}
					if total != size {
						t.Fatalf("%d bytes, want %d", total, size)
					}
					z.release()
				}
				for range 40 { // until the window is full
					round()
				}
				wstest.NoAllocs(t, round)
			})
		}
	}
}
