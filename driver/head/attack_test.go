package head

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sans-io/websocket-driver/driver/ws"
)

// Each attack is refused at the byte that n tells, with exactly this message.
func TestAttacks(t *testing.T) {
	const get = "GET / HTTP/1.1\r\n"
	const host = get + "Host: a\r\n"
	long := strings.Repeat("n", 100)
	tests := []struct {
		name   string
		in     string
		n      int
		status int
		msg    string
	}{
		{"TLS ClientHello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc", 0, 400, "line 1: byte 0x16 at the start looks like TLS"},
		{"NUL", "\x00", 0, 400, "line 1: byte 0x00 in the method"},
		{"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 11, 505, "line 1: HTTP major version 2 is not supported"},
		{"HTTP/0.9", "GET /\r\n", 5, 400, "line 1: request line without an HTTP version"},
		{"empty line first", "\r\n" + host, 0, 400, "line 1: empty line before the first line"},
		{"bare LF first", "\nGET", 0, 400, "line 1: LF without CR before it"},
		{"blank first", " GET / HTTP/1.1\r\n", 0, 400, "line 1: byte 0x20 in the method"},
		{"method only", "GET\r\n", 3, 400, "line 1: byte 0x0d in the method"},
		{"method with a bracket", "G(T / HTTP/1.1\r\n", 1, 400, "line 1: byte 0x28 in the method"},
		{"method with UTF-8", "G\xc3\x84T / HTTP/1.1\r\n", 1, 400, "line 1: byte 0xc3 in the method"},
		{"HTAB behind the method", "GET\t/ HTTP/1.1\r\n", 3, 400, "line 1: byte 0x09 in the method"},
		{"no target", "GET  HTTP/1.1\r\n", 4, 400, "line 1: request line without a target"},
		{"HTAB in the target", "GET /\t HTTP/1.1\r\n", 5, 400, "line 1: byte 0x09 in the request target"},
		{"NUL in the target", "GET /\x00 HTTP/1.1\r\n", 5, 400, "line 1: byte 0x00 in the request target"},
		{"DEL in the target", "GET /\x7f HTTP/1.1\r\n", 5, 400, "line 1: byte 0x7f in the request target"},
		{"LF in the target", "GET /\nHost: a\r\n", 5, 400, "line 1: LF without CR before it"},
		{"blank in the target", "GET /a b HTTP/1.1\r\n", 7, 400, "line 1: byte 0x62 in the HTTP version"},
		{"two blanks", "GET /  HTTP/1.1\r\n", 6, 400, "line 1: byte 0x20 in the HTTP version"},
		{"other protocol", "OPTIONS / RTSP/1.0\r\n", 10, 400, "line 1: byte 0x52 in the HTTP version"},
		{"lower case", "GET / http/1.1\r\n", 6, 400, "line 1: byte 0x68 in the HTTP version"},
		{"major version 0", "GET / HTTP/0.9\r\n", 11, 505, "line 1: HTTP major version 0 is not supported"},
		{"major version 9", "GET / HTTP/9.9\r\n", 11, 505, "line 1: HTTP major version 9 is not supported"},
		{"major version of two digits", "GET / HTTP/11.1\r\n", 12, 400, "line 1: byte 0x31 in the HTTP version"},
		{"major version of no digit", "GET / HTTP/.1\r\n", 11, 400, "line 1: byte 0x2e in the HTTP version"},
		{"minor version 2", "GET / HTTP/1.2\r\n", 13, 505, "line 1: HTTP version 1.2 is not supported"},
		{"minor version of two digits", "GET / HTTP/1.10\r\n", 14, 400, "line 1: byte 0x30 in the HTTP version"},
		{"minor version missing", "GET / HTTP/1.\r\n", 13, 400, "line 1: byte 0x0d in the HTTP version"},
		{"blank behind the version", "GET / HTTP/1.1 \r\n", 14, 400, "line 1: byte 0x20 in the HTTP version"},
		{"bare LF behind the version", "GET / HTTP/1.1\nHost: a\r\n", 14, 400, "line 1: LF without CR before it"},
		{"bare CR behind the version", "GET / HTTP/1.1\rHost: a\r\n", 15, 400, "line 1: CR followed by byte 0x48 instead of LF"},
		{"CR CR LF", "GET / HTTP/1.1\r\r\n", 15, 400, "line 1: CR followed by byte 0x0d instead of LF"},

		{"blank before the first field", get + " Host: a\r\n", 16, 400, "line 2: blank before the first field"},
		{"HTAB before the first field", get + "\tHost: a\r\n", 16, 400, "line 2: blank before the first field"},
		{"line of blanks", host + " \r\n", 25, 400, "line 3: folded field line"},
		{"folded line", host + "A: b\r\n c\r\n\r\n", 31, 400, "line 4: folded field line"},
		{"folded line with HTAB", host + "A: b\r\n\tc\r\n\r\n", 31, 400, "line 4: folded field line"},
		{"blank before the colon", host + "Transfer-Encoding : chunked\r\n", 42, 400, `line 3: blank in or behind the field name "Transfer-Encoding"`},
		{"HTAB before the colon", host + "A\t: b\r\n", 26, 400, `line 3: blank in or behind the field name "A"`},
		{"blank in a long name", host + long + " :", 125, 400, `line 3: blank in or behind the field name "` + long[:64] + `"...`},
		{"empty name", host + ": b\r\n", 25, 400, "line 3: field without a name"},
		{"no colon", host + "secret\r\n", 31, 400, "line 3: field line without a colon"},
		{"NUL first in a name", host + "\x00A: b\r\n", 25, 400, "line 3: byte 0x00 in a field name"},
		{"NUL in a name", host + "A\x00: b\r\n", 26, 400, "line 3: byte 0x00 in a field name"},
		{"UTF-8 in a name", host + "\xc3\x84: b\r\n", 25, 400, "line 3: byte 0xc3 in a field name"},
		{"bracket in a name", host + "A(: b\r\n", 26, 400, "line 3: byte 0x28 in a field name"},
		{"bare LF behind a name", host + "A\n: b\r\n", 26, 400, "line 3: LF without CR before it"},
		{"NUL in a value", host + "A: secret\x00\r\n", 34, 400, `line 3: byte 0x00 in the value of field "A"`},
		{"DEL in a value", host + "A: secret\x7f\r\n", 34, 400, `line 3: byte 0x7f in the value of field "A"`},
		{"ESC in a value", host + "Authorization: secret\x1b\r\n", 46, 400, `line 3: byte 0x1b in the value of field "Authorization"`},
		{"bare LF in a value", host + "A: b\nTransfer-Encoding: chunked\r\n\r\n", 29, 400, "line 3: LF without CR before it"},
		{"bare CR in a value", host + "A: b\rTransfer-Encoding: chunked\r\n\r\n", 30, 400, "line 3: CR followed by byte 0x54 instead of LF"},
		{"bare LF at the end", host + "\n", 25, 400, "line 3: LF without CR before it"},
		{"bare CR at the end", host + "\rA: b\r\n", 26, 400, "line 3: CR followed by byte 0x41 instead of LF"},

		{"no host", get + "\r\n", 17, 400, "line 2: HTTP/1.1 request without a Host field"},
		{"no host among fields", get + "Hosts: a\r\nHos: a\r\n\r\n", 35, 400, "line 4: HTTP/1.1 request without a Host field"},
		{"two hosts", host + "HOST: b\r\n\r\n", 33, 400, "line 3: second Host field"},
		{"the same host twice", host + "Host: a\r\n\r\n", 33, 400, "line 3: second Host field"},
		{"two hosts in 1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost:\r\n\r\n", 31, 400, "line 3: second Host field"},
		{"path in the host", get + "Host: a/b\r\n", 26, 400, "line 2: byte 0x2f in the Host field"},
		{"user in the host", get + "Host: secret@b\r\n", 31, 400, "line 2: byte 0x40 in the Host field"},
		{"query in the host", get + "Host: a?b\r\n", 26, 400, "line 2: byte 0x3f in the Host field"},
		{"fragment in the host", get + "Host: a#b\r\n", 26, 400, "line 2: byte 0x23 in the Host field"},
		{"backslash in the host", get + "Host: a\\b\r\n", 26, 400, "line 2: byte 0x5c in the Host field"},
		{"blank in the host", get + "Host: a b\r\n", 26, 400, "line 2: byte 0x20 in the Host field"},
		{"HTAB in the host", get + "Host: a\tb\r\n", 26, 400, "line 2: byte 0x09 in the Host field"},
		{"UTF-8 in the host", get + "Host: \xc3\xa4\r\n", 25, 400, "line 2: byte 0xc3 in the Host field"},

		{"length and encoding", host + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 71, 400, "line 4: Content-Length and Transfer-Encoding in one request"},
		{"encoding and length", host + "transfer-encoding: x\r\ncontent-length: 5\r\n\r\n", 65, 400, "line 4: Content-Length and Transfer-Encoding in one request"},
		{"two lengths", host + "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", 62, 400, "line 4: two different Content-Length fields"},
		{"list of lengths", host + "Content-Length: 5, 5\r\n", 46, 400, "line 3: malformed Content-Length: byte 0x2c"},
		{"length with a sign", host + "Content-Length: +5\r\n", 44, 400, "line 3: malformed Content-Length: byte 0x2b"},
		{"negative length", host + "Content-Length: -5\r\n", 44, 400, "line 3: malformed Content-Length: byte 0x2d"},
		{"hexadecimal length", host + "Content-Length: 0x5\r\n", 45, 400, "line 3: malformed Content-Length: byte 0x78"},
		{"length with an underscore", host + "Content-Length: 1_0\r\n", 45, 400, "line 3: malformed Content-Length: byte 0x5f"},
		{"empty length", host + "Content-Length: \r\n", 42, 400, "line 3: malformed Content-Length: empty or beyond 63 bits"},
		{"length beyond int64", host + "Content-Length: 9223372036854775808\r\n", 61, 400, "line 3: malformed Content-Length: empty or beyond 63 bits"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := parseEverySplit(t, newRequest, tt.in)
			want := result{N: tt.n, Raw: tt.in[:tt.n], Err: &ws.Error{
				Code: ws.CodeProtocolError, Status: tt.status, Msg: "request head, " + tt.msg,
			}}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if strings.Contains(got.Err.Msg, "secret") {
				t.Errorf("message %q holds the secret", got.Err.Msg)
			}
		})
	}
}

