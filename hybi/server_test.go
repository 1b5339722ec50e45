package hybi

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sans-io/websocket-driver/driver/head"
	"github.com/sans-io/websocket-driver/driver/ws"
)

// sampleKey and sampleAccept are the example of section 1.3.
const (
	sampleKey    = "dGhlIHNhbXBsZSBub25jZQ=="
	sampleAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
)

// request is a request with fields given as name and value in turn.
func request(fields ...string) *head.Request {
	r := &head.Request{Method: "GET", Target: "/chat", Major: 1, Minor: 1}
	for ; len(fields) > 0; fields = fields[2:] {
		r.Fields = append(r.Fields, head.Field{Name: fields[0], Value: fields[1]})
	}
	return r
}

func TestAccept(t *testing.T) {
	if got := Accept(sampleKey); got != sampleAccept {
		t.Errorf("got %q, want %q", got, sampleAccept)
	}
}

func TestCheckRequest(t *testing.T) {
	const key = "Sec-WebSocket-Key"
	connect := request()
	connect.Method, connect.Protocol = "CONNECT", "websocket"
	tests := []struct {
		r    *head.Request
		want string // the error, "" for none
	}{
		{request(key, sampleKey), ""},
		{request("sec-websocket-KEY", sampleKey), ""},
		{connect, ""},
		{request(), "0 Sec-WebSocket-Key fields, not 1"},
		{request(key, sampleKey, key, sampleKey), "2 Sec-WebSocket-Key fields, not 1"},
		{request(key, ""), `Sec-WebSocket-Key "" has 0 bytes, not 16`},
		{request(key, "dGhlIHNhbXBsZSBub25jZQ="), `Sec-WebSocket-Key "dGhlIHNhbXBsZSBub25jZQ=" is not base64`},
		{request(key, "dGhlIHNhbXBsZSBub25jZQ"), `Sec-WebSocket-Key "dGhlIHNhbXBsZSBub25jZQ" is not base64`},
		{request(key, "dGhlIHNhbXBsZSBub25j"), `Sec-WebSocket-Key "dGhlIHNhbXBsZSBub25j" has 15 bytes, not 16`},
		{request(key, "dGhlIHNhbXBsZSBub25jZWU="), `Sec-WebSocket-Key "dGhlIHNhbXBsZSBub25jZWU=" has 17 bytes, not 16`},
		{request(key, "dGhlIHNhbXBs*SBub25jZQ=="), `Sec-WebSocket-Key "dGhlIHNhbXBs*SBub25jZQ==" is not base64`},
		{request(key, "the sample nonce"), `Sec-WebSocket-Key "the sample nonce" is not base64`},
	}
	for _, tt := range tests {
		err := CheckRequest(tt.r)
		if tt.want == "" && err == nil {
			continue
		}
		var e *ws.Error
		if !errors.As(err, &e) || e.Status != 400 || e.Msg != tt.want {
			t.Errorf("%v: got %v, want %q", tt.r.Fields, err, tt.want)
		}
	}
}

func TestOffered(t *testing.T) {
	const name = "Sec-WebSocket-Protocol"
	tests := []struct {
		r    *head.Request
		want []string
		err  string
	}{
		{request(), nil, ""},
		{request(name, "chat"), []string{"chat"}, ""},
		{request(name, "chat, superchat,\tv1.x!"), []string{"chat", "superchat", "v1.x!"}, ""},
		{request(name, "b", "Other", "x", name, "a , c"), []string{"b", "a", "c"}, ""},
		{request(name, "chat, Chat"), []string{"chat", "Chat"}, ""},
		{request(name, ",, a ,"), []string{"a"}, ""},
		{request(name, "a b"), nil, `subprotocol "a b" is not a token`},
		{request(name, `a, "b"`), nil, `subprotocol "\"b\"" is not a token`},
		{request(name, "a", name, "é"), nil, `subprotocol "é" is not a token`},
		{request(name, "a, b, a"), nil, `subprotocol "a" is offered twice`},
		{request(name, "a", name, "a"), nil, `subprotocol "a" is offered twice`},
	}
	for _, tt := range tests {
		got, err := Offered(tt.r)
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%v: %s", tt.r.Fields, d)
		}
		var e *ws.Error
		if tt.err == "" && err != nil || tt.err != "" && (!errors.As(err, &e) || e.Status != 400 || e.Msg != tt.err) {
			t.Errorf("%v: got %v, want %q", tt.r.Fields, err, tt.err)
		}
	}
}

func TestServerResponse(t *testing.T) {
	extra := []head.Field{{Name: "X-Extra", Value: "1"}, {Name: "Set-Cookie", Value: "a=b"}}
	got := ServerResponse(request("Sec-WebSocket-Key", sampleKey), "chat", "foo; x=1", extra)
	want := &head.Response{Major: 1, Minor: 1, Status: 101, Fields: []head.Field{
		{Name: "Upgrade", Value: "websocket"},
		{Name: "Connection", Value: "Upgrade"},
		{Name: "Sec-WebSocket-Accept", Value: sampleAccept},
		{Name: "Sec-WebSocket-Protocol", Value: "chat"},
		{Name: "Sec-WebSocket-Extensions", Value: "foo; x=1"},
		extra[0], extra[1],
	}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	got = ServerResponse(request("Sec-WebSocket-Key", sampleKey), "", "", nil)
	want.Fields = want.Fields[:3]
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}

	// RFC 8441, section 5: 200, and neither Accept, Upgrade nor Connection.
	connect := request()
	connect.Method, connect.Protocol, connect.Major, connect.Minor = "CONNECT", "websocket", 2, 0
	got = ServerResponse(connect, "chat", "", extra[:1])
	want = &head.Response{Major: 2, Status: 200, Fields: []head.Field{{Name: "Sec-WebSocket-Protocol", Value: "chat"}, extra[0]}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// What a client sends comes back in errors and answers cut to size.
func TestLongValuesAreCut(t *testing.T) {
	long := strings.Repeat("x", 1000)
	r := &head.Request{Fields: []head.Field{{Name: "Sec-WebSocket-Key", Value: long}, {Name: "Sec-WebSocket-Protocol", Value: long + "@"}}}
	_, offered := Offered(r)
	for _, err := range []error{CheckRequest(r), offered} {
		if err == nil || len(err.Error()) > 150 {
			t.Errorf("error %v", err)
		}
	}
}
