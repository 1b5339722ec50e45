package deflate

import (
	"bytes"
	"compress/flate"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

// unhex decodes hexadecimal digits with blanks between them.
func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// plainReceiver returns a receiver with the full window.
func plainReceiver(takeover bool) *receiver {
	r := newReceiver(side{takeover, maxBits})
	return &r
}

// read gives the chunks of one message to r, with size bytes of room at a time.
func (r *receiver) read(chunks [][]byte, size int) ([]byte, error) {
	if len(chunks) == 0 {
		chunks = [][]byte{nil}
	}
	var out []byte
	dst := make([]byte, size)
	for i, src := range chunks {
		fin := i == len(chunks)-1
		for {
			nd, ns, err := r.Decode(dst, src, fin)
			out, src = append(out, dst[:nd]...), src[ns:]
			if err != nil {
				return out, err
			}
			if len(src) == 0 && nd < len(dst) {
				break
			}
		}
	}
	return out, nil
}

// TestVectors checks the examples of RFC 7692, section 7.2.3, and forms that receivers
// accept beyond them.
func TestVectors(t *testing.T) {
	tests := []struct {
		name     string
		takeover bool
		messages string // in hexadecimal, separated by |
		want     string // separated by |
	}{
		{"RFC 7692 7.2.3.1 one block", true, "f2 48 cd c9 c9 07 00", "Hello"},
		{"RFC 7692 7.2.3.2 sharing the window", true, "f2 48 cd c9 c9 07 00 | f2 00 11 00 00", "Hello|Hello"},
		{"RFC 7692 7.2.3.2 not sharing it", false, "f2 48 cd c9 c9 07 00 | f2 48 cd c9 c9 07 00", "Hello|Hello"},
		{"RFC 7692 7.2.3.3 no compression", true, "00 05 00 fa ff 48 65 6c 6c 6f 00", "Hello"},
		{"RFC 7692 7.2.3.4 BFINAL", true, "f3 48 cd c9 c9 07 00 00", "Hello"},
		{"RFC 7692 7.2.3.5 two blocks", true, "f2 48 05 00 00 00 ff ff ca c9 c9 07 00", "Hello"},
		{"RFC 7692 7.2.3.6 empty", true, "00", ""},
		{"RFC 7692 7.2.3.6 empty, then text", true, "00 | 02 00 | f2 48 cd c9 c9 07 00", "||Hello"},
		{"RFC 7692 7.2.2 empty block with its tail", true, "00 00 00 ff ff", ""},
		{"RFC 7692 7.2.2 text with its tail", true, "f2 48 cd c9 c9 07 00 00 00 ff ff", "Hello"},
		{"RFC 7692 7.2.3.4 ends with BFINAL", true, "f3 48 cd c9 c9 07 00", "Hello"},
		{"RFC 7692 7.2.3.4 continues after BFINAL", true, "f3 48 cd c9 c9 07 00 f2 48 cd c9 c9 07 00", "HelloHello"},
		{"RFC 7692 7.2.2 no bytes", true, " | f2 48 cd c9 c9 07 00", "|Hello"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, size := range []int{1, 2, 5, 6, 100} {
				var whole []byte // of all messages
				var ends []int
				for _, m := range strings.Split(tt.messages, "|") {
					whole = append(whole, unhex(t, m)...)
					ends = append(ends, len(whole))
				}
				wstest.Splits(whole, func(name string, chunks [][]byte) {
					r := plainReceiver(tt.takeover)
					for i, want := range strings.Split(tt.want, "|") {
						start := 0
						if i > 0 {
							start = ends[i-1]
						}
						got, err := r.read(within(chunks, start, ends[i]), size)
						if string(got) != want || err != nil {
							t.Errorf("%s, %d bytes of room: message %d is %q, %v, want %q", name, size, i, got, err, want)
						}
					}
				})
			}
		})
	}
}

