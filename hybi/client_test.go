package hybi

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sans-io/websocket-driver/driver/head"
	"github.com/sans-io/websocket-driver/driver/ws"
)

// nonce is the source of the key in the example of section 1.3.
func nonce() io.Reader { return strings.NewReader("the sample nonce") }

// fields are given as name and value in turn.
func fields(pairs ...string) []head.Field { return request(pairs...).Fields }

func TestClientRequest(t *testing.T) {
	tests := []struct {
		name  string
		offer Offer
		want  *head.Request
	}{
		{"RFC 6455", Offer{Version: ws.Hybi13, Host: "example.com", Target: "/chat"},
			&head.Request{Method: "GET", Target: "/chat", Major: 1, Minor: 1, Authority: "example.com", Fields: fields(
				"Host", "example.com", "Upgrade", "websocket", "Connection", "Upgrade",
				"Sec-WebSocket-Key", sampleKey, "Sec-WebSocket-Version", "13")}},
		{"with all fields", Offer{Version: ws.Hybi13, Host: "example.com", Target: "/", Subprotocols: []string{"a", "b"}, Extensions: "foo, bar",
			Fields: fields("Origin", "http://example.com", "host", "other.example")},
			&head.Request{Method: "GET", Target: "/", Major: 1, Minor: 1, Authority: "example.com", Fields: fields(
				"Upgrade", "websocket", "Connection", "Upgrade", "Sec-WebSocket-Key", sampleKey, "Sec-WebSocket-Version", "13",
				"Sec-WebSocket-Protocol", "a, b", "Sec-WebSocket-Extensions", "foo, bar", "Origin", "http://example.com", "host", "other.example")}},
		{"draft 8", Offer{Version: ws.Hybi8, Host: "h", Target: "/", Fields: fields("origin", "http://o", "X", "y")},
			&head.Request{Method: "GET", Target: "/", Major: 1, Minor: 1, Authority: "h", Fields: fields(
				"Host", "h", "Upgrade", "websocket", "Connection", "Upgrade", "Sec-WebSocket-Key", sampleKey,
				"Sec-WebSocket-Version", "8", "Sec-WebSocket-Origin", "http://o", "X", "y")}},
		{"draft 7", Offer{Version: ws.Hybi7, Host: "h", Target: "/", Fields: fields("Origin", "http://o")},
			&head.Request{Method: "GET", Target: "/", Major: 1, Minor: 1, Authority: "h", Fields: fields(
				"Host", "h", "Upgrade", "websocket", "Connection", "Upgrade", "Sec-WebSocket-Key", sampleKey,
				"Sec-WebSocket-Version", "7", "Sec-WebSocket-Origin", "http://o")}},
		{"extended CONNECT", Offer{Version: ws.Hybi13, Host: "h", Target: "/x", Connect: true, Scheme: "https", Subprotocols: []string{"a"}, Fields: fields("Origin", "http://o")},
			&head.Request{Method: "CONNECT", Target: "/x", Major: 2, Protocol: "websocket", Scheme: "https", Authority: "h", Fields: fields(
				"Sec-WebSocket-Version", "13", "Sec-WebSocket-Protocol", "a", "Origin", "http://o")}},
	}
	for _, tt := range tests {
		tt.offer.Rand = nonce()
		got, _, err := ClientRequest(tt.offer)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, d)
		}
		if got.Protocol == "" {
			if err := CheckRequest(got); err != nil {
				t.Errorf("%s: our server refuses it: %v", tt.name, err)
			}
		}
	}
}

// Keys come from crypto/rand unless said; none is used if it comes in part.
func TestClientKey(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		r, _, err := ClientRequest(Offer{Version: ws.Hybi13})
		if err != nil || CheckRequest(r) != nil || seen[r.Get("Sec-WebSocket-Key")] {
			t.Fatalf("%v, %v", err, r)
		}
		seen[r.Get("Sec-WebSocket-Key")] = true
	}
	if _, _, err := ClientRequest(Offer{Version: ws.Hybi13, Rand: strings.NewReader("short")}); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v", err)
	}
	if _, _, err := ClientRequest(Offer{Version: ws.Hybi13, Rand: strings.NewReader(""), Connect: true}); err != nil {
		t.Errorf("extended CONNECT needs no key: %v", err)
	}
}

