package hybi

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/driver/wstest"
	"github.com/sans-io/websocket-driver/hybi/frame"
)

// The examples of section 5.7: the frames, and the bytes that it gives for them.
func TestExamples(t *testing.T) {
	long := strings.Repeat("\x00\xff", 128)
	longer := strings.Repeat("\x00\xff", 32768)
	tests := []struct {
		name       string
		fromClient bool
		frames     []drawn
		wire       string // as in the RFC
		want       []wstest.Record
	}{
		{"unmasked text", false, []drawn{text("Hello")}, "\x81\x05Hello", []wstest.Record{gotText("Hello")}},
		{"masked text", true, []drawn{text("Hello")}, "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", []wstest.Record{gotText("Hello")}},
		{"fragmented text", false, []drawn{first("Hel"), last("lo")}, "\x01\x03Hel\x80\x02lo", []wstest.Record{gotText("Hello")}},
		{"ping", false, []drawn{ping("Hello")}, "\x89\x05Hello", []wstest.Record{gotPing("Hello")}},
		{"masked pong", true, []drawn{pong("Hello")}, "\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", []wstest.Record{gotPong("Hello")}},
		{"256 bytes", false, []drawn{bin(long)}, "\x82\x7e\x01\x00" + long, []wstest.Record{gotBin(long)}},
		{"64 KiB", false, []drawn{bin(longer)}, "\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00" + longer, []wstest.Record{gotBin(longer)}},
	}
	for _, tt := range tests {
		t.Run("5.7 "+tt.name, func(t *testing.T) {
			if got := encode(tt.fromClient, tt.frames...); string(got) != tt.wire {
				t.Fatalf("the test draws % x, not % x", got[:min(20, len(got))], tt.wire[:min(20, len(tt.wire))])
			}
			roles(func(c Config) {
				if c.Server == tt.fromClient {
					var out []byte
					if tt.want[0].Kind == ws.Ping {
						out = encode(!c.Server, pong("Hello"))
					}
					check(t, c, []byte(tt.wire), tt.want, out)
				}
			})
		})
	}
}

// vector is input and what must come of it, in every version and role. rule and
// name are the name of the subtest: "go test -run '/5\.4'" runs section 5.4.
type vector struct {
	rule string // the section that it tests
	name string
	in   []drawn
	want []wstest.Record
	out  []drawn

	// If code is set the input ends with a violation: a Close event with it and
	// msg follows, and a close frame with both. part is what of a message is
	// delivered before, in pieces only.
	code ws.Code
	msg  string
	part []wstest.Record

	ends bool // nothing is received after the input, though it has no Close event

	only   func(Config) bool // the ways in which it is run; nil for all
	adjust func(*Config)
}

// inVersion returns the code of version v for a code of RFC 6455.
func inVersion(v ws.Version, code ws.Code) ws.Code {
	switch {
	case v == ws.Hybi13:
		return code
	case code == ws.CodeMessageTooBig:
		return 1004
	case code > ws.CodeUnsupportedData && code < 3000:
		return ws.CodeProtocolError
	}
	return code
}

// run runs the vector in every way, with and without a ping after it.
func (v vector) run(t *testing.T) {
	roles(func(c Config) {
		if v.only != nil && !v.only(c) {
			return
		}
		if v.adjust != nil {
			v.adjust(&c)
		}
		in := encode(c.Server, v.in...)
		want, out := append([]wstest.Record(nil), v.want...), append([]drawn(nil), v.out...)
		if v.code != 0 {
			if c.Pieces {
				want = append(want, v.part...)
			}
			code := inVersion(c.Version, v.code)
			want, out = append(want, gotClose(code, v.msg)), append(out, bye(code, v.msg))
		}
		check(t, c, in, want, encode(!c.Server, out...))
		if len(v.in) > 0 && v.in[len(v.in)-1].cut > 0 {
			return // a frame that does not end swallows what follows
		}
		in = append(in, encode(c.Server, ping("after"))...)
		if !v.ends && (len(want) == 0 || want[len(want)-1].Kind != ws.Close) {
			if want = append(want, gotPing("after")); !c.HoldPongs {
				out = append(out, pong("after"))
			}
		}
		check(t, c, in, want, encode(!c.Server, out...))
	})
}

