package hub_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

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
			err := r.Shutdown(ctx, driver.CodeGoingAway, "")
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
			if err := r.Shutdown(ctx, driver.CodeGoingAway, ""); err != nil {
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
		if err := r.Shutdown(ctx, driver.CodeGoingAway, ""); err != context.DeadlineExceeded {
			t.Errorf("%v", err)
		}
	})
}

// TestShutdownCode: each version is closed with the code, or with 1001 if it lacks it.
func TestShutdownCode(t *testing.T) {
	wstest.NoLeaks(t)
	const restart, away = driver.CodeServiceRestart, driver.CodeGoingAway
	versions := []driver.Version{driver.Hybi13, driver.Hybi8, driver.Hybi7, driver.Hixie76, driver.Hixie75}
	want := []driver.Code{restart, away, away, driver.CodeNoStatus, driver.CodeAbnormal}
	var r hub.Registry
	got := make([]driver.Code, len(versions))
	var readers sync.WaitGroup
	for i, v := range versions {
		client, server := open(t, &driver.Config{Version: v}, &driver.Config{Versions: driver.AllVersions()})
		r.Add(server)
		readers.Go(func() {
			_, _, err := client.ReadMessage(nil)
			got[i] = codeOf(err)
		})
	}
	for _, bad := range []struct {
		code   driver.Code
		reason string
		want   error
	}{
		{driver.CodeNoStatus, "", driver.ErrInvalid},
		{1, "", driver.ErrInvalid},
		{restart, strings.Repeat("x", 124), driver.ErrTooLong},
		{restart, "\xff", driver.ErrInvalidUTF8},
	} {
		if err := r.Shutdown(t.Context(), bad.code, bad.reason); !errors.Is(err, bad.want) {
			t.Errorf("%d %q: %v, not %v", bad.code, bad.reason, err, bad.want)
		}
	}
	if r.Len() != len(versions) {
		t.Fatalf("%d connections are left", r.Len())
	}
	if err := r.Shutdown(t.Context(), restart, strings.Repeat("x", 123)); err != nil {
		t.Error(err)
	}
	readers.Wait()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestWait waits for connections that end by themselves, or until a context ends.
func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r hub.Registry
		if err := r.Wait(t.Context()); err != nil {
			t.Errorf("empty: %v", err)
		}
		_, a := openPipe(t, nil, nil)
		_, b := openPipe(t, nil, nil)
		r.Add(a)
		r.Add(b)
		ctx, cancel := context.WithCancelCause(t.Context())
		enough := errors.New("enough")
		results := make(chan error)
		go func() { results <- r.Wait(ctx) }()
		synctest.Wait()
		cancel(enough)
		if err := <-results; err != enough {
			t.Errorf("a context that has ended: %v", err)
		}
		for range 2 {
			go func() { results <- r.Wait(t.Context()) }()
		}
		a.CloseNow()
		synctest.Wait()
		select {
		case err := <-results:
			t.Errorf("Wait returns with a connection left: %v", err)
		default:
		}
		r.Remove(b)
		for range 2 {
			if err := <-results; err != nil {
				t.Error(err)
			}
		}
		b.CloseNow()
	})
}
