package proxy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sans-io/websocket-driver/driver/head"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

func response(minor int, fields ...string) *head.Response {
	r := &head.Response{Major: 1, Minor: minor, Status: 407}
	for i := 0; i < len(fields); i += 2 {
		r.Fields = append(r.Fields, head.Field{Name: fields[i], Value: fields[i+1]})
	}
	return r
}

func TestPersists(t *testing.T) {
	for _, test := range []struct {
		minor  int
		fields []string
		want   bool
	}{
		{1, nil, true},
		{1, []string{"Connection", "Close"}, false},
		{1, []string{"Connection", "x, close"}, false},
		{1, []string{"Proxy-Connection", "close"}, false},
		{1, []string{"Connection", "keep-alive", "Proxy-Connection", "close"}, false},
		{0, nil, false},
		{0, []string{"Connection", "Keep-Alive"}, true},
		{0, []string{"Proxy-Connection", "keep-alive"}, true},
		{0, []string{"Connection", "keep-alive, close"}, false},
	} {
		if got := persists(response(test.minor, test.fields...)); got != test.want {
			t.Errorf("HTTP/1.%d %q: %v", test.minor, test.fields, got)
		}
	}
}

// TestDelimited: a body whose end is in doubt is not skipped.
func TestDelimited(t *testing.T) {
	for _, test := range []struct {
		minor  int
		fields []string
		want   bool
	}{
		{1, nil, false},
		{1, []string{"Content-Length", "0"}, true},
		{0, []string{"Content-Length", "10"}, true},
		{1, []string{"Content-Length", "65536"}, true},
		{1, []string{"Content-Length", "65537"}, false},
		{1, []string{"Content-Length", "99999999999999999999"}, false},
		{1, []string{"Content-Length", "-1"}, false},
		{1, []string{"Content-Length", ""}, false},
		{1, []string{"Content-Length", "1, 1"}, false},
		{1, []string{"Content-Length", "1", "Content-Length", "2"}, false},
		{1, []string{"Transfer-Encoding", "Chunked"}, true},
		{0, []string{"Transfer-Encoding", "chunked"}, false},
		{1, []string{"Transfer-Encoding", "chunked", "Content-Length", "1"}, false},
		{1, []string{"Transfer-Encoding", "gzip, chunked"}, false},
		{1, []string{"Transfer-Encoding", "identity"}, false},
	} {
		if _, ok := delimitedBody(response(test.minor, test.fields...)); ok != test.want {
			t.Errorf("HTTP/1.%d %q: %v", test.minor, test.fields, ok)
		}
	}
}

// TestSkipBody finds the end of bodies at every split, with bytes behind. The
// bar stands where the end is, or the byte that shows that there is none.
func TestSkipBody(t *testing.T) {
	const chunked = "Transfer-Encoding"
	long := strings.Repeat("x", 40000)
	for _, test := range []struct {
		name, field, value, in string
		want                   verdict
	}{
		{"a length", "Content-Length", "5", "hello|", bodyOver},
		{"length 0", "Content-Length", "0", "|", bodyOver},
		{"a part", "Content-Length", "5", "hell", bodyMore},
		{"no chunk", chunked, "chunked", "0\r\n\r\n|", bodyOver},
		{"chunks", chunked, "chunked", "5\r\nhello\r\n0A\r\n0123456789\r\n000\r\n\r\n|", bodyOver},
		{"extensions", chunked, "chunked", "5;a=\"b\"\r\nhello\r\n5 ;c\r\nhello\r\n0\t\r\n\r\n|", bodyOver},
		{"trailers", chunked, "chunked", "0\r\nX: y\r\nZ: 1\r\n\r\n|", bodyOver},
		{"a part of a chunk", chunked, "chunked", "5\r\nhell", bodyMore},
		{"no empty line", chunked, "chunked", "0\r\n", bodyMore},
		{"no size", chunked, "chunked", "\r|\n", bodyLost},
		{"a size with a sign", chunked, "chunked", "-|1\r\n", bodyLost},
		{"a size of words", chunked, "chunked", "x|\r\n", bodyLost},
		{"a high byte", chunked, "chunked", "\xb2|\r\n", bodyLost},
		{"an extension without size", chunked, "chunked", ";|a\r\n", bodyLost},
		{"a bare LF", chunked, "chunked", "5\n|hello", bodyLost},
		{"a bare LF behind an extension", chunked, "chunked", "5;a\n|hello", bodyLost},
		{"a bare CR", chunked, "chunked", "5\rh|ello", bodyLost},
		{"a bare CR behind the last", chunked, "chunked", "0\rX|", bodyLost},
		{"a bare LF in a trailer", chunked, "chunked", "0\r\nX: y\n|", bodyLost},
		{"a trailer of a bare LF", chunked, "chunked", "0\r\n\n|", bodyLost},
		{"a bare CR in a trailer", chunked, "chunked", "0\r\nX: y\rz|", bodyLost},
		{"a bare CR at the end", chunked, "chunked", "0\r\n\rz|", bodyLost},
		{"data that is too long", chunked, "chunked", "5\r\nhello!|\r\n", bodyLost},
		{"data with a bare CR", chunked, "chunked", "5\r\nhello\r0|\r\n", bodyLost},
		{"a chunk that is too long", chunked, "chunked", "10001|\r\n", bodyLost},
		{"a huge chunk", chunked, "chunked", "FFFFF|FFFFFFFFFFFFFFFFF\r\n", bodyLost},
		{"too much in all", chunked, "chunked", "9c40\r\n" + long + "\r\n9c40\r\n" + long[:65536-40014] + "x|xx", bodyLost},
		{"endless zeros", chunked, "chunked", strings.Repeat("0", 65537) + "|0", bodyLost},
	} {
		whole, behind, found := strings.Cut(test.in, "|")
		check := func(cut string, chunks [][]byte) {
			b, ok := delimitedBody(response(1, test.field, test.value))
			if !ok {
				t.Fatalf("%s: no end", test.name)
			}
			used, v := 0, bodyMore
			for _, chunk := range append([][]byte{nil}, chunks...) {
				if v == bodyMore {
					var n int
					n, v = b.skip(chunk)
					used += n
				}
			}
			if v != test.want || used != len(whole) {
				t.Errorf("%s, %s: verdict %d after %d bytes, want %d after %d", test.name, cut, v, used, test.want, len(whole))
			}
		}
		in := []byte(whole + behind)
		if found {
			in = append(in, "HTTP/1.1 200 OK\r\n\r\n"...)
		}
		if len(in) > 1000 {
			check("whole", [][]byte{in})
			check("byte by byte", wstest.Cut(in, func() int { return 1 }))
			continue
		}
		wstest.Splits(in, check)
	}
	if b, ok := delimitedBody(response(1, "Content-Length", fmt.Sprint(maxSkip))); !ok || b.left != maxSkip {
		t.Errorf("the longest: %+v, %v", b, ok)
	}
}
