package hixie

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

// call is one call of a sender.
type call struct {
	do  func(c *Conn) error
	err error
}

func message(s string) func(*Conn) error {
	return func(c *Conn) error { return c.Message(ws.Text, []byte(s)) }
}

func fragment(s string) func(*Conn) error {
	return func(c *Conn) error { return c.Fragment(ws.Text, []byte(s), false) }
}

func last(s string) func(*Conn) error {
	return func(c *Conn) error { return c.Fragment(ws.Text, []byte(s), true) }
}

func encoded(frame []byte) func(*Conn) error {
	return func(c *Conn) error { return c.Prepared(frame) }
}

func kind(k ws.Kind) func(*Conn) error {
	return func(c *Conn) error { return errors.Join(c.Message(k, nil), c.Fragment(k, nil, true)) }
}

func closeCall(c *Conn) error { return c.Close(ws.CodeGoingAway, "reason") }

// receive gives bytes from the peer and expects no event but these.
func receive(in []byte, kinds ...ws.Kind) func(*Conn) error {
	return func(c *Conn) error {
		var got []ws.Kind
		for len(in) > 0 {
			n, ev := c.Parse(in)
			if in = in[n:]; ev.Kind != ws.None {
				got = append(got, ev.Kind)
			}
		}
		if diff := cmp.Diff(kinds, got); diff != "" {
			return errors.New(diff)
		}
		return nil
	}
}

func TestSend(t *testing.T) {
	tests := []struct {
		name     string
		calls    []call
		out      []byte // both versions
		behind76 []byte // more in draft-76
		state75  ws.State
		state76  ws.State
	}{
		{name: "texts", calls: []call{{do: message("a")}, {do: message("")}, {do: message("€")}}, out: join(text("a"), text(""), text("€"))},
		{name: "bad text", calls: []call{{message("a\xC3"), ws.ErrInvalidUTF8}, {message("\xFF"), ws.ErrInvalidUTF8}, {do: message("b")}}, out: text("b")},
		{
			name: "other kinds",
			calls: []call{
				{kind(ws.Binary), ws.ErrUnsupported}, {kind(ws.Ping), ws.ErrUnsupported}, {kind(ws.Pong), ws.ErrUnsupported},
				{kind(ws.Close), ws.ErrUnsupported}, {kind(ws.None), ws.ErrUnsupported},
			},
		},
		{name: "one fragment", calls: []call{{do: last("abc")}}, out: text("abc")},
		{name: "fragments", calls: []call{{do: fragment("a")}, {do: fragment("")}, {do: fragment("b")}, {do: last("")}, {do: message("c")}}, out: join(text("ab"), text("c"))},
		{name: "fragments that cut characters", calls: []call{{do: fragment("a\xE2")}, {do: fragment("\x82")}, {do: fragment("\xACb\xF0\x9F")}, {do: last("\x98\x80")}}, out: text("a€b😀")},
		{name: "fragments of single bytes", calls: []call{{do: fragment("\xF0")}, {do: fragment("\x9F")}, {do: fragment("\x98")}, {do: fragment("\x80")}, {do: last("")}}, out: text("😀")},
		{name: "part of a character waits", calls: []call{{do: fragment("ab\xE2\x82")}}, out: []byte("\x00ab")},
		{
			name:  "bad fragment, then the right one",
			calls: []call{{do: fragment("a\xE2")}, {fragment("x"), ws.ErrInvalidUTF8}, {fragment("\x82\xACx\xFF"), ws.ErrInvalidUTF8}, {last("\x82"), ws.ErrInvalidUTF8}, {last(""), ws.ErrInvalidUTF8}, {do: last("\x82\xAC")}},
			out:   text("a€"),
		},
		{name: "bad first fragment", calls: []call{{fragment("\x80"), ws.ErrInvalidUTF8}, {last("\xE2"), ws.ErrInvalidUTF8}, {do: message("a")}}, out: text("a")},
		{name: "encoded", calls: []call{{do: encoded(text("a"))}, {do: fragment("b")}, {encoded(text("c")), ws.ErrState}, {do: last("")}}, out: join(text("a"), text("b"))},
		{name: "message between fragments", calls: []call{{do: fragment("a")}, {message("b"), ws.ErrState}, {do: last("c")}}, out: text("ac")},
		{
			name:     "close",
			calls:    []call{{do: message("a")}, {do: closeCall}, {closeCall, ws.ErrClosed}, {message("b"), ws.ErrClosed}, {last("b"), ws.ErrClosed}, {encoded(text("b")), ws.ErrClosed}, {kind(ws.Ping), ws.ErrClosed}},
			out:      text("a"),
			behind76: closing(),
			state75:  ws.StateClosed,
			state76:  ws.StateClosing,
		},
		{
			name:     "close between fragments",
			calls:    []call{{do: fragment("a\xE2")}, {do: closeCall}},
			out:      []byte("\x00a"),
			behind76: join([]byte{0xFF}, closing()),
			state75:  ws.StateClosed,
			state76:  ws.StateClosing,
		},
	}
	for _, test := range tests {
		for _, v := range both {
			t.Run(test.name+"/"+v.String(), func(t *testing.T) {
				w := newWire(t, unlimited(v))
				for i, call := range test.calls {
					if err := call.do(w.Conn); !errors.Is(err, call.err) {
						t.Errorf("call %d: %v, want %v", i, err, call.err)
					}
				}
				out, state := test.out, test.state75
				if v == ws.Hixie76 {
					out, state = join(out, test.behind76), test.state76
				}
				if got := w.queue.Take(nil); !bytes.Equal(got, out) {
					t.Errorf("sent % x, want % x", got, out)
				}
				if w.State() != max(state, ws.StateOpen) {
					t.Errorf("state %v", w.State())
				}
				if w.Err() != nil {
					t.Error(w.Err())
				}
			})
		}
	}
}

