package head

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestHeadsInOneInput: the head ends at the first empty line, whatever the input
// ends with.
func TestHeadsInOneInput(t *testing.T) {
	for _, second := range []string{chrome, "\r\n\r\n", "\r\n"} {
		got := parse(t, newRequest(), chrome+second)
		want := parse(t, newRequest(), splitBytes(chrome)...)
		if d := cmp.Diff(want, got); d != "" || got.N != len(chrome) {
			t.Errorf("%d bytes (-alone +before %q):\n%s", got.N, second, d)
		}
	}
}

// TestManyFields: the fields are the same with and without room in the request.
func TestManyFields(t *testing.T) {
	l := []string{"GET / HTTP/1.1", "Host: a"}
	for n := 1; n < 20; n++ {
		got := parseEverySplit(t, newRequest, lines(l...))
		if !got.Done || len(got.Req.Fields) != n || got.Req.Fields[n-1].Value != got.Req.Get(got.Req.Fields[n-1].Name) {
			t.Errorf("%d fields: %+v, %v", n, got.Req, got.Err)
		}
		if n == 1 {
			l = append(l, "B: c")
		} else {
			l = append(l, "X"+l[len(l)-1])
		}
	}
	l = []string{"HTTP/1.1 200 OK"}
	for n := range 10 {
		got := parseEverySplit(t, newResponse, lines(l...))
		if !got.Done || len(got.Resp.Fields) != n {
			t.Errorf("%d fields: %+v, %v", n, got.Resp, got.Err)
		}
		l = append(l, "A: b")
	}
}

// TestTextEnd compares the two ways to find the end of a text, for each pair of
// bytes at each place in 8 bytes (RFC 9110, section 5.5).
func TestTextEnd(t *testing.T) {
	b := []byte("0123456789abcdef\r")
	for at := range 9 {
		old := [2]byte(b[at:])
		for pair := range 1 << 16 {
			b[at], b[at+1] = byte(pair), byte(pair>>8)
			if got, want := textEnd(b, 0), span(b, 0, textByte); got != want {
				t.Fatalf("%q: %d, want %d", b, got, want)
			}
		}
		copy(b[at:], old[:])
	}
}

// TestLengths: FieldsLen and RequestLen are what is appended.
func TestLengths(t *testing.T) {
	r := parse(t, newRequest(), chrome).Req
	b, err := AppendRequest(nil, r)
	if err != nil || len(b) != RequestLen(r) {
		t.Errorf("a request of %d bytes, not %d, %v", len(b), RequestLen(r), err)
	}
	if b := AppendFields(nil, r.Fields); len(b) != FieldsLen(r.Fields) || len(b) == 0 {
		t.Errorf("fields of %d bytes, not %d", len(b), FieldsLen(r.Fields))
	}
}

func TestFind(t *testing.T) {
	fields := []Field{{"A", "1"}, {"b", "2"}, {"a", "3"}}
	for _, tt := range []struct {
		name, value string
		n           int
	}{{"a", "1", 2}, {"B", "2", 1}, {"c", "", 0}} {
		if value, n := Find(fields, tt.name); value != tt.value || n != tt.n {
			t.Errorf("%s: %q and %d, want %q and %d", tt.name, value, n, tt.value, tt.n)
		}
	}
}
