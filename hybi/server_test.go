package hybi

import (
	"errors"
	"slices"
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

// connect is request for an extended CONNECT.
func connect(fields ...string) *head.Request {
	r := request(fields...)
	r.Method, r.Protocol, r.Major, r.Minor = "CONNECT", "websocket", 2, 0
	return r
}

func TestAccept(t *testing.T) {
	if got := Accept(sampleKey); got != sampleAccept {
		t.Errorf("got %q, want %q", got, sampleAccept)
	}
}

func TestServerHandshake(t *testing.T) {
	const key, protocol = "Sec-WebSocket-Key", "Sec-WebSocket-Protocol"
	offer := func(fields ...string) *head.Request { return request(append([]string{key, sampleKey}, fields...)...) }
	tests := []struct {
		rule string
		r    *head.Request
		want []string // subprotocols
		err  string   // "" for none
	}{
		{"1.3 the example", request(key, sampleKey), nil, ""},
		{"4.2.1 item 5: any case of the name", request("sec-websocket-KEY", sampleKey), nil, ""},
		{"4.1 item 7: the example, in which idle bits are set", request(key, "AQIDBAUGBwgJCgsMDQ4PEC=="), nil, ""},
		{"4.2.1 item 5: 22 digits", request(key, "1234567890123456789012=="), nil, ""},
		{"RFC 8441 5: no key", connect(), nil, ""},
		{"4.2.1 item 5: no key", request(), nil, "0 Sec-WebSocket-Key fields, not 1"},
		{"11.3.1 two keys", request(key, sampleKey, key, sampleKey), nil, "2 Sec-WebSocket-Key fields, not 1"},
		{"4.2.1 item 5: empty", request(key, ""), nil, `Sec-WebSocket-Key "" has 0 bytes, not 16`},
		{"4.2.1 item 5: half the padding", request(key, "dGhlIHNhbXBsZSBub25jZQ="), nil, `Sec-WebSocket-Key "dGhlIHNhbXBsZSBub25jZQ=" is not base64`},
		{"4.2.1 item 5: no padding", request(key, "dGhlIHNhbXBsZSBub25jZQ"), nil, `Sec-WebSocket-Key "dGhlIHNhbXBsZSBub25jZQ" is not base64`},
		{"4.2.1 item 5: too short", request(key, "dGhlIHNhbXBsZSBub25j"), nil, `Sec-WebSocket-Key "dGhlIHNhbXBsZSBub25j" has 15 bytes, not 16`},
		{"4.2.1 item 5: too long", request(key, "dGhlIHNhbXBsZSBub25jZWU="), nil, `Sec-WebSocket-Key "dGhlIHNhbXBsZSBub25jZWU=" has 17 bytes, not 16`},
		{"4.2.1 item 5: another alphabet", request(key, "dGhlIHNhbXBs*SBub25jZQ=="), nil, `Sec-WebSocket-Key "dGhlIHNhbXBs*SBub25jZQ==" is not base64`},
		{"4.2.1 item 5: a line break", request(key, "dGhlIHNhbXBsZSBu\nb25jZQ=="), nil, `Sec-WebSocket-Key "dGhlIHNhbXBsZSBu\nb25jZQ==" is not base64`},
		{"4.2.1 item 5: not encoded", request(key, "the sample nonce"), nil, `Sec-WebSocket-Key "the sample nonce" is not base64`},

		{"4.1 item 10: one subprotocol", offer(protocol, "chat"), []string{"chat"}, ""},
		{"4.1 item 10: several", offer(protocol, "chat, superchat,\tv1.x!"), []string{"chat", "superchat", "v1.x!"}, ""},
		{"11.3.4 several fields", offer(protocol, "b", "Other", "x", protocol, "a , c"), []string{"b", "a", "c"}, ""},
		{"4.1 item 10: names differ in case", offer(protocol, "chat, Chat"), []string{"chat", "Chat"}, ""},
		{"RFC 9110 5.6.1.2: empty elements", offer(protocol, ",, a ,"), []string{"a"}, ""},
		{"4.1 item 10: two words", offer(protocol, "a b"), nil, `subprotocol "a b" is not a token`},
		{"4.1 item 10: a quoted string", offer(protocol, `a, "b"`), nil, `subprotocol "\"b\"" is not a token`},
		{"4.1 item 10: beyond ASCII", offer(protocol, "a", protocol, "é"), nil, `subprotocol "é" is not a token`},
		{"4.1 item 10: twice", offer(protocol, "a, b, a"), nil, `subprotocol "a" is offered twice`},
		{"4.1 item 10: twice in two fields", offer(protocol, "a", protocol, "a"), nil, `subprotocol "a" is offered twice`},
	}
	for _, tt := range tests {
		t.Run(tt.rule, func(t *testing.T) {
			h, err := NewServerHandshake(tt.r, ws.Hybi13)
			if tt.err != "" {
				var e *ws.Error
				if !errors.As(err, &e) || e.Status != 400 || e.Msg != tt.err {
					t.Errorf("got %v, want %q", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, h.Subprotocols()); d != "" {
				t.Error(d)
			}
		})
	}
}

// respond returns the response that accepts r.
func respond(t *testing.T, r *head.Request, subprotocol, extensions string, extra []head.Field) *head.Response {
	t.Helper()
	h, err := NewServerHandshake(r, ws.Hybi13)
	if err != nil {
		t.Fatal(err)
	}
	response, err := h.Response(subprotocol, extensions, extra)
	if err != nil || h.BodyLength() != 0 || h.Digest(nil) != nil {
		t.Fatalf("%v, %d bytes after the head of the request, %q after that of the response", err, h.BodyLength(), h.Digest(nil))
	}
	return response
}

// TestServerResponse: the response that accepts a request.
func TestServerResponse(t *testing.T) {
	extra := []head.Field{{Name: "X-Extra", Value: "1"}, {Name: "Set-Cookie", Value: "a=b"}}
	accept := []head.Field{
		{Name: "Upgrade", Value: "websocket"},
		{Name: "Connection", Value: "Upgrade"},
		{Name: "Sec-WebSocket-Accept", Value: sampleAccept},
	}
	subprotocol := head.Field{Name: "Sec-WebSocket-Protocol", Value: "chat"}
	extensions := head.Field{Name: "Sec-WebSocket-Extensions", Value: "foo; x=1"}
	switching := func(fields ...head.Field) *head.Response {
		return &head.Response{Major: 1, Minor: 1, Status: 101, Fields: append(slices.Clip(accept), fields...)}
	}
	asked := request("Sec-WebSocket-Key", sampleKey)
	tests := []struct {
		rule      string
		got, want *head.Response
	}{
		{"4.2.2 item 5: all fields", respond(t, asked, "chat", "foo; x=1", extra), switching(subprotocol, extensions, extra[0], extra[1])},
		{"4.2.2 item 5: nothing chosen", respond(t, asked, "", "", nil), switching()},
		{"RFC 8441 5: 200, without Accept, Upgrade and Connection", respond(t, connect(), "chat", "", extra[:1]),
			&head.Response{Major: 2, Status: 200, Fields: []head.Field{subprotocol, extra[0]}}},
	}
	for _, tt := range tests {
		t.Run(tt.rule, func(t *testing.T) {
			if d := cmp.Diff(tt.want, tt.got); d != "" {
				t.Error(d)
			}
		})
	}
}

// What a client sends comes back in errors and responses cut to size.
func TestLongValuesAreCut(t *testing.T) {
	long := strings.Repeat("x", 1000)
	for _, r := range []*head.Request{
		request("Sec-WebSocket-Key", long),
		request("Sec-WebSocket-Key", sampleKey, "Sec-WebSocket-Protocol", long+"@"),
	} {
		if _, err := NewServerHandshake(r, ws.Hybi13); err == nil || len(err.Error()) > 150 {
			t.Errorf("error %v", err)
		}
	}
}
