package hybi

import (
	"crypto/sha1"
	"encoding/base64"
	"fmt"

	"github.com/sans-io/websocket-driver/driver/head"
	"github.com/sans-io/websocket-driver/driver/ws"
)

// The fields of the opening handshake (section 11.3).
const (
	fieldKey        = "Sec-WebSocket-Key"
	fieldAccept     = "Sec-WebSocket-Accept"
	fieldVersion    = "Sec-WebSocket-Version"
	fieldProtocol   = "Sec-WebSocket-Protocol"
	fieldExtensions = "Sec-WebSocket-Extensions"
)

// keyLength is the length of a decoded Sec-WebSocket-Key (section 4.1).
const keyLength = 16

// Accept returns the Sec-WebSocket-Accept for a key (section 4.2.2).
func Accept(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// refuse returns the error for a request that gets the given status.
func refuse(status int, format string, args ...any) error {
	return &ws.Error{Code: ws.CodeProtocolError, Status: status, Msg: fmt.Sprintf(format, args...)}
}

// CheckRequest checks what is particular to these versions in the request of a
// client: the key (section 4.2.1). Requests by extended CONNECT have none
// (RFC 8441, section 5). The error is a *ws.Error with a Status.
func CheckRequest(r *head.Request) error {
	if r.Protocol != "" {
		return nil
	}
	if n := head.Count(r.Fields, fieldKey); n != 1 {
		return refuse(400, "%d Sec-WebSocket-Key fields, not 1", n)
	}
	key := head.Get(r.Fields, fieldKey)
	if raw, err := base64.StdEncoding.Strict().DecodeString(key); err != nil {
		return refuse(400, "Sec-WebSocket-Key %.64q is not base64", key)
	} else if len(raw) != keyLength {
		return refuse(400, "Sec-WebSocket-Key %.64q has %d bytes, not %d", key, len(raw), keyLength)
	}
	return nil
}

// Offered returns the subprotocols that a client offers, in its order of
// preference (section 4.1): tokens, none of them twice. The error is a
// *ws.Error with a Status.
func Offered(r *head.Request) ([]string, error) {
	var names []string
	seen := map[string]bool{} // a head can name thousands
	for name := range head.Tokens(r.Fields, fieldProtocol) {
		switch {
		case !head.IsToken(name):
			return nil, refuse(400, "subprotocol %.64q is not a token", name)
		case seen[name]:
			return nil, refuse(400, "subprotocol %.64q is offered twice", name)
		}
		seen[name] = true
		names = append(names, name)
	}
	return names, nil
}

// ServerResponse returns the answer that accepts r (section 4.2.2), with extra
// fields last. subprotocol and extensions are empty if there are none. The
// answer to an extended CONNECT has status 200 (RFC 8441, section 5).
func ServerResponse(r *head.Request, subprotocol, extensions string, extra []head.Field) *head.Response {
	answer := &head.Response{Major: 1, Minor: 1, Status: 101}
	if r.Protocol != "" {
		answer.Major, answer.Minor, answer.Status = r.Major, r.Minor, 200
	} else {
		answer.Fields = []head.Field{
			{Name: "Upgrade", Value: "websocket"},
			{Name: "Connection", Value: "Upgrade"},
			{Name: fieldAccept, Value: Accept(head.Get(r.Fields, fieldKey))},
		}
	}
	if subprotocol != "" {
		answer.Fields = append(answer.Fields, head.Field{Name: fieldProtocol, Value: subprotocol})
	}
	if extensions != "" {
		answer.Fields = append(answer.Fields, head.Field{Name: fieldExtensions, Value: extensions})
	}
	answer.Fields = append(answer.Fields, extra...)
	return answer
}
