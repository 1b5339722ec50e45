package hybi

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/driver/wstest"
	"github.com/sans-io/websocket-driver/extensions"
	"github.com/sans-io/websocket-driver/hybi/frame"
)

func holdClose(c *Config) { c.HoldClose = true }
func holdPongs(c *Config) { c.HoldPongs = true }

func gotPeerClose(code ws.Code, reason string) wstest.Record {
	return wstest.Record{Kind: ws.PeerClose, Code: code, Data: reason}
}

// A close frame is reported and not answered, and nothing is received after it.
// A bad one fails the connection as always.
func TestHoldClose(t *testing.T) {
	reason := strings.Repeat("r", 120) + "€"
	runAll(t, []vector{
		{rule: "5.5.1", name: "held, no body", adjust: holdClose, in: []drawn{bye(1005, "")}, want: []wstest.Record{gotPeerClose(1005, "")}, ends: true},
		{rule: "5.5.1", name: "held, code and reason", adjust: holdClose, in: []drawn{text("a"), bye(3000, "a€")}, want: []wstest.Record{gotText("a"), gotPeerClose(3000, "a€")}, ends: true},
		{rule: "5.5.1", name: "held, longest reason", adjust: holdClose, in: []drawn{bye(4999, reason)}, want: []wstest.Record{gotPeerClose(4999, reason)}, ends: true},
		{rule: "5.5.1", name: "held, twice", adjust: holdClose, in: []drawn{bye(1000, "x"), bye(1001, "y"), text("late"), {op: 0xf}}, want: []wstest.Record{gotPeerClose(1000, "x")}, ends: true},
		{rule: "5.5.1", name: "held, inside a message", adjust: holdClose, in: []drawn{first(""), ping("p"), bye(1001, "x")},
			want: []wstest.Record{gotPing("p"), gotPeerClose(1001, "x")}, out: []drawn{pong("p")}, ends: true},
		{rule: "7.1.7", name: "held, body of 1 byte", adjust: holdClose, in: []drawn{{fin: true, op: frame.Close, payload: "\x03"}}, code: 1002, msg: "close frame with a body of 1 byte"},
		{rule: "7.4.2", name: "held, bad code", adjust: holdClose, in: []drawn{bye(999, "")}, code: 1002, msg: "close code 999 may not be sent"},
		{rule: "8.1", name: "held, bad reason", adjust: holdClose, in: []drawn{bye(1000, "ab\xff")}, code: 1007, msg: "close reason is not valid UTF-8"},
		{rule: "5.5", name: "held, fragmented", adjust: holdClose, in: []drawn{{op: frame.Close}}, code: 1002, msg: "control frame with opcode 0x8 is fragmented"},
	})
}

// While the peer's close frame is held everything can be sent. Close ends the
// connection at once, without an event.
func TestSendAfterPeerClose(t *testing.T) {
	roles(func(cfg Config) {
		cfg.HoldClose = true
		c, q := newConn(cfg)
		err := c.Fragment(ws.Text, []byte("a"), false)
		wstest.Feed(c, encode(cfg.Server, first("xyz"), bye(4000, "done")))
		if err != nil || c.State() != ws.StatePeerClosed || c.Err() != nil || c.buf != nil {
			t.Fatalf("%s: %v, %v, %v", describe(cfg), err, c.State(), c.Err())
		}
		prepared := encode(!cfg.Server, bin("prepared"))
		if err := errors.Join(
			c.Message(ws.Ping, []byte("1")), c.Fragment(ws.Text, []byte("b"), true), c.Message(ws.Text, []byte("c")),
			c.Message(ws.Pong, nil), c.Prepared(prepared),
		); err != nil {
			t.Errorf("%s: %v", describe(cfg), err)
		}
		if err := c.Close(1, ""); !errors.Is(err, ws.ErrInvalid) || c.State() != ws.StatePeerClosed {
			t.Errorf("%s: bad code: %v, %v", describe(cfg), err, c.State())
		}
		if err := c.Close(1000, "bye"); err != nil || c.State() != ws.StateClosed {
			t.Errorf("%s: Close: %v, %v", describe(cfg), err, c.State())
		}
		sameFrames(t, take(t, q, !cfg.Server), first("a"), ping("1"), last("b"), text("c"), pong(""), bin("prepared"), bye(1000, "bye"))
		if got := wstest.Feed(c, nil, encode(cfg.Server, text("late"))); got != nil || c.Err() != nil {
			t.Errorf("%s: after Close: %v, %v", describe(cfg), got, c.Err())
		}
		if err := c.Close(1000, ""); err != ws.ErrClosed || c.Message(ws.Ping, nil) != ws.ErrClosed || q.Len() > 0 {
			t.Errorf("%s: after Close: %v", describe(cfg), err)
		}
	})
}

