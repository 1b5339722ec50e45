package hybi

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sans-io/websocket-driver/driver/head"
	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/driver/wstest"
	"github.com/sans-io/websocket-driver/extensions"
	"github.com/sans-io/websocket-driver/hybi/frame"
)

// repeat is an extension for tests, with RSV2. It sends each run of a byte as
// its length and the byte, so that few bytes can become many. Length 0 is an
// error, with the text and the code that the byte after it names. Messages
// shorter than min stay as they are.
type repeat struct {
	min  int
	step int // bytes that Decode writes before it returns to its caller, or 0

	left  int // of the run that is being decoded
	val   byte
	count byte // a length without its byte
	zero  bool
	fail  error // of Encode
}

func (r *repeat) Name() string                { return "repeat" }
func (r *repeat) RSV() byte                   { return extensions.RSV2 }
func (r *repeat) Offer() []extensions.Offer   { return []extensions.Offer{{Name: "repeat"}} }
func (r *repeat) Begin(_ ws.Kind, n int) bool { return n < 0 || n >= r.min }
func (r *repeat) Activate([]extensions.Param) (extensions.Session, error) {
	return r, nil
}
func (r *repeat) Accept([]extensions.Param) ([]extensions.Param, extensions.Session, bool) {
	return nil, r, true
}

func (r *repeat) Encode(dst, src []byte, _ bool) ([]byte, error) {
	if r.fail != nil {
		return append(dst, "half"...), r.fail
	}
	for i := 0; i < len(src); {
		n := 1
		for ; i+n < len(src) && n < 255 && src[i+n] == src[i]; n++ {
		}
		dst = append(dst, byte(n), src[i])
		i += n
	}
	return dst, nil
}

// repeatErrors are the errors of Decode, by the byte after a length of 0.
var repeatErrors = map[byte]error{
	'p': &ws.Error{Code: ws.CodePolicyViolation, Msg: "a policy"},
	'z': &ws.Error{Msg: "no code"},
	'r': &ws.Error{Code: ws.CodeAbnormal, Msg: "a reserved code"},
	'e': errors.New("plain \xff"),
}

func (r *repeat) Decode(dst, src []byte, fin bool) (nd, ns int, err error) {
	for nd < len(dst) && (r.step == 0 || nd < r.step || ns == len(src)) {
		switch {
		case r.left > 0:
			dst[nd] = r.val
			nd, r.left = nd+1, r.left-1
		case ns == len(src):
			if fin && (r.count > 0 || r.zero) {
				err = errors.New("half a run")
			}
			return nd, ns, err
		case r.zero:
			return nd, ns, repeatErrors[src[ns]]
		case r.count == 0:
			r.count, r.zero = src[ns], src[ns] == 0
			ns++
		default:
			r.left, r.val, r.count = int(r.count), src[ns], 0
			ns++
		}
	}
	return nd, ns, nil
}

// pipeline returns a Pipeline of one session.
func pipeline(t *testing.T, e extensions.Extension) *extensions.Pipeline {
	t.Helper()
	_, p, err := extensions.Accept([]extensions.Extension{e},
		[]head.Field{{Name: "Sec-WebSocket-Extensions", Value: e.Name()}})
	if err != nil || p == nil {
		t.Fatal(err)
	}
	return p
}

// runs are the frames of a message of run lengths and bytes, cut at the given
// places.
func runs(op frame.Opcode, wire string, cuts ...int) []drawn {
	var frames []drawn
	at := 0
	for _, cut := range append(cuts, len(wire)) {
		frames = append(frames, drawn{op: op, payload: wire[at:cut]})
		op, at = frame.Continuation, cut
	}
	frames[0].rsv = extensions.RSV2
	frames[len(frames)-1].fin = true
	return frames
}

