package frame

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
)

// key is the masking key of the examples in section 5.7: 37 fa 21 3d.
const key Key = 0x3d21fa37

// Headers as the figure in section 5.2 draws them.
func TestHeader(t *testing.T) {
	tests := []struct {
		rule string
		name string
		h    Header
		wire string
		want Rule
	}{
		{"5.2", "zero Header", Header{}, "\x00\x00", 0},
		{"5.2", "text", Header{Fin: true, Opcode: Text, Length: 5}, "\x81\x05", 0},
		{"5.2", "binary fragment", Header{Opcode: Binary, Length: 125}, "\x02\x7d", 0},
		{"5.2", "126 bytes", Header{Fin: true, Opcode: Binary, Length: 126}, "\x82\x7e\x00\x7e", 0},
		{"5.2", "65535 bytes", Header{Fin: true, Opcode: Binary, Length: 65535}, "\x82\x7e\xff\xff", 0},
		{"5.2", "65536 bytes", Header{Fin: true, Opcode: Binary, Length: 65536}, "\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00", 0},
		{"5.2", "longest length", Header{Opcode: Binary, Length: math.MaxInt64}, "\x02\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", 0},
		{"5.2", "reserved bits", Header{Fin: true, RSV: RSV1 | RSV3, Opcode: Text}, "\xd1\x00", 0},
		{"5.3", "masked", Header{Fin: true, Opcode: Text, Masked: true, Key: key, Length: 5}, "\x81\x85\x37\xfa\x21\x3d", 0},
		{"5.3", "masked, 256 bytes", Header{Fin: true, Masked: true, Key: key, Length: 256}, "\x80\xfe\x01\x00\x37\xfa\x21\x3d", 0},
		{"5.5", "longest ping", Header{Fin: true, Opcode: Ping, Length: 125}, "\x89\x7d", 0},
		{"5.2", "reserved opcode", Header{Fin: true, Opcode: 0x3}, "\x83\x00", RuleOpcode},
		{"5.2", "reserved control opcode", Header{Opcode: 0xf, Form: 8}, "\x0f\x7f\x00\x00\x00\x00\x00\x00\x00\x00", RuleOpcode},
		{"5.5", "fragmented close", Header{Opcode: Close}, "\x08\x00", RuleControlFinal},
		{"5.5", "fragmented long pong", Header{Opcode: Pong, Length: 126}, "\x0a\x7e\x00\x7e", RuleControlFinal},
		{"5.5", "long ping", Header{Fin: true, Opcode: Ping, Length: 126}, "\x89\x7e\x00\x7e", RuleControlLength},
		{"5.5", "empty ping in 2 bytes", Header{Fin: true, Opcode: Ping, Form: 2}, "\x89\x7e\x00\x00", RuleControlLength},
		{"5.2", "highest bit", Header{Opcode: Text, Length: 1 << 63}, "\x01\x7f\x80\x00\x00\x00\x00\x00\x00\x00", RuleMaxLength},
		{"5.2", "all bits", Header{Opcode: Text, Length: 1<<64 - 1}, "\x01\x7f\xff\xff\xff\xff\xff\xff\xff\xff", RuleMaxLength},
		{"5.2", "125 in 2 bytes", Header{Opcode: Text, Length: 125, Form: 2}, "\x01\x7e\x00\x7d", RuleShortestLength},
		{"5.2", "0 in 8 bytes, masked", Header{Masked: true, Form: 8, Key: key}, "\x00\xff\x00\x00\x00\x00\x00\x00\x00\x00\x37\xfa\x21\x3d", RuleShortestLength},
		{"5.2", "65535 in 8 bytes", Header{Opcode: Text, Length: 65535, Form: 8}, "\x01\x7f\x00\x00\x00\x00\x00\x00\xff\xff", RuleShortestLength},
	}
	for _, tt := range tests {
		t.Run(tt.rule+" "+tt.name, func(t *testing.T) {
			if got := Append([]byte("front"), tt.h); string(got) != "front"+tt.wire {
				t.Errorf("Append: % x, want % x", got[5:], tt.wire)
			}
			for _, after := range []string{"", "\xff\xff"} {
				h, n, err := Parse([]byte(tt.wire + after))
				if h != tt.h || n != len(tt.wire) {
					t.Errorf("Parse: %+v in %d bytes, want %+v", h, n, tt.h)
				}
				checkRule(t, err, tt.want, tt.rule, h)
			}
			for n := range len(tt.wire) {
				h, used, err := Parse([]byte(tt.wire[:n]))
				if used != 0 || h.Length != 0 || h.Key != 0 || h.Form != 0 || n < 2 && h != (Header{}) {
					t.Errorf("Parse of %d bytes: %+v in %d bytes", n, h, used)
				}
				var want Rule
				if tt.want <= RuleControlLength && n >= 2 {
					want = tt.want
				}
				checkRule(t, err, want, tt.rule, h)
			}
		})
	}
}

