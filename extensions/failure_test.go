package extensions

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

func TestBrokenSession(t *testing.T) {
	boom := errors.New("boom")
	policy := &ws.Error{Code: ws.CodePolicyViolation, Msg: "no"}
	internal := func(msg string) error { return &ws.Error{Code: ws.CodeInternalError, Msg: msg} }
	tests := []struct {
		b    broken
		want error
	}{
		{broken{err: boom}, boom},
		{broken{nd: 1, ns: 1, err: policy}, policy},
		{broken{}, internal("extension b neither reads nor writes")},
		{broken{nd: -1}, internal("extension b wrote -1 of 8 bytes and read 0 of 3")},
		{broken{nd: 9}, internal("extension b wrote 9 of 8 bytes and read 0 of 3")},
		{broken{ns: 4, err: boom}, internal("extension b wrote 0 of 8 bytes and read 4 of 3")},
		{broken{ns: -1}, internal("extension b wrote 0 of 8 bytes and read -1 of 3")},
	}
	for _, tt := range tests {
		p := &Pipeline{}
		p.add(ext("b", RSV1), tt.b)
		p.BeginDecode(RSV1)
		if _, _, err := p.Decode(make([]byte, 8), []byte("abc"), false); text(err) != text(tt.want) {
			t.Errorf("%+v: got %v, want %v", tt.b, err, tt.want)
		}
		for _, names := range []string{"xb", "bx"} {
			p := &Pipeline{}
			for _, n := range names {
				if n == 'x' {
					p.add(ext("x", 0), &xor{})
				} else {
					p.add(ext("b", 0), tt.b)
				}
			}
			p.BeginDecode(0)
			if _, err := feed(p, nil, []byte("abc"), true, 8); err == nil {
				t.Errorf("%s %+v: no error", names, tt.b)
			}
		}
	}
}

func TestEncodeError(t *testing.T) {
	boom := errors.New("boom")
	for _, names := range []string{"b", "xb", "bx"} {
		p := &Pipeline{send: 1<<len(names) - 1}
		for _, n := range names {
			if n == 'x' {
				p.add(ext("x", 0), &xor{})
			} else {
				p.add(ext("b", 0), broken{err: boom})
			}
		}
		if got, err := p.Encode([]byte("before"), []byte("abc"), true); string(got) != "before" || err != boom {
			t.Errorf("%s: got %q and %v", names, got, err)
		}
	}
}

// TestDecodeError: the error of an inner session is returned after what was written
// before it.
func TestDecodeError(t *testing.T) {
	for _, tt := range []struct {
		wire string
		want string
	}{
		{"\x03", "half a run"},
		{"\x02a\x00", "websocket: run of length 0"},
	} {
		for _, names := range []string{"r", "rx", "xr"} {
			p := stack(names)
			rsv := p.RSV()
			wire := []byte(tt.wire)
			if names == "rx" {
				wire, _ = (&xor{}).Encode(nil, wire, true)
			}
			if _, ok := p.BeginDecode(rsv); !ok {
				t.Fatal("not ok")
			}
			if _, err := feed(p, nil, wire, true, 4); text(err) != tt.want {
				t.Errorf("%s: got %v, want %s", names, err, tt.want)
			}
		}
	}
}

// labelled is a session that puts a label before its errors.
type labelled struct {
	Session
	label string
}

func (l labelled) Decode(dst, src []byte, fin bool) (nd, ns int, err error) {
	if nd, ns, err = l.Session.Decode(dst, src, fin); err != nil {
		err = fmt.Errorf("%s: %w", l.label, err)
	}
	return nd, ns, err
}

// TestDecodeErrorAtEverySplit: of two errors the one whose bytes come first is
// returned, after everything before it, however input and output are split.
func TestDecodeErrorAtEverySplit(t *testing.T) {
	run := func(n byte, text string) string { return string([]byte{n}) + text }
	tests := []struct{ name, wire, out, want string }{
		{"outer error alone", run(1, "\x02") + run(1, "a") + "\x00z", "aa", "outer: websocket: run of length 0"},
		{"outer error inside an inner run", run(1, "\x02") + "\x00z", "", "outer: websocket: run of length 0"},
		{"outer truncation", run(1, "\x02") + run(1, "a") + "\x01", "aa", "outer: half a run"},
		{"inner error before the outer one", run(1, "\x02") + run(1, "a") + run(1, "\x00") + run(1, "x") + "\x00z", "aa", "inner: websocket: run of length 0"},
		{"inner error before an outer truncation", run(1, "\x02") + run(1, "a") + run(1, "\x00") + "\x01", "aa", "inner: websocket: run of length 0"},
		{"long run before an outer truncation", run(1, "\xff") + run(1, "a") + run(3, "\x09") + "\x01", strings.Repeat("a", 255) + strings.Repeat("\t", 9), "outer: half a run"},
		{"inner truncation", run(1, "\x02") + run(1, "a") + run(1, "\x07"), "aa", "inner: half a run"},
	}
	for _, tt := range tests {
		for _, size := range []int{1, 2, 7, 1000} {
			wstest.Splits([]byte(tt.wire), func(split string, chunks [][]byte) {
				p := &Pipeline{}
				p.add(ext("inner", 0), &strict{Session: labelled{&rle{}, "inner"}})
				p.add(ext("outer", 0), &strict{Session: labelled{&rle{}, "outer"}})
				p.BeginDecode(0)
				var got []byte
				var err error
				for i := 0; i < len(chunks) && err == nil; i++ {
					got, err = feed(p, got, chunks[i], i == len(chunks)-1, size)
				}
				if string(got) != tt.out || text(err) != tt.want {
					t.Errorf("%s, %s, dst %d: got %q and %v, want %q and %s", tt.name, split, size, got, err, tt.out, tt.want)
				}
			})
		}
	}
}