// within returns the parts of chunks from start to end, counted in bytes.
func within(chunks [][]byte, start, end int) (parts [][]byte) {
	at := 0
	for _, c := range chunks {
		from, to := max(start-at, 0), min(end-at, len(c))
		if from < to {
			parts = append(parts, c[from:to])
		}
		at += len(c)
	}
	return parts
}

// TestBroken: messages that must fail with 1007, at every split.
func TestBroken(t *testing.T) {
	tests := []struct {
		name, message, err string
	}{
		{"RFC 7692 7.2.2 cut in a fixed block", "f2 48 cd c9", "ends within a block"},
		{"RFC 7692 7.2.2 cut at the end of a fixed block", "f2 48 cd c9 c9", "ends within a block"},
		{"RFC 7692 7.2.2 cut in the length of a stored block", "00 05 00 fa", "ends within a block"},
		{"RFC 7692 7.2.2 cut 4 bytes before the end of a stored block", "00 05 00 fa ff 48", "ends within a block"},
		{"RFC 7692 7.2.2 cut 1 byte before the end of a stored block", "00 05 00 fa ff 48 65 6c 6c", "ends within a block"},
		{"RFC 7692 7.2.2 stored block and nothing after it", "00 05 00 fa ff 48 65 6c 6c 6f", "ends within a block"},
		{"RFC 7692 7.2.2 half of the tail", "f2 48 cd c9 c9 07 00 00 00", "ends within a block"},
		{"RFC 7692 7.2.2 three quarters of the tail", "f2 48 cd c9 c9 07 00 00 00 ff", "ends within a block"},
		{"RFC 1951 3.2.4 garbage after the message", "f2 48 cd c9 c9 07 00 de ad be ef", "stored block of length 0xadde with complement 0xefbe"},
		{"RFC 1951 3.2.3 block type 3", "06", "block type 3"},
		{"RFC 1951 3.2.7 over-subscribed codes", "e4 45 b4 b4 b4 b4 b4 3e 1c b4 b4", ""},
		{"RFC 1951 3.2.5 no history", "f2 00 11 00 00", "distance"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wstest.Splits(unhex(t, tt.message), func(name string, chunks [][]byte) {
				for _, size := range []int{1, 100} {
					_, err := plainReceiver(true).read(chunks, size)
					var e *ws.Error
					if !errors.As(err, &e) || e.Code != ws.CodeInvalidPayload || !strings.Contains(e.Msg, tt.err) {
						t.Errorf("%s: error %v, want %q with 1007", name, err, tt.err)
					}
				}
			})
		})
	}
}

// TestOwnVectors checks the output of a sender where only one form is valid.
func TestOwnVectors(t *testing.T) {
	t.Run("RFC 7692 7.2.3.6 empty", testEmpty)
	t.Run("RFC 7692 7.2.1 without its tail", testTail)
}

// testTail: a compressed message lacks the last four bytes of its last block, and with
// them it is a complete stream.
func testTail(t *testing.T) {
	for level := 1; level <= maxLevel; level++ {
		for _, text := range []string{"Hello", strings.Repeat("Hello, ", 1000)} {
			s := newSession(&Extension{Level: level, Threshold: -1}, side{true, maxBits}, side{true, maxBits})
			got, err := s.Encode(nil, []byte(text), true)
			if err != nil || bytes.HasSuffix(got, []byte(tail)) {
				t.Errorf("level %d: %x, %v", level, got, err)
			}
			whole, err := io.ReadAll(flate.NewReader(bytes.NewReader(append(got, tail+finalBlock...))))
			if string(whole) != text || err != nil {
				t.Errorf("level %d: %q, %v", level, whole, err)
			}
		}
	}
}

func testEmpty(t *testing.T) {
	s := newSession(&Extension{Threshold: -1}, side{true, maxBits}, side{true, maxBits})
	if got, err := s.Encode(nil, nil, true); err != nil || !bytes.Equal(got, []byte{0}) {
		t.Errorf("an empty message is %x, %v, want 00", got, err)
	}
	if s.comp != nil {
		t.Error("an empty message uses a compressor")
	}
}
