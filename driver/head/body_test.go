package head

import (
	"strings"
	"testing"

	"github.com/sans-io/websocket-driver/driver/wstest"
)

// bodyHead returns the head of a response in HTTP/1.1 with the fields.
func bodyHead(status int, fields ...Field) *Response {
	return &Response{Major: 1, Minor: 1, Status: status, Fields: fields}
}

var chunkedField = Field{"Transfer-Encoding", "chunked"}

// TestNewBody checks how the end of a body is found.
func TestNewBody(t *testing.T) {
	length := func(value string) Field { return Field{"content-length", value} }
	tests := []struct {
		rule, name string
		r          *Response
		delimited  bool
		ended      bool
		left       uint64
	}{
		{"RFC 9112 6.3", "no length", bodyHead(403), false, false, 0},
		{"RFC 9112 6.3", "a length", bodyHead(403, length("5")), true, false, 5},
		{"RFC 9112 6.3", "length 0", bodyHead(403, length("0")), true, true, 0},
		{"RFC 9112 6.3", "the same length twice", bodyHead(403, length("5"), length("05")), true, false, 5},
		{"RFC 9112 6.3", "two lengths", bodyHead(403, length("5"), length("6")), false, false, 0},
		{"RFC 9110 8.6", "a list of lengths", bodyHead(403, length("5, 5")), false, false, 0},
		{"RFC 9110 8.6", "a negative length", bodyHead(403, length("-5")), false, false, 0},
		{"RFC 9110 8.6", "an empty length", bodyHead(403, length("")), false, false, 0},
		{"RFC 9110 8.6", "a length of more than 63 bits", bodyHead(403, length("9223372036854775808")), false, false, 0},
		{"RFC 9112 6.3", "chunked", bodyHead(403, chunkedField), true, false, 0},
		{"RFC 9112 6.3", "chunked overrides a length", bodyHead(403, length("0"), chunkedField), true, false, 0},
		{"RFC 9112 6.3", "chunked is the final coding", bodyHead(403, Field{"Transfer-Encoding", "gzip, Chunked"}), true, false, 0},
		{"RFC 9112 6.3", "chunked is not the final coding", bodyHead(403, Field{"Transfer-Encoding", "chunked, gzip"}), false, false, 0},
		{"RFC 9112 6.1", "a coding in HTTP/1.0", &Response{Major: 1, Status: 403, Fields: []Field{chunkedField, length("5")}}, false, false, 0},
		{"RFC 9112 6.3", "a length in HTTP/1.0", &Response{Major: 1, Status: 403, Fields: []Field{length("5")}}, true, false, 5},
		{"RFC 9112 6.3", "status 103", bodyHead(103, length("5")), true, true, 0},
		{"RFC 9112 6.3", "status 204", bodyHead(204, chunkedField), true, true, 0},
		{"RFC 9112 6.3", "status 304", bodyHead(304, length("5")), true, true, 0},
		{"RFC 9112 6.3", "status 999", bodyHead(999, length("5")), true, false, 5},
	}
	for _, tt := range tests {
		t.Run(tt.rule+" "+tt.name, func(t *testing.T) {
			b := NewBody(tt.r)
			if b.Delimited() != tt.delimited || b.Ended() != tt.ended || b.Left() != tt.left {
				t.Errorf("delimited %v, ended %v, %d bytes left", b.Delimited(), b.Ended(), b.Left())
			}
		})
	}
}

