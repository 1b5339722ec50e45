package hybi

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

// wireKey is the masking key of the examples in section 5.7.
var wireKey = [4]byte{0x37, 0xfa, 0x21, 0x3d}

// fixedKey is a source of masking keys that deals out nothing but wireKey.
type fixedKey struct{}

func (fixedKey) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = wireKey[i%4]
	}
	return len(p), nil
}

// frame is a frame as the figure in section 5.2 draws it. Its length takes the
// fewest bytes and its mask bit is what the role demands, unless it says other.
type frame struct {
	fin     bool
	rsv     byte // bits 0x40, 0x20 and 0x10
	op      opcode
	payload string

	form  int    // bytes of the extended length: 2 or 8; 0 as few as possible
	claim uint64 // the length, if it is not that of payload
	wrong bool   // the mask bit is wrong
	cut   int    // bytes missing at the end
}

// encode returns the frame as a client or a server sends it.
func (f frame) encode(fromClient bool) []byte {
	n := uint64(len(f.payload))
	if f.claim > 0 {
		n = f.claim
	}
	b0, masked := f.rsv|byte(f.op), fromClient != f.wrong
	if f.fin {
		b0 |= 0x80
	}
	var b1 byte
	if masked {
		b1 = 0x80
	}
	var b []byte
	switch {
	case f.form == 8 || f.form == 0 && n > 0xffff:
		b = binary.BigEndian.AppendUint64([]byte{b0, b1 | 127}, n)
	case f.form == 2 || f.form == 0 && n > 125:
		b = binary.BigEndian.AppendUint16([]byte{b0, b1 | 126}, uint16(n))
	default:
		b = []byte{b0, b1 | byte(n)}
	}
	if masked {
		b = append(b, wireKey[:]...)
		b = append(b, naiveMask([]byte(f.payload), wireKey, 0)...)
	} else {
		b = append(b, f.payload...)
	}
	return b[:len(b)-f.cut]
}

// encode returns the frames, one behind the other.
func encode(fromClient bool, frames ...frame) []byte {
	var b []byte
	for _, f := range frames {
		b = append(b, f.encode(fromClient)...)
	}
	return b
}

func text(s string) frame   { return frame{fin: true, op: opText, payload: s} }
func bin(s string) frame    { return frame{fin: true, op: opBinary, payload: s} }
func ping(s string) frame   { return frame{fin: true, op: opPing, payload: s} }
func pong(s string) frame   { return frame{fin: true, op: opPong, payload: s} }
func first(s string) frame  { return frame{op: opText, payload: s} }
func firstB(s string) frame { return frame{op: opBinary, payload: s} }
func more(s string) frame   { return frame{payload: s} }
func last(s string) frame   { return frame{fin: true, payload: s} }

// bye is a close frame; the code CodeNoStatus stands for an empty body.
func bye(code ws.Code, reason string) frame {
	f := frame{fin: true, op: opClose}
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

// gather makes of pieces what is reported without them: each message stands
// where its last piece stood. What is left of a message that does not end stands
// before Close or at the end.
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

// check feeds in to new connections with every split, and compares the events
// and the output.
func check(t *testing.T, c Config, in []byte, want []wstest.Record, out []byte) {
	t.Helper()
	failed := false
	splits(in, func(name string, chunks [][]byte) {
		if failed {
			return
		}
		var q ws.Queue
		got := gather(wstest.Feed(NewConn(&q, c), chunks...))
		if !slices.Equal(got, want) {
			t.Errorf("%s, %s: events (-want +got):\n%s", describe(c), name, cmp.Diff(want, got))
			failed = true
		}
		if !bytes.Equal(q.Buf, out) {
			t.Errorf("%s, %s: output\n% x, want\n% x", describe(c), name, q.Buf, out)
			failed = true
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
func take(t *testing.T, q *ws.Queue, fromClient bool) []frame {
	t.Helper()
	var frames []frame
	for p := q.Take(nil); len(p) > 0; {
		h := headerSize(p[1])
		n, shortest := payloadLength(p[:h])
		if (p[1]&0x80 != 0) != fromClient || !shortest || n > uint64(len(p)-h) {
			t.Fatalf("output holds a bad frame: % x", p[:min(len(p), 20)])
		}
		body := p[h : h+int(n)]
		if fromClient {
			body = naiveMask(body, [4]byte(p[h-4:h]), 0)
		}
		frames = append(frames, frame{fin: p[0]&0x80 != 0, rsv: p[0] & 0x70, op: opcode(p[0] & 0x0f), payload: string(body)})
		p = p[h+int(n):]
	}
	return frames
}

// sameFrames compares frames.
func sameFrames(t *testing.T, got []frame, want ...frame) {
	t.Helper()
	if d := cmp.Diff(want, got, cmp.AllowUnexported(frame{})); d != "" {
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