func hybi13(c Config) bool { return c.Version == ws.Hybi13 }
func drafts(c Config) bool { return c.Version != ws.Hybi13 }
func server(c Config) bool { return c.Server }
func client(c Config) bool { return !c.Server }

func runAll(t *testing.T, vectors []vector) {
	for _, v := range vectors {
		t.Run(v.rule+" "+v.name, v.run)
	}
}

func TestMessages(t *testing.T) {
	many := make([]drawn, 60)
	for i := range many {
		many[i] = more("")
	}
	many[0] = first("")
	runAll(t, []vector{
		{rule: "5.6", name: "nothing"},
		{rule: "5.6", name: "empty text", in: []drawn{text("")}, want: []wstest.Record{gotText("")}},
		{rule: "5.6", name: "empty binary", in: []drawn{bin("")}, want: []wstest.Record{gotBin("")}},
		{rule: "5.6", name: "binary is not checked", in: []drawn{bin("\xff\x00\xc0")}, want: []wstest.Record{gotBin("\xff\x00\xc0")}},
		{rule: "5.6", name: "two messages", in: []drawn{text("one"), bin("two")}, want: []wstest.Record{gotText("one"), gotBin("two")}},
		{rule: "5.6", name: "runes of all lengths", in: []drawn{text("aé€😀\U0010ffff\x00")}, want: []wstest.Record{gotText("aé€😀\U0010ffff\x00")}},
		{rule: "5.4", name: "three fragments", in: []drawn{first("a"), more("b"), last("c")}, want: []wstest.Record{gotText("abc")}},
		{rule: "5.4", name: "binary fragments", in: []drawn{firstB("\x80"), more("\xff"), last("\xc0")}, want: []wstest.Record{gotBin("\x80\xff\xc0")}},
		{rule: "5.4", name: "empty fragments", in: []drawn{first(""), more(""), more("a"), more(""), last("")}, want: []wstest.Record{gotText("a")}},
		{rule: "5.4", name: "nothing but empty fragments", in: append(many, last("")), want: []wstest.Record{gotText("")}},
		{rule: "8.1", name: "runes cut by fragments", in: []drawn{first("\xf0"), more("\x9f\x98"), more(""), last("\x80é")}, want: []wstest.Record{gotText("😀é")}},
		{rule: "5.4", name: "control frames between fragments",
			in:   []drawn{first("a\xc3"), ping("1"), more("\xa9"), pong("2"), ping(""), last("c")},
			want: []wstest.Record{gotPing("1"), gotPong("2"), gotPing(""), gotText("aéc")},
			out:  []drawn{pong("1"), pong("")}},
		{rule: "5.4", name: "control frames of full length between fragments",
			in:   []drawn{first("ab"), ping(strings.Repeat("p", 125)), last("cd")},
			want: []wstest.Record{gotPing(strings.Repeat("p", 125)), gotText("abcd")},
			out:  []drawn{pong(strings.Repeat("p", 125))}},
		{rule: "5.5.2", name: "pongs in order", in: []drawn{ping("1"), text("a"), ping(""), ping("\x00\xff"), pong("3")},
			want: []wstest.Record{gotPing("1"), gotText("a"), gotPing(""), gotPing("\x00\xff"), gotPong("3")},
			out:  []drawn{pong("1"), pong(""), pong("\x00\xff")}},
		{rule: "5.2", name: "a message that does not begin", in: []drawn{{fin: true, op: frame.Binary, payload: "abc", cut: 3}}},
		{rule: "5.2", name: "ancient length of 65535, draft 7 and 8", only: drafts, in: []drawn{{fin: true, op: frame.Text, payload: "abc", form: 8}, {fin: true, op: frame.Text, payload: "d", form: 2}, {op: frame.Text, payload: "", form: 8}, last("")},
			want: []wstest.Record{gotText("abc"), gotText("d"), gotText("")}},
	})
}

func TestSizes(t *testing.T) {
	sizes(func(n int) {
		s := strings.Repeat("€", n/3) + strings.Repeat("x", n%3)
		runAll(t, []vector{
			{rule: "5.2", name: fmt.Sprint(n, " bytes"), only: hybi13, in: []drawn{text(s)}, want: []wstest.Record{gotText(s)}},
			{rule: "5.4", name: fmt.Sprint(n, " bytes in two frames"), only: hybi13, in: []drawn{bin(s), first(s[:n/2]), last(s[n/2:])}, want: []wstest.Record{gotBin(s), gotText(s)}},
		})
	})
}