func TestBadResponses(t *testing.T) {
	tests := []struct {
		name string
		in   string
		n    int
		msg  string
	}{
		{"TLS alert", "\x15\x03\x01\x00\x02\x02\x16", 0, "line 1: byte 0x15 at the start looks like TLS"},
		{"SSH", "SSH-2.0-x\r\n", 0, "line 1: byte 0x53 in the HTTP version"},
		{"ICY", "ICY 200 OK\r\n", 0, "line 1: byte 0x49 in the HTTP version"},
		{"HTTP/2", "HTTP/2 200\r\n", 5, "line 1: HTTP major version 2 is not supported"},
		{"minor version 2", "HTTP/1.2 200 OK\r\n", 7, "line 1: HTTP version 1.2 is not supported"},
		{"no status", "HTTP/1.1\r\n", 8, "line 1: byte 0x0d in the HTTP version"},
		{"two blanks", "HTTP/1.1  200 OK\r\n", 9, "line 1: byte 0x20 in the status"},
		{"status 099", "HTTP/1.1 099 OK\r\n", 9, "line 1: status 0xx is not from 100 to 599"},
		{"status 600", "HTTP/1.1 600 OK\r\n", 9, "line 1: status 6xx is not from 100 to 599"},
		{"status of two digits", "HTTP/1.1 20 OK\r\n", 11, "line 1: byte 0x20 in the status"},
		{"status of four digits", "HTTP/1.1 2000 OK\r\n", 12, "line 1: byte 0x30 in the status"},
		{"status with letters", "HTTP/1.1 2O0 OK\r\n", 10, "line 1: byte 0x4f in the status"},
		{"bare LF behind the status", "HTTP/1.1 200\n", 12, "line 1: LF without CR before it"},
		{"NUL in the reason", "HTTP/1.1 200 O\x00\r\n", 14, "line 1: byte 0x00 in the reason phrase"},
		{"bare CR in the reason", "HTTP/1.1 200 O\rK\r\n", 15, "line 1: CR followed by byte 0x4b instead of LF"},
		{"folded line", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n", 23, "line 3: folded field line"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := parseEverySplit(t, newResponse, tt.in)
			want := result{N: tt.n, Raw: tt.in[:tt.n], Err: &ws.Error{
				Code: ws.CodeProtocolError, Msg: "response head, " + tt.msg,
			}}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}
