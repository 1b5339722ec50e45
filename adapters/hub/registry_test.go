package hub_test

import (
	"context"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sans-io/websocket-driver/adapters/hub"
	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

func TestRegistry(t *testing.T) {
	wstest.NoLeaks(t)
	var r, room hub.Registry
	if r.Len() != 0 {
		t.Errorf("%d connections in the zero Registry", r.Len())
	}
	var clients, servers []*stream.Conn
	for range 3 {
		client, server := open(t, nil, nil)
		clients, servers = append(clients, client), append(servers, server)
		for range 2 {
			if !r.Add(server) || !room.Add(server) {
				t.Fatal("not added")
			}
		}
	}
	room.Remove(servers[0])
	room.Remove(servers[0])
	room.Remove(clients[0])
	seen := map[*stream.Conn]bool{}
	for c := range r.All() {
		seen[c] = true
	}
	if len(seen) != 3 || r.Len() != 3 || room.Len() != 2 {
		t.Errorf("%d seen, %d and %d connections", len(seen), r.Len(), room.Len())
	}
	for c := range r.All() {
		c.CloseNow()
		break
	}
	clients[1].CloseNow()
	servers[1].Close(context.Background(), driver.CodeNormal, "")
	servers[2].CloseNow()
	if r.Len() > 1 || room.Len() != 0 {
		t.Errorf("%d and %d connections are left", r.Len(), room.Len())
	}
	if r.Add(servers[2]); r.Len() > 1 {
		t.Error("a connection that has ended was kept")
	}
}

// TestShutdown closes connections of which one is read, one is not, and one has a
// peer that says nothing.
func TestShutdown(t *testing.T) {
	for _, limit := range []time.Duration{time.Second, time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			var r hub.Registry
			config := &driver.Config{CloseTimeout: time.Minute}
			codes := make(chan driver.Code, 2)
			for i := range 2 {
				client, server := openPipe(t, config, config)
				r.Add(server)
				if i == 0 {
					go server.ReadMessage(nil)
				}
				go func() {
					_, _, err := client.ReadMessage(nil)
					codes <- codeOf(err)
				}()
			}
			peer, silent := opened(t, config, stream.SlowWait)
			go io.Copy(io.Discard, peer)
			r.Add(silent)

			ctx, cancel := context.WithTimeout(context.Background(), limit)
			defer cancel()
			began := time.Now()
			err := r.Shutdown(ctx, "")
			if want := min(limit, time.Minute); time.Since(began) != want || (err == nil) != (limit > want) {
				t.Errorf("took %v, %v", time.Since(began), err)
			}
			for range 2 {
				if code := <-codes; code != driver.CodeGoingAway {
					t.Errorf("a client was closed with %v", code)
				}
			}
			if r.Len() != 0 || r.Add(silent) {
				t.Error("connections are left or let in")
			}
			cancel()
			if err := r.Shutdown(ctx, ""); err != nil {
				t.Errorf("again, when nothing is left: %v", err)
			}
		})
	}
}

// TestShutdownStuck has peers that do not even read.
func TestShutdownStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r hub.Registry
		for range 3 {
			_, c := opened(t, nil, stream.SlowWait)
			c.Queue(driver.Text, []byte("text"))
			r.Add(c)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := r.Shutdown(ctx, ""); err != context.DeadlineExceeded {
			t.Errorf("%v", err)
		}
	})
}
