package head

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

// chrome is the request of a current Chrome.
var chrome = lines(
	"GET /chat?room=1 HTTP/1.1",
	"Host: example.com:8080",
	"Connection: Upgrade",
	"Pragma: no-cache",
	"Cache-Control: no-cache",
	"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
	"Upgrade: websocket",
	"Origin: https://example.com",
	"Sec-WebSocket-Version: 13",
	"Accept-Encoding: gzip, deflate, br, zstd",
	"Accept-Language: en-US,en;q=0.9",
	"Cookie: session=0123456789abcdef; theme=dark",
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
	"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
)

func TestParseRequest(t *testing.T) {
	tests := []struct {
		rule string
		name string
		in   string
		want Request
	}{
		{"RFC 6455 4.1", "chrome", chrome, Request{
			Method: "GET", Target: "/chat?room=1", Major: 1, Minor: 1, Authority: "example.com:8080",
			Fields: []Field{
				{"Host", "example.com:8080"},
				{"Connection", "Upgrade"},
				{"Pragma", "no-cache"},
				{"Cache-Control", "no-cache"},
				{"User-Agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"},
				{"Upgrade", "websocket"},
				{"Origin", "https://example.com"},
				{"Sec-WebSocket-Version", "13"},
				{"Accept-Encoding", "gzip, deflate, br, zstd"},
				{"Accept-Language", "en-US,en;q=0.9"},
				{"Cookie", "session=0123456789abcdef; theme=dark"},
				{"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
				{"Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits"},
			},
		}},
		{"hybi-8 4.1", "firefox 7, hybi-8", lines(
			"GET /chat HTTP/1.1",
			"Host: example.com",
			"User-Agent: Mozilla/5.0 (Windows NT 6.1; rv:7.0) Gecko/20100101 Firefox/7.0",
			"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
			"Connection: keep-alive, Upgrade",
			"Sec-WebSocket-Version: 8",
			"Sec-WebSocket-Origin: http://example.com",
			"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
			"Upgrade: websocket",
		), Request{
			Method: "GET", Target: "/chat", Major: 1, Minor: 1, Authority: "example.com",
			Fields: []Field{
				{"Host", "example.com"},
				{"User-Agent", "Mozilla/5.0 (Windows NT 6.1; rv:7.0) Gecko/20100101 Firefox/7.0"},
				{"Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"},
				{"Connection", "keep-alive, Upgrade"},
				{"Sec-WebSocket-Version", "8"},
				{"Sec-WebSocket-Origin", "http://example.com"},
				{"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
				{"Upgrade", "websocket"},
			},
		}},
		{"draft-76 4.1", "chrome 6, hixie-76", lines(
			"GET /demo HTTP/1.1",
			"Host: example.com",
			"Connection: Upgrade",
			"Sec-WebSocket-Key2: 12998 5 Y3 1  .P00",
			"Sec-WebSocket-Protocol: sample",
			"Upgrade: WebSocket",
			"Sec-WebSocket-Key1: 4 @1  46546xW%0l 1 5",
			"Origin: http://example.com",
		), Request{
			Method: "GET", Target: "/demo", Major: 1, Minor: 1, Authority: "example.com",
			Fields: []Field{
				{"Host", "example.com"},
				{"Connection", "Upgrade"},
				{"Sec-WebSocket-Key2", "12998 5 Y3 1  .P00"},
				{"Sec-WebSocket-Protocol", "sample"},
				{"Upgrade", "WebSocket"},
				{"Sec-WebSocket-Key1", "4 @1  46546xW%0l 1 5"},
				{"Origin", "http://example.com"},
			},
		}},
		{"draft-75 4.1", "safari 5.0.0, hixie-75", lines(
			"GET /demo HTTP/1.1",
			"Upgrade: WebSocket",
			"Connection: Upgrade",
			"Host: example.com",
			"Origin: http://example.com",
			"WebSocket-Protocol: sample",
		), Request{
			Method: "GET", Target: "/demo", Major: 1, Minor: 1, Authority: "example.com",
			Fields: []Field{
				{"Upgrade", "WebSocket"},
				{"Connection", "Upgrade"},
				{"Host", "example.com"},
				{"Origin", "http://example.com"},
				{"WebSocket-Protocol", "sample"},
			},
		}},
		{"RFC 9112 3.2", "1.0 needs no host", "GET / HTTP/1.0\r\n\r\n",
			Request{Method: "GET", Target: "/", Major: 1}},
		{"RFC 9110 7.2", "empty host", lines("GET / HTTP/1.1", "Host:"), Request{
			Method: "GET", Target: "/", Major: 1, Minor: 1, Fields: []Field{{"Host", ""}},
		}},
		{"RFC 9112 3.2.3", "connect to an IPv6 address", lines("CONNECT [::1]:443 HTTP/1.1", "hOST: [::1]:443"), Request{
			Method: "CONNECT", Target: "[::1]:443", Major: 1, Minor: 1, Authority: "[::1]:443",
			Fields: []Field{{"hOST", "[::1]:443"}},
		}},
		{"RFC 9112 5.1", "blanks around values", lines("GET / HTTP/1.1", "Host:\t a \t", "A:b  \tc", "B: \t ", "C: :"), Request{
			Method: "GET", Target: "/", Major: 1, Minor: 1, Authority: "a",
			Fields: []Field{{"Host", "a"}, {"A", "b  \tc"}, {"B", ""}, {"C", ":"}},
		}},
		{"RFC 9110 5.5", "bytes from 0x80", lines("GET /#x HTTP/1.1", "Host: a", "A: \x80\xff\xc3\xa4"), Request{
			Method: "GET", Target: "/#x", Major: 1, Minor: 1, Authority: "a",
			Fields: []Field{{"Host", "a"}, {"A", "\x80\xff\xc3\xa4"}},
		}},
		{"RFC 9112 3.2.2", "absolute form", lines("GET http://b:81/c?d HTTP/1.1", "Host: a"), Request{
			Method: "GET", Target: "http://b:81/c?d", Major: 1, Minor: 1, Authority: "b:81",
			Fields: []Field{{"Host", "a"}},
		}},
		{"RFC 9112 3.2.2", "absolute form without a path", lines("GET WS://[::1]?x HTTP/1.1", "Host:"), Request{
			Method: "GET", Target: "WS://[::1]?x", Major: 1, Minor: 1, Authority: "[::1]",
			Fields: []Field{{"Host", ""}},
		}},
		{"RFC 9112 3.2.2", "absolute form in HTTP/1.0", lines("GET http://b HTTP/1.0"), Request{
			Method: "GET", Target: "http://b", Major: 1, Authority: "b",
		}},
		{"RFC 9112 3.2.1", "origin form with a URL", lines("GET /http://b/ HTTP/1.1", "Host: a"), Request{
			Method: "GET", Target: "/http://b/", Major: 1, Minor: 1, Authority: "a",
			Fields: []Field{{"Host", "a"}},
		}},
		{"RFC 3986 3.1", "not a scheme", lines("GET 1http://b/ HTTP/1.1", "Host: a"), Request{
			Method: "GET", Target: "1http://b/", Major: 1, Minor: 1, Authority: "a",
			Fields: []Field{{"Host", "a"}},
		}},
		{"RFC 9112 3.2.3", "authority form", lines("CONNECT b:443 HTTP/1.1", "Host: a"), Request{
			Method: "CONNECT", Target: "b:443", Major: 1, Minor: 1, Authority: "a",
			Fields: []Field{{"Host", "a"}},
		}},
		{"RFC 9110 5.6.2", "every byte of a token", lines("a!#$%&'*+-.^_`|~09AZz * HTTP/1.1", "!#$%&'*+-.^_`|~09AZaz: 1", "Host: a"), Request{
			Method: "a!#$%&'*+-.^_`|~09AZz", Target: "*", Major: 1, Minor: 1, Authority: "a",
			Fields: []Field{{"!#$%&'*+-.^_`|~09AZaz", "1"}, {"Host", "a"}},
		}},
		{"RFC 9112 6.3", "the same length twice", lines("GET / HTTP/1.0", "Content-Length: 5", "content-length: 05"), Request{
			Method: "GET", Target: "/", Major: 1,
			Fields: []Field{{"Content-Length", "5"}, {"content-length", "05"}},
		}},
		{"RFC 9112 6.1", "chunked", lines("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked"), Request{
			Method: "POST", Target: "/", Major: 1, Minor: 1, Authority: "a",
			Fields: []Field{{"Host", "a"}, {"Transfer-Encoding", "chunked"}},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.rule+" "+tt.name, func(t *testing.T) {
			got := parseEverySplit(t, newRequest, tt.in)
			want := result{N: len(tt.in), Done: true, Raw: tt.in, Req: &tt.want}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestParseResponse(t *testing.T) {
	tests := []struct {
		rule string
		name string
		in   string
		want Response
	}{
		{"RFC 6455 4.2.2", "RFC 6455", lines(
			"HTTP/1.1 101 Switching Protocols",
			"Upgrade: websocket",
			"Connection: Upgrade",
			"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
		), Response{
			Major: 1, Minor: 1, Status: 101, Reason: "Switching Protocols",
			Fields: []Field{
				{"Upgrade", "websocket"},
				{"Connection", "Upgrade"},
				{"Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="},
			},
		}},
		{"draft-76 5.2", "hixie-76", lines(
			"HTTP/1.1 101 WebSocket Protocol Handshake",
			"Upgrade: WebSocket",
			"Connection: Upgrade",
		), Response{
			Major: 1, Minor: 1, Status: 101, Reason: "WebSocket Protocol Handshake",
			Fields: []Field{{"Upgrade", "WebSocket"}, {"Connection", "Upgrade"}},
		}},
		{"RFC 9110 9.3.6", "tinyproxy", lines("HTTP/1.0 200 Connection established", "Proxy-agent: tinyproxy/1.11.1"), Response{
			Major: 1, Minor: 0, Status: 200, Reason: "Connection established",
			Fields: []Field{{"Proxy-agent", "tinyproxy/1.11.1"}},
		}},
		{"RFC 9112 4", "no reason", "HTTP/1.1 200 \r\n\r\n", Response{Major: 1, Minor: 1, Status: 200}},
		{"RFC 9112 4", "no blank", "HTTP/1.1 200\r\n\r\n", Response{Major: 1, Minor: 1, Status: 200}},
		{"RFC 9112 4", "any reason", "HTTP/1.1 599 \t\xc3\xa4 \xff \r\n\r\n",
			Response{Major: 1, Minor: 1, Status: 599, Reason: "\t\xc3\xa4 \xff "}},
		{"RFC 9110 15", "status 999", "HTTP/1.1 999 Request denied\r\n\r\n",
			Response{Major: 1, Minor: 1, Status: 999, Reason: "Request denied"}},
		{"RFC 9112 5.2", "folded line", "HTTP/1.1 200 OK\r\nA: b \t\r\n\t c\r\nD: e\r\n\r\n", Response{
			Major: 1, Minor: 1, Status: 200, Reason: "OK",
			Fields: []Field{{"A", "b c"}, {"D", "e"}},
		}},
		{"RFC 9112 5.2", "folded twice", "HTTP/1.1 200 OK\r\nA:\r\n b\r\n  c:d\r\n\r\n", Response{
			Major: 1, Minor: 1, Status: 200, Reason: "OK",
			Fields: []Field{{"A", "b c:d"}},
		}},
		{"RFC 9112 5.2", "folded into nothing", "HTTP/1.1 200 OK\r\nA: b\r\n \r\n\t\r\nD: e\r\n \r\n\r\n", Response{
			Major: 1, Minor: 1, Status: 200, Reason: "OK",
			Fields: []Field{{"A", "b"}, {"D", "e"}},
		}},
		{"RFC 9112 6.3", "rules for requests only", lines("HTTP/1.1 400 Bad", "Host: a/b", "Host: c", "Content-Length: x", "Transfer-Encoding: y"), Response{
			Major: 1, Minor: 1, Status: 400, Reason: "Bad",
			Fields: []Field{{"Host", "a/b"}, {"Host", "c"}, {"Content-Length", "x"}, {"Transfer-Encoding", "y"}},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.rule+" "+tt.name, func(t *testing.T) {
			got := parseEverySplit(t, newResponse, tt.in)
			want := result{N: len(tt.in), Done: true, Raw: tt.in, Resp: &tt.want}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// TestParsePrefix: an incomplete head is neither done nor invalid, wherever it ends.
func TestParsePrefix(t *testing.T) {
	for i := range len(chrome) {
		p := newRequest()
		got := parse(t, p, chrome[:i])
		want := result{N: i, Raw: chrome[:i]}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("prefix of %d bytes (-want +got):\n%s", i, d)
		}
	}
}

func TestLimits(t *testing.T) {
	request := "GET / HTTP/1.1\r\nHost: a\r\nA: b\r\n\r\n"
	tooLong := func(max string, line string) *ws.Error {
		return &ws.Error{Code: ws.CodeProtocolError, Status: 431,
			Msg: "request head, line " + line + ": head longer than " + max + " bytes"}
	}
	tests := []struct {
		name                string
		maxBytes, maxFields int
		in                  string
		want                result
	}{
		{"exactly the bytes", 33, 0, request, result{N: 33, Done: true}},
		{"one too many", 32, 0, request, result{N: 32, Err: tooLong("32", "4")}},
		{"seen before the next byte", 32, 0, request[:32], result{N: 32, Err: tooLong("32", "4")}},
		{"a byte left", 32, 0, request[:31], result{N: 31}},
		{"in the method", 1, 0, request, result{N: 1, Err: tooLong("1", "1")}},
		{"a bad byte comes first", 32, 0, "GET\x00" + request, result{N: 3, Err: &ws.Error{
			Code: ws.CodeProtocolError, Status: 400, Msg: "request head, line 1: byte 0x00 in the method"}}},
		{"exactly the fields", 0, 2, request, result{N: 33, Done: true}},
		{"one field too many", 0, 1, request, result{N: 25, Err: &ws.Error{
			Code: ws.CodeProtocolError, Status: 431, Msg: "request head, line 3: head with more than 1 fields"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := parseEverySplit(t, func() *Parser { return NewRequestParser(tt.maxBytes, tt.maxFields) }, tt.in)
			got.Req, got.Raw = nil, ""
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestDefaultLimits(t *testing.T) {
	field := "A: b\r\n"
	start := "GET / HTTP/1.1\r\nHost: a\r\n"
	if got := parse(t, newRequest(), start+strings.Repeat(field, 127)+"\r\n"); !got.Done {
		t.Errorf("128 fields: %v", got.Err)
	}
	if got := parse(t, newRequest(), start+strings.Repeat(field, 128)); got.Err == nil || got.Err.Status != 431 {
		t.Errorf("129 fields: %v", got.Err)
	}
	value := strings.Repeat("x", 16<<10-len(start)-len("A: \r\n\r\n"))
	if got := parse(t, newRequest(), start+"A: "+value+"\r\n\r\n"); !got.Done || got.N != 16<<10 {
		t.Errorf("16 KiB: %v", got.Err)
	}
	if got := parse(t, newRequest(), start+"A: "+value+"x\r\n\r\n"); got.Err == nil || got.Err.Status != 431 {
		t.Errorf("16 KiB and 1 byte: %v", got.Err)
	}
	if got := parse(t, newResponse(), "HTTP/1.1 200 "+strings.Repeat("x", 16<<10)); got.Err == nil || got.Err.Status != 0 {
		t.Errorf("response of more than 16 KiB: %v", got.Err)
	}
}

// TestMemory: a Parser holds what has arrived, whatever the limit is.
func TestMemory(t *testing.T) {
	p := NewRequestParser(1<<30, 0)
	parse(t, p, "GET /", strings.Repeat("x", 1000))
	if c := cap(p.raw); c > 2*1005 {
		t.Errorf("%d bytes held for a head of 1005", c)
	}
	p = NewRequestParser(1500, 0)
	parse(t, p, "GET /", strings.Repeat("x", 1000), strings.Repeat("x", 100))
	if c := cap(p.raw); c > 1500 {
		t.Errorf("%d bytes held with a limit of 1500", c)
	}
	p = newRequest()
	parse(t, p, chrome+strings.Repeat("x", 10000))
	if c := len(p.text); c != len(chrome) || p.machine != nil {
		t.Errorf("%d bytes held for a head of %d", c, len(chrome))
	}
}

func TestParseAllocs(t *testing.T) {
	in := []byte(chrome)
	got := wstest.Allocs(100, func() {
		p := newRequest()
		if _, done, err := p.Parse(in); !done {
			t.Fatal(err)
		}
	})
	if got > 4 { // Parser unless it is on the stack, the string, Request, Fields
		t.Errorf("%v allocations, want 4 at most", got)
	}
}

func BenchmarkParse(b *testing.B) {
	in := []byte(chrome)
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		p := newRequest()
		if _, done, err := p.Parse(in); !done {
			b.Fatal(err)
		}
	}
}