func TestCheckResponse(t *testing.T) {
	const accept, protocol = "Sec-WebSocket-Accept", "Sec-WebSocket-Protocol"
	good := func(more ...string) []head.Field {
		return fields(append([]string{"Upgrade", "websocket", "Connection", "Upgrade", accept, sampleAccept}, more...)...)
	}
	tests := []struct {
		fields      []head.Field
		subprotocol string
		err         string // "" for none
	}{
		{good(), "", ""},
		{good(protocol, "b"), "b", ""},
		{fields("upgrade", "WebSocket", "connection", "keep-alive, upgrade", accept, sampleAccept), "", ""},
		{fields("Upgrade", "websocket", "Connection", "keep-alive", "Connection", "UPGRADE", accept, sampleAccept), "", ""},
		{good()[1:], "", `0 Upgrade fields, the first is "", not "websocket"`},
		{good("Upgrade", "websocket"), "", `2 Upgrade fields, the first is "websocket", not "websocket"`},
		{fields("Upgrade", "h2c", "Connection", "Upgrade", accept, sampleAccept), "", `1 Upgrade fields, the first is "h2c", not "websocket"`},
		{fields("Upgrade", "websocket", accept, sampleAccept), "", `Connection is "" and does not hold "Upgrade"`},
		{fields("Upgrade", "websocket", "Connection", "upgrades", accept, sampleAccept), "", `Connection is "upgrades" and does not hold "Upgrade"`},
		{good()[:2], "", `0 Sec-WebSocket-Accept fields, the first is "", not "` + sampleAccept + `"`},
		{good(accept, "x"), "", `2 Sec-WebSocket-Accept fields, the first is "` + sampleAccept + `", not "` + sampleAccept + `"`},
		{fields("Upgrade", "websocket", "Connection", "Upgrade", accept, strings.ToLower(sampleAccept)), "",
			`1 Sec-WebSocket-Accept fields, the first is "` + strings.ToLower(sampleAccept) + `", not "` + sampleAccept + `"`},
		{good(protocol, "c"), "", `subprotocol "c" was not offered`},
		{good(protocol, "A"), "", `subprotocol "A" was not offered`},
		{good(protocol, "a, b"), "", `subprotocol "a, b" was not offered`},
		{good(protocol, ""), "", `subprotocol "" was not offered`},
		{good(protocol, "a", protocol, "b"), "", "2 Sec-WebSocket-Protocol fields, not 1"},
	}
	for _, tt := range tests {
		_, h, err := ClientRequest(Offer{Version: ws.Hybi13, Subprotocols: []string{"a", "b"}, Rand: nonce()})
		if err != nil {
			t.Fatal(err)
		}
		got, err := h.CheckResponse(&head.Response{Status: 101, Fields: tt.fields})
		if got != tt.subprotocol {
			t.Errorf("%v: subprotocol %q, want %q", tt.fields, got, tt.subprotocol)
		}
		var e *ws.Error
		if tt.err == "" && err != nil || tt.err != "" && (!errors.As(err, &e) || e.Code != ws.CodeProtocolError || e.Msg != tt.err) {
			t.Errorf("%v: got %v, want %q", tt.fields, err, tt.err)
		}
	}
	_, h, _ := ClientRequest(Offer{Version: ws.Hybi13, Connect: true, Subprotocols: []string{"a"}})
	if got, err := h.CheckResponse(&head.Response{Status: 200, Fields: fields(protocol, "a")}); got != "a" || err != nil {
		t.Errorf("extended CONNECT: %q, %v", got, err)
	}
	if _, err := h.CheckResponse(&head.Response{Status: 200, Fields: fields(protocol, "b")}); err == nil {
		t.Error("extended CONNECT: a subprotocol that was not offered")
	}
}

// What our server answers our client accepts, in every version.
func TestHandshakes(t *testing.T) {
	for _, v := range []ws.Version{ws.Hybi7, ws.Hybi8, ws.Hybi13} {
		for _, connect := range []bool{false, true} {
			r, h, err := ClientRequest(Offer{Version: v, Host: "h", Target: "/", Connect: connect, Subprotocols: []string{"a", "b"}})
			if err != nil {
				t.Fatal(err)
			}
			offered, err := Offered(r)
			if err != nil || CheckRequest(r) != nil {
				t.Fatal(err, CheckRequest(r))
			}
			if got, err := h.CheckResponse(ServerResponse(r, offered[1], "", nil)); got != "b" || err != nil {
				t.Errorf("%v: %q, %v", v, got, err)
			}
		}
	}
}
