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

// keyText is the length in bytes of a Sec-WebSocket-Key, which is base64.
const keyText = (keyLength + 2) / 3 * 4

// acceptText is the length in bytes of a Sec-WebSocket-Accept: SHA-1 in base64.
const acceptText = (sha1.Size + 2) / 3 * 4

// Accept returns the Sec-WebSocket-Accept for a key (section 4.2.2).
func Accept(key string) string {
	var room [acceptText]byte
	return string(appendAccept(room[:0], key))
}

// appendAccept appends the Sec-WebSocket-Accept for a key to dst (section
// 4.2.2).
func appendAccept(dst []byte, key string) []byte {
	const guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
	var room [keyText + len(guid)]byte
	sum := sha1.Sum(append(append(room[:0], key...), guid...))
	return base64.StdEncoding.AppendEncode(dst, sum[:])
}

// ServerHandshake is the server's side of the opening handshake: a request that
// may be accepted. Package hixie has the same type.
type ServerHandshake struct {
	request      *head.Request
	key          string // "" for extended CONNECT
	subprotocols []string
}

// NewServerHandshake checks what is particular to these versions in the request
// of a client: the key and the subprotocols (section 4.2.1). Requests by
// extended CONNECT have no key (RFC 8441, section 5). The error is a *ws.Error
// with a Status.
func NewServerHandshake(r *head.Request, _ ws.Version) (h ServerHandshake, err error) {
	h.request = r
	if r.Protocol == "" {
		if h.key, err = checkedKey(r); err != nil {
			return h, err
		}
	}
	h.subprotocols, err = offeredSubprotocols(r)
	return h, err
}

// checkedKey returns the key. It demands one key of 16 bytes when decoded (section 4.2.1, item 5). The
// bits of the last character that encode nothing are ignored: the example of
// section 4.1 has some set.
func checkedKey(r *head.Request) (string, error) {
	key, n := head.Find(r.Fields, fieldKey)
	if n != 1 {
		return "", ws.Refusal(400, "%d Sec-WebSocket-Key fields, not 1", n)
	}
	if !isKey(key) {
		return "", badKey(key)
	}
	return key, nil
}

// isKey reports whether key is base64 for 16 bytes.
func isKey(key string) bool {
	var raw [keyText / 4 * 3]byte
	if len(key) != keyText {
		return false
	}
	n, err := base64.StdEncoding.Decode(raw[:], []byte(key))
	return err == nil && n == keyLength
}

// badKey says why isKey is false. DecodeString skips line breaks.
func badKey(key string) error {
	raw, err := base64.StdEncoding.DecodeString(key)
	if err != nil || len(raw) == keyLength {
		return ws.Refusal(400, "Sec-WebSocket-Key %.64q is not base64", key)
	}
	return ws.Refusal(400, "Sec-WebSocket-Key %.64q has %d bytes, not %d", key, len(raw), keyLength)
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
			{Name: fieldAccept, Value: Accept(h.key)},
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

// accepted is what the head of every response that accepts a request begins with.
const accepted = "HTTP/1.1 101 Switching Protocols\r\n" +
	"Upgrade: websocket\r\n" +
	"Connection: Upgrade\r\n" +
	fieldAccept + ": "

// QueueResponse queues the response that Response returns, except over extended
// CONNECT, without checking its fields.
func (h *ServerHandshake) QueueResponse(out *ws.Queue, subprotocol, extensions string, extra []head.Field) {
	room := [2]head.Field{}
	fields := room[:0]
	if subprotocol != "" {
		fields = append(fields, head.Field{Name: fieldProtocol, Value: subprotocol})
	}
	if extensions != "" {
		fields = append(fields, head.Field{Name: fieldExtensions, Value: extensions})
	}
	out.Grow(len(accepted) + acceptText + len("\r\n") + head.FieldsLen(fields) + head.FieldsLen(extra) + len("\r\n"))
	b := append(out.Buf, accepted...)
	b = appendAccept(b, h.key)
	b = append(b, "\r\n"...)
	b = head.AppendFields(b, fields)
	b = head.AppendFields(b, extra)
	out.Buf = append(b, "\r\n"...)
}

// Refresh does nothing: no field of the response depends on the scheme.
func (h *ServerHandshake) Refresh(*head.Response) {}

// BodyLength returns 0: the request ends with its head.
func (h *ServerHandshake) BodyLength() int { return 0 }

// Digest returns nil: the response ends with its head.
func (h *ServerHandshake) Digest([]byte) []byte { return nil }