// A chunk that begins inside a header does not pass for a header: the length
// reads like the first bytes of a short message.
func TestLengthLikeHeader(t *testing.T) {
	for _, n := range []int{0x8103, 0x8203, 0x8183} {
		s := strings.Repeat("x", n)
		runAll(t, []vector{{rule: "5.2", name: fmt.Sprintf("%#x bytes", n), only: hybi13, in: []drawn{bin(s)}, want: []wstest.Record{gotBin(s)}}})
	}
}

// Every rule that a header can break.
func TestHeaderViolations(t *testing.T) {
	const p = ws.CodeProtocolError
	vectors := []vector{
		{rule: "5.1", name: "unmasked frame to a server", only: server, in: []drawn{{fin: true, op: frame.Text, payload: "a", wrong: true}}, code: p, msg: "frame from a client is not masked"},
		{rule: "5.1", name: "unmasked ping to a server", only: server, in: []drawn{{fin: true, op: frame.Ping, wrong: true}}, code: p, msg: "frame from a client is not masked"},
		{rule: "5.1", name: "masked frame to a client", only: client, in: []drawn{{fin: true, op: frame.Text, payload: "a", wrong: true}}, code: p, msg: "frame from a server is masked"},
		{rule: "5.1", name: "masked close to a client", only: client, in: []drawn{{fin: true, op: frame.Close, wrong: true}}, code: p, msg: "frame from a server is masked"},
		{rule: "5.4", name: "continuation without a message", in: []drawn{last("a")}, code: p, msg: "continuation frame without a message to continue"},
		{rule: "5.4", name: "continuation after a message", in: []drawn{text("a"), more("b")}, want: []wstest.Record{gotText("a")}, code: p, msg: "continuation frame without a message to continue"},
		{rule: "5.4", name: "continuation after a fragmented message", in: []drawn{first("a"), last("b"), last("c")}, want: []wstest.Record{gotText("ab")}, code: p, msg: "continuation frame without a message to continue"},
		{rule: "5.4", name: "text inside a message", in: []drawn{first("a"), text("b")}, part: []wstest.Record{gotPart(ws.Text, "a")}, code: p, msg: "new message with opcode 0x1 before the last one has ended"},
		{rule: "5.4", name: "binary inside a message", in: []drawn{firstB(""), firstB("b")}, code: p, msg: "new message with opcode 0x2 before the last one has ended"},
		{rule: "5.2", name: "highest bit of a length", in: []drawn{{fin: true, op: frame.Binary, claim: 1 << 63, form: 8}}, code: p, msg: "frame length 9223372036854775808 is above 2^63-1"},
		{rule: "5.2", name: "all bits of a length", in: []drawn{{fin: true, op: frame.Binary, claim: 1<<64 - 1, form: 8}}, code: p, msg: "frame length 18446744073709551615 is above 2^63-1"},
		{rule: "5.2", name: "empty in 2 bytes", only: hybi13, in: []drawn{{fin: true, op: frame.Text, form: 2}}, code: p, msg: "frame length 0 is not in its shortest form"},
		{rule: "5.2", name: "125 in 2 bytes", only: hybi13, in: []drawn{{fin: true, op: frame.Text, form: 2, claim: 125}}, code: p, msg: "frame length 125 is not in its shortest form"},
		{rule: "5.2", name: "65535 in 8 bytes", only: hybi13, in: []drawn{{fin: true, op: frame.Text, form: 8, claim: 65535}}, code: p, msg: "frame length 65535 is not in its shortest form"},
		{rule: "5.2", name: "continuation of 0 in 8 bytes", only: hybi13, in: []drawn{first("a"), {form: 8}}, part: []wstest.Record{gotPart(ws.Text, "a")}, code: p, msg: "frame length 0 is not in its shortest form"},
	}
	for _, rsv := range []byte{0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70} {
		for _, op := range []frame.Opcode{frame.Text, frame.Binary, frame.Close, frame.Ping, frame.Pong, 0x3} {
			vectors = append(vectors, vector{rule: "5.2", name: fmt.Sprintf("RSV %#x on %#x", rsv, byte(op)),
				in:   []drawn{{fin: true, rsv: rsv, op: op, payload: "abc"}},
				code: p, msg: fmt.Sprintf("reserved bits %#x set in a frame with opcode %#x", rsv, byte(op))})
		}
		vectors = append(vectors, vector{rule: "5.2", name: fmt.Sprintf("RSV %#x on a continuation", rsv),
			in: []drawn{firstB("a"), {fin: true, rsv: rsv}}, part: []wstest.Record{gotPart(ws.Binary, "a")},
			code: p, msg: fmt.Sprintf("reserved bits %#x set in a frame with opcode 0x0", rsv)})
	}
	for _, op := range []frame.Opcode{0x3, 0x4, 0x5, 0x6, 0x7, 0xb, 0xc, 0xd, 0xe, 0xf} {
		msg := fmt.Sprintf("reserved opcode %#x", byte(op))
		vectors = append(vectors,
			vector{rule: "5.2", name: "" + msg, in: []drawn{{fin: true, op: op, payload: "a"}}, code: p, msg: msg},
			vector{rule: "5.2", name: "empty " + msg, in: []drawn{{fin: true, op: op}}, code: p, msg: msg},
			vector{rule: "5.2", name: "not final " + msg, in: []drawn{{op: op, payload: strings.Repeat("a", 126)}}, code: p, msg: msg},
			vector{rule: "5.2", name: "inside a message " + msg, in: []drawn{first("a"), {fin: true, op: op}}, part: []wstest.Record{gotPart(ws.Text, "a")}, code: p, msg: msg})
	}
	for _, op := range []frame.Opcode{frame.Close, frame.Ping, frame.Pong} {
		msg := fmt.Sprintf("control frame with opcode %#x is fragmented", byte(op))
		vectors = append(vectors,
			vector{rule: "5.5", name: "" + msg, in: []drawn{{op: op, payload: "a"}}, code: p, msg: msg},
			vector{rule: "5.5", name: "inside a message " + msg, in: []drawn{first(""), {op: op}}, code: p, msg: msg})
		for _, f := range []drawn{{form: 2}, {form: 8}, {payload: strings.Repeat("a", 126)}, {claim: 1 << 63}} {
			f.fin, f.op = true, op
			vectors = append(vectors, vector{rule: "5.5", name: fmt.Sprintf("long frame with opcode %#x", byte(op)), in: []drawn{f}, code: p, msg: "control frame longer than 125 bytes"})
		}
	}
	runAll(t, vectors)
}

