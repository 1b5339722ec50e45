package hixie

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sans-io/websocket-driver/driver/ws"
)

// model is what a Conn with pieces logs, worked out from the whole input.
func model(c Config, in []byte) (log []string) {
	for len(in) > 0 {
		kind, rest := in[0], in[1:]
		end := bytes.IndexByte(rest, endText)
		payload := rest
		if end >= 0 {
			payload = rest[:end]
		}
		switch {
		case kind == 0:
			s := replaced(payload)
			if end < 0 {
				// What is unfinished at the end is not replaced yet.
				s = replaced(payload[:len(payload)-unfinished(payload)])
			}
			if len(s) > c.MaxMessage && c.MaxMessage >= 0 {
				if s = fit(s, c.MaxMessage); len(s) > 0 {
					log = append(log, fmt.Sprintf("part %q", s))
				}
				return append(log, fmt.Sprintf("Close 1009 message is longer than %d bytes", c.MaxMessage))
			}
			if end < 0 {
				return log
			}
			log = append(log, fmt.Sprintf("Text %q", s))
			in = rest[end+1:]
		case kind < 0x80:
			if len(payload) > c.MaxFrame && c.MaxFrame >= 0 {
				return append(log, fmt.Sprintf("Close 1009 frame of type 0x%02x is longer than %d bytes", kind, c.MaxFrame))
			}
			if end < 0 {
				return log
			}
			in = rest[end+1:]
		default:
			n, more := uint64(0), true
			for i := 0; more; i++ {
				if len(rest) == 0 {
					return log
				}
				if i == 9 {
					return append(log, fmt.Sprintf("Close 1002 length of a frame of type 0x%02x has more than 9 bytes", kind))
				}
				n = n*128 + uint64(rest[0]%128)
				if c.MaxFrame >= 0 && n > uint64(c.MaxFrame) {
					return append(log, fmt.Sprintf("Close 1009 frame of type 0x%02x is longer than %d bytes", kind, c.MaxFrame))
				}
				more, rest = rest[0] >= 0x80, rest[1:]
			}
			if kind == 0xFF && n == 0 && c.Version == ws.Hixie76 {
				return append(log, "Close 1005 ")
			}
			if n > uint64(len(rest)) {
				return log
			}
			in = rest[n:]
		}
	}
	return log
}

// FuzzConn compares a Conn with the model: any split, with and without pieces.
func FuzzConn(f *testing.F) {
	for _, vec := range slices.Concat(vectors, failures) {
		f.Add(vec.in, int16(vec.limits[0]), int16(vec.limits[1]), uint64(1), true)
		f.Add(join(text("a"), vec.in, vec.in), int16(-1), int16(-1), uint64(0x123456789), false)
	}
	f.Fuzz(func(t *testing.T, in []byte, maxMessage, maxFrame int16, cuts uint64, draft76 bool) {
		c := Config{Version: ws.Hixie75, MaxMessage: int(maxMessage), MaxFrame: int(maxFrame)}
		if draft76 {
			c.Version = ws.Hixie76
		}
		want := model(c, in)
		var out []byte
		if n := len(want); n > 0 && strings.HasPrefix(want[n-1], "Close") && draft76 {
			out = closing()
		}
		for _, pieces := range []bool{true, false} {
			c.Pieces = pieces
			if !pieces {
				want = slices.DeleteFunc(want, func(s string) bool { return strings.HasPrefix(s, "part ") })
			}
			for _, cuts := range []uint64{0, cuts, 1<<64 - 1} {
				w := newWire(t, c)
				rest := in
				for len(rest) > 0 {
					// Each bit of cuts, over and over, says whether to cut.
					n := 1
					for n < len(rest) && cuts&1 == 0 {
						cuts = cuts>>1 | cuts<<63
						n++
					}
					cuts = cuts>>1 | cuts<<63
					w.feed(rest[:n])
					rest = rest[n:]
					if most := 2*(len(in)-len(rest))*len(replacement) + 64; cap(w.buf) > most {
						t.Fatalf("buffer of %d bytes after %d", cap(w.buf), len(in)-len(rest))
					}
					if maxMessage >= 0 && len(w.buf) > int(maxMessage) {
						t.Fatalf("buffered %d bytes, the limit is %d", len(w.buf), maxMessage)
					}
				}
				if diff := cmp.Diff(want, w.log); diff != "" {
					t.Fatalf("pieces %v:\n%s", pieces, diff)
				}
				if got := w.queue.Take(nil); !bytes.Equal(got, out) {
					t.Fatalf("sent % x, want % x", got, out)
				}
			}
		}
	})
}

// FuzzFragment checks that fragments, however a text is cut, send the same as
// one message, and that bad text is refused the same.
func FuzzFragment(f *testing.F) {
	f.Add([]byte("a€😀"), uint64(0b101))
	f.Add([]byte("a\xE2\x82"), uint64(0b11))
	f.Add([]byte("\xF0\x9F\x98x"), uint64(1<<64-1))
	f.Fuzz(func(t *testing.T, p []byte, cuts uint64) {
		whole, cut := newWire(t, unlimited(ws.Hixie76)), newWire(t, unlimited(ws.Hixie76))
		want := whole.Message(ws.Text, p)
		for err, rest := error(nil), p; err == nil; {
			n := 0
			for n < len(rest) && cuts&1 == 0 {
				cuts = cuts>>1 | cuts<<63
				n++
			}
			n = min(n+1, len(rest))
			cuts = cuts>>1 | cuts<<63
			err = cut.Fragment(ws.Text, rest[:n], n == len(rest))
			if rest = rest[n:]; len(rest) == 0 || err != nil {
				if err != want {
					t.Fatalf("%v, want %v", err, want)
				}
				break
			}
		}
		if got := cut.queue.Take(nil); want == nil && !bytes.Equal(got, whole.queue.Take(nil)) {
			t.Fatalf("sent % x", got)
		}
	})
}