// checkRule checks that err says that h breaks the rule want, of the given
// section.
func checkRule(t *testing.T, err error, want Rule, section string, h Header) {
	t.Helper()
	if want == 0 {
		if err != nil {
			t.Errorf("got %v", err)
		}
		return
	}
	var e *Error
	if !errors.Is(err, want) || !errors.As(err, &e) || e.Header != h {
		t.Errorf("got %v, want %v", err, want)
	}
	if want.Section() != section || !strings.HasSuffix(want.Error(), " (RFC 6455, section "+section+")") {
		t.Errorf("%v is of section %s", want, section)
	}
}

func TestErrorText(t *testing.T) {
	for _, tt := range []struct {
		rule Rule
		h    Header
		want string
	}{
		{RuleOpcode, Header{Opcode: 0xb}, "reserved opcode 0xb"},
		{RuleControlFinal, Header{Opcode: Ping}, "control frame with opcode 0x9 is fragmented"},
		{RuleControlLength, Header{Opcode: Ping}, "control frame longer than 125 bytes"},
		{RuleMaxLength, Header{Length: 1<<64 - 1}, "frame length 18446744073709551615 is above 2^63-1"},
		{RuleShortestLength, Header{Length: 125}, "frame length 125 is not in its shortest form"},
		{99, Header{}, "frame breaks rule 99"},
	} {
		e := &Error{tt.rule, tt.h}
		if e.Reason() != tt.want || e.Error() != "websocket: "+tt.want {
			t.Errorf("got %q and %q, want %q", e.Reason(), e.Error(), tt.want)
		}
	}
	for _, r := range []Rule{0, 99} {
		if r.Section() != "" || r.Error() != fmt.Sprintf("websocket: rule %d", r) {
			t.Errorf("rule %d: %q, %q", r, r.Section(), r.Error())
		}
	}
}

// The rules of the first two bytes, for all of them.
func TestCheck(t *testing.T) {
	for b0 := range 256 {
		for b1 := range 256 {
			fin, op, n := b0 >= 0x80, b0&15, b1&127
			var want Rule
			switch {
			case strings.IndexByte("\x00\x01\x02\x08\x09\x0a", byte(op)) < 0:
				want = RuleOpcode
			case op >= 8 && !fin:
				want = RuleControlFinal
			case op >= 8 && n > 125:
				want = RuleControlLength
			}
			if got := Check(byte(b0), byte(b1)); got != want {
				t.Fatalf("%02x %02x: got %v, want %v", b0, b1, got, want)
			}
		}
	}
}

func TestOpcode(t *testing.T) {
	want := "continuation text binary 0x3 0x4 0x5 0x6 0x7 close ping pong 0xb 0xc 0xd 0xe 0xf"
	for i, name := range strings.Fields(want) {
		o := Opcode(i)
		if o.String() != name || o.IsControl() != (i >= 8) || o.IsReserved() != strings.HasPrefix(name, "0x") {
			t.Errorf("%d: %v, control %v, reserved %v", i, o, o.IsControl(), o.IsReserved())
		}
	}
}

