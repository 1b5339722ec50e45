package stream_test

import (
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

// newSlow returns a Conn whose peer takes nothing until the test reads.
func newSlow(t *testing.T, maxBuffered int, slow stream.Slow) (peer net.Conn, c *stream.Conn) {
	t.Helper()
	a, b := net.Pipe()
	return a, stream.New(b, openDriver(t, &driver.Config{MaxBuffered: maxBuffered}), &stream.Options{Slow: slow, MinFragment: 1})
}

func TestSlowWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, c := newSlow(t, 5, stream.SlowWait)
		for _, text := range []string{"1", "22"} { // 3 and 4 bytes
			if err := c.Queue(driver.Text, []byte(text)); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		c.SetWriteDeadline(time.Now().Add(time.Second))
		for _, send := range []func(driver.Kind, []byte) error{c.Queue, c.WriteMessage} {
			if err := send(driver.Text, []byte("not sent")); !errors.Is(err, driver.ErrFull) || !isDeadline(err) {
				t.Errorf("%v", err)
			}
		}
		c.SetWriteDeadline(time.Time{})
		if err := c.Queue(driver.Ping, nil); err != nil {
			t.Errorf("a ping: %v", err)
		}
		sent := make(chan error, 1)
		go func() { sent <- c.WriteMessage(driver.Text, []byte("4")) }()
		synctest.Wait()
		want := "\x81\x011\x81\x0222\x89\x00\x81\x014"
		got := make([]byte, len(want))
		if _, err := io.ReadFull(a, got); err != nil || string(got) != want {
			t.Errorf("%q, %v, not %q", got, err, want)
		}
		if err := <-sent; err != nil {
			t.Error(err)
		}
		c.CloseNow()
	})
}

func TestSlowDrop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, c := newSlow(t, 5, stream.SlowDrop)
		var sent []string
		for _, text := range []string{"1", "22", "3", "4"} {
			err := c.Queue(driver.Text, []byte(text))
			if err == nil {
				sent = append(sent, text)
			} else if !errors.Is(err, driver.ErrFull) || !strings.Contains(err.Error(), "7 bytes wait") {
				t.Errorf("%v", err)
			}
		}
		w, err := c.NextWriter(driver.Text)
		if !errors.Is(err, driver.ErrFull) {
			t.Errorf("NextWriter: %v, %v", w, err)
		}
		got := make([]byte, 7)
		if _, err := io.ReadFull(a, got); err != nil || string(got) != "\x81\x011\x81\x0222" {
			t.Errorf("%q, %v; sent %q", got, err, sent)
		}
		synctest.Wait()
		if err := c.Queue(driver.Text, []byte("5")); err != nil {
			t.Error(err)
		}
		c.CloseNow()
	})
}

// TestSlowDropPart: a part of a stream is dropped, and the stream can still be ended.
func TestSlowDropPart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, c := newSlow(t, 5, stream.SlowDrop)
		w := wantWriter(t, c, driver.Text)
		c.SetWriteDeadline(time.Now().Add(time.Second))
		if n, err := io.WriteString(w, "four"); n != 4 || !isDeadline(err) {
			t.Fatal(n, err)
		}
		if n, err := io.WriteString(w, "more"); n != 0 || !errors.Is(err, driver.ErrFull) {
			t.Errorf("%d, %v", n, err)
		}
		if err := w.Close(); !isDeadline(err) || errors.Is(err, driver.ErrFull) {
			t.Errorf("Close: %v", err)
		}
		c.SetWriteDeadline(time.Time{})
		want := "\x01\x04four\x80\x00"
		got := make([]byte, len(want))
		if _, err := io.ReadFull(a, got); err != nil || string(got) != want {
			t.Errorf("%q, %v", got, err)
		}
		synctest.Wait()
		c.CloseNow()
	})
}

func TestSlowClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c := newSlow(t, 5, stream.SlowClose)
		waits := make(chan error, 1)
		go func() { waits <- c.WriteMessage(driver.Text, []byte("first")) }()
		synctest.Wait()
		if err := c.Queue(driver.Text, []byte("second")); !errors.Is(err, driver.ErrFull) {
			t.Errorf("%v", err)
		}
		if err := <-waits; !errors.Is(err, net.ErrClosed) {
			t.Errorf("the first message: %v", err)
		}
		if _, _, err := c.ReadMessage(nil); !errors.Is(err, net.ErrClosed) {
			t.Errorf("reading: %v", err)
		}
	})
}

func TestSlowLimits(t *testing.T) {
	for most, want := range map[int]int{0: 1 << 20, -1: 3 << 20} {
		synctest.Test(t, func(t *testing.T) {
			_, c := newSlow(t, most, stream.SlowDrop)
			p := make([]byte, 64<<10)
			sent := 0
			for range 48 {
				if c.Queue(driver.Binary, p) == nil {
					sent += len(p)
				}
			}
			if sent != want {
				t.Errorf("MaxBuffered %d: %d bytes, not %d", most, sent, want)
			}
			c.CloseNow()
		})
	}
}

func TestQueue(t *testing.T) {
	wstest.NoLeaks(t)
	a, b := wstest.TCP(t)
	client, server := open(t, a, b, nil, nil)
	const count = 1000
	for i := range count {
		if err := client.Queue(driver.Binary, []byte{byte(i)}); err != nil {
			t.Fatal(err)
		}
	}
	var buf []byte
	for i := range count {
		_, p, err := server.ReadMessage(buf)
		if err != nil || p[0] != byte(i) {
			t.Fatalf("message %d: %v, %v", i, p, err)
		}
		buf = p
	}
	if err := client.WriteClose(driver.CodeNormal, ""); err != nil {
		t.Fatal(err)
	}
	if err := client.Queue(driver.Text, nil); !errors.Is(err, driver.ErrClosed) {
		t.Errorf("after the close frame: %v", err)
	}
	client.CloseNow()
	if err := client.Queue(driver.Text, nil); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after CloseNow: %v", err)
	}
}