// bodyVectors are bodies. The bar marks the end, or the byte that shows that the
// chunks are malformed; a vector without it is incomplete.
var bodyVectors = []struct {
	rule, name string
	field      Field
	in, want   string
	bad        bool
}{
	{"RFC 9112 6.2", "a length", Field{"Content-Length", "5"}, "hello|", "hello", false},
	{"RFC 9112 6.2", "length 0", Field{"Content-Length", "0"}, "|", "", false},
	{"RFC 9112 6.2", "a part", Field{"Content-Length", "5"}, "hell", "hell", false},
	{"RFC 9112 6.3", "up to the end", Field{"X", "y"}, "hello", "hello", false},
	{"RFC 9112 7.1", "no chunk", chunkedField, "0\r\n\r\n|", "", false},
	{"RFC 9112 7.1", "chunks", chunkedField, "5\r\nhello\r\n0A\r\n0123456789\r\n000\r\n\r\n|", "hello0123456789", false},
	{"RFC 9112 7.1.1", "extensions", chunkedField, "5;a=\"b\"\r\nhello\r\n2 ;c\r\n, \r\n5\t\r\nworld\r\n0;d\r\n\r\n|", "hello, world", false},
	{"RFC 9112 7.1.2", "trailers", chunkedField, "2\r\nok\r\n0\r\nX: y\r\nZ: 1\r\n\r\n|", "ok", false},
	{"RFC 9112 7.1", "data like framing", chunkedField, "5\r\n\r\n0\r\n\r\n0\r\n\r\n|", "\r\n0\r\n", false},
	{"RFC 9112 7.1", "a part of a chunk", chunkedField, "5\r\nhell", "hell", false},
	{"RFC 9112 7.1", "no last chunk", chunkedField, "5\r\nhello\r\n", "hello", false},
	{"RFC 9112 7.1", "no empty line", chunkedField, "0\r\n", "", false},
	{"RFC 9112 7.1", "no size", chunkedField, "\r|\n", "", true},
	{"RFC 9112 7.1", "a size with a sign", chunkedField, "-|1\r\n", "", true},
	{"RFC 9112 7.1", "a size of letters", chunkedField, "x|\r\n", "", true},
	{"RFC 9112 7.1", "a byte above 0x7f", chunkedField, "\xb2|\r\n", "", true},
	{"RFC 9112 7.1", "a size of more than 60 bits", chunkedField, "FFFFFFFFFFFFFFFF|F\r\n", "", true},
	{"RFC 9112 7.1.1", "an extension without size", chunkedField, ";|a\r\n", "", true},
	{"RFC 9112 7.1", "a bare LF", chunkedField, "5\n|hello", "", true},
	{"RFC 9112 7.1.1", "a bare LF after an extension", chunkedField, "5;a\n|hello", "", true},
	{"RFC 9112 7.1", "a bare CR", chunkedField, "5\rh|ello", "", true},
	{"RFC 9112 7.1", "a bare CR after the last size", chunkedField, "0\rX|", "", true},
	{"RFC 9112 7.1.2", "a bare LF in a trailer", chunkedField, "0\r\nX: y\n|", "", true},
	{"RFC 9112 7.1.2", "a trailer of a bare LF", chunkedField, "0\r\n\n|", "", true},
	{"RFC 9112 7.1.2", "a bare CR in a trailer", chunkedField, "0\r\nX: y\rz|", "", true},
	{"RFC 9112 7.1.2", "a bare CR at the end", chunkedField, "0\r\n\rz|", "", true},
	{"RFC 9112 7.1", "data longer than its size", chunkedField, "5\r\nhello!|\r\n", "hello", true},
	{"RFC 9112 7.1", "data followed by a bare CR", chunkedField, "5\r\nhello\r0|\r\n", "hello", true},
}

// readBody gives the chunks to b, and returns the content, the number of bytes
// read and whether the body is well-formed.
func readBody(b *Body, chunks [][]byte) (content string, read int, ok bool) {
	for _, p := range append([][]byte{nil}, chunks...) {
		for {
			n, data, ok := b.Parse(p)
			content += string(data)
			read += n
			if p = p[n:]; !ok || b.Ended() {
				return content, read, ok
			}
			if len(p) == 0 {
				break
			}
		}
	}
	return content, read, true
}

func TestBody(t *testing.T) {
	for _, tt := range bodyVectors {
		t.Run(tt.rule+" "+tt.name, func(t *testing.T) {
			whole, after, found := strings.Cut(tt.in, "|")
			in := whole + after
			if found {
				in += "HTTP/1.1 200 OK\r\n\r\n"
			}
			wstest.Splits([]byte(in), func(cut string, chunks [][]byte) {
				b := NewBody(bodyHead(403, tt.field))
				content, read, ok := readBody(&b, chunks)
				if content != tt.want || read != len(whole) || ok == tt.bad || b.Ended() != (found && !tt.bad) {
					t.Errorf("%s: %q in %d bytes, ok %v, ended %v", cut, content, read, ok, b.Ended())
				}
				if n, data, again := b.Parse([]byte("0")); (found || tt.bad) && (n != 0 || data != nil || again != ok) {
					t.Errorf("%s: then %d, %q, %v", cut, n, data, again)
				}
			})
		})
	}
}