// A close frame that answers ours is the end, held or not.
func TestHoldCloseAnswer(t *testing.T) {
	roles(func(cfg Config) {
		cfg.HoldClose = true
		c, q := newConn(cfg)
		if err := c.Close(4000, "we"); err != nil || c.State() != ws.StateClosing {
			t.Fatalf("%v, %v", err, c.State())
		}
		got := wstest.Feed(c, encode(cfg.Server, text("a"), bye(4000, "they")))
		if d := cmp.Diff([]wstest.Record{gotText("a"), gotClose(4000, "they")}, got); d != "" || c.State() != ws.StateClosed {
			t.Errorf("%s: %v, %s", describe(cfg), c.State(), d)
		}
		if want := encode(!cfg.Server, bye(4000, "we")); !bytes.Equal(q.Buf, want) {
			t.Errorf("%s: output % x, want % x", describe(cfg), q.Buf, want)
		}
	})
}

// A send that fails the connection after PeerClose is reported by Close.
func TestSendFailsAfterPeerClose(t *testing.T) {
	session := &repeat{}
	cfg := plain(true)
	cfg.HoldClose, cfg.Pipeline = true, pipeline(t, session)
	c, q := newConn(cfg)
	wstest.Feed(c, encode(true, bye(1000, "")))
	session.fail = errors.New("mistake")
	const msg = "an encoded message could not be sent"
	if err := c.Message(ws.Text, []byte("a")); err != session.fail || c.State() != ws.StateClosed {
		t.Errorf("got %v, %v", err, c.State())
	}
	sameFrames(t, take(t, q, false), bye(1011, msg))
	if got := fmt.Sprint(wstest.Feed(c, nil)); got != fmt.Sprint([]wstest.Record{gotClose(1011, msg)}) {
		t.Errorf("got %v", got)
	}
}

// Pings are not answered; the caller sends the pongs, if it does.
func TestHoldPongs(t *testing.T) {
	runAll(t, []vector{
		{rule: "5.5.2", name: "no pong", adjust: holdPongs, in: []drawn{ping("1"), first("a"), ping("2"), last("b")},
			want: []wstest.Record{gotPing("1"), gotPing("2"), gotText("ab")}, out: []drawn{}},
	})
	cfg := plain(false)
	cfg.HoldPongs = true
	c, q := newConn(cfg)
	wstest.Feed(c, encode(false, ping("1"), ping("2")))
	if err := c.Message(ws.Pong, []byte("2")); err != nil {
		t.Error(err)
	}
	sameFrames(t, take(t, q, true), pong("2"))
}

// What an extension sets on a close frame is a violation, held or not.
func TestHoldCloseReservedBits(t *testing.T) {
	cfg := plain(true)
	cfg.HoldClose, cfg.Pipeline = true, pipeline(t, &repeat{})
	c, _ := newConn(cfg)
	got := wstest.Feed(c, drawn{fin: true, rsv: extensions.RSV2, op: frame.Close}.encode(true))
	if want := gotClose(1002, "reserved bits 0x20 set in a frame with opcode 0x8"); len(got) != 1 || got[0] != want {
		t.Errorf("got %v, want %v", got, want)
	}
}
