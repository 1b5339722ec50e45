package hybi

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/driver/wstest"
	"github.com/sans-io/websocket-driver/hybi/frame"
)

var fuzzVersions = []ws.Version{ws.Hybi7, ws.Hybi8, ws.Hybi13}

// fuzzConfig draws a configuration from one byte: small limits are met often.
func fuzzConfig(b byte) Config {
	return Config{
		Version:      fuzzVersions[int(b&3)%3],
		Server:       b&4 != 0,
		Pieces:       b&8 != 0,
		Frames:       b&128 != 0,
		HoldClose:    b&32 != 0,
		HoldPongs:    b&32 != 0,
		MaxMessage:   300,
		MaxFrame:     200,
		MaxFragments: 5,
		MaxPongs:     2,
		Rand:         fixedKey{},
	}
}

// FuzzConn gives arbitrary bytes to a client or a server: any split makes the
// same events and the same output, limits hold, and Close comes once.
func FuzzConn(f *testing.F) {
	for b := range byte(16) {
		f.Add(b, uint64(b), encode(b&4 != 0, first("a\xf0\x9f"), ping("x"), last("\x98\x80"), bin("1"), bye(1000, "bye"), text("junk")))
		f.Add(b, uint64(b), encode(b&4 != 0, firstB(strings.Repeat("x", 150)), more(strings.Repeat("y", 151))))
		f.Add(b, uint64(b), encode(b&4 != 0, ping("1"), ping("2"), ping("3"), ping("4"), pong(""), text("\xff")))
		f.Add(b|32, uint64(b), encode(b&4 != 0, first("a"), ping("1"), more("b"), bye(1000, "held"), bye(1001, ""), drawn{op: 0xf}))
	}
	for b := range byte(16) {
		b += 16 + b<<6
		f.Add(b, uint64(b), encode(b&4 != 0, runs(frame.Text, "\x04a\x01\xc3\x01\xa9\x90b", 1, 3)...))
		f.Add(b, uint64(b), encode(b&4 != 0, runs(frame.Text, "\xff1\xff2")...))
		f.Add(b, uint64(b), encode(b&4 != 0, runs(frame.Binary, "\x04a\x00p")...))
	}
	f.Add(byte(2), uint64(0), []byte("\x81\x7e\x00\x05hello"))
	f.Add(byte(2), uint64(0), []byte("\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, config byte, seed uint64, in []byte) {
		c := fuzzConfig(config)
		session := &repeat{}
		if config&16 != 0 {
			c.Pipeline = pipeline(t, session)
		}
		var whole ws.Queue
		conn := NewConn(&whole, c)
		join := wstest.Join
		if c.Frames {
			join = func(records []wstest.Record) []wstest.Record { return records }
		}
		want := join(wstest.Feed(conn, in))
		*session = repeat{step: int(config >> 6)}
		checkRecords(t, c, want)

		rnd := rand.New(rand.NewPCG(seed, 0))
		var lends pool
		out := ws.Queue{Pool: &lends}
		cut := NewConn(&out, c)
		got := join(wstest.Feed(cut, wstest.Cut(in, func() int { return 1 + rnd.IntN(9) })...))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("events differ (-whole +cut):\n%s", diff)
		}
		if !bytes.Equal(whole.Buf, out.Buf) {
			t.Errorf("output differs: % x whole, % x cut", whole.Buf, out.Buf)
		}
		// Lent buffers are powers of two.
		if n := cap(cut.buf); n > max(2*4*c.MaxMessage, 2*pieceSize) || lends.gathering(&out) > 1 {
			t.Errorf("a buffer of %d bytes, %d are lent", n, lends.gathering(&out))
		}
		// Pongs and one close frame: what waits is bounded, whatever comes.
		if most := (c.MaxPongs + 2) * (frame.MaxHeader + frame.MaxControl); out.Len() > most {
			t.Errorf("%d bytes of output wait", out.Len())
		}
	})
}

// checkRecords checks what must hold for any input.
func checkRecords(t *testing.T, c Config, records []wstest.Record) {
	t.Helper()
	for i, r := range records {
		switch {
		case len(r.Data) > c.MaxMessage:
			t.Errorf("%v of %d bytes", r.Kind, len(r.Data))
		case (r.Kind == ws.Close || r.Kind == ws.PeerClose) && i != len(records)-1:
			t.Errorf("%v after %v", records[i+1].Kind, r.Kind)
		case r.Kind == ws.Text && !c.Frames && string([]rune(r.Data)) != r.Data:
			t.Errorf("text %q is not valid UTF-8", r.Data)
		}
	}
}

// FuzzRoundTrip sends what a program says, and receives it on the other side.
func FuzzRoundTrip(f *testing.F) {
	f.Add(byte(6), uint16(0), uint64(1), []byte("\x00hello\x01\x02world\x03\x04"))
	f.Add(byte(2), uint16(3), uint64(2), []byte("\x04abc\x05def\x03ping\x06ghi"))
	f.Add(byte(13), uint16(200), uint64(3), []byte(strings.Repeat("\x02binary", 50)))
	f.Fuzz(func(t *testing.T, config byte, fragment uint16, seed uint64, program []byte) {
		program = program[:min(len(program), 2000)]
		c := fuzzConfig(config)
		c.MaxMessage, c.MaxFrame, c.MaxFragments, c.MaxPongs = -1, -1, -1, 1000
		c.FragmentSize = int(fragment)
		c.Frames = false
		var out, back ws.Queue
		from := NewConn(&out, c)
		c.Server = !c.Server
		to := NewConn(&back, c)

		var want []wstest.Record
		rnd := rand.New(rand.NewPCG(seed, 1))
		var open *wstest.Record
		for len(program) > 0 {
			op := program[0]
			n := min(len(program)-1, rnd.IntN(20))
			p := program[1 : 1+n]
			program = program[1+n:]
			k := []ws.Kind{ws.Text, ws.Text, ws.Binary, ws.Ping, ws.Text, ws.Binary, ws.Pong}[int(op)%7]
			if k == ws.Text || k == ws.Binary {
				p = bytes.Repeat(p, 1+rnd.IntN(40))
			}
			fragments, fin := int(op)%7 == 4 || int(op)%7 == 5, op&0x80 != 0
			var err error
			if fragments {
				err = from.Fragment(k, p, fin)
			} else {
				err = from.Message(k, p)
			}
			switch {
			case err != nil:
			case !fragments:
				want = append(want, wstest.Record{Kind: k, Final: k == ws.Text || k == ws.Binary, Data: string(p)})
			default:
				if open == nil {
					open = &wstest.Record{Kind: k}
				}
				if open.Data += string(p); fin {
					open.Final = true
					want = append(want, *open)
					open = nil
				}
			}
		}
		got := wstest.Join(wstest.Feed(to, wstest.Cut(out.Take(nil), func() int { return 1 + rnd.IntN(300) })...))
		if c.Pieces { // a message is where it began, and one that has not ended shows
			got = byEnd(got)
			want = byEnd(want)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("sent and received differ (-sent +received):\n%s", diff)
		}
		if err := to.Err(); err != nil {
			t.Error(err)
		}
	})
}

// byEnd leaves out what has not ended, and pings and pongs, whose place among
// pieces is not that among messages.
func byEnd(records []wstest.Record) []wstest.Record {
	var kept []wstest.Record
	for _, r := range records {
		if r.Final {
			kept = append(kept, r)
		}
	}
	return kept
}
