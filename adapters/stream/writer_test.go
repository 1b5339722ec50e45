package stream_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
	wsframe "github.com/sans-io/websocket-driver/hybi/frame"
)

// wantWriter begins a message.
func wantWriter(t *testing.T, c *stream.Conn, kind driver.Kind) io.WriteCloser {
	t.Helper()
	w, err := c.NextWriter(kind)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestWriter(t *testing.T) {
	wstest.NoLeaks(t)
	rw := newScript()
	c := opened(t, rw, nil)
	defer c.CloseNow()
	w := wantWriter(t, c, driver.Text)
	for _, part := range []string{"one ", "", "gr\xc3", "\xbc\xc3\x9fe"} {
		if n, err := io.WriteString(w, part); n != len(part) || err != nil {
			t.Fatal(n, err)
		}
		if err := c.WriteMessage(driver.Ping, []byte("p")); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := w.Write([]byte("x")); !errors.Is(err, driver.ErrState) {
			t.Errorf("Write after the end: %v", err)
		}
		if err := w.Close(); !errors.Is(err, driver.ErrState) {
			t.Errorf("Close after the end: %v", err)
		}
	}
	if err := wantWriter(t, c, driver.Binary).Close(); err != nil {
		t.Fatal(err)
	}
	want := "\x01\x04one \x89\x01p\x89\x01p\x00\x03gr\xc3\x89\x01p\x00\x04\xbc\xc3\x9fe\x89\x01p\x80\x00" + "\x82\x00"
	if got := rw.written(); got != want {
		t.Errorf("%q, not %q", got, want)
	}
	if _, err := c.NextWriter(driver.Ping); !errors.Is(err, driver.ErrInvalid) {
		t.Errorf("a ping as a stream: %v", err)
	}
}

// TestWriterPieces sends one Write that is longer than a fragment.
func TestWriterPieces(t *testing.T) {
	wstest.NoLeaks(t)
	for _, v := range driver.AllVersions() {
		a, b := wstest.TCP(t)
		client, server := open(t, a, b, &driver.Config{Version: v}, &driver.Config{Versions: driver.AllVersions(), MaxFrame: 200 << 10})
		text := strings.Repeat("grüße ", 20000)
		sent := make(chan error, 1)
		go func() {
			w, err := client.NextWriter(driver.Text)
			if err == nil {
				_, err = io.WriteString(w, text)
			}
			if err == nil {
				err = w.Close()
			}
			sent <- err
		}()
		wantRead(t, wantReader(t, server, driver.Text), text)
		if err := <-sent; err != nil {
			t.Errorf("%v: %v", v, err)
		}
		client.CloseNow()
		server.CloseNow()
	}
}

// TestWriterInvalid ends a text inside a rune.
func TestWriterInvalid(t *testing.T) {
	wstest.NoLeaks(t)
	rw := newScript()
	c := opened(t, rw, nil)
	defer c.CloseNow()
	w := wantWriter(t, c, driver.Text)
	if n, err := w.Write([]byte("\xff")); n != 0 || !errors.Is(err, driver.ErrInvalidUTF8) {
		t.Errorf("%d, %v", n, err)
	}
	if _, err := w.Write([]byte("\xc3")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); !errors.Is(err, driver.ErrInvalidUTF8) {
		t.Errorf("Close inside a rune: %v", err)
	}
	if _, err := w.Write([]byte("\xbc")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	if got, want := rw.written(), "\x01\x01\xc3\x00\x01\xbc\x80\x00"; got != want {
		t.Errorf("%q, not %q", got, want)
	}
}

// TestWriterFirst: other messages are sent while a stream is written.
func TestWriterFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		c := opened(t, b, nil)
		var out bytes.Buffer
		copied := make(chan bool)
		go func() {
			io.Copy(&out, a)
			close(copied)
		}()
		w := wantWriter(t, c, driver.Binary)
		sent := make(chan error, 3)
		go func() { sent <- c.WriteMessage(driver.Text, []byte("2")) }()
		synctest.Wait()
		go func() { sent <- c.Queue(driver.Text, []byte("3")) }()
		synctest.Wait()
		go func() {
			next, err := c.NextWriter(driver.Text)
			if err == nil {
				err = next.Close()
			}
			sent <- err
		}()
		io.WriteString(w, "1")
		synctest.Wait()
		if len(sent) > 0 {
			t.Errorf("a message did not wait: %v", <-sent)
		}
		w.Close()
		for range 3 {
			if err := <-sent; err != nil {
				t.Error(err)
			}
		}
		if err := c.Flush(); err != nil { // what Queue has left to the background
			t.Error(err)
		}
		c.CloseNow()
		<-copied
		if got, want := out.String(), "\x02\x011\x80\x00"; !strings.HasPrefix(got, want) || len(got) != len(want)+3+3+2 {
			t.Errorf("%q", got)
		}
	})
}

