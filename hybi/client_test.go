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

// clientOf returns the handshake that o makes.
func clientOf(t *testing.T, o Offer) *ClientHandshake {
	t.Helper()
	h, err := NewClientHandshake(o)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestClientRequest(t *testing.T) {
	tests := []struct {
		rule  string
		offer Offer
		want  *head.Request
	}{
		{"4.1 the least", Offer{Version: ws.Hybi13, Host: "example.com", Target: "/chat"},
			&head.Request{Method: "GET", Target: "/chat", Major: 1, Minor: 1, Authority: "example.com", Fields: fields(
				"Host", "example.com", "Upgrade", "websocket", "Connection", "Upgrade",
				"Sec-WebSocket-Key", sampleKey, "Sec-WebSocket-Version", "13")}},
		{"4.1 items 8 to 12: all fields", Offer{Version: ws.Hybi13, Host: "example.com", Target: "/", Subprotocols: []string{"a", "b"}, Extensions: "foo, bar",
			Fields: fields("Origin", "http://example.com")},
			&head.Request{Method: "GET", Target: "/", Major: 1, Minor: 1, Authority: "example.com", Fields: fields(
				"Host", "example.com", "Upgrade", "websocket", "Connection", "Upgrade", "Sec-WebSocket-Key", sampleKey, "Sec-WebSocket-Version", "13",
				"Sec-WebSocket-Protocol", "a, b", "Sec-WebSocket-Extensions", "foo, bar", "Origin", "http://example.com")}},
		{"draft 8, 4.1: Sec-WebSocket-Origin", Offer{Version: ws.Hybi8, Host: "h", Target: "/", Fields: fields("origin", "http://o", "X", "y")},
			&head.Request{Method: "GET", Target: "/", Major: 1, Minor: 1, Authority: "h", Fields: fields(
				"Host", "h", "Upgrade", "websocket", "Connection", "Upgrade", "Sec-WebSocket-Key", sampleKey,
				"Sec-WebSocket-Version", "8", "Sec-WebSocket-Origin", "http://o", "X", "y")}},
		{"draft 7, 4.1: Sec-WebSocket-Origin", Offer{Version: ws.Hybi7, Host: "h", Target: "/", Fields: fields("Origin", "http://o")},
			&head.Request{Method: "GET", Target: "/", Major: 1, Minor: 1, Authority: "h", Fields: fields(
				"Host", "h", "Upgrade", "websocket", "Connection", "Upgrade", "Sec-WebSocket-Key", sampleKey,
				"Sec-WebSocket-Version", "7", "Sec-WebSocket-Origin", "http://o")}},
		{"RFC 8441 5: extended CONNECT", Offer{Version: ws.Hybi13, Host: "h", Target: "/x", ExtendedConnect: true, Secure: true, Subprotocols: []string{"a"}, Fields: fields("Origin", "http://o")},
			&head.Request{Method: "CONNECT", Target: "/x", Major: 2, Protocol: "websocket", Scheme: "https", Authority: "h", Fields: fields(
				"Sec-WebSocket-Version", "13", "Sec-WebSocket-Protocol", "a", "Origin", "http://o")}},
	}
	for _, tt := range tests {
		t.Run(tt.rule, func(t *testing.T) {
			tt.offer.Rand = nonce()
			h := clientOf(t, tt.offer)
			if d := cmp.Diff(tt.want, h.Request()); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
			if h.Body() != nil || h.Digest() != nil {
				t.Errorf("%q after the head of the request, %q after that of the response", h.Body(), h.Digest())
			}
			if _, err := NewServerHandshake(h.Request(), tt.offer.Version); err != nil {
				t.Errorf("our server refuses it: %v", err)
			}
		})
	}
}

// Section 4.1, item 7: keys come from crypto/rand by default; none is used if it
// comes in part.
func TestClientKey(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		r := clientOf(t, Offer{Version: ws.Hybi13}).Request()
		if _, err := NewServerHandshake(r, ws.Hybi13); err != nil || seen[r.Get("Sec-WebSocket-Key")] {
			t.Fatalf("%v, %v", err, r)
		}
		seen[r.Get("Sec-WebSocket-Key")] = true
	}
	if _, err := NewClientHandshake(Offer{Version: ws.Hybi13, Rand: strings.NewReader("short")}); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v", err)
	}
	if _, err := NewClientHandshake(Offer{Version: ws.Hybi13, Rand: strings.NewReader(""), ExtendedConnect: true}); err != nil {
		t.Errorf("extended CONNECT needs no key: %v", err)
	}
}

