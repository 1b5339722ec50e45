package hybi

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/driver/wstest"
	"github.com/sans-io/websocket-driver/hybi/frame"
)

// wireKey is the masking key of the examples in section 5.7: 37 fa 21 3d.
const wireKey frame.Key = 0x3d21fa37

// fixedKey is a source of masking keys that hands out nothing but wireKey.
type fixedKey struct{}

func (fixedKey) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(wireKey >> (i % 4 * 8))
	}
	return len(p), nil
}

// drawn is a frame as the figure in section 5.2 draws it. Its length takes the
// fewest bytes and its mask bit is what the role demands, unless it says other.
type drawn struct {
	fin     bool
	rsv     byte // bits 0x40, 0x20 and 0x10
	op      frame.Opcode
	payload string

	form  uint8  // bytes of the extended length: 2 or 8; 0 as few as possible
	claim uint64 // the length, if it is not that of payload
	wrong bool   // the mask bit is wrong
	cut   int    // bytes missing at the end
}

// encode returns the frame as a client or a server sends it.
func (f drawn) encode(fromClient bool) []byte {
	h := frame.Header{Fin: f.fin, RSV: f.rsv, Opcode: f.op, Form: f.form, Length: f.claim}
	if fromClient != f.wrong {
		h.Masked, h.Key = true, wireKey
	}
	b := frame.Encode(h, []byte(f.payload))
	return b[:len(b)-f.cut]
}

// encode returns the frames, one after the other.
func encode(fromClient bool, frames ...drawn) []byte {
	var b []byte
	for _, f := range frames {
		b = append(b, f.encode(fromClient)...)
	}
	return b
}

func text(s string) drawn   { return drawn{fin: true, op: frame.Text, payload: s} }
func bin(s string) drawn    { return drawn{fin: true, op: frame.Binary, payload: s} }
func ping(s string) drawn   { return drawn{fin: true, op: frame.Ping, payload: s} }
func pong(s string) drawn   { return drawn{fin: true, op: frame.Pong, payload: s} }
func first(s string) drawn  { return drawn{op: frame.Text, payload: s} }
func firstB(s string) drawn { return drawn{op: frame.Binary, payload: s} }
func more(s string) drawn   { return drawn{payload: s} }
func last(s string) drawn   { return drawn{fin: true, payload: s} }

// bye is a close frame; CodeNoStatus means an empty body.
func bye(code ws.Code, reason string) drawn {
	f := drawn{fin: true, op: frame.Close}
	if code != ws.CodeNoStatus {
		f.payload = string([]byte{byte(code >> 8), byte(code)}) + reason
	}
	return f
}

// sizes calls f with frames of every payload length that is near a border of
// the header's form.
func sizes(f func(n int)) {
	for _, n := range []int{0, 1, 124, 125, 126, 127, 128, 1000, 0xfffe, 0xffff, 0x10000, 0x10001} {
		f(n)
	}
}

// gotText and the others are events as they are recorded.
func gotText(s string) wstest.Record {
	return wstest.Record{Kind: ws.Text, Final: true, Data: s}
}
func gotBin(s string) wstest.Record {
	return wstest.Record{Kind: ws.Binary, Final: true, Data: s}
}
func gotPart(k ws.Kind, s string) wstest.Record { return wstest.Record{Kind: k, Data: s} }
func gotPing(s string) wstest.Record            { return wstest.Record{Kind: ws.Ping, Data: s} }
func gotPong(s string) wstest.Record            { return wstest.Record{Kind: ws.Pong, Data: s} }
func gotClose(code ws.Code, reason string) wstest.Record {
	return wstest.Record{Kind: ws.Close, Code: code, Data: reason}
}

// gather joins pieces to what is reported without them: each message is where its
// last piece was. What is left of a message that does not end is before Close or
// at the end.
func gather(records []wstest.Record) []wstest.Record {
	var all []wstest.Record
	var open *wstest.Record
	for _, r := range records {
		data := r.Kind == ws.Text || r.Kind == ws.Binary
		if data {
			if open == nil {
				open = &wstest.Record{Kind: r.Kind}
			}
			open.Data += r.Data
			open.Final = r.Final
		}
		if open != nil && (r.Final || r.Kind == ws.Close) {
			all, open = append(all, *open), nil
		}
		if !data {
			all = append(all, r)
		}
	}
	if open != nil {
		all = append(all, *open)
	}
	return all
}

// roles are all ways in which a connection is run.
func roles(f func(c Config)) {
	for _, version := range []ws.Version{ws.Hybi7, ws.Hybi8, ws.Hybi13} {
		for _, server := range []bool{false, true} {
			for _, pieces := range []bool{false, true} {
				f(Config{Version: version, Server: server, Pieces: pieces, Rand: fixedKey{},
					MaxMessage: -1, MaxFrame: -1, MaxFragments: -1, MaxPongs: 64})
			}
		}
	}
}