// TestCollectBody collects excerpts at every split.
func TestCollectBody(t *testing.T) {
	long := strings.Repeat("x", 2000)
	ones := strings.Repeat("1;ext\r\nx\r\n", 10000)
	tests := []struct {
		rule, name string
		status     int
		fields     []Field
		in         string
		read       int
		want       string
		done       bool
	}{
		{"RFC 9112 6.3", "no length", 403, nil, "nope", 4, "nope", false},
		{"RFC 9112 6.3", "no length, long", 403, nil, long, 1024, long[:1024], true},
		{"RFC 9112 6.3", "a length", 403, []Field{{"Content-Length", "3"}}, "nope", 3, "nop", true},
		{"RFC 9112 6.3", "length 0", 403, []Field{{"Content-Length", "0"}}, "nope", 0, "", true},
		{"RFC 9112 6.3", "a long length", 403, []Field{{"content-length", "1500"}}, long, 1024, long[:1024], true},
		{"RFC 9110 8.6", "a bad length", 403, []Field{{"Content-Length", "-3"}}, "nope", 4, "nope", false},
		{"RFC 9110 8.6", "a huge length", 403, []Field{{"Content-Length", "99999999999999999999"}}, "nope", 4, "nope", false},
		{"RFC 9112 7.1", "chunked", 403, []Field{chunkedField}, "6\r\ndenied\r\n0\r\n\r\njunk", 16, "denied", true},
		{"RFC 9112 7.1", "chunked and no last chunk", 403, []Field{{"Content-Length", "3"}, {"Transfer-Encoding", "gzip, Chunked"}}, "4\r\nnope", 7, "nope", false},
		{"RFC 9112 7.1", "malformed chunks", 403, []Field{chunkedField}, "4\r\nnope!", 8, "nope", true},
		{"RFC 9112 7.1", "a long chunk", 403, []Field{chunkedField}, "7d0\r\n" + long, 5 + 1024, long[:1024], true},
		{"RFC 9112 7.1", "small chunks", 403, []Field{chunkedField}, ones, 1024*10 - 2, long[:1024], true},
		{"RFC 9112 7.1.1", "an endless extension", 403, []Field{chunkedField}, "1;" + strings.Repeat("x", 70000), 65536, "", true},
		{"RFC 9112 6.3", "status 304", 304, []Field{{"Content-Length", "3"}}, "nope", 0, "", true},
		{"RFC 9110 15", "status 999", 999, []Field{{"Content-Length", "6"}}, "robot!", 6, "robot!", true},
	}
	for _, tt := range tests {
		t.Run(tt.rule+" "+tt.name, func(t *testing.T) {
			check := func(cut string, chunks [][]byte) {
				r := bodyHead(tt.status, tt.fields...)
				b := NewBody(r)
				read := 0
				_, done := r.CollectBody(&b, nil)
				for i := 0; i < len(chunks) && !done; i++ {
					var n int
					n, done = r.CollectBody(&b, chunks[i])
					read += n
				}
				if read != tt.read || done != tt.done || string(r.Body) != tt.want {
					t.Errorf("%s: %d bytes, done %v, %q", cut, read, done, r.Body)
				}
			}
			if len(tt.in) < 100 {
				wstest.Splits([]byte(tt.in), check)
			}
			check("whole", [][]byte{[]byte(tt.in)})
			check("byte by byte", wstest.Cut([]byte(tt.in), func() int { return 1 }))
		})
	}
	over := &Response{Status: 403, Body: []byte(long)}
	b := NewBody(over)
	if n, done := over.CollectBody(&b, []byte("x")); n != 0 || !done {
		t.Errorf("a body that is too long already: %d, %v", n, done)
	}
}

func TestRefusal(t *testing.T) {
	if got := (&Response{Status: 403}).Refusal(); got != "status 403 (Forbidden)" {
		t.Error(got)
	}
	if got := (&Response{Status: 999}).Refusal(); got != "status 999" {
		t.Error(got)
	}
}

// TestHasBody checks requests (RFC 9112, section 6.3).
func TestHasBody(t *testing.T) {
	tests := []struct {
		fields []Field
		want   bool
	}{
		{nil, false},
		{[]Field{{"Content-Length", "0"}}, false},
		{[]Field{{"Content-Length", "00"}}, false},
		{[]Field{{"content-length", "8"}}, true},
		{[]Field{{"Content-Length", "0"}, {"Content-Length", "8"}}, true},
		{[]Field{{"Transfer-Encoding", "chunked"}}, true},
		{[]Field{{"transfer-encoding", ""}}, true},
	}
	for _, tt := range tests {
		if got := HasBody(tt.fields); got != tt.want {
			t.Errorf("RFC 9112 6.3: %v: %v", tt.fields, got)
		}
	}
}

// FuzzBody compares a body in one piece with the same body byte by byte.
func FuzzBody(f *testing.F) {
	for _, tt := range bodyVectors {
		f.Add(tt.in, tt.field == chunkedField)
	}
	f.Fuzz(func(t *testing.T, in string, chunked bool) {
		r := bodyHead(403, Field{"Content-Length", "7"})
		if chunked {
			r = bodyHead(403, chunkedField)
		}
		whole, single := NewBody(r), NewBody(r)
		content, read, ok := readBody(&whole, [][]byte{[]byte(in)})
		content1, read1, ok1 := readBody(&single, wstest.Cut([]byte(in), func() int { return 1 }))
		if content != content1 || read != read1 || ok != ok1 || whole != single || len(content) > read || read > len(in) {
			t.Errorf("%q, %d, %v, %+v; byte by byte %q, %d, %v, %+v", content, read, ok, whole, content1, read1, ok1, single)
		}
	})
}
