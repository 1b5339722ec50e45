package driver_test

import (
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
	"github.com/sans-io/websocket-driver/hybi/frame"
)

// TestIOWrite copies its input, and bounds what waits.
func TestIOWrite(t *testing.T) {
	d := openServer(t, &driver.Config{MaxMessage: 100, MaxHead: 1000}, request13())
	text := frame.Encode(frame.Header{Fin: true, Opcode: frame.Text, Masked: true, Key: 0x04030201}, "hi")
	in := []byte(text)
	if n, err := d.IO().Write(in); n != len(in) || err != nil {
		t.Fatal(n, err)
	}
	if string(in) != text {
		t.Errorf("Write has changed its input: %q", in)
	}
	clear(in)
	if ev := d.Messages().Next(); ev.Kind != driver.Text || string(ev.Data) != "hi" {
		t.Errorf("event %v %q", ev.Kind, ev.Data)
	}
	n, err := d.IO().Write(make([]byte, 1101))
	if wantErr(t, err, driver.ErrFull); n != 1100 {
		t.Errorf("%d bytes taken, want 1100", n)
	}
	n, err = d.IO().Write([]byte{1})
	if wantErr(t, err, driver.ErrFull); n != 0 {
		t.Errorf("%d bytes taken, want 0", n)
	}
	for _, most := range []int{-1, math.MaxInt} {
		d = openServer(t, &driver.Config{MaxMessage: most}, request13())
		if n, err := d.IO().Write(make([]byte, 1000)); n != 1000 || err != nil {
			t.Errorf("MaxMessage %d: %d bytes taken, %v", most, n, err)
		}
	}
}

// TestIOClosed: input after the end is taken and ignored.
func TestIOClosed(t *testing.T) {
	d := openServer(t, &driver.Config{MaxMessage: 10, MaxHead: 1000}, request13())
	want(t, d, masked(opFin|opClose, ""), "Close 1005")
	for range 10 {
		if n, err := d.IO().Write(make([]byte, 1000)); n != 1000 || err != nil {
			t.Fatalf("%d bytes taken, %v", n, err)
		}
	}
	if ev := d.Messages().Next(); ev.Kind != driver.None {
		t.Errorf("event %v after the Close event", ev.Kind)
	}
}

// TestIORead drains the output as bytes.Buffer does.
func TestIORead(t *testing.T) {
	d := openServer(t, nil, request13())
	if n, err := d.IO().Read(make([]byte, 10)); n != 0 || err != io.EOF {
		t.Errorf("%d bytes, %v, want 0 and io.EOF", n, err)
	}
	_ = d.Text([]byte("hello"))
	b := make([]byte, 3)
	var got []byte
	for {
		n, err := d.IO().Read(b)
		if err == io.EOF {
			break
		}
		if n == 0 || err != nil {
			t.Fatal(n, err)
		}
		got = append(got, b[:n]...)
	}
	if string(got) != plain(opFin|opText, "hello") || d.Buffered() != 0 {
		t.Errorf("read %q, %d bytes left", got, d.Buffered())
	}
}

// lazy is a writer that takes max bytes of each Write.
type lazy struct {
	strings.Builder
	max int
	err error
}

func (l *lazy) Write(p []byte) (int, error) {
	n := min(l.max, len(p))
	l.Builder.Write(p[:n])
	return n, l.err
}

// TestIOWriteTo keeps what the writer does not take.
func TestIOWriteTo(t *testing.T) {
	d := openServer(t, nil, request13())
	var all strings.Builder
	if n, err := d.IO().WriteTo(&all); n != 0 || err != nil {
		t.Errorf("%d bytes, %v, want 0 and nil", n, err)
	}
	_ = d.Text([]byte("hello"))
	broken := errors.New("broken pipe")
	w := &lazy{max: 2, err: broken}
	if n, err := d.IO().WriteTo(w); n != 2 || err != broken {
		t.Errorf("%d bytes, %v", n, err)
	}
	w.err = nil
	if n, err := d.IO().WriteTo(w); n != 2 || err != io.ErrShortWrite {
		t.Errorf("%d bytes, %v", n, err)
	}
	w.max = 100
	_ = d.Text([]byte("more"))
	if n, err := d.IO().WriteTo(w); n != 9 || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
	if w.String() != plain(opFin|opText, "hello")+plain(opFin|opText, "more") || d.Buffered() != 0 {
		t.Errorf("written %q", w.String())
	}
}