// describe names a Config in a test's output.
func describe(c Config) string {
	s := c.Version.String() + " client"
	if c.Server {
		s = c.Version.String() + " server"
	}
	if c.Pieces {
		s += " in pieces"
	}
	return s
}

// splits is wstest.Splits; of long input it tries not all splits but some.
func splits(in []byte, f func(name string, chunks [][]byte)) {
	if len(in) <= 400 {
		wstest.Splits(in, f)
		return
	}
	f("whole", [][]byte{in})
	rnd := rand.New(rand.NewPCG(uint64(len(in)), 7))
	for _, n := range []int{len(in) / 2, 1 + len(in)/20} {
		f(fmt.Sprintf("random up to %d", n), wstest.Cut(in, func() int { return 1 + rnd.IntN(n) }))
	}
	for _, i := range []int{1, 2, 3, 8, 13, 15, len(in) - 1} {
		f(fmt.Sprintf("split at %d", i), [][]byte{in[:i], in[i:]})
	}
}

// longWay is a Conn that does not know the short way of whole messages.
type longWay struct{ *Conn }

func (l longWay) Parse(p []byte) (int, ws.Event) { return l.parse(p) }

// check feeds in to new connections with every split, and compares the events
// and the output: with and without the short way of whole messages, with and
// without a Pool.
func check(t *testing.T, c Config, in []byte, want []wstest.Record, out []byte) {
	t.Helper()
	checkWith(t, c, func(*Config) {}, in, want, out)
}

// checkWith is check for connections that need something of their own: prepare
// is called for each.
func checkWith(t *testing.T, c Config, prepare func(*Config), in []byte, want []wstest.Record, out []byte) {
	t.Helper()
	failed := false
	splits(in, func(name string, chunks [][]byte) {
		for _, way := range []string{"short way", "long way"} {
			if failed {
				return
			}
			prepare(&c)
			var q ws.Queue
			var lends pool
			conn := NewConn(&q, c)
			parser := wstest.Parser(conn)
			if way == "long way" {
				q.Pool, parser = &lends, longWay{conn}
			}
			records := wstest.Feed(parser, chunks...)
			if got := gather(records); !slices.Equal(got, want) {
				t.Errorf("%s, %s, %s: events (-want +got):\n%s", describe(c), name, way, cmp.Diff(want, got))
				failed = true
			}
			if !bytes.Equal(q.Buf, out) {
				t.Errorf("%s, %s, %s: output\n% x, want\n% x", describe(c), name, way, q.Buf, out)
				failed = true
			}
			if conn.buf == nil && q.Pool != nil && lends.gathering(&q) > 0 {
				t.Errorf("%s, %s, %s: buffers have been lost", describe(c), name, way)
				failed = true
			}
			if conn.kind == ws.None && conn.phase != phaseControl && conn.buf != nil {
				t.Errorf("%s, %s, %s: %d bytes of buffer at rest", describe(c), name, way, cap(conn.buf))
				failed = true
			}
			for _, r := range records {
				if r.Kind <= ws.Binary && c.Pieces && (c.Pipeline != nil && len(r.Data) > pieceSize+3 || r.Data == "" && !r.Final) {
					t.Errorf("%s, %s, %s: a piece of %d bytes", describe(c), name, way, len(r.Data))
					failed = true
				}
			}
		}
	})
}

// newConn returns a Conn that is run as c says and the queue of its output.
func newConn(c Config) (*Conn, *ws.Queue) {
	q := &ws.Queue{}
	return NewConn(q, c), q
}

// plain is the Config of tests in which the version does not matter.
func plain(server bool) Config {
	return Config{Version: ws.Hybi13, Server: server, Rand: fixedKey{},
		MaxMessage: -1, MaxFrame: -1, MaxFragments: -1, MaxPongs: 64}
}

// take takes the output of q as frames, and fails if they do not follow each
// other without a gap.
func take(t *testing.T, q *ws.Queue, fromClient bool) []drawn {
	t.Helper()
	var frames []drawn
	for p := q.Take(nil); len(p) > 0; {
		h, n, err := frame.Parse(p)
		if n == 0 || err != nil || h.Masked != fromClient || h.Length > uint64(len(p)-n) {
			t.Fatalf("output holds a bad frame: % x", p[:min(len(p), 20)])
		}
		end := n + int(h.Length)
		frame.Mask(p[n:end], h.Key)
		frames = append(frames, drawn{fin: h.Fin, rsv: h.RSV, op: h.Opcode, payload: string(p[n:end])})
		p = p[end:]
	}
	return frames
}

// sameFrames compares frames.
func sameFrames(t *testing.T, got []drawn, want ...drawn) {
	t.Helper()
	if d := cmp.Diff(want, got, cmp.AllowUnexported(drawn{})); d != "" {
		t.Errorf("frames (-want +got):\n%s", d)
	}
}

// brokenRand fails until it is mended.
type brokenRand struct{ mended bool }

func (b *brokenRand) Read(p []byte) (int, error) {
	if !b.mended {
		return 0, io.ErrNoProgress
	}
	return fixedKey{}.Read(p)
}
