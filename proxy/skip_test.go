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
		t.Run(fmt.Sprintf("RFC 9112 9.3 HTTP/1.%d %q", test.minor, test.fields), func(t *testing.T) {
			if got := persists(response(test.minor, test.fields...)); got != test.want {
				t.Error(got)
			}
		})
	}
}

// TestSkippable: a body whose end is in doubt is not skipped.
func TestSkippable(t *testing.T) {
	for _, test := range []struct {
		rule   string
		minor  int
		fields []string
		want   bool
	}{
		{"RFC 9112 6.3", 1, nil, false},
		{"RFC 9112 6.3", 1, []string{"Content-Length", "0"}, true},
		{"RFC 9112 6.3", 0, []string{"Content-Length", "10"}, true},
		{"RFC 9112 6.3", 1, []string{"Content-Length", "65536"}, true},
		{"RFC 9112 6.3", 1, []string{"Content-Length", "65537"}, false},
		{"RFC 9110 8.6", 1, []string{"Content-Length", "99999999999999999999"}, false},
		{"RFC 9110 8.6", 1, []string{"Content-Length", "-1"}, false},
		{"RFC 9110 8.6", 1, []string{"Content-Length", ""}, false},
		{"RFC 9110 8.6", 1, []string{"Content-Length", "1, 1"}, false},
		{"RFC 9112 6.3", 1, []string{"Content-Length", "1", "Content-Length", "2"}, false},
		{"RFC 9112 6.3", 1, []string{"Transfer-Encoding", "Chunked"}, true},
		{"RFC 9112 6.1", 0, []string{"Transfer-Encoding", "chunked"}, false},
		{"RFC 9112 6.1", 1, []string{"Transfer-Encoding", "chunked", "Content-Length", "1"}, false},
		{"RFC 9112 6.3", 1, []string{"Transfer-Encoding", "gzip, chunked"}, false},
		{"RFC 9112 6.3", 1, []string{"Transfer-Encoding", "identity"}, false},
	} {
		t.Run(fmt.Sprintf("%s HTTP/1.%d %q", test.rule, test.minor, test.fields), func(t *testing.T) {
			if _, ok := newSkipper(response(test.minor, test.fields...)); ok != test.want {
				t.Error(ok)
			}
		})
	}
}

// TestSkip finds the end of bodies at every split, with bytes after it. The bar
// marks the end, or the byte that shows that the body is not skipped.
func TestSkip(t *testing.T) {
	const chunked = "Transfer-Encoding"
	long := strings.Repeat("x", 40000)
	for _, test := range []struct {
		name, field, value, in string
		want                   verdict
	}{
		{"RFC 9112 6.2 a length", "Content-Length", "5", "hello|", bodyOver},
		{"RFC 9112 6.2 length 0", "Content-Length", "0", "|", bodyOver},
		{"RFC 9112 6.2 a part", "Content-Length", "5", "hell", bodyMore},
		{"RFC 9112 7.1 no chunk", chunked, "chunked", "0\r\n\r\n|", bodyOver},
		{"RFC 9112 7.1 chunks", chunked, "chunked", "5\r\nhello\r\n0A\r\n0123456789\r\n000\r\n\r\n|", bodyOver},
		{"RFC 9112 7.1.1 extensions", chunked, "chunked", "5;a=\"b\"\r\nhello\r\n5 ;c\r\nhello\r\n0\t\r\n\r\n|", bodyOver},
		{"RFC 9112 7.1.2 trailers", chunked, "chunked", "0\r\nX: y\r\nZ: 1\r\n\r\n|", bodyOver},
		{"RFC 9112 7.1 a part of a chunk", chunked, "chunked", "5\r\nhell", bodyMore},
		{"RFC 9112 7.1 no empty line", chunked, "chunked", "0\r\n", bodyMore},
		{"RFC 9112 7.1 malformed", chunked, "chunked", "5\n|hello", bodyLost},
		{"a chunk that is too long", chunked, "chunked", "10001\r\n|x", bodyLost},
		{"a huge chunk", chunked, "chunked", "FFFFFFFFFFFFFFFF|FFFFFF\r\n", bodyLost},
		{"too much in total", chunked, "chunked", "9c40\r\n" + long + "\r\n9c40\r\n" + long[:65536-40014] + "x|xx", bodyLost},
		{"endless zeros", chunked, "chunked", strings.Repeat("0", 65537) + "|0", bodyLost},
	} {
		t.Run(test.name, func(t *testing.T) {
			whole, after, found := strings.Cut(test.in, "|")
			check := func(cut string, chunks [][]byte) {
				s, ok := newSkipper(response(1, test.field, test.value))
				if !ok {
					t.Fatal("no end")
				}
				used, v := 0, bodyMore
				for _, chunk := range append([][]byte{nil}, chunks...) {
					if v == bodyMore {
						var n int
						n, v = s.skip(chunk)
						used += n
					}
				}
				if v != test.want || used != len(whole) {
					t.Errorf("%s: verdict %d after %d bytes, want %d after %d", cut, v, used, test.want, len(whole))
				}
			}
			in := []byte(whole + after)
			if found {
				in = append(in, "HTTP/1.1 200 OK\r\n\r\n"...)
			}
			if len(in) > 1000 {
				check("whole", [][]byte{in})
				check("byte by byte", wstest.Cut(in, func() int { return 1 }))
				return
			}
			wstest.Splits(in, check)
		})
	}
	if s, ok := newSkipper(response(1, "Content-Length", fmt.Sprint(maxSkip))); !ok || s.body.Left() != maxSkip {
		t.Errorf("the longest: %+v, %v", s, ok)
	}
}
