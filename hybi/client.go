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

// Offer is what a client puts into its request.
type Offer struct {
	Version      ws.Version // Hybi7, Hybi8 or Hybi13
	Host         string     // without the default port
	Target       string
	Connect      bool // extended CONNECT: Scheme is set
	Scheme       string
	Subprotocols []string
	Extensions   string       // the field's value, "" for none
	Fields       []head.Field // extra fields; a Host among them replaces Host
	Rand         io.Reader
}

// ClientHandshake is what a client remembers until the answer comes.
type ClientHandshake struct {
	accept       string // "" for extended CONNECT
	subprotocols []string
}

// ClientRequest returns the request that opens a connection (section 4.1; for
// extended CONNECT RFC 8441, section 5). The drafts before 11 call the Origin
// Sec-WebSocket-Origin.
func ClientRequest(o Offer) (*head.Request, *ClientHandshake, error) {
	r := &head.Request{Method: "GET", Target: o.Target, Major: 1, Minor: 1, Authority: o.Host}
	h := &ClientHandshake{subprotocols: o.Subprotocols}
	add := func(name, value string) { r.Fields = append(r.Fields, head.Field{Name: name, Value: value}) }
	if o.Connect {
		r.Method, r.Protocol, r.Scheme, r.Major, r.Minor = "CONNECT", "websocket", o.Scheme, 2, 0
	} else {
		var nonce [keyLength]byte
		if o.Rand == nil {
			o.Rand = rand.Reader
		}
		if _, err := io.ReadFull(o.Rand, nonce[:]); err != nil {
			return nil, nil, fmt.Errorf("websocket: no key for the handshake: %w", err)
		}
		key := base64.StdEncoding.EncodeToString(nonce[:])
		h.accept = Accept(key)
		if head.Count(o.Fields, "Host") == 0 {
			add("Host", o.Host)
		}
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
	return r, h, nil
}

// CheckResponse checks the answer of a server that has accepted (section 4.1),
// extensions aside, and returns the subprotocol that it has chosen.
func (h *ClientHandshake) CheckResponse(r *head.Response) (subprotocol string, err error) {
	if h.accept != "" {
		if n := head.Count(r.Fields, "Upgrade"); n != 1 || !head.EqualFold(r.Get("Upgrade"), "websocket") {
			return "", violation("%d Upgrade fields, the first is %.64q, not \"websocket\"", n, r.Get("Upgrade"))
		}
		if !head.HasToken(r.Fields, "Connection", "upgrade") {
			return "", violation("Connection is %.64q and does not hold \"Upgrade\"", r.Get("Connection"))
		}
		if n := head.Count(r.Fields, fieldAccept); n != 1 || r.Get(fieldAccept) != h.accept {
			return "", violation("%d Sec-WebSocket-Accept fields, the first is %.64q, not %q", n, r.Get(fieldAccept), h.accept)
		}
	}
	switch n := head.Count(r.Fields, fieldProtocol); {
	case n == 0:
		return "", nil
	case n > 1:
		return "", violation("%d Sec-WebSocket-Protocol fields, not 1", n)
	}
	subprotocol = r.Get(fieldProtocol)
	if !slices.Contains(h.subprotocols, subprotocol) {
		return "", violation("subprotocol %.64q was not offered", subprotocol)
	}
	return subprotocol, nil
}

func violation(format string, args ...any) error {
	return &ws.Error{Code: ws.CodeProtocolError, Msg: fmt.Sprintf(format, args...)}
}
