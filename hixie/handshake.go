// Package hixie speaks the two versions before hybi, as a server and as a
// client: draft-hixie-thewebsocketprotocol-75 and -76, called draft-75 and
// draft-76 here; draft-ietf-hybi-thewebsocketprotocol-00 is the same as the
// latter. They have text messages and nothing else: no binary messages, no
// pings, no close codes and no masking.
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

// CheckRequest reports what is wrong with a request that has been found to be
// of the version v: the error is nil or a *ws.Error with Status 400. That
// Upgrade and Connection ask for a WebSocket is known from there.
//
// Both versions need GET, HTTP/1.1, a path, Host and one Origin: the response
// repeats them. draft-76 also needs two keys (section 5.2).
func CheckRequest(r *head.Request, v ws.Version) error {
	switch {
	case r.Method != "GET":
		return badRequest("method is %s, not GET", quote(r.Method))
	case r.Major != 1 || r.Minor < 1:
		return badRequest("handshake in HTTP/%d.%d, not 1.1", r.Major, r.Minor)
	case !strings.HasPrefix(r.Target, "/"):
		return badRequest("request target does not start with a slash")
	case r.Authority == "":
		return badRequest("no Host")
	}
	if n := head.Count(r.Fields, fieldOrigin); n != 1 {
		return badRequest("%d Origin fields, not 1", n)
	}
	if r.Get(fieldOrigin) == "" {
		return badRequest("Origin is empty")
	}
	if v == ws.Hixie75 {
		return nil
	}
	for _, name := range [...]string{fieldKey1, fieldKey2} {
		if n := head.Count(r.Fields, name); n != 1 {
			return badRequest("%d %s fields, not 1", n, name)
		}
		if _, fault := parseKey(r.Get(name)); fault != "" {
			return badRequest("%s %s", name, fault)
		}
	}
	return nil
}

// Offered returns the subprotocols that a request offers, in its order. They
// are separated by blanks, and commas are taken too. The error is a *ws.Error
// with Status 400: a byte outside 0x21 to 0x7E (draft-76, section 5.1).
func Offered(r *head.Request, v ws.Version) ([]string, error) {
	var all []string
	name := words(v).protocol
	for value := range head.Values(r.Fields, name) {
		for _, s := range strings.FieldsFunc(value, separates) {
			if i := outside(s); i >= 0 {
				return nil, badRequest("%s holds the byte 0x%02x", name, s[i])
			}
			all = append(all, s)
		}
	}
	return all, nil
}

// separates reports whether r stands between subprotocols.
func separates(r rune) bool { return r == ' ' || r == '\t' || r == ',' }

// outside returns the index of the first byte of s that a subprotocol can not
// have, or -1.
func outside(s string) int {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return i
		}
	}
	return -1
}

// ServerResponse returns the response to a request that passed CheckRequest:
// 101, and fields behind those of the handshake. No subprotocol is chosen if
// it is "". A subprotocol that can not be sent is an error that wraps
// ws.ErrUnsupported.
//
// The order and case of the first fields are fixed (draft-75, section 5.2;
// draft-76, section 5.2, steps 10 and 11).
func ServerResponse(r *head.Request, v ws.Version, subprotocol string, fields []head.Field) (*head.Response, error) {
	if strings.ContainsFunc(subprotocol, separates) || outside(subprotocol) >= 0 {
		return nil, fmt.Errorf("%w: subprotocol %s", ws.ErrUnsupported, quote(subprotocol))
	}
	d := words(v)
	secure := r.Scheme == "https" || r.Scheme == "wss"
	all := make([]head.Field, 0, 5+len(fields))
	all = append(all,
		head.Field{Name: fieldUpgrade, Value: valueUpgrade},
		head.Field{Name: fieldConnection, Value: valueConnection},
		head.Field{Name: d.origin, Value: r.Get(fieldOrigin)},
		head.Field{Name: d.location, Value: location(secure, r.Authority, r.Target)})
	if subprotocol != "" {
		all = append(all, head.Field{Name: d.protocol, Value: subprotocol})
	}
	return &head.Response{
		Major:  1,
		Minor:  1,
		Status: 101,
		Reason: d.reason,
		Fields: append(all, fields...),
	}, nil
}

// Digest returns the 16 bytes that follow the response in draft-76. The
// request has passed CheckRequest and body is the 8 bytes behind its head,
// which may arrive only after the response head was sent (section 5.2, steps
// 8 to 13).
func Digest(r *head.Request, body [8]byte) [16]byte {
	number1, _ := parseKey(r.Get(fieldKey1))
	number2, _ := parseKey(r.Get(fieldKey2))
	return digest(number1, number2, body)
}

// location returns the URL of the connection (draft-76, section 3.2).
func location(secure bool, host, target string) string {
	if secure {
		return "wss://" + host + target
	}
	return "ws://" + host + target
}

// badRequest returns the refusal of a request.
func badRequest(format string, args ...any) error {
	return &ws.Error{Code: ws.CodeProtocolError, Status: 400, Msg: fmt.Sprintf(format, args...)}
}

// quote returns s for an error text, cut after 64 bytes.
func quote(s string) string {
	if len(s) > 64 {
		return fmt.Sprintf("%q...", s[:64])
	}
	return fmt.Sprintf("%q", s)
}
