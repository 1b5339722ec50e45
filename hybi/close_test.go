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
	"github.com/sans-io/websocket-driver/hybi/frame"
)

// The peer closes: the answer has its code (section 5.5.1).
func TestPeerCloses(t *testing.T) {
	reason := strings.Repeat("r", 120) + "€"
	runAll(t, []vector{
		{rule: "5.5.1", name: "no body", in: []drawn{bye(1005, "")}, want: []wstest.Record{gotClose(1005, "")}, out: []drawn{bye(1005, "")}},
		{rule: "5.5.1", name: "code", in: []drawn{bye(1000, "")}, want: []wstest.Record{gotClose(1000, "")}, out: []drawn{bye(1000, "")}},
		{rule: "5.5.1", name: "code and reason", in: []drawn{bye(3000, "a€")}, want: []wstest.Record{gotClose(3000, "a€")}, out: []drawn{bye(3000, "")}},
		{rule: "5.5.1", name: "longest reason", in: []drawn{bye(4999, reason)}, want: []wstest.Record{gotClose(4999, reason)}, out: []drawn{bye(4999, "")}},
		{rule: "5.5.1", name: "inside a message", in: []drawn{firstB("ab"), bye(1001, "x")}, only: func(c Config) bool { return !c.Pieces }, want: []wstest.Record{gotClose(1001, "x")}, out: []drawn{bye(1001, "")}},
		{rule: "5.5.1", name: "inside a message in pieces", in: []drawn{firstB("ab"), bye(1001, "x")}, only: func(c Config) bool { return c.Pieces },
			want: []wstest.Record{gotPart(ws.Binary, "ab"), gotClose(1001, "x")}, out: []drawn{bye(1001, "")}},
		{rule: "1.4", name: "nothing counts after a close", in: []drawn{text("a"), bye(1000, ""), text("b"), ping("c"), bye(1001, ""), {op: 0xf}},
			want: []wstest.Record{gotText("a"), gotClose(1000, "")}, out: []drawn{bye(1000, "")}},
		{rule: "7.1.7", name: "nothing counts after a failure", in: []drawn{last("a"), text("b"), ping("c"), bye(1001, "")},
			code: 1002, msg: "continuation frame without a message to continue"},
		{rule: "5.5.1", name: "body of 1 byte", in: []drawn{{fin: true, op: frame.Close, payload: "\x03"}}, code: 1002, msg: "close frame with a body of 1 byte"},
		{rule: "5.5.1", name: "bad reason", in: []drawn{bye(1000, "ab\xff")}, code: 1007, msg: "close reason is not valid UTF-8"},
		{rule: "5.5.1", name: "truncated reason", in: []drawn{bye(1000, "ab\xe2\x82")}, code: 1007, msg: "close reason is not valid UTF-8"},
		{rule: "5.5.1", name: "bad code and bad reason", in: []drawn{bye(999, "\xff")}, code: 1002, msg: "close code 999 may not be sent"},
	})
}

// allowed is what section 7.4 and draft 7, section 7.4, say about codes.
func allowed(v ws.Version, code int) bool {
	if code >= 3000 && code < 5000 {
		return true
	}
	if code < 1000 || code >= 3000 {
		return false
	}
	switch v {
	case ws.Hybi7:
		return code <= 1004
	case ws.Hybi8:
		return code <= 1004 || code == 1007
	}
	return code <= 1003 || code >= 1007 && code <= 1014
}

// Every code from 0 to 5100, received and sent: those that section 7.4.1 defines,
// and the ranges of section 7.4.2.
func TestCloseCodes(t *testing.T) {
	for _, tt := range []struct {
		rule, name string
		from, to   int
	}{
		{"7.4.2", "below 1000, never used", 0, 999},
		{"7.4.1", "defined codes", 1000, 1015},
		{"7.4.2", "reserved for the protocol", 1016, 2999},
		{"7.4.2", "registered and private", 3000, 4999},
		{"7.4.2", "from 5000", 5000, 5100},
	} {
		t.Run(tt.rule+" "+tt.name, func(t *testing.T) {
			roles(func(cfg Config) {
				for n := tt.from; n <= tt.to; n++ {
					checkCode(t, cfg, n)
				}
			})
		})
	}
}

