package head

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sans-io/websocket-driver/driver/ws"
)

func TestAppendRequest(t *testing.T) {
	r := &Request{
		Method: "GET", Target: "/chat?x=%20", Major: 1, Minor: 0, // the version is ignored
		Protocol: "websocket", Scheme: "https", Authority: "other",
		Fields: []Field{{"Host", "a:1"}, {"X-Empty", ""}, {"x-High", "\xff\xc3\xa4 \t!"}},
	}
	want := "before GET /chat?x=%20 HTTP/1.1\r\nHost: a:1\r\nX-Empty: \r\nx-High: \xff\xc3\xa4 \t!\r\n\r\n"
	got, err := AppendRequest([]byte("before "), r)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, string(got)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestAppendResponse(t *testing.T) {
	tests := []struct {
		name string
		in   Response
		want string
	}{
		{"RFC 9112 4 default version and reason", Response{Status: 101, Fields: []Field{{"Upgrade", "websocket"}}},
			"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"},
		{"draft-75 5.2 hixie", Response{Major: 1, Minor: 1, Status: 101, Reason: "Web Socket Protocol Handshake"},
			"HTTP/1.1 101 Web Socket Protocol Handshake\r\n\r\n"},
		{"RFC 9112 2.3 1.0", Response{Major: 1, Status: 200, Reason: "Connection established"},
			"HTTP/1.0 200 Connection established\r\n\r\n"},
		{"RFC 9112 4 no known reason", Response{Status: 599}, "HTTP/1.1 599 \r\n\r\n"},
		{"RFC 9112 6 body", Response{Status: 400, Body: []byte("a\r\n\x00b")}, "HTTP/1.1 400 Bad Request\r\n\r\na\r\n\x00b"},
		{"RFC 9112 4 reason from 0x80", Response{Status: 100, Reason: "\t\xff"}, "HTTP/1.1 100 \t\xff\r\n\r\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := AppendResponse([]byte("before "), &tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff("before "+tt.want, string(got)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// checkInvalid checks that err wraps ErrInvalid and says msg and nothing else.
func checkInvalid(t *testing.T, err error, msg string) {
	t.Helper()
	if msg == "" {
		if err != nil {
			t.Errorf("error %q, want none", err)
		}
		return
	}
	if !errors.Is(err, ws.ErrInvalid) {
		t.Fatalf("error %v does not wrap ErrInvalid", err)
	}
	if want := "websocket: invalid argument: " + msg; err.Error() != want {
		t.Errorf("error %q, want %q", err, want)
	}
}

func TestAppendRefuses(t *testing.T) {
	good := Request{Method: "GET", Target: "/"}
	request := func(change func(r *Request)) func([]byte) ([]byte, error) {
		r := good
		change(&r)
		return func(dst []byte) ([]byte, error) { return AppendRequest(dst, &r) }
	}
	response := func(r Response) func([]byte) ([]byte, error) {
		return func(dst []byte) ([]byte, error) { return AppendResponse(dst, &r) }
	}
	inject := []Field{{"Host", "a"}, {"Authorization", "secret\r\nEvil: 1"}}
	tests := []struct {
		name   string
		append func(dst []byte) ([]byte, error)
		msg    string
	}{
		{"RFC 9112 3.1 method empty", request(func(r *Request) { r.Method = "" }), "method is empty"},
		{"RFC 9112 3.1 method injects", request(func(r *Request) { r.Method = "GET / HTTP/1.1\r\nA" }), `method "GET / HTTP/1.1\r\nA": byte 0x20 at offset 3`},
		{"RFC 9112 3.2 target injects", request(func(r *Request) { r.Target = "/secret\r\n" }), "request target: byte 0x0d at offset 7"},
		{"RFC 9110 5.5 field injects", request(func(r *Request) { r.Fields = inject }), `value of field "Authorization": byte 0x0d at offset 6`},
		{"RFC 9110 5.5 response field injects", response(Response{Status: 101, Fields: inject}), `value of field "Authorization": byte 0x0d at offset 6`},
		{"RFC 9112 4 reason injects", response(Response{Status: 101, Reason: "OK\nA: b"}), "reason phrase: byte 0x0a at offset 2"},
		{"RFC 9110 15 status 0", response(Response{}), "status 0 is not from 100 to 599"},
		{"RFC 9110 15 status 99", response(Response{Status: 99}), "status 99 is not from 100 to 599"},
		{"RFC 9110 15 status 600", response(Response{Status: 600}), "status 600 is not from 100 to 599"},
		{"RFC 9112 2.3 HTTP/2", response(Response{Major: 2, Status: 200}), "HTTP version 2.0 is not 1.0 or 1.1"},
		{"RFC 9112 2.3 HTTP/1.2", response(Response{Major: 1, Minor: 2, Status: 200}), "HTTP version 1.2 is not 1.0 or 1.1"},
		{"RFC 9112 2.3 HTTP/0.9", response(Response{Minor: 9, Status: 200}), "HTTP version 0.9 is not 1.0 or 1.1"},
		{"RFC 9112 2.3 HTTP/1.-1", response(Response{Major: 1, Minor: -1, Status: 200}), "HTTP version 1.-1 is not 1.0 or 1.1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dst := append(make([]byte, 0, 100), "before"...)
			got, err := tt.append(dst)
			checkInvalid(t, err, tt.msg)
			if string(got) != "before" {
				t.Errorf("dst became %q", got)
			}
		})
	}
}

func TestCheckField(t *testing.T) {
	long := strings.Repeat("n", 100)
	tests := []struct{ name, value, msg string }{
		{"Host", "", ""},
		{"A", "a \t b", ""},
		{"A", "\x80\xff", ""},
		{"", "b", "field name is empty"},
		{"A B", "b", `field name "A B": byte 0x20 at offset 1`},
		{"A:", "b", `field name "A:": byte 0x3a at offset 1`},
		{"A\r\nB", "b", `field name "A\r\nB": byte 0x0d at offset 1`},
		{"Ä", "b", `field name "Ä": byte 0xc3 at offset 0`},
		{long + "\x00", "b", `field name "` + long[:64] + `"...: byte 0x00 at offset 100`},
		{long, "\x00", `value of field "` + long[:64] + `"...: byte 0x00 at offset 0`},
		{"A", "secret\n", `value of field "A": byte 0x0a at offset 6`},
		{"A", "secret\x00", `value of field "A": byte 0x00 at offset 6`},
		{"A", "secret\x7f", `value of field "A": byte 0x7f at offset 6`},
		{"A", " secret", `value of field "A": leading or trailing blank`},
		{"A", "secret\t", `value of field "A": leading or trailing blank`},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("RFC 9110 %s %q", map[bool]string{true: "5.5", false: "5.1"}[IsToken(tt.name)], tt.name+tt.value), func(t *testing.T) {
			checkInvalid(t, CheckField(Field{tt.name, tt.value}), tt.msg)
		})
	}
}

func TestCheckTarget(t *testing.T) {
	tests := []struct{ target, msg string }{
		{"/", ""},
		{"*", ""},
		{"example.com:443", ""},
		{"/a?b=c&d=%20~!$'()[]\"", ""},
		{"", "empty request target"},
		{"/secret b", "request target: byte 0x20 at offset 7"},
		{"/secret#b", "request target: byte 0x23 at offset 7"},
		{"/secret\t", "request target: byte 0x09 at offset 7"},
		{"/secret\x7f", "request target: byte 0x7f at offset 7"},
		{"/ä", "request target: byte 0xc3 at offset 1"},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("RFC 9112 3.2 %q", tt.target), func(t *testing.T) {
			checkInvalid(t, CheckTarget(tt.target), tt.msg)
		})
	}
}

// TestStatusText: the phrases are those of net/http, except for those that RFC 9110
// renamed. 418, which IANA keeps unused, and codes that no handshake uses are
// missing.
func TestStatusText(t *testing.T) {
	renamed := map[int]string{413: "Content Too Large", 414: "URI Too Long", 416: "Range Not Satisfiable", 422: "Unprocessable Content"}
	for code := -1; code < 1000; code++ {
		got, want := StatusText(code), http.StatusText(code)
		switch {
		case renamed[code] != "":
			want = renamed[code]
		case code == 418 || code == 208 || code == 226 || code == 207 || code == 510:
			want = ""
		}
		if got != want {
			t.Errorf("%d: %q, want %q", code, got, want)
		}
	}
}

func BenchmarkAppendRequest(b *testing.B) {
	p := newRequest()
	if _, done, err := p.Parse([]byte(chrome)); !done {
		b.Fatal(err)
	}
	buf := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := AppendRequest(buf, p.Request()); err != nil {
			b.Fatal(err)
		}
	}
}
