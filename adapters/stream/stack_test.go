//go:build !race

package stream_test

import (
	"io"
	"net"
	"runtime/metrics"
	"testing"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

// TestIdleStack: a goroutine that echoes a message and waits for the next gets along
// with 2 KiB of stack, the least that a goroutine has. No buffer is pooled, so that it
// allocates one, which takes the most stack.
func TestIdleStack(t *testing.T) {
	const count = 200
	stacks := func() int64 {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/stacks:bytes"}}
		metrics.Read(sample)
		return int64(sample[0].Value.Uint64())
	}
	each := wstest.Least(2500, func() int64 {
		var peers []net.Conn
		defer func() {
			for _, peer := range peers {
				peer.Close()
			}
		}()
		wstest.InUse() // goroutines that have ended have given their stacks back
		before := stacks()
		for range count {
			peer, transport := wstest.TCP(t)
			peers = append(peers, peer)
			c := stream.New(transport, openDriver(t, nil), nil)
			go func() {
				defer c.CloseNow()
				for {
					kind, p, err := c.ReadMessage(nil)
					if err != nil || c.WriteMessage(kind, p) != nil {
						return
					}
				}
			}()
		}
		in, out := []byte(frame(0x81, "hello")), make([]byte, 7)
		for _, peer := range peers {
			stream.DropBuffers()
			if _, err := peer.Write(in); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(peer, out); err != nil {
				t.Fatal(err)
			}
		}
		return (stacks() - before) / count
	})
	t.Logf("%d bytes of stack for each connection", each)
	if each > 2500 {
		t.Errorf("%d bytes of stack for each connection", each)
	}
}
