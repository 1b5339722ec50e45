package hybi

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/driver/wstest"
	"github.com/sans-io/websocket-driver/extensions"
	"github.com/sans-io/websocket-driver/hybi/frame"
)

// gotLast is the event of the last frame of several.
func gotLast(s string) wstest.Record {
	return wstest.Record{Kind: ws.Continuation, Final: true, Data: s}
}

// Section 5.4: with Frames each frame is an event, with its opcode and its FIN bit.
func TestFrames(t *testing.T) {
	for name, c := range map[string]struct {
		in   []drawn
		want []wstest.Record
		out  string
	}{
		"whole messages": {[]drawn{text("a"), bin(""), text("é")},
			[]wstest.Record{gotText("a"), gotBin(""), gotText("é")}, ""},
		"fragments": {[]drawn{first("ab"), more("c"), last("d"), firstB("\xff"), last("\xfe")},
			[]wstest.Record{gotPart(ws.Text, "ab"), gotPart(ws.Continuation, "c"), gotLast("d"), gotPart(ws.Binary, "\xff"), gotLast("\xfe")}, ""},
		"empty frames": {[]drawn{first(""), more(""), last("")},
			[]wstest.Record{gotPart(ws.Text, ""), gotPart(ws.Continuation, ""), gotLast("")}, ""},
		"control frames between": {[]drawn{first("ab"), ping("p"), more("cd"), pong("q"), last("ef"), text("g")},
			[]wstest.Record{gotPart(ws.Text, "ab"), gotPing("p"), gotPart(ws.Continuation, "cd"), gotPong("q"), gotLast("ef"), gotText("g")}, "\x8a\x01p"},
		"inside a rune": {[]drawn{first("a\xf0"), more("\x9f"), more(""), more("\x98"), last("\x80b")},
			[]wstest.Record{gotPart(ws.Text, "a\xf0"), gotPart(ws.Continuation, "\x9f"), gotPart(ws.Continuation, ""), gotPart(ws.Continuation, "\x98"), gotLast("\x80b")}, ""},
	} {
		for _, server := range []bool{false, true} {
			cfg := plain(server)
			cfg.Frames = true
			in := encode(server, c.in...)
			wstest.Splits(in, func(split string, chunks [][]byte) {
				conn, out := newConn(cfg)
				got := wstest.Feed(conn, chunks...)
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Errorf("%s, %s, %s (-want +got):\n%s", name, describe(cfg), split, diff)
				}
				if want := c.out; server && string(out.Buf) != want {
					t.Errorf("%s, %s: output %q, not %q", name, split, out.Buf, want)
				}
			})
		}
	}
}

// Section 8.1: text is checked across frames, and a bad frame is not delivered.
func TestFramesInvalidText(t *testing.T) {
	for name, c := range map[string]struct {
		in   []drawn
		want []wstest.Record
	}{
		"bad byte":             {[]drawn{first("a"), more("b\xff")}, []wstest.Record{gotPart(ws.Text, "a")}},
		"bad continuation":     {[]drawn{first("a\xe2"), more("\x82a")}, []wstest.Record{gotPart(ws.Text, "a\xe2")}},
		"ends inside a rune":   {[]drawn{first("a"), last("\xe2\x82")}, []wstest.Record{gotPart(ws.Text, "a")}},
		"a rune never ends":    {[]drawn{first("\xe2\x82"), last("")}, []wstest.Record{gotPart(ws.Text, "\xe2\x82")}},
		"one frame":            {[]drawn{text("a\xff")}, nil},
		"bad before the frame": {[]drawn{first("\xff"), last("")}, nil},
	} {
		cfg := plain(true)
		cfg.Frames = true
		want := append(c.want, gotClose(ws.CodeInvalidPayload, "text is not valid UTF-8"))
		wstest.Splits(encode(true, c.in...), func(split string, chunks [][]byte) {
			conn, _ := newConn(cfg)
			if diff := cmp.Diff(want, wstest.Feed(conn, chunks...)); diff != "" {
				t.Errorf("%s, %s (-want +got):\n%s", name, split, diff)
			}
		})
	}
}

// The limits of messages apply to all their frames together.
func TestFramesLimits(t *testing.T) {
	for name, c := range map[string]struct {
		set  func(*Config)
		code ws.Code
	}{
		"MaxMessage":   {func(c *Config) { c.MaxMessage = 8 }, ws.CodeMessageTooBig},
		"MaxFrame":     {func(c *Config) { c.MaxFrame = 4 }, ws.CodeMessageTooBig},
		"MaxFragments": {func(c *Config) { c.MaxFragments = 2 }, ws.CodePolicyViolation},
	} {
		cfg := plain(true)
		cfg.Frames = true
		c.set(&cfg)
		in := encode(true, first("1234"), more("567"), last("89012"))
		wstest.Splits(in, func(split string, chunks [][]byte) {
			conn, _ := newConn(cfg)
			got := wstest.Feed(conn, chunks...)
			if len(got) != 3 || got[0].Data != "1234" || got[1].Data != "567" || got[2].Kind != ws.Close || got[2].Code != c.code {
				t.Errorf("%s, %s: %v", name, split, got)
			}
		})
	}
}

// A frame of a message that an extension has encoded has what comes out by its end.
func TestFramesDecode(t *testing.T) {
	cfg := plain(true)
	cfg.Frames = true
	in := encode(true,
		drawn{op: frame.Text, rsv: extensions.RSV2, payload: "\x03a\x01"},
		ping("p"),
		more("\xc3"),
		last("\x01\xa9\xff"+"b"),
		drawn{fin: true, op: frame.Binary, rsv: extensions.RSV2, payload: strings.Repeat("\xffx", 40)},
	)
	want := []wstest.Record{
		gotPart(ws.Text, "aaa"), gotPing("p"), gotPart(ws.Continuation, "\xc3"), gotLast("\xa9" + strings.Repeat("b", 255)),
		gotBin(strings.Repeat("x", 40*255)),
	}
	wstest.Splits(in, func(split string, chunks [][]byte) {
		for step := range 3 {
			cfg.Pipeline = pipeline(t, &repeat{step: step})
			conn, _ := newConn(cfg)
			if diff := cmp.Diff(want, wstest.Feed(conn, chunks...)); diff != "" {
				t.Errorf("step %d, %s (-want +got):\n%s", step, split, diff)
			}
		}
	})
}

// SetPieces has no effect with Frames, and a frame that lies whole in the input is
// not copied.
func TestFramesInPlace(t *testing.T) {
	cfg := plain(true)
	cfg.Frames, cfg.Pieces = true, true
	conn, _ := newConn(cfg)
	conn.SetPieces(true)
	in := encode(true, firstB("hello"), last("world"))
	if _, ev := conn.Parse(in[:8]); ev.Kind != ws.None {
		t.Error(ev)
	}
	n, ev := conn.Parse(in[8:])
	if ev.Kind != ws.Binary || ev.Final || string(ev.Data) != "hello" {
		t.Error(ev)
	}
	rest := in[8+n:]
	if _, ev := conn.Parse(rest); ev.Kind != ws.Continuation || !ev.Final || string(ev.Data) != "world" || &ev.Data[0] != &rest[6] {
		t.Error(ev)
	}
	if n, inPlace := conn.Incoming(); n != 0 || inPlace {
		t.Error(n, inPlace)
	}
}