// checkCode receives and sends close frames with the code n.
func checkCode(t *testing.T, cfg Config, n int) {
	t.Helper()
	code := ws.Code(n)
	c, q := newConn(cfg)
	got := wstest.Feed(c, encode(cfg.Server, bodyOf(code)))
	want, out := gotClose(code, ""), bodyOf(code)
	if !allowed(cfg.Version, n) {
		msg := fmt.Sprintf("close code %d may not be sent", n)
		want, out = gotClose(1002, msg), bye(1002, msg)
	}
	if d := cmp.Diff([]wstest.Record{want}, got); d != "" {
		t.Fatalf("%s: %d: %s", describe(cfg), n, d)
	}
	if !bytes.Equal(q.Buf, encode(!cfg.Server, out)) {
		t.Fatalf("%s: %d: output % x", describe(cfg), n, q.Buf)
	}
	c, q = newConn(cfg)
	err := c.Close(code, "")
	wantErr := ws.ErrInvalid
	if allowed(ws.Hybi13, n) || allowed(ws.Hybi8, n) {
		wantErr = ws.ErrUnsupported // this version lacks it
	}
	if ok := allowed(cfg.Version, n) || n == 1005; ok != (err == nil) || !ok && (!errors.Is(err, wantErr) || c.State() != ws.StateOpen || q.Len() > 0) {
		t.Fatalf("%s: Close(%d): %v", describe(cfg), n, err)
	}
}

// bodyOf is a close frame that holds code, whatever that is.
func bodyOf(code ws.Code) drawn {
	return drawn{fin: true, op: frame.Close, payload: string([]byte{byte(code >> 8), byte(code)})}
}

// Closing from both sides in every order. Our close is sent before the input
// number at.
func TestClosingOrders(t *testing.T) {
	tests := []struct {
		rule string
		name string
		in   []drawn
		at   int
		want []wstest.Record
		out  []drawn
	}{
		{"7.1.2", "we first", []drawn{bye(1000, "ok")}, 0, []wstest.Record{gotClose(1000, "ok")}, []drawn{bye(4000, "we")}},
		{"7.1.2", "both at once, other code", []drawn{bye(1001, "they")}, 0, []wstest.Record{gotClose(1001, "they")}, []drawn{bye(4000, "we")}},
		{"7.1.5", "they answer without code", []drawn{bye(1005, "")}, 0, []wstest.Record{gotClose(1005, "")}, []drawn{bye(4000, "we")}},
		{"7.1.2", "messages between our close and theirs", []drawn{text("a"), firstB("b"), last("c"), bye(4000, "")}, 0,
			[]wstest.Record{gotText("a"), gotBin("bc"), gotClose(4000, "")}, []drawn{bye(4000, "we")}},
		{"7.1.2", "we close inside their message", []drawn{first("a"), last("b"), bye(4000, "")}, 1,
			[]wstest.Record{gotText("ab"), gotClose(4000, "")}, []drawn{bye(4000, "we")}},
		{"5.5.2", "pings are answered while closing", []drawn{ping("1"), ping("2"), bye(4000, "")}, 1,
			[]wstest.Record{gotPing("1"), gotPing("2"), gotClose(4000, "")}, []drawn{pong("1"), bye(4000, "we"), pong("2")}},
		{"7.1.7", "a violation while closing", []drawn{last("x"), bye(1000, "")}, 0,
			[]wstest.Record{gotClose(1002, "continuation frame without a message to continue")}, []drawn{bye(4000, "we")}},
		{"7.1.7", "a bad close while closing", []drawn{bye(1006, "")}, 0,
			[]wstest.Record{gotClose(1002, "close code 1006 may not be sent")}, []drawn{bye(4000, "we")}},
		{"1.4", "data after their close", []drawn{bye(4000, ""), text("late")}, 0, []wstest.Record{gotClose(4000, "")}, []drawn{bye(4000, "we")}},
	}
	for _, tt := range tests {
		t.Run(tt.rule+" "+tt.name, func(t *testing.T) {
			roles(func(cfg Config) {
				before, after := encode(cfg.Server, tt.in[:tt.at]...), encode(cfg.Server, tt.in[tt.at:]...)
				wstest.Splits(after, func(name string, chunks [][]byte) {
					c, q := newConn(cfg)
					got := wstest.Feed(c, before)
					if err := c.Close(4000, "we"); err != nil || c.State() != ws.StateClosing {
						t.Fatalf("Close: %v, %v", err, c.State())
					}
					if err := c.Close(4000, "we"); err != ws.ErrClosed {
						t.Fatalf("second Close: %v", err)
					}
					got = gather(append(got, wstest.Feed(c, chunks...)...))
					if d := cmp.Diff(tt.want, got); d != "" {
						t.Fatalf("%s, %s: %s", describe(cfg), name, d)
					}
					if want := encode(!cfg.Server, tt.out...); !bytes.Equal(q.Buf, want) {
						t.Fatalf("%s, %s: output % x, want % x", describe(cfg), name, q.Buf, want)
					}
					if c.State() != ws.StateClosed || c.Close(1000, "") != ws.ErrClosed || c.Message(ws.Ping, nil) != ws.ErrClosed {
						t.Fatalf("%v", c.State())
					}
				})
			})
		})
	}
}