// TestClosing runs the closing handshake of draft-76 in every order.
func TestClosing(t *testing.T) {
	tooLong := text("123456789")
	tests := []struct {
		name  string
		calls []call
		out   []byte
	}{
		{name: "peer first", calls: []call{{do: receive(closing(), ws.Close)}, {closeCall, ws.ErrClosed}, {message("a"), ws.ErrClosed}}, out: closing()},
		{name: "we first", calls: []call{{do: closeCall}, {do: receive(closing(), ws.Close)}, {closeCall, ws.ErrClosed}}, out: closing()},
		{name: "messages between", calls: []call{{do: closeCall}, {do: receive(join(text("a"), text("b"), closing(), text("c")), ws.Text, ws.Text, ws.Close)}}, out: closing()},
		{name: "peer first, in our message", calls: []call{{do: fragment("a")}, {do: receive(closing(), ws.Close)}, {last("b"), ws.ErrClosed}}, out: join(text("a"), closing())},
		{name: "violation", calls: []call{{do: receive(tooLong, ws.Close)}, {closeCall, ws.ErrClosed}, {do: receive(closing())}}, out: closing()},
		{name: "violation in our message", calls: []call{{do: fragment("a")}, {do: receive(tooLong, ws.Close)}}, out: join(text("a"), closing())},
		{name: "violation after our close", calls: []call{{do: closeCall}, {do: receive(tooLong, ws.Close)}, {do: receive(closing())}}, out: closing()},
		{name: "peer's close in two", calls: []call{{do: receive([]byte{0xFF})}, {do: closeCall}, {do: receive([]byte{0}, ws.Close)}}, out: closing()},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWire(t, Config{Version: ws.Hixie76, MaxMessage: 8, MaxFrame: 8})
			for i, call := range test.calls {
				if err := call.do(w.Conn); !errors.Is(err, call.err) {
					t.Errorf("call %d: %v, want %v", i, err, call.err)
				}
			}
			if got := w.queue.Take(nil); !bytes.Equal(got, test.out) {
				t.Errorf("sent % x, want % x", got, test.out)
			}
			if gone := strings.HasPrefix(test.name, "violation"); (w.Err() != nil) != gone {
				t.Errorf("error %v", w.Err())
			}
		})
	}
}

// TestClose75 checks that draft-75 is silent after Close.
func TestClose75(t *testing.T) {
	w := newWire(t, unlimited(ws.Hixie75))
	w.feed([]byte{0, 'a'})
	if err := w.Close(ws.CodeNormal, ""); err != nil {
		t.Fatal(err)
	}
	w.feed(join([]byte{0xFF}, text("b")))
	if len(w.log) > 0 || w.queue.Len() > 0 || w.buf != nil {
		t.Errorf("events %q, %d bytes to send", w.log, w.queue.Len())
	}
}

func TestSendAllocs(t *testing.T) {
	w := newWire(t, unlimited(ws.Hixie76))
	p := []byte(strings.Repeat("€", 1000))
	spare := make([]byte, 0, 10000)
	wstest.NoAllocs(t, func() {
		err := errors.Join(
			w.Message(ws.Text, p),
			w.Fragment(ws.Text, p[:100], false),
			w.Fragment(ws.Text, p[100:], true))
		if err != nil {
			t.Fatal(err)
		}
		spare = w.queue.Take(spare)
	})
}

func BenchmarkSend(b *testing.B) {
	for _, unit := range []string{"x", "€"} {
		for _, size := range []int{16, 125, 1024, 65536} {
			b.Run(fmt.Sprintf("%s/%d", unit, size), func(b *testing.B) {
				var queue ws.Queue
				c := NewConn(&queue, unlimited(ws.Hixie76))
				p := []byte(strings.Repeat(unit, size/len(unit)))
				var spare []byte
				b.SetBytes(int64(len(p)))
				b.ReportAllocs()
				for b.Loop() {
					c.Message(ws.Text, p)
					spare = queue.Take(spare)
				}
			})
		}
	}
}