// What a Conn with an extension receives: in pieces or not, written in one go or
// byte by byte, in any split.
func TestDecode(t *testing.T) {
	const big = ws.CodeMessageTooBig
	bomb := strings.Repeat("\xffa", 34) // 8670 bytes
	a := func(n int) string { return strings.Repeat("a", n) }
	tooBig := func(n int) string { return fmt.Sprintf("message of more than %d bytes after decoding", n) }
	tests := []struct {
		rule string
		name string
		in   []drawn
		want []wstest.Record
		out  []drawn
		code ws.Code
		msg  string
		part []wstest.Record
		max  int
	}{
		{rule: "5.8", name: "a message", in: runs(frame.Text, "\x03a\x01b"), want: []wstest.Record{gotText("aaab")}},
		{rule: "5.8", name: "an empty message", in: runs(frame.Text, ""), want: []wstest.Record{gotText("")}},
		{rule: "5.8", name: "a message that is not encoded", in: []drawn{text("\x03a"), bin("x"), first("a"), last("b")}, want: []wstest.Record{gotText("\x03a"), gotBin("x"), gotText("ab")}},
		{rule: "5.8", name: "with and without in turn", in: slices.Concat(runs(frame.Text, "\x02b"), []drawn{text("c")}, runs(frame.Binary, "\x02\xff")),
			want: []wstest.Record{gotText("bb"), gotText("c"), gotBin("\xff\xff")}},
		{rule: "5.4", name: "fragments that cut a run and a rune", in: runs(frame.Text, "\x01\xe2\x01\x82\x01\xac\x03x", 0, 1, 2, 3, 5, 8), want: []wstest.Record{gotText("€xxx")}},
		{rule: "5.4", name: "control frames between", in: slices.Insert(runs(frame.Text, "\x01\xc3\x01\xa9\x02b", 2, 3), 1, ping(a(125)), pong("")),
			want: []wstest.Record{gotPing(a(125)), gotPong(""), gotText("ébb")}, out: []drawn{pong(a(125))}},
		{rule: "10.4", name: "much out of little", in: slices.Concat(runs(frame.Text, bomb), runs(frame.Binary, bomb, 3)), want: []wstest.Record{gotText(a(8670)), gotBin(a(8670))}},
		{rule: "10.4", name: "as long as the limit", max: 8670, in: runs(frame.Text, bomb), want: []wstest.Record{gotText(a(8670))}},
		{rule: "10.4", name: "one byte longer", max: 8669, in: runs(frame.Text, bomb), part: []wstest.Record{gotPart(ws.Text, a(8669))}, code: big, msg: tooBig(8669)},
		{rule: "10.4", name: "a small limit", max: 3, in: runs(frame.Binary, "\x02a\x02b", 2), part: []wstest.Record{gotPart(ws.Binary, "aab")}, code: big, msg: tooBig(3)},
		{rule: "8.1", name: "the limit before bad text", max: 3, in: runs(frame.Text, "\x03a\x01\xff"), part: []wstest.Record{gotPart(ws.Text, "aaa")}, code: big, msg: tooBig(3)},
		{rule: "8.1", name: "bad text before the limit", max: 3, in: runs(frame.Text, "\x02a\xff\xff"), part: []wstest.Record{gotPart(ws.Text, "aa")}, code: 1007, msg: "text is not valid UTF-8"},
		{rule: "10.4", name: "the limit inside a rune", max: 2, in: runs(frame.Text, "\x01a\x01\xc3\x01\xa9"), part: []wstest.Record{gotPart(ws.Text, "a")}, code: big, msg: tooBig(2)},
		{rule: "10.4", name: "the limit before an error", max: 3, in: runs(frame.Binary, "\x04a\x00p"), part: []wstest.Record{gotPart(ws.Binary, "aaa")}, code: big, msg: tooBig(3)},
		{rule: "8.1", name: "a truncated rune", in: runs(frame.Text, "\x01a\x01\xe2\x01\x82"), part: []wstest.Record{gotPart(ws.Text, "a")}, code: 1007, msg: "text is not valid UTF-8"},
		{rule: "8.1", name: "a truncated rune before an empty fragment", in: runs(frame.Text, "\x01a\x01\xe2", 4), part: []wstest.Record{gotPart(ws.Text, "a")}, code: 1007, msg: "text is not valid UTF-8"},
		{rule: "7.1.7", name: "an error with a code", in: runs(frame.Binary, "\x02a\x00p"), part: []wstest.Record{gotPart(ws.Binary, "aa")}, code: 1008, msg: "a policy"},
		{rule: "7.1.7", name: "an error without a code", in: runs(frame.Text, "\x02a\x00z"), part: []wstest.Record{gotPart(ws.Text, "aa")}, code: 1007, msg: "no code"},
		{rule: "7.1.7", name: "an error with a reserved code", in: runs(frame.Text, "\x00r"), code: 1007, msg: "a reserved code"},
		{rule: "7.1.7", name: "another error", in: runs(frame.Text, "\x00e"), code: 1007, msg: "plain \uFFFD"},
		{rule: "8.1", name: "bad text before an error", in: runs(frame.Text, "\x01\xff\x00p"), code: 1007, msg: "text is not valid UTF-8"},
		{rule: "7.1.7", name: "an error at the end", in: runs(frame.Text, "\x02a\x07"), part: []wstest.Record{gotPart(ws.Text, "aa")}, code: 1007, msg: "half a run"},
		{rule: "5.2", name: "another bit", in: []drawn{{fin: true, rsv: 0x40, op: frame.Text}}, code: 1002, msg: "reserved bits 0x40 set in a frame with opcode 0x1"},
		{rule: "5.2", name: "another bit beside", in: []drawn{{fin: true, rsv: 0x30, op: frame.Text}}, code: 1002, msg: "reserved bits 0x10 set in a frame with opcode 0x1"},
		{rule: "5.2", name: "the bit on a continuation", in: []drawn{{rsv: 0x20, op: frame.Text}, {fin: true, rsv: 0x20}}, code: 1002, msg: "reserved bits 0x20 set in a frame with opcode 0x0"},
		{rule: "5.2", name: "the bit on a ping", in: []drawn{{fin: true, rsv: 0x20, op: frame.Ping}}, code: 1002, msg: "reserved bits 0x20 set in a frame with opcode 0x9"},
	}
	for _, tt := range tests {
		t.Run(tt.rule+" "+tt.name, func(t *testing.T) {
			for _, step := range []int{0, 1, 3} {
				roles(func(cfg Config) {
					if cfg.MaxMessage = -1; tt.max > 0 {
						cfg.MaxMessage = tt.max
					}
					want, out := slices.Clone(tt.want), slices.Clone(tt.out)
					if tt.code != 0 {
						if cfg.Pieces {
							want = append(want, tt.part...)
						}
						code := inVersion(cfg.Version, tt.code)
						want, out = append(want, gotClose(code, tt.msg)), append(out, bye(code, tt.msg))
					}
					in, step := encode(cfg.Server, tt.in...), step
					if len(in) > 60 { // bombs, and what else is long
						step *= 1000
					}
					prepare := func(c *Config) { c.Pipeline = pipeline(t, &repeat{step: step}) }
					checkWith(t, cfg, prepare, in, want, encode(!cfg.Server, out...))
				})
			}
		})
	}
}

