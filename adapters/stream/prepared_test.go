package stream_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

// prepared returns a message in the zero Variant.
func prepared(t testing.TB, kind driver.Kind, text string) *driver.Prepared {
	t.Helper()
	m, err := driver.NewPrepared(kind, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestPostAfterStream: messages posted during one of NextWriter are sent after it.
func TestPostAfterStream(t *testing.T) {
	wstest.NoLeaks(t)
	rw := newScript()
	c := stream.New(rw, openDriver(t, &driver.Config{MaxBuffered: 7}), &stream.Options{MinFragment: 1})
	w := wantWriter(t, c, driver.Binary)
	for i, want := range []error{nil, nil, driver.ErrFull} { // 4 and 8 bytes wait
		io.WriteString(w, "s")
		if err := c.Post(prepared(t, driver.Text, fmt.Sprint("txt", i))); !errors.Is(err, want) {
			t.Errorf("%d: %v, not %v", i, err, want)
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
	if err := c.Post(prepared(t, driver.Text, "")); !errors.Is(err, driver.ErrClosed) {
		t.Errorf("after the close frame: %v", err)
	}
	c.CloseNow()
}

func TestPrepared(t *testing.T) {
	wstest.NoLeaks(t)
	a, b := wstest.TCP(t)
	client, server := open(t, a, b, nil, nil)
	m := prepared(t, driver.Text, "prepared")
	var all sync.WaitGroup
	for _, send := range []func(*driver.Prepared) error{server.WritePrepared, server.Post, client.WritePrepared} {
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
	for _, send := range []func(*driver.Prepared) error{server.WritePrepared, server.Post} {
		if err := send(m); !errors.Is(err, net.ErrClosed) {
			t.Errorf("after CloseNow: %v", err)
		}
	}
}

// TestDone: the channel is closed and the functions called when the transport has been
// closed or given back, and not before.
func TestDone(t *testing.T) {
	wstest.NoLeaks(t)
	a, b := wstest.TCP(t)
	client, server := open(t, a, b, nil, nil)
	calls, stopped := 0, false
	client.AfterDone(func() { calls++ })
	stop := client.AfterDone(func() { stopped = true })
	if !stop() || stop() {
		t.Error("stop does not say whether it has prevented the call")
	}
	select {
	case <-client.Done():
		t.Error("done while open")
	default:
	}
	client.CloseNow()
	<-client.Done()
	if calls != 1 || stopped {
		t.Errorf("%d calls, stopped one called: %v", calls, stopped)
	}
	if client.AfterDone(func() { calls++ })(); calls != 2 {
		t.Error("a function registered after the end is not called")
	}
	server.CloseNow()

	x, y := net.Pipe()
	defer x.Close()
	c := stream.New(y, driver.NewServer(nil), nil)
	done := false
	c.AfterDone(func() { done = true })
	go io.WriteString(x, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	if _, err := c.ReadRequest(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Detach(); err != nil || !done {
		t.Errorf("Detach: %v, done %v", err, done)
	}
	<-c.Done()
	y.Close()
}

// TestPostSocket: what a socket takes at once is written by a flusher, and the rest by a
// goroutine; all of it arrives in order.
func TestPostSocket(t *testing.T) {
	wstest.NoLeaks(t)
	a, b := wstest.TCP(t)
	client, server := open(t, a, b, nil, &driver.Config{MaxBuffered: -1})
	if err := server.Post(prepared(t, driver.Text, "first")); err != nil {
		t.Error(err)
	}
	wantMessage(t, client, driver.Text, "first")
	large := strings.Repeat("0123456789abcdef", 16<<10)
	n := 0
	for ; server.Buffered() < 2*len(large) && n < 1000; n++ { // until the peer's buffers are full
		if err := server.Post(prepared(t, driver.Text, fmt.Sprint(n, large))); err != nil {
			t.Fatal(err)
		}
	}
	if err := server.Queue(driver.Text, []byte("last")); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		wantMessage(t, client, driver.Text, fmt.Sprint(i, large))
	}
	wantMessage(t, client, driver.Text, "last")
}

// TestPostSocketGone: a peer that is gone ends the connection, by Post alone.
func TestPostSocketGone(t *testing.T) {
	wstest.NoLeaks(t)
	a, b := wstest.TCP(t)
	_, server := open(t, a, b, nil, nil)
	a.Close()
	m := prepared(t, driver.Text, "text")
	for server.Post(m) == nil {
		_ = server.Flush()
	}
	if err := server.Post(m); err == nil || errors.Is(err, driver.ErrFull) {
		t.Errorf("after the end: %v", err)
	}
}
