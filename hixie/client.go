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

// Offer is what a client puts into its request. Package hybi has the same type.
type Offer struct {
	Version         ws.Version // Hixie75 or Hixie76
	Secure          bool       // wss
	Host            string     // without the default port
	Target          string     // a path and query
	ExtendedConnect bool       // not in these versions
	Subprotocols    []string
	Extensions      string       // not in these versions
	Fields          []head.Field // extra fields, without Host; an Origin replaces the default
	Rand            io.Reader    // nil is crypto/rand.Reader
}

// ClientHandshake is the client's side of the opening handshake: the request, and
// what the response is checked against. Package hybi has the same type.
type ClientHandshake struct {
	request          *head.Request
	version          ws.Version
	origin, location string
	subprotocols     []string
	body             []byte
	digest           [16]byte
}

// NewClientHandshake makes the request that opens a connection. Without an Origin
// among the fields it is the server's own. The error is ws.ErrUnsupported for an
// extended CONNECT, or that of Rand.
//
// Host and Origin are sent in lower case (draft-76, section 4.1, steps 9 to
// 13).
func NewClientHandshake(o Offer) (*ClientHandshake, error) {
	if o.ExtendedConnect {
		return nil, fmt.Errorf("%w: version %v by extended CONNECT", ws.ErrUnsupported, o.Version)
	}
	host := head.Lower(o.Host)
	origin := "http://" + host
	if o.Secure {
		origin = "https://" + host
	}
	var extra []head.Field
	for _, f := range o.Fields {
		if head.EqualFold(f.Name, fieldOrigin) {
			origin = head.Lower(f.Value)
		} else {
			extra = append(extra, f)
		}
	}
	h := &ClientHandshake{
		version:      o.Version,
		origin:       origin,
		location:     location(o.Secure, host, o.Target),
		subprotocols: slices.Clone(o.Subprotocols),
	}
	all := make([]head.Field, 0, 7+len(extra))
	all = append(all,
		head.Field{Name: fieldUpgrade, Value: valueUpgrade},
		head.Field{Name: fieldConnection, Value: valueConnection},
		head.Field{Name: fieldHost, Value: host},
		head.Field{Name: fieldOrigin, Value: origin})
	if len(o.Subprotocols) > 0 {
		all = append(all, head.Field{Name: words(o.Version).protocol, Value: strings.Join(o.Subprotocols, " ")})
	}
	if o.Version == ws.Hixie76 {
		key1, key2, err := h.makeKeys(o.Rand)
		if err != nil {
			return nil, err
		}
		all = append(all,
			head.Field{Name: fieldKey1, Value: key1},
			head.Field{Name: fieldKey2, Value: key2})
	}
	h.request = &head.Request{
		Method:    "GET",
		Target:    o.Target,
		Major:     1,
		Minor:     1,
		Fields:    append(all, extra...),
		Authority: host,
	}
	return h, nil
}

// makeKeys returns the two keys. It keeps the 8 bytes after the head, and what the
// server has to make of all three (draft-76, section 4.1, steps 16 to 27).
func (h *ClientHandshake) makeKeys(random io.Reader) (key1, key2 string, err error) {
	if random == nil {
		random = rand.Reader
	}
	var key3 [8]byte
	r := &source{r: random}
	key1, number1 := makeKey(r)
	key2, number2 := makeKey(r)
	r.fill(key3[:])
	h.body, h.digest = key3[:], digest(number1, number2, key3)
	return key1, key2, r.err
}

// Request returns the request.
func (h *ClientHandshake) Request() *head.Request { return h.request }

// Body returns what is sent after the head: 8 random bytes in draft-76, nil in
// draft-75.
func (h *ClientHandshake) Body() []byte { return h.body }

// Digest returns the 16 bytes that must follow the response head, nil in
// draft-75.
func (h *ClientHandshake) Digest() []byte {
	if h.version != ws.Hixie76 {
		return nil
	}
	return h.digest[:]
}

// CheckResponse checks the head of a response with status 101 and returns the
// subprotocol that the server chose, "" if there is none. The error is a
// *ws.Error with CodeProtocolError.
//
// Each field of the handshake must be there exactly once (draft-76, section
// 4.1, step 41), the subprotocol too if any was offered. draft-75 compares the
// status line and the first two fields byte for byte (section 4.1); draft-76
// compares the value of Upgrade without regard to case, as servers write it.
func (h *ClientHandshake) CheckResponse(r *head.Response) (subprotocol string, err error) {
	d := words(h.version)
	if h.version == ws.Hixie75 {
		if err := checkStart75(r); err != nil {
			return "", err
		}
	}
	for _, name := range [...]string{fieldUpgrade, fieldConnection, d.origin, d.location} {
		if n := head.Count(r.Fields, name); n != 1 {
			return "", ws.Violation("%d %s fields, not 1", n, name)
		}
	}
	if s := r.Get(fieldUpgrade); !head.EqualFold(s, valueUpgrade) {
		return "", ws.Violation("Upgrade is %s, not %q", head.Quote(s), valueUpgrade)
	}
	if s := r.Get(fieldConnection); !head.EqualFold(s, valueConnection) {
		return "", ws.Violation("Connection is %s, not %q", head.Quote(s), valueConnection)
	}
	if s := r.Get(d.origin); s != h.origin {
		return "", ws.Violation("%s is %s, not %s", d.origin, head.Quote(s), head.Quote(h.origin))
	}
	// The query may be a secret: the URLs are not shown.
	if r.Get(d.location) != h.location {
		return "", ws.Violation("%s is not the URL of the request", d.location)
	}
	return h.checkSubprotocol(r, d.protocol)
}

// checkStart75 compares the start of the response in draft-75.
func checkStart75(r *head.Response) error {
	if r.Reason != dialect75.reason {
		return ws.Violation("reason is %s, not %q", head.Quote(r.Reason), dialect75.reason)
	}
	want := []head.Field{
		{Name: fieldUpgrade, Value: valueUpgrade},
		{Name: fieldConnection, Value: valueConnection},
	}
	if len(r.Fields) < len(want) || !slices.Equal(r.Fields[:len(want)], want) {
		return ws.Violation("response does not start with Upgrade: %s and Connection: %s", valueUpgrade, valueConnection)
	}
	return nil
}

// checkSubprotocol returns the subprotocol that the field called name chose.
func (h *ClientHandshake) checkSubprotocol(r *head.Response, name string) (string, error) {
	want := min(len(h.subprotocols), 1)
	if n := head.Count(r.Fields, name); n != want {
		return "", ws.Violation("%d %s fields, not %d", n, name, want)
	}
	s := r.Get(name)
	if want == 1 && !slices.Contains(h.subprotocols, s) {
		return "", ws.Violation("%s is %s, which was not offered", name, head.Quote(s))
	}
	return s, nil
}