// twoBits is an extension with two bits, which belong together.
type twoBits struct{ repeat }

func (*twoBits) RSV() byte { return extensions.RSV1 | extensions.RSV2 }

// One bit of two is a violation, which the header shows (section 5.2).
func TestHalfTheBits(t *testing.T) {
	cfg := plain(true)
	for _, rsv := range []byte{extensions.RSV1, extensions.RSV2} {
		cfg.Pipeline = pipeline(t, &twoBits{})
		in := drawn{rsv: rsv, op: frame.Text}.encode(true)
		msg := fmt.Sprintf("reserved bits %#x set, which no extension uses alone", rsv)
		check(t, cfg, in, []wstest.Record{gotClose(1002, msg)}, encode(false, bye(1002, msg)))
	}
	cfg.Pipeline = pipeline(t, &twoBits{})
	in := drawn{fin: true, rsv: 0x60, op: frame.Text, payload: "\x02a"}.encode(true)
	check(t, cfg, in, []wstest.Record{gotText("aa")}, nil)
}

// noBits is an extension without bits, which sees every message.
type noBits struct{ repeat }

func (*noBits) RSV() byte { return 0 }
func (n *noBits) Accept([]extensions.Param) ([]extensions.Param, extensions.Session, bool) {
	return nil, n, true
}

// Without bits a message is decoded like any other, also if it lies whole in the
// input.
func TestNoBits(t *testing.T) {
	roles(func(cfg Config) {
		cfg.Pipeline = pipeline(t, &noBits{})
		check(t, cfg, encode(cfg.Server, text("\x02a"), ping("p"), bin("\x03b")), []wstest.Record{gotText("aa"), gotPing("p"), gotBin("bbb")},
			encode(!cfg.Server, pong("p")))
	})
}

// A bomb takes no more memory than the limit allows.
func TestBombMemory(t *testing.T) {
	bomb := strings.Repeat("\xffa", 1<<18) // 64 MiB
	for _, pieces := range []bool{false, true} {
		cfg := plain(true)
		cfg.MaxMessage, cfg.Pieces, cfg.Pipeline = 100000, pieces, pipeline(t, &repeat{})
		c, _ := newConn(cfg)
		sum, most := 0, 0
		for p := encode(true, runs(frame.Binary, bomb)...); ; {
			n, ev := c.Parse(p)
			p, sum, most = p[n:], sum+len(ev.Data), max(most, cap(c.buf))
			if ev.Kind == ws.Close {
				if ev.Code != ws.CodeMessageTooBig {
					t.Errorf("got %v", ev)
				}
				sum -= len(ev.Data)
				break
			}
		}
		if pieces && sum != 100000 || !pieces && sum != 0 {
			t.Errorf("%d bytes delivered", sum)
		}
		if most > 110000 || pieces && most > 2*pieceSize {
			t.Errorf("%d bytes of buffer", most)
		}
	}
}

