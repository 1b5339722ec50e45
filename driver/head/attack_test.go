package head

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sans-io/websocket-driver/driver/ws"
)

// TestAttacks: each attack is refused after n bytes, with exactly this message.
func TestAttacks(t *testing.T) {
	const get = "GET / HTTP/1.1\r\n"
	const host = get + "Host: a\r\n"
	long := strings.Repeat("n", 100)
	tests := []struct {
		rule   string
		name   string
		in     string
		n      int
		status int
		msg    string
	}{
		{"RFC 8446 5.1", "TLS ClientHello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc", 0, 400, "line 1: byte 0x16 at the start looks like TLS"},
		{"RFC 9112 3.1", "NUL", "\x00", 0, 400, "line 1: byte 0x00 in the method"},
		{"RFC 9112 2.3", "HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 11, 505, "line 1: HTTP major version 2 is not supported"},
		{"RFC 9112 3", "HTTP/0.9", "GET /\r\n", 5, 400, "line 1: request line without an HTTP version"},
		{"RFC 9112 2.2", "empty line first", "\r\n" + host, 0, 400, "line 1: empty line before the first line"},
		{"RFC 9112 2.2", "bare LF first", "\nGET", 0, 400, "line 1: LF without CR before it"},
		{"RFC 9112 3", "blank first", " GET / HTTP/1.1\r\n", 0, 400, "line 1: byte 0x20 in the method"},
		{"RFC 9112 3", "method only", "GET\r\n", 3, 400, "line 1: byte 0x0d in the method"},
		{"RFC 9112 3.1", "method with a bracket", "G(T / HTTP/1.1\r\n", 1, 400, "line 1: byte 0x28 in the method"},
		{"RFC 9112 3.1", "method with UTF-8", "G\xc3\x84T / HTTP/1.1\r\n", 1, 400, "line 1: byte 0xc3 in the method"},
		{"RFC 9112 3", "HTAB after the method", "GET\t/ HTTP/1.1\r\n", 3, 400, "line 1: byte 0x09 in the method"},
		{"RFC 9112 3", "no target", "GET  HTTP/1.1\r\n", 4, 400, "line 1: request line without a target"},
		{"RFC 9112 3.2", "HTAB in the target", "GET /\t HTTP/1.1\r\n", 5, 400, "line 1: byte 0x09 in the request target"},
		{"RFC 9112 3.2", "NUL in the target", "GET /\x00 HTTP/1.1\r\n", 5, 400, "line 1: byte 0x00 in the request target"},
		{"RFC 9112 3.2", "DEL in the target", "GET /\x7f HTTP/1.1\r\n", 5, 400, "line 1: byte 0x7f in the request target"},
		{"RFC 9112 3.2", "UTF-8 in the target", "GET /secret\xc3\xa4 HTTP/1.1\r\n", 11, 400, "line 1: byte 0xc3 in the request target"},
		{"RFC 9112 3.2", "0xff in the target", "GET /\xff HTTP/1.1\r\n", 5, 400, "line 1: byte 0xff in the request target"},
		{"RFC 9110 4.2.1", "absolute form without a host", "GET http:///a HTTP/1.1\r\n", 23, 400, "line 1: request target without a host"},
		{"RFC 9110 4.2.1", "absolute form with a port alone", "GET http://:80/ HTTP/1.1\r\n", 25, 400, "line 1: request target without a host"},
		{"RFC 9110 4.2.4", "absolute form with a user name", "GET http://secret@a/ HTTP/1.1\r\n", 30, 400, "line 1: byte 0x40 in the host of the request target"},
		{"RFC 9112 2.2", "LF in the target", "GET /\nHost: a\r\n", 5, 400, "line 1: LF without CR before it"},
		{"RFC 9112 3.2", "blank in the target", "GET /a b HTTP/1.1\r\n", 7, 400, "line 1: byte 0x62 in the HTTP version"},
		{"RFC 9112 3", "two blanks", "GET /  HTTP/1.1\r\n", 6, 400, "line 1: byte 0x20 in the HTTP version"},
		{"RFC 9112 2.3", "other protocol", "OPTIONS / RTSP/1.0\r\n", 10, 400, "line 1: byte 0x52 in the HTTP version"},
		{"RFC 9112 2.3", "lower case", "GET / http/1.1\r\n", 6, 400, "line 1: byte 0x68 in the HTTP version"},
		{"RFC 9110 15.6.6", "major version 0", "GET / HTTP/0.9\r\n", 11, 505, "line 1: HTTP major version 0 is not supported"},
		{"RFC 9110 15.6.6", "major version 9", "GET / HTTP/9.9\r\n", 11, 505, "line 1: HTTP major version 9 is not supported"},
		{"RFC 9112 2.3", "major version of two digits", "GET / HTTP/11.1\r\n", 12, 400, "line 1: byte 0x31 in the HTTP version"},
		{"RFC 9112 2.3", "major version of no digit", "GET / HTTP/.1\r\n", 11, 400, "line 1: byte 0x2e in the HTTP version"},
		{"RFC 9110 15.6.6", "minor version 2", "GET / HTTP/1.2\r\n", 13, 505, "line 1: HTTP version 1.2 is not supported"},
		{"RFC 9112 2.3", "minor version of two digits", "GET / HTTP/1.10\r\n", 14, 400, "line 1: byte 0x30 in the HTTP version"},
		{"RFC 9112 2.3", "minor version missing", "GET / HTTP/1.\r\n", 13, 400, "line 1: byte 0x0d in the HTTP version"},
		{"RFC 9112 3", "blank after the version", "GET / HTTP/1.1 \r\n", 14, 400, "line 1: byte 0x20 in the HTTP version"},
		{"RFC 9112 2.2", "bare LF after the version", "GET / HTTP/1.1\nHost: a\r\n", 14, 400, "line 1: LF without CR before it"},
		{"RFC 9112 2.2", "bare CR after the version", "GET / HTTP/1.1\rHost: a\r\n", 15, 400, "line 1: CR followed by byte 0x48 instead of LF"},
		{"RFC 9112 2.2", "CR CR LF", "GET / HTTP/1.1\r\r\n", 15, 400, "line 1: CR followed by byte 0x0d instead of LF"},

		{"RFC 9112 2.2", "blank before the first field", get + " Host: a\r\n", 16, 400, "line 2: blank before the first field"},
		{"RFC 9112 2.2", "HTAB before the first field", get + "\tHost: a\r\n", 16, 400, "line 2: blank before the first field"},
		{"RFC 9112 5.2", "line of blanks", host + " \r\n", 25, 400, "line 3: folded field line"},
		{"RFC 9112 5.2", "folded line", host + "A: b\r\n c\r\n\r\n", 31, 400, "line 4: folded field line"},
		{"RFC 9112 5.2", "folded line with HTAB", host + "A: b\r\n\tc\r\n\r\n", 31, 400, "line 4: folded field line"},
		{"RFC 9112 5.1", "blank before the colon", host + "Transfer-Encoding : chunked\r\n", 42, 400, `line 3: blank in or after the field name "Transfer-Encoding"`},
		{"RFC 9112 5.1", "HTAB before the colon", host + "A\t: b\r\n", 26, 400, `line 3: blank in or after the field name "A"`},
		{"RFC 9112 5.1", "blank in a long name", host + long + " :", 125, 400, `line 3: blank in or after the field name "` + long[:64] + `"...`},
		{"RFC 9110 5.1", "empty name", host + ": b\r\n", 25, 400, "line 3: field without a name"},
		{"RFC 9112 5", "no colon", host + "secret\r\n", 31, 400, "line 3: field line without a colon"},
		{"RFC 9110 5.1", "NUL first in a name", host + "\x00A: b\r\n", 25, 400, "line 3: byte 0x00 in a field name"},
		{"RFC 9110 5.1", "NUL in a name", host + "A\x00: b\r\n", 26, 400, "line 3: byte 0x00 in a field name"},
		{"RFC 9110 5.1", "UTF-8 in a name", host + "\xc3\x84: b\r\n", 25, 400, "line 3: byte 0xc3 in a field name"},
		{"RFC 9110 5.1", "bracket in a name", host + "A(: b\r\n", 26, 400, "line 3: byte 0x28 in a field name"},
		{"RFC 9112 2.2", "bare LF after a name", host + "A\n: b\r\n", 26, 400, "line 3: LF without CR before it"},
		{"RFC 9110 5.5", "NUL in a value", host + "A: secret\x00\r\n", 34, 400, `line 3: byte 0x00 in the value of field "A"`},
		{"RFC 9110 5.5", "DEL in a value", host + "A: secret\x7f\r\n", 34, 400, `line 3: byte 0x7f in the value of field "A"`},
		{"RFC 9110 5.5", "ESC in a value", host + "Authorization: secret\x1b\r\n", 46, 400, `line 3: byte 0x1b in the value of field "Authorization"`},
		{"RFC 9112 2.2", "bare LF in a value", host + "A: b\nTransfer-Encoding: chunked\r\n\r\n", 29, 400, "line 3: LF without CR before it"},
		{"RFC 9112 2.2", "bare CR in a value", host + "A: b\rTransfer-Encoding: chunked\r\n\r\n", 30, 400, "line 3: CR followed by byte 0x54 instead of LF"},
		{"RFC 9112 2.2", "bare LF at the end", host + "\n", 25, 400, "line 3: LF without CR before it"},
		{"RFC 9112 2.2", "bare CR at the end", host + "\rA: b\r\n", 26, 400, "line 3: CR followed by byte 0x41 instead of LF"},

		{"RFC 9112 3.2", "no host", get + "\r\n", 17, 400, "line 2: HTTP/1.1 request without a Host field"},
		{"RFC 9112 3.2", "no host among fields", get + "Hosts: a\r\nHos: a\r\n\r\n", 35, 400, "line 4: HTTP/1.1 request without a Host field"},
		{"RFC 9112 3.2", "two hosts", host + "HOST: b\r\n\r\n", 33, 400, "line 3: second Host field"},
		{"RFC 9112 3.2", "the same host twice", host + "Host: a\r\n\r\n", 33, 400, "line 3: second Host field"},
		{"RFC 9112 3.2", "two hosts in 1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost:\r\n\r\n", 31, 400, "line 3: second Host field"},
		{"RFC 9110 7.2", "path in the host", get + "Host: a/b\r\n", 26, 400, "line 2: byte 0x2f in the Host field"},
		{"RFC 9110 7.2", "user in the host", get + "Host: secret@b\r\n", 31, 400, "line 2: byte 0x40 in the Host field"},
		{"RFC 9110 7.2", "query in the host", get + "Host: a?b\r\n", 26, 400, "line 2: byte 0x3f in the Host field"},
		{"RFC 9110 7.2", "fragment in the host", get + "Host: a#b\r\n", 26, 400, "line 2: byte 0x23 in the Host field"},
		{"RFC 9110 7.2", "backslash in the host", get + "Host: a\\b\r\n", 26, 400, "line 2: byte 0x5c in the Host field"},
		{"RFC 9110 7.2", "blank in the host", get + "Host: a b\r\n", 26, 400, "line 2: byte 0x20 in the Host field"},
		{"RFC 9110 7.2", "HTAB in the host", get + "Host: a\tb\r\n", 26, 400, "line 2: byte 0x09 in the Host field"},
		{"RFC 9110 7.2", "UTF-8 in the host", get + "Host: \xc3\xa4\r\n", 25, 400, "line 2: byte 0xc3 in the Host field"},

		{"RFC 9112 6.1", "length and encoding", host + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 71, 400, "line 4: Content-Length and Transfer-Encoding in one request"},
		{"RFC 9112 6.1", "encoding and length", host + "transfer-encoding: x\r\ncontent-length: 5\r\n\r\n", 65, 400, "line 4: Content-Length and Transfer-Encoding in one request"},
		{"RFC 9112 6.3", "two lengths", host + "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", 62, 400, "line 4: two different Content-Length fields"},
		{"RFC 9110 8.6", "list of lengths", host + "Content-Length: 5, 5\r\n", 46, 400, "line 3: malformed Content-Length: byte 0x2c"},
		{"RFC 9110 8.6", "length with a sign", host + "Content-Length: +5\r\n", 44, 400, "line 3: malformed Content-Length: byte 0x2b"},
		{"RFC 9110 8.6", "negative length", host + "Content-Length: -5\r\n", 44, 400, "line 3: malformed Content-Length: byte 0x2d"},
		{"RFC 9110 8.6", "hexadecimal length", host + "Content-Length: 0x5\r\n", 45, 400, "line 3: malformed Content-Length: byte 0x78"},
		{"RFC 9110 8.6", "length with an underscore", host + "Content-Length: 1_0\r\n", 45, 400, "line 3: malformed Content-Length: byte 0x5f"},
		{"RFC 9110 8.6", "empty length", host + "Content-Length: \r\n", 42, 400, "line 3: malformed Content-Length: empty or longer than 63 bits"},
		{"RFC 9110 8.6", "length beyond int64", host + "Content-Length: 9223372036854775808\r\n", 61, 400, "line 3: malformed Content-Length: empty or longer than 63 bits"},
	}
	for _, tt := range tests {
		t.Run(tt.rule+" "+tt.name, func(t *testing.T) {
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
		rule string
		name string
		in   string
		n    int
		msg  string
	}{
		{"RFC 8446 5.1", "TLS alert", "\x15\x03\x01\x00\x02\x02\x16", 0, "line 1: byte 0x15 at the start looks like TLS"},
		{"RFC 9112 2.3", "SSH", "SSH-2.0-x\r\n", 0, "line 1: byte 0x53 in the HTTP version"},
		{"RFC 9112 2.3", "ICY", "ICY 200 OK\r\n", 0, "line 1: byte 0x49 in the HTTP version"},
		{"RFC 9112 2.3", "HTTP/2", "HTTP/2 200\r\n", 5, "line 1: HTTP major version 2 is not supported"},
		{"RFC 9110 15.6.6", "minor version 2", "HTTP/1.2 200 OK\r\n", 7, "line 1: HTTP version 1.2 is not supported"},
		{"RFC 9112 4", "no status", "HTTP/1.1\r\n", 8, "line 1: byte 0x0d in the HTTP version"},
		{"RFC 9112 3", "two blanks", "HTTP/1.1  200 OK\r\n", 9, "line 1: byte 0x20 in the status"},
		{"RFC 9110 15", "status 099", "HTTP/1.1 099 OK\r\n", 9, "line 1: status 0xx is not from 100 to 999"},
		{"RFC 9112 4", "status of two digits", "HTTP/1.1 20 OK\r\n", 11, "line 1: byte 0x20 in the status"},
		{"RFC 9112 4", "status of four digits", "HTTP/1.1 2000 OK\r\n", 12, "line 1: byte 0x30 in the status"},
		{"RFC 9112 4", "status with letters", "HTTP/1.1 2O0 OK\r\n", 10, "line 1: byte 0x4f in the status"},
		{"RFC 9112 2.2", "bare LF after the status", "HTTP/1.1 200\n", 12, "line 1: LF without CR before it"},
		{"RFC 9112 4", "NUL in the reason", "HTTP/1.1 200 O\x00\r\n", 14, "line 1: byte 0x00 in the reason phrase"},
		{"RFC 9112 2.2", "bare CR in the reason", "HTTP/1.1 200 O\rK\r\n", 15, "line 1: CR followed by byte 0x4b instead of LF"},
		{"RFC 9112 2.2", "blank before the first field", "HTTP/1.1 200 OK\r\n A: b\r\n", 17, "line 2: blank before the first field"},
		{"RFC 9110 5.5", "NUL in a folded line", "HTTP/1.1 200 OK\r\nA: secret\r\n\t\x00", 29, `line 3: byte 0x00 in the value of field "A"`},
	}
	for _, tt := range tests {
		t.Run(tt.rule+" "+tt.name, func(t *testing.T) {
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
