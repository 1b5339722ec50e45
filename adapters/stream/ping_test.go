package stream_test

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

func TestPing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		c := opened(t, b, nil)
		go c.ReadMessage(nil)
		const wire = 2 + 12
		pings := make([]byte, 3*wire)
		type result struct {
			took time.Duration
			err  error
		}
		results := make(chan result, 3)
		begin := func() {
			go func() {
				took, err := c.Ping(context.Background())
				results <- result{took, err}
			}()
			synctest.Wait()
		}
		go func() {
			for i := range 3 {
				io.ReadFull(a, pings[i*wire:][:wire])
			}
		}()
		begin()
		begin()
		begin()
		pong := func(i int) {
			io.WriteString(a, frame(0x8a, string(pings[i*wire:][2:wire])))
			synctest.Wait()
		}
		time.Sleep(time.Second)
		io.WriteString(a, frame(0x8a, "")+frame(0x8a, "unasked")+frame(0x8a, "ping\x00\x00\x00\x00\x00\x00\x00\x09"))
		synctest.Wait()
		if len(results) > 0 {
			t.Errorf("an unsolicited pong: %v", <-results)
		}
		pong(1) // and so 0
		for range 2 {
			if r := <-results; r.took != time.Second || r.err != nil {
				t.Errorf("%v, %v", r.took, r.err)
			}
		}
		time.Sleep(time.Second)
		pong(1)
		if len(results) > 0 {
			t.Errorf("a pong for an earlier ping: %v", <-results)
		}
		pong(2)
		if r := <-results; r.took != 2*time.Second || r.err != nil {
			t.Errorf("%v, %v", r.took, r.err)
		}
		if n := c.Waits(); n != 0 {
			t.Errorf("%d calls wait", n)
		}
		c.CloseNow()
	})
}

func TestPingEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		go io.Copy(io.Discard, a)
		c := opened(t, b, nil)
		go c.ReadMessage(nil)
		why := errors.New("enough")
		ctx, cancel := context.WithCancelCause(context.Background())
		time.AfterFunc(time.Second, func() { cancel(why) })
		if _, err := c.Ping(ctx); err != why {
			t.Errorf("context: %v", err)
		}
		if n := c.Waits(); n != 0 {
			t.Errorf("%d calls wait", n)
		}
		time.AfterFunc(time.Second, func() { a.Close() })
		if _, err := c.Ping(context.Background()); !isCut(err) {
			t.Errorf("the peer is gone: %v", err)
		}
		if _, err := c.Ping(context.Background()); !errors.Is(err, driver.ErrClosed) && !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("after the end: %v", err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		go io.Copy(io.Discard, a)
		c := opened(t, b, nil)
		time.AfterFunc(time.Second, func() { c.CloseNow() })
		if _, err := c.Ping(context.Background()); !errors.Is(err, net.ErrClosed) {
			t.Errorf("CloseNow: %v", err)
		}
	})
	synctest.Test(t, func(t *testing.T) { // a time limit expires without a reader
		a, b := net.Pipe()
		go io.Copy(io.Discard, a)
		c := opened(t, b, &driver.Config{PingInterval: time.Second})
		if _, err := c.Ping(context.Background()); !errors.Is(err, net.ErrClosed) {
			t.Errorf("no pong in time: %v", err)
		}
	})
}

// TestPingBesideKeepAlive has keep-alive pings, which have no payload, answered
// and the other not.
func TestPingBesideKeepAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		c := opened(t, b, &driver.Config{PingInterval: time.Minute})
		go c.ReadMessage(nil)
		go func() {
			p := make([]byte, 2)
			for {
				if _, err := io.ReadFull(a, p); err != nil {
					return
				}
				if p[1] == 0 {
					io.WriteString(a, frame(0x8a, ""))
				} else {
					io.CopyN(io.Discard, a, int64(p[1]))
				}
			}
		}()
		ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
		defer cancel()
		if _, err := c.Ping(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		c.CloseNow()
	})
}

func TestPingHixie(t *testing.T) {
	wstest.NoLeaks(t)
	a, b := wstest.TCP(t)
	client, _ := open(t, a, b, &driver.Config{Version: driver.Hixie76}, &driver.Config{Versions: driver.AllVersions()})
	if _, err := client.Ping(context.Background()); !errors.Is(err, driver.ErrUnsupported) {
		t.Errorf("%v", err)
	}
}