// The highest limit of all does not overflow.
func TestDecodeHighestLimit(t *testing.T) {
	cfg := plain(true)
	cfg.MaxMessage, cfg.Pipeline = int(^uint(0)>>1), pipeline(t, &repeat{})
	c, _ := newConn(cfg)
	got := wstest.Feed(c, encode(true, runs(frame.Text, "\x03a")...))
	if len(got) != 1 || got[0].Data != "aaa" {
		t.Errorf("got %v", got)
	}
}

// What is sent through an extension, with and without a Pool.
func TestEncode(t *testing.T) {
	for _, server := range []bool{false, true} {
		for _, lends := range []ws.Buffers{nil, &pool{}} {
			cfg := plain(server)
			cfg.Pipeline, cfg.FragmentSize = pipeline(t, &repeat{min: 3}), 4
			q := &ws.Queue{Pool: lends}
			c := NewConn(q, cfg)
			for _, m := range []string{"aab", "aa", "", "abcdef"} {
				if err := c.Message(ws.Text, []byte(m)); err != nil {
					t.Fatal(err)
				}
			}
			for i, m := range []string{"ccc", "", "ddd"} {
				if err := c.Fragment(ws.Binary, []byte(m), i == 2); err != nil {
					t.Fatal(err)
				}
			}
			rsv := extensions.RSV2
			sameFrames(t, take(t, q, !server),
				drawn{fin: true, rsv: rsv, op: frame.Text, payload: "\x02a\x01b"},
				text("aa"), text(""),
				drawn{rsv: rsv, op: frame.Text, payload: "\x01a\x01b"}, more("\x01c\x01d"), last("\x01e\x01f"),
				drawn{rsv: rsv, op: frame.Binary, payload: "\x03c"}, more(""), last("\x03d"),
			)
		}
	}
}

// Output that the buffer of a Pool is too short for moves to a longer one, and is
// not read from the one that went back.
func TestEncodeMoves(t *testing.T) {
	for _, server := range []bool{false, true} {
		for _, size := range []int{0, 1000} {
			for n := 10; n < 20000; n = n*5/4 + 1 {
				cfg := plain(server)
				cfg.Pipeline, cfg.FragmentSize = pipeline(t, &repeat{}), size
				lends := &pool{}
				q := &ws.Queue{Pool: lends}
				c := NewConn(q, cfg)
				if err := errors.Join(c.Message(ws.Ping, []byte("before")), c.Message(ws.Text, payload("ab", n))); err != nil {
					t.Fatal(err)
				}
				var got strings.Builder
				for _, f := range take(t, q, !server)[1:] {
					got.WriteString(f.payload)
				}
				if want := strings.Repeat("\x01a\x01b", n/2+1)[:2*n]; n%2 == 0 && got.String() != want {
					t.Fatalf("%d bytes in frames of %d: bad output", n, size)
				}
				if lends.gathering(q) > 1 { // the one that was taken
					t.Fatalf("%d buffers have been lost", lends.gathering(q))
				}
			}
		}
	}
}

// When an extension fails, or what it has encoded cannot be masked, the
// connection fails: the peer could not decode the next message. The caller gets
// the error, the peer a close frame if that can be masked.
func TestEncodeFails(t *testing.T) {
	mistake := errors.New("mistake")
	const msg = "an encoded message could not be sent"
	for _, server := range []bool{false, true} {
		for _, random := range []*brokenRand{{mended: true}, {}} {
			for _, fragment := range []bool{false, true} {
				if server && !random.mended {
					continue // it masks nothing
				}
				r, want, out := &repeat{}, io.ErrNoProgress, []byte(nil)
				if random.mended {
					r.fail, want, out = mistake, mistake, encode(!server, bye(1011, msg))
				}
				cfg := plain(server)
				cfg.Pipeline, cfg.Rand = pipeline(t, r), random
				c, q := newConn(cfg)
				send := func() error {
					if fragment {
						return c.Fragment(ws.Text, []byte("a"), false)
					}
					return c.Message(ws.Text, []byte("a"))
				}
				if err := send(); !errors.Is(err, want) || c.State() != ws.StateClosed || !bytes.Equal(q.Buf, out) {
					t.Errorf("%v, %v with % x queued", err, c.State(), q.Buf)
				}
				if err := send(); err != ws.ErrClosed {
					t.Errorf("afterwards: %v", err)
				}
				got := wstest.Feed(c, encode(server, text("unheard")))
				if diff := cmp.Diff([]wstest.Record{gotClose(1011, msg)}, got); diff != "" {
					t.Error(diff)
				}
				if e := (*ws.Error)(nil); !errors.As(c.Err(), &e) || e.Code != 1011 {
					t.Errorf("Err is %v", c.Err())
				}
			}
		}
	}
}
