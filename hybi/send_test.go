package hybi

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

// Frames of every size, as each role sends them.
func TestSend(t *testing.T) {
	for _, server := range []bool{false, true} {
		t.Run(fmt.Sprint("5.2 server ", server), func(t *testing.T) {
			c, q := newConn(plain(server))
			sizes(func(n int) {
				s := strings.Repeat("é", n/2) + strings.Repeat("x", n%2)
				if err := c.Message(ws.Text, []byte(s)); err != nil {
					t.Fatal(err)
				}
				if err := c.Message(ws.Binary, []byte(s)); err != nil {
					t.Fatal(err)
				}
				if want := encode(!server, text(s), bin(s)); !bytes.Equal(q.Take(nil), want) {
					t.Errorf("%d bytes: bad output", n)
				}
			})
			for _, n := range []int{0, 1, 124, 125} {
				s := strings.Repeat("\xff", n)
				if err := errors.Join(c.Message(ws.Ping, []byte(s)), c.Message(ws.Pong, []byte(s))); err != nil {
					t.Fatal(err)
				}
				sameFrames(t, take(t, q, !server), ping(s), pong(s))
			}
		})
	}
}

// What is sent stays as it is: the caller's bytes are not masked in place.
func TestSendKeepsPayload(t *testing.T) {
	for _, server := range []bool{false, true} {
		for _, n := range []int{0, 3, 100, 70000} {
			c, q := newConn(plain(server))
			p := payload("payload ", n)
			want := bytes.Clone(p)
			if err := c.Message(ws.Text, p); err != nil {
				t.Fatal(err)
			}
			clear(p[len(p)/2:])
			if got := take(t, q, !server); got[0].payload != string(want) {
				t.Errorf("%d bytes: output follows the caller's bytes", n)
			}
			if !bytes.Equal(p[:n/2], want[:n/2]) {
				t.Errorf("%d bytes: the caller's bytes were changed", n)
			}
		}
	}
}

// FragmentSize cuts messages, anywhere, and fragments too, but no control frame.
func TestFragmentSize(t *testing.T) {
	for _, server := range []bool{false, true} {
		t.Run(fmt.Sprint("5.4 server ", server), func(t *testing.T) {
			cfg := plain(server)
			cfg.FragmentSize = 4
			c, q := newConn(cfg)
			for _, s := range []string{"", "abcd", "abcde", "abcdefgh", "€€€"} {
				if err := c.Message(ws.Text, []byte(s)); err != nil {
					t.Fatal(err)
				}
			}
			err := errors.Join(
				c.Message(ws.Ping, []byte("longer")),
				c.Fragment(ws.Binary, []byte("abcde"), false),
				c.Fragment(ws.Binary, nil, false),
				c.Fragment(ws.Binary, []byte("fghij"), true))
			if err != nil {
				t.Fatal(err)
			}
			sameFrames(t, take(t, q, !server),
				text(""), text("abcd"), first("abcd"), last("e"), first("abcd"), last("efgh"),
				first("€\xe2"), more("\x82\xac\xe2\x82"), last("\xac"), ping("longer"),
				firstB("abcd"), more("e"), more(""), more("fghi"), last("j"))
		})
	}
}

// AppendMessage makes the bytes that a server's Message makes, and Prepared
// sends them.
func TestPrepared(t *testing.T) {
	for _, size := range []int{0, 1, 3, 100} {
		for _, s := range []string{"", "abc", strings.Repeat("long", 50)} {
			cfg := plain(true)
			cfg.FragmentSize = size
			c, q := newConn(cfg)
			if err := c.Message(ws.Binary, []byte(s)); err != nil {
				t.Fatal(err)
			}
			want := q.Take(nil)
			got := AppendMessage([]byte("front"), ws.Binary, []byte(s), size)
			if string(got) != "front"+string(want) {
				t.Errorf("cut at %d: got % x, want % x", size, got, want)
			}
			if err := c.Prepared(want); err != nil || !bytes.Equal(q.Take(nil), want) {
				t.Errorf("Prepared: %v", err)
			}
		}
	}
	c, q := newConn(plain(true))
	if err := c.Fragment(ws.Text, []byte("a"), false); err != nil {
		t.Fatal(err)
	}
	q.Take(nil)
	if err := c.Prepared([]byte("x")); !errors.Is(err, ws.ErrState) || q.Len() > 0 {
		t.Errorf("inside a message: %v", err)
	}
	if err := c.Close(1000, ""); err != nil {
		t.Fatal(err)
	}
	q.Take(nil)
	if err := c.Prepared([]byte("x")); err != ws.ErrClosed || q.Len() > 0 {
		t.Errorf("after Close: %v", err)
	}
}

