//go:build !race

package hub_test

import (
	"slices"
	"testing"

	"github.com/sans-io/websocket-driver/adapters/hub"
	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

// sink is a transport that takes everything and gives nothing.
type sink struct{ end chan bool }

func (s sink) Read([]byte) (int, error)    { <-s.end; return 0, nil }
func (s sink) Write(p []byte) (int, error) { return len(p), nil }
func (s sink) Close() error                { return nil }

// TestBroadcastAllocations: a broadcast to 1001 connections allocates as much as
// one to a single connection. The race detector makes pools forget.
func TestBroadcastAllocations(t *testing.T) {
	var conns []*stream.Conn
	for range 1001 {
		client, err := driver.NewClient("ws://example.com/", nil)
		if err != nil {
			t.Fatal(err)
		}
		server := driver.NewServer(nil)
		if err := wstest.Pair(client, server); err != nil {
			t.Fatal(err)
		}
		c := stream.New(sink{}, server, nil)
		defer c.CloseNow()
		conns = append(conns, c)
	}
	allocs := func(conns []*stream.Conn) float64 {
		all := slices.Values(conns)
		p := make([]byte, 100)
		return wstest.Allocs(20, func() {
			if sent, _, err := hub.Broadcast(all, driver.Binary, p); sent != len(conns) || err != nil {
				t.Fatal(sent, err)
			}
			for _, c := range conns {
				if err := c.Flush(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
	one, many := allocs(conns[:1]), allocs(conns)
	if each := (many - one) / 1000; each > 0 {
		t.Errorf("%v allocations for each connection, not 0", each)
	}
}