// The state and the error after the peer's close and after a failure. There is
// one Close event, and nothing after it.
func TestAfterClose(t *testing.T) {
	for _, tt := range []struct {
		rule string
		in   drawn
		err  string
	}{
		{"7.1.4", bye(1000, ""), "<nil>"},
		{"7.1.4", bye(1002, "your fault"), "<nil>"},
		{"7.1.7", last(""), "websocket: continuation frame without a message to continue"},
		{"8.1", text("\xff"), "websocket: text is not valid UTF-8"},
	} {
		t.Run(tt.rule+" "+tt.err, func(t *testing.T) {
			roles(func(cfg Config) {
				c, q := newConn(cfg)
				if got := wstest.Feed(c, encode(cfg.Server, tt.in)); len(got) != 1 || got[0].Kind != ws.Close {
					t.Fatalf("got %v", got)
				}
				q.Take(nil)
				for range 3 {
					if got := wstest.Feed(c, nil, encode(cfg.Server, text("a"), ping("b"), bye(1000, ""))); got != nil {
						t.Fatalf("after Close: %v", got)
					}
				}
				if q.Len() > 0 || c.State() != ws.StateClosed || fmt.Sprint(c.Err()) != tt.err {
					t.Errorf("%d bytes wait, %v, %v", q.Len(), c.State(), c.Err())
				}
				var e *ws.Error
				if c.Err() != nil && (!errors.As(c.Err(), &e) || e.Code < 1002 || e.Code > 1007) {
					t.Errorf("%#v", c.Err())
				}
			})
		})
	}
}

func TestCloseErrors(t *testing.T) {
	for _, tt := range []struct {
		rule   string
		code   ws.Code
		reason string
		want   error
	}{
		{"5.5", 1000, strings.Repeat("a", 124), ws.ErrTooLong},
		{"5.5.1", 1000, "a\xff", ws.ErrInvalidUTF8},
		{"5.5.1", 1000, "a\xe2\x82", ws.ErrInvalidUTF8},
		{"5.5.1", 1005, "a", ws.ErrInvalid},
		{"7.4.1", 1006, "", ws.ErrInvalid},
		{"7.4.1", 1015, "", ws.ErrInvalid},
		{"7.4.2", 0, "", ws.ErrInvalid},
		{"7.4.2", 2999, "", ws.ErrInvalid},
		{"7.4.2", 5000, "", ws.ErrInvalid},
	} {
		t.Run(fmt.Sprintf("%s code %d, reason %.6q", tt.rule, tt.code, tt.reason), func(t *testing.T) {
			roles(func(cfg Config) {
				c, q := newConn(cfg)
				err := c.Close(tt.code, tt.reason)
				if !errors.Is(err, tt.want) || c.State() != ws.StateOpen || q.Len() > 0 {
					t.Errorf("%v, %v", err, c.State())
				}
				if err := c.Close(1000, strings.Repeat("a", 123)); err != nil || c.State() != ws.StateClosing {
					t.Errorf("then: %v, %v", err, c.State())
				}
			})
		})
	}
}

// A text of ours that is too long for a close frame is cut between two runes.
func TestTruncateReason(t *testing.T) {
	for i, tt := range []struct{ in, want string }{
		{"", ""},
		{strings.Repeat("a", 123), strings.Repeat("a", 123)},
		{strings.Repeat("a", 124), strings.Repeat("a", 123)},
		{strings.Repeat("a", 121) + "€", strings.Repeat("a", 121)},
		{strings.Repeat("a", 120) + "€€", strings.Repeat("a", 120) + "€"},
	} {
		t.Run(fmt.Sprint("5.5 ", i), func(t *testing.T) {
			if got := truncateReason(tt.in); got != tt.want {
				t.Errorf("%q: got %q", tt.in, got)
			}
		})
	}
}
