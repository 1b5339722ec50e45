package hybi

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/sans-io/websocket-driver/driver/head"
	"github.com/sans-io/websocket-driver/driver/ws"
)

// Offer is what a client puts into its request. Package hixie has the same type.
type Offer struct {
	Version         ws.Version // Hybi7, Hybi8 or Hybi13
	Secure          bool       // wss
	Host            string     // without the default port
	Target          string
	ExtendedConnect bool // RFC 8441
	Subprotocols    []string
	Extensions      string       // the field's value, "" for none
	Fields          []head.Field // extra fields, without Host
	Rand            io.Reader    // nil is crypto/rand.Reader
}

// ClientHandshake is the client's side of the opening handshake: the request, and
// what the response is checked against. Package hixie has the same type.
type ClientHandshake struct {
	request      head.Request
	accept       string // "" for extended CONNECT
	subprotocols []string
}

// NewClientHandshake makes the request that opens a connection (section 4.1; for
// extended CONNECT RFC 8441, section 5). The drafts before 11 call the Origin
// Sec-WebSocket-Origin. The error is that of Rand.
func NewClientHandshake(o Offer) (*ClientHandshake, error) {
	const most = 7 // fields of our own
	h := &ClientHandshake{subprotocols: o.Subprotocols}
	r := &h.request
	r.Method, r.Target, r.Major, r.Minor, r.Authority = "GET", o.Target, 1, 1, o.Host
	r.Fields = make([]head.Field, 0, most+len(o.Fields))
	add := func(name, value string) { r.Fields = append(r.Fields, head.Field{Name: name, Value: value}) }
	if o.ExtendedConnect {
		r.Method, r.Protocol, r.Scheme, r.Major, r.Minor = "CONNECT", "websocket", "http", 2, 0
		if o.Secure {
			r.Scheme = "https"
		}
	} else {
		key, err := newHandshakeKey(o.Rand)
		if err != nil {
			return nil, err
		}
		h.accept = Accept(key)
		add("Host", o.Host)
		add("Upgrade", "websocket")
		add("Connection", "Upgrade")
		add(fieldKey, key)
	}
	add(fieldVersion, strconv.Itoa(int(o.Version)))
	if len(o.Subprotocols) > 0 {
		add(fieldProtocol, strings.Join(o.Subprotocols, ", "))
	}
	if o.Extensions != "" {
		add(fieldExtensions, o.Extensions)
	}
	for _, f := range o.Fields {
		if o.Version != ws.Hybi13 && head.EqualFold(f.Name, "Origin") {
			f.Name = "Sec-WebSocket-Origin"
		}
		r.Fields = append(r.Fields, f)
	}
	return h, nil
}

// newHandshakeKey returns a fresh Sec-WebSocket-Key (section 4.1, item 7).
func newHandshakeKey(random io.Reader) (string, error) {
	if random == nil {
		random = rand.Reader
	}
	var nonce [keyLength]byte
	if _, err := io.ReadFull(random, nonce[:]); err != nil {
		return "", fmt.Errorf("websocket: no key for the handshake: %w", err)
	}
	return base64.StdEncoding.EncodeToString(nonce[:]), nil
}

// Request returns the request.
func (h *ClientHandshake) Request() *head.Request { return &h.request }

// Body returns nil: the request ends with its head.
func (h *ClientHandshake) Body() []byte { return nil }

// CheckResponse checks the response of a server that has accepted (section 4.1),
// extensions aside, and returns the subprotocol that it has chosen. The error is
// a *ws.Error.
func (h *ClientHandshake) CheckResponse(r *head.Response) (subprotocol string, err error) {
	if h.accept != "" {
		if err := checkOne(r, "Upgrade", "websocket", head.EqualFold); err != nil {
			return "", err
		}
		if !head.HasToken(r.Fields, "Connection", "upgrade") {
			return "", ws.Violation("Connection is %.64q and does not hold \"Upgrade\"", r.Get("Connection"))
		}
		if err := checkOne(r, fieldAccept, h.accept, func(a, b string) bool { return a == b }); err != nil {
			return "", err
		}
	}
	switch n := head.Count(r.Fields, fieldProtocol); {
	case n == 0:
		return "", nil
	case n > 1:
		return "", ws.Violation("%d Sec-WebSocket-Protocol fields, not 1", n)
	}
	subprotocol = r.Get(fieldProtocol)
	if !slices.Contains(h.subprotocols, subprotocol) {
		return "", ws.Violation("subprotocol %.64q was not offered", subprotocol)
	}
	return subprotocol, nil
}

// checkOne demands one field called name that equals want.
func checkOne(r *head.Response, name, want string, equal func(a, b string) bool) error {
	if n := head.Count(r.Fields, name); n != 1 {
		return ws.Violation("%d %s fields, not 1", n, name)
	}
	if got := r.Get(name); !equal(got, want) {
		return ws.Violation("%s is %.64q, not %q", name, got, want)
	}
	return nil
}

// Digest returns nil: the response ends with its head.
func (h *ClientHandshake) Digest() []byte { return nil }
