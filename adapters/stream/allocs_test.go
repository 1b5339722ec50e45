//go:build !race

package stream_test

import (
	"io"
	"slices"
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

// TestBroadcastAllocations: a broadcast to 1001 connections allocates as much as
// one to a single connection.
func TestBroadcastAllocations(t *testing.T) {
	var conns []*stream.Conn
	for range 1001 {
		c := opened(t, &loop{}, nil)
		defer c.CloseNow()
		conns = append(conns, c)
	}
	allocs := func(conns []*stream.Conn) float64 {
		all := slices.Values(conns)
		p := make([]byte, 100)
		step := func() {
			if sent, err := stream.Broadcast(all, driver.Binary, p); sent != len(conns) || err != nil {
				t.Fatal(sent, err)
			}
			for _, c := range conns {
				if err := c.Flush(); err != nil {
					t.Fatal(err)
				}
			}
		}
		return wstest.Allocs(20, step)
	}
	one, many := allocs(conns[:1]), allocs(conns)
	if each := (many - one) / 1000; each > 0 {
		t.Errorf("%v allocations for each connection, not 0", each)
	}
}
