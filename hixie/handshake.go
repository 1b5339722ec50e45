// Package hixie speaks the two versions before hybi, as a server and as a
// client: draft-hixie-thewebsocketprotocol-75 and -76, called draft-75 and
// draft-76 here; draft-ietf-hybi-thewebsocketprotocol-00 is the same as the
// latter. They have text messages and nothing else: no binary messages, no
// pings, no close codes and no masking.
//
// It is for package driver, and makes no promise of compatibility.
package hixie

import (
	"fmt"
	"strings"

	"github.com/sans-io/websocket-driver/driver/head"
	"github.com/sans-io/websocket-driver/driver/ws"
)

// The fields that both versions have and those of draft-76.
const (
	fieldUpgrade    = "Upgrade"
	fieldConnection = "Connection"
	fieldHost       = "Host"
	fieldOrigin     = "Origin"
	fieldKey1       = "Sec-WebSocket-Key1"
	fieldKey2       = "Sec-WebSocket-Key2"
)

// What these fields say, to the byte: clients of draft-75 compare it.
const (
	valueUpgrade    = "WebSocket"
	valueConnection = "Upgrade"
)

// dialect holds the words in which the handshakes of the two versions differ.
type dialect struct {
	reason                     string // of the status line
	origin, location, protocol string // names of fields
}

var (
	dialect75 = dialect{
		reason:   "Web Socket Protocol Handshake",
		origin:   "WebSocket-Origin",
		location: "WebSocket-Location",
		protocol: "WebSocket-Protocol",
	}
	dialect76 = dialect{
		reason:   "WebSocket Protocol Handshake",
		origin:   "Sec-WebSocket-Origin",
		location: "Sec-WebSocket-Location",
		protocol: "Sec-WebSocket-Protocol",
	}
)

// words returns the dialect of v.
func words(v ws.Version) *dialect {
	if v == ws.Hixie75 {
		return &dialect75
	}
	return &dialect76
}

// ServerHandshake is the server's side of the opening handshake: a request that
// may be accepted. Package hybi has the same type.
type ServerHandshake struct {
	request      *head.Request
	version      ws.Version
	subprotocols []string
}

// NewServerHandshake checks what is particular to the version v in a request: the
// error is a *ws.Error with Status 400. GET, HTTP/1.1 and that Upgrade and
// Connection ask for a WebSocket have been checked before.
//
// Both versions need a path, Host and one Origin: the response repeats them.
// draft-76 also needs two keys (section 5.2).
func NewServerHandshake(r *head.Request, v ws.Version) (ServerHandshake, error) {
	h := ServerHandshake{request: r, version: v}
	var err error
	if err = h.check(); err == nil {
		h.subprotocols, err = offeredSubprotocols(r, v)
	}
	return h, err
}

// check checks the request apart from the subprotocols.
func (h *ServerHandshake) check() error {
	r := h.request
	switch {
	case !strings.HasPrefix(r.Target, "/"):
		return ws.Refusal(400, "request target does not start with a slash")
	case r.Authority == "":
		return ws.Refusal(400, "no Host")
	}
	switch origin, n := head.Find(r.Fields, fieldOrigin); {
	case n != 1:
		return ws.Refusal(400, "%d Origin fields, not 1", n)
	case origin == "":
		return ws.Refusal(400, "Origin is empty")
	}
	if h.version != ws.Hixie76 {
		return nil
	}
	for _, name := range [...]string{fieldKey1, fieldKey2} {
		key, n := head.Find(r.Fields, name)
		if n != 1 {
			return ws.Refusal(400, "%d %s fields, not 1", n, name)
		}
		if _, fault := parseKey(key); fault != "" {
			return ws.Refusal(400, "%s %s", name, fault)
		}
	}
	return nil
}

// offeredSubprotocols returns the subprotocols that a request offers. They are
// separated by blanks, and commas are accepted too. Bytes outside 0x21 to 0x7E
// are refused (draft-76, section 5.1).
func offeredSubprotocols(r *head.Request, v ws.Version) ([]string, error) {
	var all []string
	name := words(v).protocol
	for value := range head.Values(r.Fields, name) {
		for _, s := range strings.FieldsFunc(value, separates) {
			if i := head.IndexInvisible(s); i >= 0 {
				return nil, ws.Refusal(400, "%s holds the byte 0x%02x", name, s[i])
			}
			all = append(all, s)
		}
	}
	return all, nil
}

// Subprotocols returns the subprotocols that the client offers, in its order.
func (h *ServerHandshake) Subprotocols() []string { return h.subprotocols }

// separates reports whether r separates subprotocols.
func separates(r rune) bool { return r == ' ' || r == '\t' || r == ',' }

// Response returns the response that accepts the request: 101, with extra fields
// after those of the handshake. subprotocol is empty if none is chosen; one that
// cannot be sent is an error that wraps ws.ErrInvalid. There are no extensions.
//
// The order and case of the first fields are fixed (draft-75, section 5.2;
// draft-76, section 5.2, steps 10 and 11).
func (h *ServerHandshake) Response(subprotocol, _ string, extra []head.Field) (*head.Response, error) {
	if strings.ContainsFunc(subprotocol, separates) || head.IndexInvisible(subprotocol) >= 0 {
		return nil, fmt.Errorf("%w: subprotocol %s", ws.ErrInvalid, head.Quote(subprotocol))
	}
	d := words(h.version)
	all := make([]head.Field, 0, 5+len(extra))
	all = append(all,
		head.Field{Name: fieldUpgrade, Value: valueUpgrade},
		head.Field{Name: fieldConnection, Value: valueConnection},
		head.Field{Name: d.origin, Value: h.request.Get(fieldOrigin)},
		head.Field{Name: d.location, Value: h.location()})
	if subprotocol != "" {
		all = append(all, head.Field{Name: d.protocol, Value: subprotocol})
	}
	return &head.Response{
		Major:  1,
		Minor:  1,
		Status: 101,
		Reason: d.reason,
		Fields: append(all, extra...),
	}, nil
}

// Refresh sets the location of a response again: the scheme of the request may
// have become known since.
func (h *ServerHandshake) Refresh(r *head.Response) {
	name := words(h.version).location
	for i, f := range r.Fields {
		if f.Name == name {
			r.Fields[i].Value = h.location()
		}
	}
}

// location returns the URL of the connection (draft-76, section 3.2).
func (h *ServerHandshake) location() string {
	r := h.request
	return location(r.Scheme == "https" || r.Scheme == "wss", r.Authority, r.Target)
}

// BodyLength returns how many bytes follow the head of the request: 8 in
// draft-76, which may arrive only after the response head has been sent.
func (h *ServerHandshake) BodyLength() int {
	if h.version == ws.Hixie76 {
		return 8
	}
	return 0
}

// Digest returns the 16 bytes that follow the response head in draft-76, nil in
// draft-75. body is the BodyLength bytes after the head of the request (section
// 5.2, steps 8 to 13).
func (h *ServerHandshake) Digest(body []byte) []byte {
	if h.version != ws.Hixie76 {
		return nil
	}
	number1, _ := parseKey(h.request.Get(fieldKey1))
	number2, _ := parseKey(h.request.Get(fieldKey2))
	sum := digest(number1, number2, [8]byte(body))
	return sum[:]
}

// location returns the URL of the connection (draft-76, section 3.2).
func location(secure bool, host, target string) string {
	if secure {
		return "wss://" + host + target
	}
	return "ws://" + host + target
}
