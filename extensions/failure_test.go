package extensions

import (
	"errors"
	"testing"

	"github.com/sans-io/websocket-driver/driver/ws"
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

// The error of an inner session comes out, with what was written before it.
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
