package stream_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
	"github.com/sans-io/websocket-driver/extensions/deflate"
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
		a, b := tcp(t)
		client, server := open(t, a, b, config, &driver.Config{Versions: driver.AllVersions(), Extensions: config.Extensions})
		if len(config.Extensions) > 0 && server.Extensions() == "" {
			t.Fatal("no compression")
		}
		servers, clients = append(servers, server), append(clients, client)
	}
	gone := clients[1]
	gone.CloseNow()
	wantClose(t, servers[1], driver.CodeAbnormal, "")
	for i := range 3 {
		p := []byte(fmt.Sprint(i, text))
		if sent, err := stream.Broadcast(slices.Values(servers), driver.Text, p); sent != len(servers)-1 || err != nil {
			t.Errorf("sent to %d, %v", sent, err)
		}
		clear(p)
	}
	if sent, err := stream.Broadcast(slices.Values(servers), driver.Binary, []byte(text)); sent != len(servers)-3 || err != nil {
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
		if sent, err := stream.Broadcast(slices.Values(servers), kind, []byte(p)); sent != 0 || err == nil {
			t.Errorf("%v %q: sent to %d, %v", kind, p, sent, err)
		}
	}
}

// TestBroadcastWaitsForNobody has two of three peers read nothing.
func TestBroadcastWaitsForNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, waits := newSlow(t, 5, stream.SlowWait)
		_, closes := newSlow(t, 5, stream.SlowClose)
		peer, reads := newSlow(t, 5, stream.SlowWait)
		var out bytes.Buffer
		copied := make(chan bool)
		go func() {
			io.Copy(&out, peer)
			close(copied)
		}()
		for i, want := range []int{3, 1, 1} {
			sent, err := stream.Broadcast(slices.Values([]*stream.Conn{waits, closes, reads}), driver.Text, fmt.Appendf(nil, "text %d", i))
			if sent != want || err != nil {
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
		if got, want := out.String(), "\x81\x06text 0\x81\x06text 1\x81\x06text 2"; got != want {
			t.Errorf("%q", got)
		}
	})
}

// TestBroadcastBehindStream comes while messages of NextWriter are under way.
func TestBroadcastBehindStream(t *testing.T) {
	wstest.NoLeaks(t)
	rw := newScript()
	c := stream.New(rw, openDriver(t, &driver.Config{MaxBuffered: 7}), nil)
	w := wantWriter(t, c, driver.Binary)
	for i, want := range []int{1, 1, 0} { // 4 and 8 bytes wait
		io.WriteString(w, "s")
		if sent, _ := stream.Broadcast(slices.Values([]*stream.Conn{c}), driver.Text, fmt.Appendf(nil, "txt%d", i)); sent != want {
			t.Errorf("%d: sent to %d, not %d", i, sent, want)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if got, want := rw.written(), "\x02\x01s\x00\x01s\x00\x01s\x80\x00\x81\x04txt0\x81\x04txt1"; got != want {
		t.Errorf("%q, not %q", got, want)
	}
	if err := c.WriteClose(driver.CodeNormal, ""); err != nil {
		t.Fatal(err)
	}
	if sent, _ := stream.Broadcast(slices.Values([]*stream.Conn{c}), driver.Text, nil); sent != 0 {
		t.Error("sent behind the close frame")
	}
	c.CloseNow()
}

func TestPrepared(t *testing.T) {
	wstest.NoLeaks(t)
	a, b := tcp(t)
	client, server := open(t, a, b, nil, nil)
	m, err := stream.NewPrepared(driver.Text, []byte("prepared"))
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for _, send := range []func(*stream.Prepared) error{server.WritePrepared, server.QueuePrepared, client.WritePrepared} {
		all.Go(func() {
			if err := send(m); err != nil {
				t.Error(err)
			}
		})
	}
	wantMessage(t, client, driver.Text, "prepared")
	wantMessage(t, client, driver.Text, "prepared")
	wantMessage(t, server, driver.Text, "prepared")
	all.Wait()
	server.CloseNow()
	for _, send := range []func(*stream.Prepared) error{server.WritePrepared, server.QueuePrepared} {
		if err := send(m); !errors.Is(err, net.ErrClosed) {
			t.Errorf("after CloseNow: %v", err)
		}
	}
}