// Fragments of a text may cut runes; the text may not be bad at any point.
func TestFragment(t *testing.T) {
	for _, server := range []bool{false, true} {
		t.Run(fmt.Sprint("5.4 server ", server), func(t *testing.T) {
			c, q := newConn(plain(server))
			parts := []string{"a\xf0", "", "\x9f", "\x98", "\x80b"}
			for i, s := range parts {
				if err := c.Fragment(ws.Text, []byte(s), i == len(parts)-1); err != nil {
					t.Fatal(err)
				}
				if err := c.Message(ws.Ping, nil); err != nil {
					t.Fatal(err)
				}
			}
			if err := c.Fragment(ws.Binary, []byte("\xff"), true); err != nil {
				t.Fatal(err)
			}
			sameFrames(t, take(t, q, !server), first("a\xf0"), ping(""), more(""), ping(""), more("\x9f"), ping(""),
				more("\x98"), ping(""), last("\x80b"), ping(""), bin("\xff"))
		})
	}
}

// Every error of a send leaves everything as it was: the queue, the state, and
// the message under way.
func TestSendErrors(t *testing.T) {
	message := func(k ws.Kind, s string) func(*Conn) error {
		return func(c *Conn) error { return c.Message(k, []byte(s)) }
	}
	fragment := func(k ws.Kind, s string, fin bool) func(*Conn) error {
		return func(c *Conn) error { return c.Fragment(k, []byte(s), fin) }
	}
	tests := []struct {
		rule   string
		name   string
		before func(*Conn) error // nil for none
		call   func(*Conn) error
		want   error
	}{
		{"5.5", "long ping", nil, message(ws.Ping, strings.Repeat("p", 126)), ws.ErrTooLong},
		{"5.5", "long pong", nil, message(ws.Pong, strings.Repeat("p", 126)), ws.ErrTooLong},
		{"8.1", "bad text", nil, message(ws.Text, "ab\xff"), ws.ErrInvalidUTF8},
		{"8.1", "truncated text", nil, message(ws.Text, "ab\xe2\x82"), ws.ErrInvalidUTF8},
		{"5.6", "a close as a message", nil, message(ws.Close, ""), ws.ErrInvalid},
		{"5.6", "no kind", nil, message(ws.None, ""), ws.ErrInvalid},
		{"5.6", "an unknown kind", nil, message(200, ""), ws.ErrInvalid},
		{"5.4", "a ping in fragments", nil, fragment(ws.Ping, "", true), ws.ErrInvalid},
		{"8.1", "bad fragment", nil, fragment(ws.Text, "\x80", false), ws.ErrInvalidUTF8},
		{"8.1", "truncated last fragment", nil, fragment(ws.Text, "\xe2", true), ws.ErrInvalidUTF8},
		{"8.1", "bad end of a rune", fragment(ws.Text, "a\xe2\x82", false), fragment(ws.Text, "b", false), ws.ErrInvalidUTF8},
		{"8.1", "truncated rune at the end", fragment(ws.Text, "a\xe2\x82", false), fragment(ws.Text, "", true), ws.ErrInvalidUTF8},
		{"5.4", "text inside a text", fragment(ws.Text, "a\xe2\x82", false), message(ws.Text, "b"), ws.ErrState},
		{"5.4", "binary inside a text", fragment(ws.Text, "a\xe2\x82", false), message(ws.Binary, "b"), ws.ErrState},
		{"5.4", "binary fragment inside a text", fragment(ws.Text, "a\xe2\x82", false), fragment(ws.Binary, "b", true), ws.ErrState},
		{"5.5", "long ping inside a text", fragment(ws.Text, "a\xe2\x82", false), message(ws.Ping, strings.Repeat("p", 126)), ws.ErrTooLong},
		{"7.4.2", "close with a bad code inside a text", fragment(ws.Text, "a\xe2\x82", false), func(c *Conn) error { return c.Close(1, "") }, ws.ErrInvalid},
	}
	for _, tt := range tests {
		t.Run(tt.rule+" "+tt.name, func(t *testing.T) {
			for _, server := range []bool{false, true} {
				cfg := plain(server)
				cfg.FragmentSize = 2
				c, q := newConn(cfg)
				if tt.before != nil {
					if err := tt.before(c); err != nil {
						t.Fatal(err)
					}
				}
				before := bytes.Clone(q.Buf)
				if err := tt.call(c); !errors.Is(err, tt.want) {
					t.Errorf("got %v, want %v", err, tt.want)
				}
				if !bytes.Equal(q.Buf, before) || c.State() != ws.StateOpen || c.Err() != nil {
					t.Errorf("%d bytes queued, %v, %v", q.Len()-len(before), c.State(), c.Err())
				}
				// What was under way continues.
				q.Take(nil)
				if tt.before != nil {
					if err := c.Fragment(ws.Text, []byte("\xac"), true); err != nil {
						t.Errorf("then: %v", err)
					}
					sameFrames(t, take(t, q, !server), last("\xac"))
				}
				if err := c.Message(ws.Text, []byte("a")); err != nil {
					t.Errorf("then: %v", err)
				}
				sameFrames(t, take(t, q, !server), text("a"))
			}
		})
	}
}