// TestWriterDeadline: senders wait for the end of a stream until the write deadline,
// even if it is set later.
func TestWriterDeadline(t *testing.T) {
	for _, wrap := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			a, b := net.Pipe()
			go io.Copy(io.Discard, a)
			rwc := io.ReadWriteCloser(b)
			if wrap {
				rwc = bare{b}
			}
			c := opened(t, rwc, nil)
			w := wantWriter(t, c, driver.Binary)
			write := func() error { return c.WriteMessage(driver.Text, []byte("x")) }
			late := func(name string, err error) {
				t.Helper()
				if !isDeadline(err) || !errors.Is(err, driver.ErrFull) {
					t.Errorf("%s: %v", name, err)
				}
			}
			c.SetWriteDeadline(time.Now().Add(-time.Second))
			late("past", write())
			c.SetWriteDeadline(time.Now().Add(time.Second))
			late("future", write())
			c.SetWriteDeadline(time.Time{})
			err := make(chan error, 1)
			go func() { err <- write() }()
			synctest.Wait()
			c.SetWriteDeadline(time.Now().Add(time.Second))
			synctest.Wait()
			c.SetWriteDeadline(time.Now().Add(time.Minute))
			time.Sleep(2 * time.Second)
			synctest.Wait()
			if len(err) > 0 {
				t.Errorf("a deadline that was replaced: %v", <-err)
			}
			late("set while it waits", <-err)
			c.SetWriteDeadline(time.Time{})
			if err := w.Close(); err != nil {
				t.Error(err)
			}
			if err := write(); err != nil {
				t.Error(err)
			}
			c.CloseNow()
		})
	}
}

// TestWriterCut: a stream continues after a deadline.
func TestWriterCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		c := opened(t, b, nil)
		w := wantWriter(t, c, driver.Binary)
		c.SetWriteDeadline(time.Now().Add(time.Second))
		text := strings.Repeat("0123456789", 10000)
		n, err := io.WriteString(w, text)
		if !isDeadline(err) || n == 0 || n == len(text) {
			t.Fatalf("%d, %v", n, err)
		}
		c.SetWriteDeadline(time.Time{})
		go func() {
			io.WriteString(w, text[n:])
			w.Close()
			c.Close(context.Background(), driver.CodeNormal, "")
		}()
		d := newClientDriver(t)
		got := ""
		p := make([]byte, 4096)
		for d.State() != driver.StateClosed {
			n, err := a.Read(p)
			if err != nil {
				t.Fatal(err)
			}
			for ev := range d.Events(p[:n]) {
				if ev.Kind == driver.Binary {
					got += string(ev.Data)
				}
			}
		}
		if got != text {
			t.Errorf("%d bytes, not %d", len(got), len(text))
		}
		c.CloseNow()
	})
}

