package head

import (
	"strings"
	"testing"
)

func TestCollectBody(t *testing.T) {
	long := strings.Repeat("x", 2000)
	tests := []struct {
		name   string
		status int
		fields []Field
		in     string
		want   int // bytes taken
		done   bool
	}{
		{"no length", 403, nil, "nope", 4, false},
		{"no length, long", 403, nil, long, 1024, true},
		{"a length", 403, []Field{{"Content-Length", "3"}}, "nope", 3, true},
		{"length 0", 403, []Field{{"Content-Length", "0"}}, "nope", 0, true},
		{"a long length", 403, []Field{{"content-length", "1500"}}, long, 1024, true},
		{"a bad length", 403, []Field{{"Content-Length", "-3"}}, "nope", 4, false},
		{"a huge length", 403, []Field{{"Content-Length", "99999999999999999999"}}, "nope", 4, false},
		{"chunked", 403, []Field{{"Content-Length", "3"}, {"Transfer-Encoding", "gzip, Chunked"}}, "4\r\nnope", 7, false},
		{"no body", 304, []Field{{"Content-Length", "3"}}, "nope", 0, true},
	}
	for _, test := range tests {
		r := &Response{Status: test.status, Fields: test.fields}
		n, done := r.CollectBody([]byte(test.in))
		if n != test.want || done != test.done || string(r.Body) != test.in[:n] {
			t.Errorf("%s: %d bytes, done %v, %q", test.name, n, done, r.Body)
		}
		if strings.Contains(r.Refusal(), "chunked") != (test.name == "chunked") {
			t.Errorf("%s: %s", test.name, r.Refusal())
		}
	}
	over := &Response{Status: 403, Body: []byte(long)}
	if n, done := over.CollectBody([]byte("x")); n != 0 || !done {
		t.Errorf("a body that is too long already: %d, %v", n, done)
	}
	if got := (&Response{Status: 499}).Refusal(); got != "status 499" {
		t.Errorf("a status without a name: %q", got)
	}
}
