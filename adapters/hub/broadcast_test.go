package hub_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/sans-io/websocket-driver/adapters/hub"
	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
	"github.com/sans-io/websocket-driver/extensions/deflate"
	"github.com/sans-io/websocket-driver/hybi/frame"
)

// TestBroadcast sends to connections of many forms.
func TestBroadcast(t *testing.T) {
	wstest.NoLeaks(t)
	compress := []driver.Extension{&deflate.Extension{}}
	configs := []*driver.Config{
		{}, {}, {Version: driver.Hybi8}, {Version: driver.Hixie75}, {Version: driver.Hixie76},
		{Extensions: compress}, {Extensions: compress},
		{Extensions: []driver.Extension{&deflate.Extension{Params: deflate.Params{ServerNoContextTakeover: true}}}},
	}
	text := strings.Repeat("grüße ", 1000)
	var servers, clients []*stream.Conn
	for _, config := range configs {
		client, server := open(t, config, &driver.Config{Versions: driver.AllVersions(), Extensions: config.Extensions})
		if len(config.Extensions) > 0 && server.Extensions() == "" {
			t.Fatal("no compression")
		}
		servers, clients = append(servers, server), append(clients, client)
	}
	gone := clients[1]
	gone.CloseNow()
	if _, _, err := servers[1].ReadMessage(nil); codeOf(err) != driver.CodeAbnormal {
		t.Fatalf("the server of a client that is gone: %v", err)
	}
	for i := range 3 {
		p := []byte(fmt.Sprint(i, text))
		if sent, _, err := hub.Broadcast(slices.Values(servers), driver.Text, p); sent != len(servers)-1 || err != nil {
			t.Errorf("sent to %d, %v", sent, err)
		}
		clear(p)
	}
	if sent, _, err := hub.Broadcast(slices.Values(servers), driver.Binary, []byte(text)); sent != len(servers)-3 || err != nil {
		t.Errorf("a binary message: sent to %d, %v", sent, err)
	}
	for _, c := range clients {
		if c == gone {
			continue
		}
		for i := range 3 {
			wantMessage(t, c, driver.Text, fmt.Sprint(i, text))
		}
		if !c.Version().IsHixie() {
			wantMessage(t, c, driver.Binary, text)
		}
	}
	for kind, p := range map[driver.Kind]string{driver.Text: "\xff", driver.Ping: ""} {
		if sent, _, err := hub.Broadcast(slices.Values(servers), kind, []byte(p)); sent != 0 || err == nil {
			t.Errorf("%v %q: sent to %d, %v", kind, p, sent, err)
		}
	}
}

// TestBroadcastNeverWaits has two of three peers read nothing.
func TestBroadcastNeverWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, waits := opened(t, &driver.Config{MaxBuffered: 5}, stream.SlowWait)
		_, closes := opened(t, &driver.Config{MaxBuffered: 5}, stream.SlowClose)
		peer, reads := opened(t, &driver.Config{MaxBuffered: 5}, stream.SlowWait)
		var out bytes.Buffer
		copied := make(chan bool)
		go func() {
			io.Copy(&out, peer)
			close(copied)
		}()
		for i, want := range []int{3, 1, 1} {
			sent, left, err := hub.Broadcast(slices.Values([]*stream.Conn{waits, closes, reads}), driver.Text, fmt.Appendf(nil, "text %d", i))
			if sent != want || len(left) != 3-want || err != nil {
				t.Errorf("%d: sent to %d, %v, not %d", i, sent, err, want)
			}
			synctest.Wait()
		}
		if err := closes.Flush(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("SlowClose: %v", err)
		}
		waits.CloseNow()
		reads.CloseNow()
		<-copied
		text := func(s string) string { return wstest.ServerFrame(frame.FinBit|byte(frame.Text), s) }
		if got, want := out.String(), text("text 0")+text("text 1")+text("text 2"); got != want {
			t.Errorf("%q", got)
		}
	})
}

// TestBroadcastMany sends to more connections than one goroutine does, of which every
// tenth is closed.
func TestBroadcastMany(t *testing.T) {
	wstest.NoLeaks(t)
	var servers, closed []*stream.Conn
	var peers []net.Conn
	for i := range 1300 {
		a, c := opened(t, nil, stream.SlowWait)
		if i%10 == 3 {
			c.CloseNow()
			closed = append(closed, c)
		} else {
			peers = append(peers, a)
		}
		servers = append(servers, c)
		t.Cleanup(func() { c.CloseNow() })
	}
	const times = 3
	for i := range times {
		sent, left, err := hub.Broadcast(slices.Values(servers), driver.Text, fmt.Append(nil, i))
		if sent != len(peers) || err != nil {
			t.Errorf("sent to %d of %d, %v", sent, len(peers), err)
		}
		if len(left) != len(closed) || slices.ContainsFunc(left, func(c *stream.Conn) bool { return !slices.Contains(closed, c) }) {
			t.Errorf("%d were left out, not %d", len(left), len(closed))
		}
	}
	for _, p := range peers {
		got := make([]byte, 3*times)
		if _, err := io.ReadFull(p, got); err != nil || string(got) != "\x81\x010\x81\x011\x81\x012" {
			t.Fatalf("%q, %v", got, err)
		}
	}
}