// TestWriterAbandoned: the end of the connection unblocks senders that wait for a stream
// that is never ended.
func TestWriterAbandoned(t *testing.T) {
	closing := frame(0x88, "\x03\xe8")
	ends := map[string]func(c *stream.Conn, peer net.Conn){
		"CloseNow":   func(c *stream.Conn, _ net.Conn) { c.CloseNow() },
		"Close":      func(c *stream.Conn, _ net.Conn) { c.Close(context.Background(), driver.CodeNormal, "") },
		"WriteClose": func(c *stream.Conn, _ net.Conn) { c.WriteClose(driver.CodeNormal, "") },
		"Raw":        func(c *stream.Conn, _ net.Conn) { c.Raw(func(d *driver.Driver) { d.Close(driver.CodeNormal, "") }) },
		"peer closes": func(c *stream.Conn, peer net.Conn) {
			go io.WriteString(peer, closing)
			c.ReadMessage(nil)
		},
		"peer is gone": func(c *stream.Conn, peer net.Conn) {
			peer.Close()
			c.ReadMessage(nil)
		},
	}
	for name, end := range ends {
		for _, stuck := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				a, b := net.Pipe()
				c := opened(t, b, nil)
				w := wantWriter(t, c, driver.Binary)
				if !stuck {
					go io.Copy(io.Discard, a)
					io.WriteString(w, "half")
				}
				sent := make(chan error, 2)
				go func() { sent <- c.WriteMessage(driver.Text, []byte("text")) }()
				go func() {
					_, err := c.NextWriter(driver.Text)
					sent <- err
				}()
				synctest.Wait()
				go end(c, a)
				synctest.Wait()
				if len(sent) < 2 {
					t.Fatalf("%s, stuck %v: %d of 2 sends go on", name, stuck, len(sent))
				}
				for range 2 {
					if err := <-sent; !errors.Is(err, driver.ErrClosed) && !errors.Is(err, net.ErrClosed) && !errors.Is(err, io.ErrClosedPipe) {
						t.Errorf("%s, stuck %v: %v", name, stuck, err)
					}
				}
				if err := w.Close(); err == nil {
					t.Errorf("%s, stuck %v: the message ended well", name, stuck)
				}
				c.CloseNow()
			})
		}
	}
}

// fragments returns the lengths of the frames in out, of a server.
func fragments(t *testing.T, out string) []int {
	t.Helper()
	var sizes []int
	for len(out) > 0 {
		h, n, err := wsframe.Parse([]byte(out))
		if err != nil || n == 0 {
			t.Fatalf("%q: %v", out[:min(len(out), 20)], err)
		}
		sizes = append(sizes, int(h.Length))
		out = out[n+int(h.Length):]
	}
	return sizes
}