// TestMessages is the application side as a stream.
func TestMessages(t *testing.T) {
	d := openServer(t, nil, request13())
	m := d.Messages()
	if d.Messages() != m {
		t.Error("Messages returns another value")
	}
	buf := make([]byte, 3)
	read := func(n int, want error) {
		t.Helper()
		if got, err := m.Read(buf); got != n || err != want {
			t.Errorf("Read: %d, %v, want %d, %v", got, err, n, want)
		}
	}
	read(0, driver.ErrNoData)
	if m.Next().Kind != driver.None {
		t.Error("an event out of nothing")
	}
	read(0, driver.ErrNoData)
	_, _ = d.IO().Write([]byte(masked(opFin|opText, "hello") + masked(opFin|opBinary, "") + masked(opFin|opText, "skipped") +
		masked(opFin|opText, "x")))
	if ev := m.Next(); ev.Kind != driver.Text || string(ev.Data) != "hello" {
		t.Errorf("event %v %q", ev.Kind, ev.Data)
	}
	read(3, nil)
	read(2, nil)
	read(0, io.EOF)
	read(0, io.EOF)
	if m.Next().Kind != driver.Binary {
		t.Error("no Binary")
	}
	read(0, io.EOF)
	m.Next()
	read(3, nil)
	m.Next() // the rest of "skipped" is given up
	read(1, nil)
	read(0, io.EOF)
	if m.Next().Kind != driver.None {
		t.Error("an event too many")
	}
	read(0, driver.ErrNoData)

	if n, err := io.WriteString(m, "text"); n != 4 || err != nil {
		t.Error(n, err)
	}
	m.Kind = driver.Binary
	if n, err := m.Write([]byte("\xff")); n != 1 || err != nil {
		t.Error(n, err)
	}
	wantOut(t, d, plain(opFin|opText, "text")+plain(opFin|opBinary, "\xff"))
	m.Kind = driver.Text
	n, err := m.Write([]byte("\xff"))
	if wantErr(t, err, driver.ErrInvalidUTF8); n != 0 {
		t.Errorf("%d bytes sent in spite of the error", n)
	}
}

// TestMessagesCopy reads messages with io.Copy.
func TestMessagesCopy(t *testing.T) {
	d := openServer(t, &driver.Config{Pieces: true}, request13())
	text := strings.Repeat("häuser ", 1000)
	var got strings.Builder
	for in := masked(opFin|opText, text); len(in) > 0; in = in[min(100, len(in)):] {
		_, _ = d.IO().Write([]byte(in[:min(100, len(in))]))
		for d.Messages().Next().Kind != driver.None {
			if _, err := io.Copy(&got, d.Messages()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got.String() != text {
		t.Errorf("%d bytes, want %d", got.Len(), len(text))
	}
}

// TestMessagesEcho: io.Copy(m, m) sends each message as one message of its own kind
// and of any length, empty ones included; in pieces a fragment for each piece.
func TestMessagesEcho(t *testing.T) {
	long := strings.Repeat("x", 32<<10-1) + "ä" + strings.Repeat("y", 100_000) // a rune across 32 KiB
	in := masked(opFin|opText, long) + masked(opFin|opBinary, long) + masked(opFin|opText, "") + masked(opFin|opBinary, "") +
		masked(opFin|opPing, "p")
	want := plain(opFin|opText, long) + plain(opFin|opBinary, long) + plain(opFin|opText, "") + plain(opFin|opBinary, "")
	for _, pieces := range []bool{false, true} {
		d := openServer(t, &driver.Config{Pieces: pieces, HoldPongs: true}, request13())
		_, _ = d.IO().Write([]byte(in[:len(in)/2]))
		m := d.Messages()
		echo := func() {
			for ev := m.Next(); ev.Kind != driver.None; ev = m.Next() {
				n, err := io.Copy(m, m)
				switch {
				case ev.Kind == driver.Ping:
					wantErr(t, err, driver.ErrInvalid)
				case err != nil || n != int64(len(ev.Data)):
					t.Errorf("%v: %d bytes, %v", ev.Kind, n, err)
				}
			}
			_, err := m.WriteTo(m)
			wantErr(t, err, driver.ErrNoData)
		}
		echo()
		_, _ = d.IO().Write([]byte(in[len(in)/2:]))
		echo()
		client := openClient(t, nil)
		got := wstest.Join(wstest.Feed(client, d.Take(nil)))
		expected := wstest.Feed(openClient(t, nil), []byte(want))
		if diff := cmp.Diff(expected, got); diff != "" {
			t.Errorf("pieces %v (-want +got):\n%.300s", pieces, diff)
		}
	}
}

// TestMessagesWriteTo writes what Read has not read, in one Write; a short write
// leaves the rest.
func TestMessagesWriteTo(t *testing.T) {
	d := openServer(t, nil, request13())
	_, _ = d.IO().Write([]byte(masked(opFin|opText, "hello, world")))
	m := d.Messages()
	m.Next()
	if _, err := io.ReadFull(m, make([]byte, 7)); err != nil {
		t.Fatal(err)
	}
	w := &narrow{room: 2}
	if n, err := m.WriteTo(w); n != 2 || err != io.ErrShortWrite {
		t.Errorf("%d bytes, %v", n, err)
	}
	w.room = 10
	if n, err := m.WriteTo(w); n != 3 || err != nil || w.got != "world" {
		t.Errorf("%d bytes, %v: %q", n, err, w.got)
	}
	if n, err := m.WriteTo(w); n != 0 || err != nil {
		t.Errorf("at the end %d bytes, %v", n, err)
	}
}

// After the end no input helps: a loop that reads must see that.
func TestMessagesReadAfterClose(t *testing.T) {
	d := openServer(t, nil, request13())
	d.EOF()
	m := d.Messages()
	if ev := m.Next(); ev.Kind != driver.Close {
		t.Fatalf("event %v, want Close", ev.Kind)
	}
	m.Next()
	_, err := m.Read(make([]byte, 1))
	wantErr(t, err, driver.ErrClosed)
}