// A header is judged before it is complete: by its first two bytes, and by its
// length before the payload comes.
func TestHeaderFailsEarly(t *testing.T) {
	tests := []struct {
		rule string
		in   []byte
		want string
	}{
		{"5.2", []byte{0x83, 0x80}, "reserved opcode 0x3"},
		{"5.1", []byte{0x82, 0x05}, "frame from a client is not masked"},
		{"5.5", []byte{0x89, 0xff}, "control frame longer than 125 bytes"},
		{"5.4", []byte{0x80, 0xff}, "continuation frame without a message to continue"},
		{"10.4", encode(true, drawn{fin: true, op: frame.Text, claim: 1000})[:8], "frame of 1000 bytes, the limit is 999"},
	}
	for _, tt := range tests {
		t.Run(tt.rule+" "+tt.want, func(t *testing.T) {
			cfg := plain(true)
			cfg.MaxFrame = 999
			c, _ := newConn(cfg)
			if got := wstest.Feed(c, tt.in[:len(tt.in)-1]); len(got) > 0 {
				t.Errorf("% x: %v before the last byte", tt.in, got)
			}
			got := wstest.Feed(c, tt.in[len(tt.in)-1:])
			if len(got) != 1 || got[0].Data != tt.want || c.Err() == nil || c.Err().Error() != "websocket: "+tt.want {
				t.Errorf("% x: got %v and %v, want %q", tt.in, got, c.Err(), tt.want)
			}
		})
	}
}

