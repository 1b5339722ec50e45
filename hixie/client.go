package hixie

import (
	"crypto/rand"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/sans-io/websocket-driver/driver/head"
	"github.com/sans-io/websocket-driver/driver/ws"
)

// Handshake is what a client remembers of its request to check the response.
type Handshake struct {
	version          ws.Version
	origin, location string
	subprotocols     []string
	digest           [16]byte
}

// ClientRequest returns the request for a connection to host, which has no
// default port, and target, a path and query. body is what is sent behind the
// head: 8 random bytes in draft-76, nothing in draft-75. Without an origin it
// is the server's own. fields follow those of the handshake. random is
// crypto/rand.Reader if nil; its error is returned.
//
// Host and Origin are sent in lower case (draft-76, section 4.1, steps 9 to
// 13). A subprotocol that is not a token is an error that wraps
// ws.ErrUnsupported.
func ClientRequest(v ws.Version, secure bool, host, target, origin string, subprotocols []string,
	fields []head.Field, random io.Reader) (*head.Request, []byte, *Handshake, error) {
	for _, s := range subprotocols {
		if !head.IsToken(s) {
			return nil, nil, nil, fmt.Errorf("%w: subprotocol %s", ws.ErrUnsupported, quote(s))
		}
	}
	host = lower(host)
	if origin = lower(origin); origin == "" {
		origin = "http://" + host
		if secure {
			origin = "https://" + host
		}
	}
	h := &Handshake{
		version:      v,
		origin:       origin,
		location:     location(secure, host, target),
		subprotocols: slices.Clone(subprotocols),
	}
	all := make([]head.Field, 0, 7+len(fields))
	all = append(all,
		head.Field{Name: fieldUpgrade, Value: valueUpgrade},
		head.Field{Name: fieldConnection, Value: valueConnection},
		head.Field{Name: fieldHost, Value: host},
		head.Field{Name: fieldOrigin, Value: origin})
	if len(subprotocols) > 0 {
		all = append(all, head.Field{Name: words(v).protocol, Value: strings.Join(subprotocols, " ")})
	}
	var body []byte
	if v == ws.Hixie76 {
		key1, key2, key3, err := h.makeKeys(random)
		if err != nil {
			return nil, nil, nil, err
		}
		all = append(all,
			head.Field{Name: fieldKey1, Value: key1},
			head.Field{Name: fieldKey2, Value: key2})
		body = key3[:]
	}
	return &head.Request{
		Method:    "GET",
		Target:    target,
		Major:     1,
		Minor:     1,
		Fields:    append(all, fields...),
		Authority: host,
	}, body, h, nil
}

// makeKeys returns the two keys and the 8 bytes behind the head, and keeps
// what the server has to make of them (draft-76, section 4.1, steps 16 to 27).
func (h *Handshake) makeKeys(random io.Reader) (key1, key2 string, key3 [8]byte, err error) {
	if random == nil {
		random = rand.Reader
	}
	r := &source{r: random}
	key1, number1 := makeKey(r)
	key2, number2 := makeKey(r)
	r.fill(key3[:])
	h.digest = digest(number1, number2, key3)
	return key1, key2, key3, r.err
}

// Digest returns the 16 bytes that must follow the response head; ok is false
// in draft-75, where nothing does.
func (h *Handshake) Digest() (want [16]byte, ok bool) {
	return h.digest, h.version == ws.Hixie76
}

// CheckResponse checks the response head and returns the subprotocol that the
// server chose, "" if there is none. The error is a *ws.Error with
// CodeProtocolError, and with the status if that is not 101.
//
// Each field of the handshake must be there exactly once (draft-76, section
// 4.1, step 41), the subprotocol too if any was offered. draft-75 compares the
// status line and the first two fields byte for byte (section 4.1).
func (h *Handshake) CheckResponse(r *head.Response) (subprotocol string, err error) {
	if r.Status != 101 {
		err := badResponse("handshake refused with status %d", r.Status)
		err.Status = r.Status
		return "", err
	}
	if r.Major != 1 || r.Minor < 1 {
		return "", badResponse("101 in HTTP/%d.%d, not 1.1", r.Major, r.Minor)
	}
	d := words(h.version)
	if h.version == ws.Hixie75 {
		if err := checkStart75(r); err != nil {
			return "", err
		}
	}
	for _, name := range [...]string{fieldUpgrade, fieldConnection, d.origin, d.location} {
		if n := head.Count(r.Fields, name); n != 1 {
			return "", badResponse("%d %s fields, not 1", n, name)
		}
	}
	if s := r.Get(fieldUpgrade); s != valueUpgrade {
		return "", badResponse("Upgrade is %s, not %q", quote(s), valueUpgrade)
	}
	if s := r.Get(fieldConnection); !head.EqualFold(s, valueConnection) {
		return "", badResponse("Connection is %s, not %q", quote(s), valueConnection)
	}
	if s := r.Get(d.origin); s != h.origin {
		return "", badResponse("%s is %s, not %s", d.origin, quote(s), quote(h.origin))
	}
	// The query may be a secret: the URLs are not shown.
	if r.Get(d.location) != h.location {
		return "", badResponse("%s is not the URL of the request", d.location)
	}
	return h.checkSubprotocol(r, d.protocol)
}

// checkStart75 compares the start of the response in draft-75.
func checkStart75(r *head.Response) error {
	if r.Reason != dialect75.reason {
		return badResponse("reason is %s, not %q", quote(r.Reason), dialect75.reason)
	}
	want := []head.Field{
		{Name: fieldUpgrade, Value: valueUpgrade},
		{Name: fieldConnection, Value: valueConnection},
	}
	if len(r.Fields) < len(want) || !slices.Equal(r.Fields[:len(want)], want) {
		return badResponse("response does not start with Upgrade: %s and Connection: %s", valueUpgrade, valueConnection)
	}
	return nil
}

// checkSubprotocol returns the subprotocol that the field called name chose.
func (h *Handshake) checkSubprotocol(r *head.Response, name string) (string, error) {
	want := min(len(h.subprotocols), 1)
	if n := head.Count(r.Fields, name); n != want {
		return "", badResponse("%d %s fields, not %d", n, name, want)
	}
	s := r.Get(name)
	if want == 1 && !slices.Contains(h.subprotocols, s) {
		return "", badResponse("%s is %s, which was not offered", name, quote(s))
	}
	return s, nil
}

// badResponse returns the violation by a response.
func badResponse(format string, args ...any) *ws.Error {
	return &ws.Error{Code: ws.CodeProtocolError, Msg: fmt.Sprintf(format, args...)}
}

// lower returns s with the letters A to Z in lower case.
func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