// Bits that have no place in a header are dropped.
func TestAppendDropsBits(t *testing.T) {
	for _, tt := range []struct {
		h    Header
		want string
	}{
		{Header{RSV: 0xff, Opcode: 0xf1}, "\x71\x00"},
		{Header{Length: 0x12345, Form: 2}, "\x00\x7e\x23\x45"},
		{Header{Key: key}, "\x00\x00"},
	} {
		if got := Append(nil, tt.h); string(got) != tt.want {
			t.Errorf("%+v: got % x, want % x", tt.h, got, tt.want)
		}
	}
}

// The examples of section 5.7, and frames that lie about their length.
func TestEncode(t *testing.T) {
	tests := []struct {
		rule    string
		name    string
		h       Header
		payload string
		want    string
	}{
		{"5.7", "unmasked text", Header{Fin: true, Opcode: Text}, "Hello", "\x81\x05Hello"},
		{"5.7", "masked text", Header{Fin: true, Opcode: Text, Masked: true, Key: key}, "Hello", "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"},
		{"5.7", "first fragment", Header{Opcode: Text}, "Hel", "\x01\x03Hel"},
		{"5.7", "last fragment", Header{Fin: true}, "lo", "\x80\x02lo"},
		{"5.7", "256 bytes", Header{Fin: true, Opcode: Binary}, strings.Repeat("x", 256), "\x82\x7e\x01\x00" + strings.Repeat("x", 256)},
		{"5.2", "masked with 0", Header{Fin: true, Opcode: Text, Masked: true}, "Hi", "\x81\x82\x00\x00\x00\x00Hi"},
		{"5.2", "claimed length", Header{Fin: true, Opcode: Text, Length: 1 << 40}, "Hi", "\x81\x7f\x00\x00\x01\x00\x00\x00\x00\x00Hi"},
		{"5.2", "longer form", Header{Fin: true, Opcode: Text, Form: 2}, "Hi", "\x81\x7e\x00\x02Hi"},
	}
	for _, tt := range tests {
		t.Run(tt.rule+" "+tt.name, func(t *testing.T) {
			p := []byte(tt.payload)
			if got := Encode(tt.h, tt.payload); got != tt.want {
				t.Errorf("string: % x, want % x", got, tt.want)
			}
			if got := Encode(tt.h, p); string(got) != tt.want || string(p) != tt.payload {
				t.Errorf("bytes: % x, want % x", got, tt.want)
			}
		})
	}
}

// FuzzParse checks that Append writes what Parse has read, that no bytes after
// the header change the result, and that a broken rule does not depend on how
// much has arrived.
func FuzzParse(f *testing.F) {
	f.Add([]byte("\x81\x05Hello"))
	f.Add([]byte("\x82\xfe\x01\x00\x37\xfa\x21\x3d"))
	f.Add([]byte("\x8a\x7f\x80\x00\x00\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, p []byte) {
		h, n, err := Parse(p)
		if n == 0 {
			if len(p) >= 2 && len(p) >= Size(p[1]) {
				t.Fatalf("% x: no header", p)
			}
			return
		}
		if got := Append(nil, h); n != Size(p[1]) || !bytes.Equal(got, p[:n]) {
			t.Fatalf("% x: % x in %d bytes, %+v", p, got, n, h)
		}
		if again, m, e := Parse(p[:n]); again != h || m != n || fmt.Sprint(e) != fmt.Sprint(err) {
			t.Fatalf("% x: %+v, %v without the bytes after it", p, again, e)
		}
		if _, _, early := Parse(p[:2]); early != nil && !errors.Is(err, early.(*Error).Rule) {
			t.Fatalf("% x: %v, and %v in two bytes", p, err, early)
		}
	})
}