func TestCheckResponse(t *testing.T) {
	const accept, protocol = "Sec-WebSocket-Accept", "Sec-WebSocket-Protocol"
	good := func(more ...string) []head.Field {
		return fields(append([]string{"Upgrade", "websocket", "Connection", "Upgrade", accept, sampleAccept}, more...)...)
	}
	tests := []struct {
		rule        string
		fields      []head.Field
		subprotocol string
		err         string // "" for none
	}{
		{"4.1 the least", good(), "", ""},
		{"4.1 item 6: a subprotocol that was offered", good(protocol, "b"), "b", ""},
		{"4.1 items 2 and 3: any case, a list", fields("upgrade", "WebSocket", "connection", "keep-alive, upgrade", accept, sampleAccept), "", ""},
		{"4.1 item 3: several fields", fields("Upgrade", "websocket", "Connection", "keep-alive", "Connection", "UPGRADE", accept, sampleAccept), "", ""},
		{"4.1 item 2: no Upgrade", good()[1:], "", `0 Upgrade fields, not 1`},
		{"4.1 item 2: two", good("Upgrade", "websocket"), "", `2 Upgrade fields, not 1`},
		{"4.1 item 2: another protocol", fields("Upgrade", "h2c", "Connection", "Upgrade", accept, sampleAccept), "", `Upgrade is "h2c", not "websocket"`},
		{"4.1 item 3: no Connection", fields("Upgrade", "websocket", accept, sampleAccept), "", `Connection is "" and does not hold "Upgrade"`},
		{"4.1 item 3: another token", fields("Upgrade", "websocket", "Connection", "upgrades", accept, sampleAccept), "", `Connection is "upgrades" and does not hold "Upgrade"`},
		{"4.1 item 4: no accept", good()[:2], "", `0 Sec-WebSocket-Accept fields, not 1`},
		{"11.3.3 two", good(accept, "x"), "", `2 Sec-WebSocket-Accept fields, not 1`},
		{"4.1 item 4: another case", fields("Upgrade", "websocket", "Connection", "Upgrade", accept, strings.ToLower(sampleAccept)), "",
			`Sec-WebSocket-Accept is "` + strings.ToLower(sampleAccept) + `", not "` + sampleAccept + `"`},
		{"4.1 item 6: not offered", good(protocol, "c"), "", `subprotocol "c" was not offered`},
		{"4.1 item 6: another case", good(protocol, "A"), "", `subprotocol "A" was not offered`},
		{"4.1 item 6: a list", good(protocol, "a, b"), "", `subprotocol "a, b" was not offered`},
		{"4.1 item 6: empty", good(protocol, ""), "", `subprotocol "" was not offered`},
		{"11.3.4 two", good(protocol, "a", protocol, "b"), "", "2 Sec-WebSocket-Protocol fields, not 1"},
	}
	for _, tt := range tests {
		t.Run(tt.rule, func(t *testing.T) {
			h := clientOf(t, Offer{Version: ws.Hybi13, Subprotocols: []string{"a", "b"}, Rand: nonce()})
			got, err := h.CheckResponse(&head.Response{Status: 101, Fields: tt.fields})
			if got != tt.subprotocol {
				t.Errorf("subprotocol %q, want %q", got, tt.subprotocol)
			}
			var e *ws.Error
			if tt.err == "" && err != nil || tt.err != "" && (!errors.As(err, &e) || e.Code != ws.CodeProtocolError || e.Msg != tt.err) {
				t.Errorf("got %v, want %q", err, tt.err)
			}
		})
	}
	h := clientOf(t, Offer{Version: ws.Hybi13, ExtendedConnect: true, Subprotocols: []string{"a"}})
	if got, err := h.CheckResponse(&head.Response{Status: 200, Fields: fields(protocol, "a")}); got != "a" || err != nil {
		t.Errorf("RFC 8441 5: %q, %v", got, err)
	}
	if _, err := h.CheckResponse(&head.Response{Status: 200, Fields: fields(protocol, "b")}); err == nil {
		t.Error("RFC 8441 5: a subprotocol that was not offered")
	}
}

// What our server answers our client accepts, in every version.
func TestHandshakes(t *testing.T) {
	for _, v := range []ws.Version{ws.Hybi7, ws.Hybi8, ws.Hybi13} {
		for _, extended := range []bool{false, true} {
			c := clientOf(t, Offer{Version: v, Host: "h", Target: "/", ExtendedConnect: extended, Subprotocols: []string{"a", "b"}})
			s, err := NewServerHandshake(c.Request(), v)
			if err != nil {
				t.Fatal(err)
			}
			response, err := s.Response(s.Subprotocols()[1], "", nil)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := c.CheckResponse(response); got != "b" || err != nil {
				t.Errorf("%v: %q, %v", v, got, err)
			}
		}
	}
}