// Text fails at the first byte that no valid text has in its place, wherever
// chunks and fragments end.
func TestInvalidText(t *testing.T) {
	const msg = "text is not valid UTF-8"
	var vectors []vector
	for _, tt := range []struct{ good, bad string }{
		{"", "\x80"}, {"", "\xff"}, {"", "\xc0"}, {"a", "\xc1"}, {"abc", "\xf5"},
		{"é", "\xc3\x28"}, {"", "\xe0\x9f"}, {"", "\xed\xa0"}, {"😀", "\xf0\x8f"}, {"x", "\xf4\x90"},
		{"€", "\xe2\x82\x28"}, {"κόσμε", "\xed\xa0\x80"}, {strings.Repeat("long ", 30), "\xf0\x9f\x98a"},
	} {
		s := tt.good + tt.bad
		var part []wstest.Record
		if tt.good != "" {
			part = []wstest.Record{gotPart(ws.Text, tt.good)}
		}
		add := func(name string, in ...drawn) {
			vectors = append(vectors, vector{rule: "8.1", name: fmt.Sprintf("%s % x", name, s[max(0, len(s)-6):]), in: in, part: part, code: 1007, msg: msg})
		}
		add("message", text(s))
		add("message with more", text(s+"more"))
		add("fragment", first(s))
		add("cut fragments", first(s[:len(s)-1]), more(""), more(s[len(s)-1:]))
		add("frame that has not come yet", drawn{fin: true, op: frame.Text, payload: s, claim: 1 << 40})
		add("truncated", first(tt.good), last(tt.bad[:1]))
	}
	for _, r := range []string{"\xc3", "\xe2", "\xe2\x82", "\xf0", "\xf0\x9f", "\xf0\x9f\x98"} {
		part := []wstest.Record{gotPart(ws.Text, "ab")}
		vectors = append(vectors,
			vector{rule: "8.1", name: fmt.Sprintf("ends with % x", r), in: []drawn{text("ab" + r)}, part: part, code: 1007, msg: msg},
			vector{rule: "8.1", name: fmt.Sprintf("ends with % x and an empty fragment", r), in: []drawn{first("ab" + r), last("")}, part: part, code: 1007, msg: msg})
	}
	runAll(t, vectors)
}

// A byte that is wrong fails the connection when it comes, not later.
func TestInvalidTextAtOnce(t *testing.T) {
	roles(func(c Config) {
		in := encode(c.Server, drawn{op: frame.Text, payload: "good \xe2\x82\xac \xed\xa0", claim: 100})
		conn, _ := newConn(c)
		wstest.Feed(conn, in[:len(in)-1])
		if conn.Err() != nil {
			t.Errorf("%s: %v too early", describe(c), conn.Err())
		}
		if wstest.Feed(conn, in[len(in)-1:]); conn.Err() == nil || conn.State() != ws.StateClosed {
			t.Errorf("%s: not at once", describe(c))
		}
	})
}

// In pieces every piece of a text is valid by itself, a rune that is held back is
// a piece of its own, and only the last piece may be empty.
func TestPieces(t *testing.T) {
	cfg := plain(false)
	cfg.Pieces = true
	in := encode(false, first("aé€"), more("😀b\xe2"), more(""), more("\x82\xacé"), last(""))
	var names []string
	splits(in, func(name string, chunks [][]byte) {
		c, _ := newConn(cfg)
		for _, r := range wstest.Feed(c, chunks...) {
			if r.Data == "" && !r.Final {
				names = append(names, name+": empty piece")
			}
			if _, ok := validUTF8([]byte(r.Data)); !ok {
				names = append(names, name+": "+r.Data)
			}
		}
	})
	if names != nil {
		t.Error(names)
	}
	c, _ := newConn(cfg)
	var got []string
	for _, r := range wstest.Feed(c, in[:6], in[6:11], in[11:]) {
		got = append(got, fmt.Sprintf("%s %v", r.Data, r.Final))
	}
	if want := "[aé false € false 😀 false b false € false é false  true]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

// A frame that lies whole in the chunk is not copied, and what is appended to
// an event's data does not reach the next frame.
func TestNoCopy(t *testing.T) {
	roles(func(c Config) {
		conn, _ := newConn(c)
		in := encode(c.Server, text("hello"), bin(strings.Repeat("b", 200)), ping("p"), first(""), more("m"), last("n"))
		orig := bytes.Clone(in)
		for rest := in; len(rest) > 0; {
			n, ev := conn.Parse(rest)
			if len(ev.Data) > 0 && ev.Kind != ws.Text && &ev.Data[len(ev.Data)-1] != &rest[n-1] {
				t.Errorf("%s: %v was copied", describe(c), ev.Kind)
			}
			_ = append(ev.Data, 0xee)
			rest = rest[n:]
			if !bytes.Equal(rest, orig[len(orig)-len(rest):]) {
				t.Fatalf("%s: %v: input that has not been used was changed", describe(c), ev.Kind)
			}
		}
	})
}
