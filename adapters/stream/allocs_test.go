//go:build !race

package stream_test

import (
	"io"
	"testing"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

// TestNoAllocs: a message in and a message out cost no memory. The race detector
// makes pools forget, so it is not for the tests here.
func TestNoAllocs(t *testing.T) {
	for i, tr := range transports {
		if tr.name == "tls" || tr.name == "wrapper" { // whose own Read and Write cost memory
			continue
		}
		t.Run(tr.name, func(t *testing.T) {
			o := &stream.Options{ReadBuffer: 4096 << (6 * (i & 1))} // 256 KiB is more than is kept of written buffers
			peer, b := tr.pair(t)
			defer peer.Close()
			c := stream.New(b, openDriver(t, nil), o)
			defer c.CloseNow()
			in, out := []byte(frame(0x81, "hello")), make([]byte, 7)
			step := make(chan bool)
			defer close(step)
			go func() {
				for range step {
					peer.Write(in)
					io.ReadFull(peer, out)
				}
			}()
			var buf []byte
			wstest.NoAllocs(t, func() {
				step <- true
				var err error
				if _, buf, err = c.ReadMessage(buf); err != nil {
					t.Fatal(err)
				}
				if err := c.WriteMessage(driver.Text, buf); err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}