// After Close, and after the peer's, nothing can be sent.
func TestSendClosed(t *testing.T) {
	for _, server := range []bool{false, true} {
		t.Run(fmt.Sprint("5.5.1 server ", server), func(t *testing.T) {
			for _, end := range []func(c *Conn){
				func(c *Conn) { c.Close(1000, "") },
				func(c *Conn) { c.Fragment(ws.Text, []byte("a"), false); c.Close(1000, "") },
				func(c *Conn) { wstest.Feed(c, encode(server, bye(1000, ""))) },
				func(c *Conn) { wstest.Feed(c, encode(server, last(""))) },
			} {
				c, q := newConn(plain(server))
				end(c)
				state := c.State()
				q.Take(nil)
				for _, err := range []error{
					c.Message(ws.Text, nil), c.Message(ws.Text, []byte("\xff")), c.Message(ws.Ping, nil), c.Message(ws.Close, nil),
					c.Fragment(ws.Text, nil, true), c.Prepared(nil), c.Close(1000, ""), c.Close(1, ""),
				} {
					if err != ws.ErrClosed {
						t.Errorf("got %v", err)
					}
				}
				if q.Len() > 0 || c.State() != state {
					t.Errorf("%d bytes queued, %v", q.Len(), c.State())
				}
			}
		})
	}
}

// counter is a source of keys that are all different: 1, 2, 3 ...
type counter struct{ n byte }

func (c *counter) Read(p []byte) (int, error) {
	for i := range p {
		if p[i] = 0; i%4 == 3 {
			c.n++
			p[i] = c.n
		}
	}
	return len(p), nil
}

// Each frame of a client has a key of its own, which comes from Rand; servers ask
// for none.
func TestMaskingKeys(t *testing.T) { t.Run("5.3", testMaskingKeys) }

func testMaskingKeys(t *testing.T) {
	cfg := plain(false)
	cfg.Rand, cfg.FragmentSize = &counter{}, 1
	c, q := newConn(cfg)
	for range 50 {
		if err := errors.Join(c.Fragment(ws.Text, []byte("ab"), true), c.Message(ws.Ping, nil)); err != nil {
			t.Fatal(err)
		}
	}
	p := q.Take(nil)
	for i := range 150 {
		n := int(p[1] & 0x7f)
		if want := []byte{0, 0, 0, byte(i + 1)}; !bytes.Equal(p[2:6], want) {
			t.Fatalf("frame %d has key % x, want % x", i, p[2:6], want)
		}
		p = p[6+n:]
	}
	cfg.Server, cfg.Rand = true, &brokenRand{}
	c, _ = newConn(cfg)
	if err := c.Message(ws.Text, []byte("ab")); err != nil {
		t.Errorf("a server asks for a key: %v", err)
	}
}

