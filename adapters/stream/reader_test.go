package stream_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/iotest"
	"time"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
	wsframe "github.com/sans-io/websocket-driver/hybi/frame"
)

// wantReader begins the next message.
func wantReader(t *testing.T, c *stream.Conn, kind driver.Kind) io.Reader {
	t.Helper()
	k, r, err := c.NextReader()
	if err != nil || k != kind {
		t.Fatalf("%v, %v, not a message of kind %v", k, err, kind)
	}
	return r
}

// wantRead reads r to its end.
func wantRead(t *testing.T, r io.Reader, text string) {
	t.Helper()
	p, err := io.ReadAll(r)
	if err != nil || string(p) != text {
		t.Fatalf("read %q, %v, not %q", p, err, text)
	}
}

func TestReader(t *testing.T) {
	wstest.NoLeaks(t)
	in := frame(0x81, "whole") + frame(0x01, "") + frame(0x89, "ping") + frame(0x80, "in parts") +
		frame(0x82, "") + frame(0x82, "last")
	for name, wrap := range map[string]func(io.Reader) io.Reader{
		"whole": func(r io.Reader) io.Reader { return r },
		"bytes": iotest.OneByteReader,
	} {
		rw := newScript(in)
		c := opened(t, struct {
			io.Reader
			io.WriteCloser
		}{wrap(rw), rw}, nil)
		r := wantReader(t, c, driver.Text)
		if n, err := r.Read(nil); n != 0 || err != nil {
			t.Errorf("%s: an empty Read: %d, %v", name, n, err)
		}
		wantRead(t, iotest.OneByteReader(r), "whole")
		wantRead(t, wantReader(t, c, driver.Text), "in parts")
		wantRead(t, wantReader(t, c, driver.Binary), "")
		wantMessage(t, c, driver.Binary, "last")
		if n, err := r.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			t.Errorf("%s: after the end: %d, %v", name, n, err)
		}
		c.CloseNow()
	}
}

// TestReaderDeadlines cuts a message everywhere, and begins it by either call.
func TestReaderDeadlines(t *testing.T) {
	wstest.NoLeaks(t)
	whole := frame(0x01, "one ") + frame(0x89, "ping") + frame(0x80, "two")
	for i := 1; i < len(whole); i++ {
		for _, first := range []string{"ReadMessage", "NextReader"} {
			c := opened(t, newScript(whole[:i], os.ErrDeadlineExceeded, os.ErrDeadlineExceeded, whole[i:]), nil)
			var r io.Reader
			var err error
			if first == "ReadMessage" {
				_, _, err = c.ReadMessage(nil)
			} else {
				_, r, err = c.NextReader()
			}
			got := ""
			for p := make([]byte, 2); err != io.EOF; {
				switch {
				case r != nil:
					var n int
					n, err = r.Read(p)
					got += string(p[:n])
				case isDeadline(err):
					_, r, err = c.NextReader()
				default:
					t.Fatalf("cut at %d: %v", i, err)
				}
				if err != nil && err != io.EOF && !isDeadline(err) {
					t.Fatalf("cut at %d: %v", i, err)
				}
			}
			if got != "one two" {
				t.Errorf("cut at %d: %q", i, got)
			}
			c.CloseNow()
		}
	}
}

// TestReaderSkipped leaves a message in its middle, also when the rest comes late.
func TestReaderSkipped(t *testing.T) {
	wstest.NoLeaks(t)
	first, second := frame(0x01, "one ")+frame(0x80, "two"), frame(0x81, "next")
	for i := 8; i < len(first); i++ {
		c := opened(t, newScript(first[:i], os.ErrDeadlineExceeded, first[i:]+second), nil)
		r := wantReader(t, c, driver.Text)
		p := make([]byte, 1)
		if n, err := r.Read(p); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		if _, _, err := c.NextReader(); !isDeadline(err) {
			t.Fatalf("cut at %d: %v", i, err)
		}
		wantMessage(t, c, driver.Text, "next")
		if n, err := r.Read(p); n != 0 || !errors.Is(err, driver.ErrState) {
			t.Errorf("the old reader: %d, %v", n, err)
		}
		c.CloseNow()
	}
}

func TestReaderEnds(t *testing.T) {
	closing := frame(0x88, "\x03\xe8")
	tests := map[string]struct {
		in  []any
		do  func(c *stream.Conn)
		err func(error) bool
	}{
		"EOF":      {[]any{frame(0x01, "one"), io.EOF}, nil, isCut},
		"CloseNow": {[]any{frame(0x81, "one")}, func(c *stream.Conn) { c.CloseNow() }, isClosed},
		"Close":    {[]any{frame(0x01, "one"), frame(0x80, "two") + closing, io.EOF}, closeNormally, isNormal},
		"peer":     {[]any{frame(0x01, "one"), closing, io.EOF}, nil, isNormal},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			wstest.NoLeaks(t)
			c := opened(t, newScript(test.in...), nil)
			defer c.CloseNow()
			r := wantReader(t, c, driver.Text)
			p := make([]byte, 2)
			if n, err := r.Read(p); n != 2 || err != nil {
				t.Fatal(n, err)
			}
			want := "e"
			if test.do != nil {
				test.do(c)
				want = ""
			}
			for _, want := range []string{want, ""} {
				n, err := r.Read(p)
				if string(p[:n]) != want || n == 0 && !test.err(err) {
					t.Errorf("%q, %v", p[:n], err)
				}
			}
		})
	}
}

func isCut(err error) bool    { return errors.Is(err, io.ErrUnexpectedEOF) }
func isClosed(err error) bool { return errors.Is(err, net.ErrClosed) }
func isNormal(err error) bool {
	var e *stream.CloseError
	return errors.As(err, &e) && e.Code == driver.CodeNormal
}
func closeNormally(c *stream.Conn) { c.Close(context.Background(), driver.CodeNormal, "") }

// TestTickKeepsPiece: Tick is called while a piece is half read.
func TestTickKeepsPiece(t *testing.T) {
	wstest.NoLeaks(t)
	c := opened(t, newScript(frame(0x81, "some text")), nil)
	defer c.CloseNow()
	r := wantReader(t, c, driver.Text)
	if _, err := io.ReadFull(r, make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	c.Tick(time.Now())
	wantRead(t, r, "text")
}

// endless is a transport with one frame of n zeros.
type endless struct {
	*script
	head []byte
	n    int
}

func (e *endless) Read(p []byte) (int, error) {
	if len(e.head) > 0 {
		n := copy(p, e.head)
		e.head = e.head[n:]
		return n, nil
	}
	n := min(len(p), e.n)
	if e.n -= n; n == 0 {
		return 0, io.EOF
	}
	clear(p[:n])
	return n, nil
}

func TestReaderMemory(t *testing.T) {
	wstest.NoLeaks(t)
	const size = 32 << 20
	head := wsframe.Append(nil, wsframe.Header{Fin: true, Opcode: wsframe.Binary, Masked: true, Length: size})
	c := opened(t, &endless{script: newScript(), head: head, n: size}, &driver.Config{MaxMessage: -1})
	defer c.CloseNow()
	r := wantReader(t, c, driver.Binary)
	p := make([]byte, 32<<10)
	total := 0
	grown := wstest.AllocBytes(func() {
		for {
			n, err := r.Read(p)
			total += n
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	})
	if total != size || grown > 1<<20 {
		t.Errorf("%d bytes, for which %d bytes were allocated", total, grown)
	}
}
