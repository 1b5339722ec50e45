package hybi

import (
	"crypto/sha1"
	"encoding/base64"

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

// keyLength is the length in bytes of a decoded Sec-WebSocket-Key (section 4.1).
const keyLength = 16

// Accept returns the Sec-WebSocket-Accept for a key (section 4.2.2).
func Accept(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// ServerHandshake is the server's side of the opening handshake: a request that
// may be accepted. Package hixie has the same type.
type ServerHandshake struct {
	request      *head.Request
	subprotocols []string
}

// NewServerHandshake checks what is particular to these versions in the request
// of a client: the key and the subprotocols (section 4.2.1). Requests by
// extended CONNECT have no key (RFC 8441, section 5). The error is a *ws.Error
// with a Status.
func NewServerHandshake(r *head.Request, _ ws.Version) (*ServerHandshake, error) {
	if r.Protocol == "" {
		if err := checkKey(r); err != nil {
			return nil, err
		}
	}
	offered, err := offeredSubprotocols(r)
	if err != nil {
		return nil, err
	}
	return &ServerHandshake{request: r, subprotocols: offered}, nil
}

// checkKey demands one key of 16 bytes when decoded (section 4.2.1, item 5). The
// bits of the last character that encode nothing are ignored: the example of
// section 4.1 has some set.
func checkKey(r *head.Request) error {
	if n := head.Count(r.Fields, fieldKey); n != 1 {
		return ws.Refusal(400, "%d Sec-WebSocket-Key fields, not 1", n)
	}
	key := r.Get(fieldKey)
	if raw, err := base64.StdEncoding.DecodeString(key); err != nil {
		return ws.Refusal(400, "Sec-WebSocket-Key %.64q is not base64", key)
	} else if len(raw) != keyLength {
		return ws.Refusal(400, "Sec-WebSocket-Key %.64q has %d bytes, not %d", key, len(raw), keyLength)
	}
	return nil
}

// offeredSubprotocols returns the subprotocols that a client offers: tokens, none
// of them twice (section 4.1).
func offeredSubprotocols(r *head.Request) ([]string, error) {
	if head.Count(r.Fields, fieldProtocol) == 0 {
		return nil, nil
	}
	var names []string
	seen := map[string]bool{} // a head can name thousands
	for name := range head.Tokens(r.Fields, fieldProtocol) {
		switch {
		case !head.IsToken(name):
			return nil, ws.Refusal(400, "subprotocol %.64q is not a token", name)
		case seen[name]:
			return nil, ws.Refusal(400, "subprotocol %.64q is offered twice", name)
		}
		seen[name] = true
		names = append(names, name)
	}
	return names, nil
}

// Subprotocols returns the subprotocols that the client offers, in its order of
// preference (section 4.1).
func (h *ServerHandshake) Subprotocols() []string { return h.subprotocols }

// Response returns the response that accepts the request (section 4.2.2), with
// extra fields last. subprotocol and extensions are empty if there are none. An
// extended CONNECT is accepted with status 200 (RFC 8441, section 5).
func (h *ServerHandshake) Response(subprotocol, extensions string, extra []head.Field) (*head.Response, error) {
	r := h.request
	response := &head.Response{Major: 1, Minor: 1, Status: 101}
	if r.Protocol != "" {
		response.Major, response.Minor, response.Status = r.Major, r.Minor, 200
	} else {
		response.Fields = []head.Field{
			{Name: "Upgrade", Value: "websocket"},
			{Name: "Connection", Value: "Upgrade"},
			{Name: fieldAccept, Value: Accept(r.Get(fieldKey))},
		}
	}
	if subprotocol != "" {
		response.Fields = append(response.Fields, head.Field{Name: fieldProtocol, Value: subprotocol})
	}
	if extensions != "" {
		response.Fields = append(response.Fields, head.Field{Name: fieldExtensions, Value: extensions})
	}
	response.Fields = append(response.Fields, extra...)
	return response, nil
}

// Refresh does nothing: no field of the response depends on the scheme.
func (h *ServerHandshake) Refresh(*head.Response) {}

// BodyLength returns 0: the request ends with its head.
func (h *ServerHandshake) BodyLength() int { return 0 }

// Digest returns nil: the response ends with its head.
func (h *ServerHandshake) Digest([]byte) []byte { return nil }