// TestWriterGathers: short writes are gathered up to MinFragment.
func TestWriterGathers(t *testing.T) {
	wstest.NoLeaks(t)
	for _, test := range []struct {
		min    int
		writes []int
		want   []int
	}{
		{0, []int{1, 2, 3}, []int{6}},
		{0, []int{stream.DefaultMinFragment - 1, 2}, []int{stream.DefaultMinFragment, 1}},
		{0, []int{2*stream.DefaultMinFragment + 3}, []int{stream.DefaultMinFragment, stream.DefaultMinFragment, 3}},
		{1, []int{1, 2, 0, 3}, []int{1, 2, 3, 0}},
		{1, []int{40 << 10}, []int{32 << 10, 8 << 10, 0}},
		{4, []int{1, 1, 1, 1, 1}, []int{4, 1}},
		{4, []int{3, 7, 2, 2}, []int{4, 6, 4, 0}},
		{4, []int{}, []int{0}},
		{4, []int{2, 40 << 10}, []int{4, 32 << 10, 8<<10 - 2, 0}},
	} {
		rw := newScript()
		c := stream.New(rw, openDriver(t, nil), &stream.Options{MinFragment: test.min})
		w := wantWriter(t, c, driver.Text)
		for _, n := range test.writes {
			if got, err := io.WriteString(w, strings.Repeat("a", n)); got != n || err != nil {
				t.Errorf("%v: %d, %v", test, got, err)
			}
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		if got := fragments(t, rw.written()); !slices.Equal(got, test.want) {
			t.Errorf("MinFragment %d, writes of %v: fragments of %v, not %v", test.min, test.writes, got, test.want)
		}
		c.CloseNow()
	}
}

// TestWriterGathersText: a text is checked when it is written, wherever it is cut, and
// not only when what has been gathered is sent.
func TestWriterGathersText(t *testing.T) {
	wstest.NoLeaks(t)
	text := "aé€😀\ufffd"
	for least := range 7 {
		for size := 1; size <= len(text); size++ {
			rw := newScript()
			c := stream.New(rw, openDriver(t, nil), &stream.Options{MinFragment: least})
			w := wantWriter(t, c, driver.Text)
			for rest := text; len(rest) > 0; {
				n := min(size, len(rest))
				if _, err := io.WriteString(w, rest[:n]); err != nil {
					t.Fatalf("MinFragment %d, writes of %d: %v", least, size, err)
				}
				rest = rest[n:]
			}
			for _, bad := range []string{"\x80", "\xff"} {
				if n, err := io.WriteString(w, bad); n != 0 || !errors.Is(err, driver.ErrInvalidUTF8) {
					t.Errorf("MinFragment %d, %q: %d, %v", least, bad, n, err)
				}
			}
			if n, err := io.WriteString(w, "\xe2\x82"); n != 2 || err != nil {
				t.Errorf("MinFragment %d, half a sequence: %d, %v", least, n, err)
			}
			if err := w.Close(); !errors.Is(err, driver.ErrInvalidUTF8) {
				t.Errorf("MinFragment %d, inside a sequence: %v", least, err)
			}
			if n, err := io.WriteString(w, "a"); n != 0 || !errors.Is(err, driver.ErrInvalidUTF8) {
				t.Errorf("MinFragment %d, wrong end of a sequence: %d, %v", least, n, err)
			}
			if _, err := io.WriteString(w, "\xac"); err != nil {
				t.Errorf("MinFragment %d, end of a sequence: %v", least, err)
			}
			if err := w.Close(); err != nil {
				t.Errorf("MinFragment %d, writes of %d: Close: %v", least, size, err)
			}
			c.CloseNow()
		}
	}
}

// TestWriterGathersEnd: what has been gathered is not lost when a deadline ends Close,
// and Write fails once the connection is closing.
func TestWriterGathersEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		c := stream.New(b, openDriver(t, &driver.Config{MaxBuffered: 4}), &stream.Options{MinFragment: 4})
		w := wantWriter(t, c, driver.Binary)
		c.SetWriteDeadline(time.Now().Add(time.Second))
		for _, write := range []struct {
			p    string
			n    int
			late bool
		}{{"abcd", 4, true}, {"ef", 2, false}, {"ghi", 2, true}, {"i", 0, true}} {
			if n, err := io.WriteString(w, write.p); n != write.n || isDeadline(err) != write.late {
				t.Errorf("%v: %d, %v", write, n, err)
			}
		}
		c.SetWriteDeadline(time.Time{})
		go func() {
			w.Close()
			c.WriteClose(driver.CodeNormal, "")
		}()
		want := "\x02\x04abcd\x80\x04efgh\x88\x02\x03\xe8"
		got := make([]byte, len(want))
		if _, err := io.ReadFull(a, got); err != nil || string(got) != want {
			t.Errorf("%q, %v", got, err)
		}
		if n, err := w.Write([]byte("e")); n != 0 || !errors.Is(err, driver.ErrState) {
			t.Errorf("after Close: %d, %v", n, err)
		}
		c.CloseNow()

		c = stream.New(newScript(), openDriver(t, nil), nil)
		w = wantWriter(t, c, driver.Binary)
		c.WriteClose(driver.CodeNormal, "")
		if n, err := w.Write([]byte("e")); n != 0 || !errors.Is(err, driver.ErrClosed) {
			t.Errorf("while closing: %d, %v", n, err)
		}
		c.CloseNow()
	})
}