// Keys that have been used do not stay in memory.
func TestKeysAreWiped(t *testing.T) {
	k := newKeys()
	for i := range 200 {
		key, err := k.next(fixedKey{})
		if err != nil || key != 0x3d21fa37 {
			t.Fatalf("got %x and %v", key, err)
		}
		if !bytes.Equal(k.batch[:k.used], make([]byte, k.used)) {
			t.Fatalf("after %d keys: used bytes are still in the batch", i+1)
		}
	}
}

// A short read is no key: half of a batch is not taken for one.
func TestShortRand(t *testing.T) {
	k := newKeys()
	if _, err := k.next(strings.NewReader("only so many")); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v", err)
	}
	if k.batch != [256]byte{} {
		t.Error("bytes stay in the batch")
	}
	if key, err := k.next(fixedKey{}); err != nil || key != 0x3d21fa37 {
		t.Errorf("then: %x, %v", key, err)
	}
}

// Without a key nothing is queued, and the next call tries again.
func TestBrokenRand(t *testing.T) {
	for _, call := range []func(c *Conn) error{
		func(c *Conn) error { return c.Message(ws.Text, []byte("abcde")) },
		func(c *Conn) error { return c.Message(ws.Ping, nil) },
		func(c *Conn) error { return c.Fragment(ws.Text, []byte("ab\xe2"), false) },
		func(c *Conn) error { return c.Close(1000, "") },
	} {
		random := &brokenRand{}
		cfg := plain(false)
		cfg.Rand, cfg.FragmentSize = random, 2
		c, q := newConn(cfg)
		if err := call(c); !errors.Is(err, io.ErrNoProgress) || q.Len() > 0 || c.State() != ws.StateOpen {
			t.Errorf("%v, %d bytes queued, %v", err, q.Len(), c.State())
		}
		random.mended = true
		if err := call(c); err != nil || q.Len() == 0 {
			t.Errorf("then: %v", err)
		}
		take(t, q, true)
	}
}

// Keys that run out inside a message cut by FragmentSize take all of it back.
func TestKeysRunOut(t *testing.T) {
	random := &brokenRand{mended: true}
	cfg := plain(false)
	cfg.Rand, cfg.FragmentSize = random, 1
	c, q := newConn(cfg)
	for range 60 {
		if err := c.Message(ws.Ping, nil); err != nil {
			t.Fatal(err)
		}
	}
	wait := q.Len()
	random.mended = false
	if err := c.Message(ws.Text, []byte("abcdefgh")); !errors.Is(err, io.ErrNoProgress) || q.Len() != wait {
		t.Errorf("%v, %d bytes queued", err, q.Len()-wait)
	}
	random.mended = true
	q.Take(nil)
	if err := c.Message(ws.Text, []byte("ab")); err != nil {
		t.Error(err)
	}
	sameFrames(t, take(t, q, true), first("a"), last("b"))
}

// A client that has no key for a pong fails: pings must be answered. It cannot
// send a close frame either.
func TestBrokenRandAtPong(t *testing.T) {
	for _, tt := range []struct {
		in   drawn
		want string
	}{
		{ping("p"), "[{Close false 1011 (internal error) websocket: no masking key: " + io.ErrNoProgress.Error() + "}]"},
		{bye(1000, "x"), "[{Close false 1000 (normal closure) x}]"},
		{last(""), "[{Close false 1002 (protocol error) continuation frame without a message to continue}]"},
	} {
		cfg := plain(false)
		cfg.Rand = &brokenRand{}
		c, q := newConn(cfg)
		got := wstest.Feed(c, encode(false, tt.in, text("a")))
		if fmt.Sprint(got) != tt.want || q.Len() > 0 || c.State() != ws.StateClosed {
			t.Errorf("got %v, %d bytes queued, %v", got, q.Len(), c.State())
		}
	}
}
