package driver

import (
	"github.com/sans-io/websocket-driver/driver/head"
	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/hixie"
	"github.com/sans-io/websocket-driver/hybi"
)

// serverHandshake is the server's side of the opening handshake in one of the
// versions.
type serverHandshake interface {
	Subprotocols() []string // offered, in order of preference
	Response(subprotocol, extensions string, extra []Field) (*Response, error)
	Refresh(r *Response)       // r is as Response returns it now
	BodyLength() int           // bytes after the head of the request
	Digest(body []byte) []byte // bytes after the head of the response
}

// clientHandshake is the client's side.
type clientHandshake interface {
	Request() *Request
	Body() []byte // bytes after the head of the request
	CheckResponse(r *Response) (subprotocol string, err error)
	Digest() []byte // bytes after the head of the response
}

// newServer checks what is particular to the version v in r.
func (hs *handshake) newServer(r *Request, v Version) (serverHandshake, error) {
	if v.IsHixie() {
		h, err := hixie.NewServerHandshake(r, v)
		return &h, err
	}
	var err error
	hs.hybi, err = hybi.NewServerHandshake(r, v)
	return &hs.hybi, err
}

// newClientHandshake makes a request of o.Version.
func newClientHandshake(o hybi.Offer) (clientHandshake, error) {
	if o.Version.IsHixie() {
		return hixie.NewClientHandshake(hixie.Offer(o))
	}
	return hybi.NewClientHandshake(o)
}

// Request returns the request: on a server from Connect on, on a client from the
// beginning. Before Open it is the driver's own, and a server may set its Scheme.
// After Open the head is kept as it was on the wire, and each call parses it anew;
// with Config.DropHandshake Request returns nil then.
func (d *Driver) Request() *Request {
	if d.request != nil || d.kept == "" {
		return d.request
	}
	r, _ := parseRequest(d.kept)
	if d.secure {
		r.Scheme = "wss"
	}
	return r
}

// parseRequest parses the request at the beginning of heads, which has been parsed
// or written before, and returns what follows it.
func parseRequest(heads string) (*Request, string) {
	p := head.NewRequestParser(len(heads), len(heads))
	n, _, _ := p.Parse([]byte(heads))
	return p.Request(), heads[n:]
}

// Response returns the response: on a client what has been received, of a refusal
// with up to 1 KiB of the body; on a server what is or would be sent. After Open a
// client keeps the head as it was on the wire, and each call parses it anew; with
// Config.DropHandshake, and on a server, Response returns nil then.
func (d *Driver) Response() *Response {
	if d.phase == phasePaused && d.response == nil && d.hs.server != nil {
		d.response, _ = d.hs.hybi.Response(d.protocol, d.hs.answer.extensions, d.hs.answer.extra)
	}
	if d.response != nil || d.kept == "" || d.server {
		return d.response
	}
	_, raw := parseRequest(d.kept)
	p := head.NewResponseParser(len(raw), len(raw))
	_, _, _ = p.Parse([]byte(raw))
	return p.Response()
}

// keepHead keeps the heads as they were on the wire, in one piece: a server its
// request, a client both. They cost no more memory than they have bytes. Over
// extended CONNECT there are none, and the structures are kept.
func (d *Driver) keepHead() {
	r := d.request
	if r.Protocol != "" && !d.cfg.DropHandshake {
		return
	}
	d.request, d.response = nil, nil
	if d.cfg.DropHandshake {
		return
	}
	d.secure = r.Scheme == "wss" || r.Scheme == "https"
	if !d.hs.handed {
		d.kept = d.hs.sent + d.hs.parser.Raw()
		return
	}
	raw, _ := head.AppendRequest(make([]byte, 0, head.RequestLen(r)), r)
	parser := head.NewRequestParser(len(raw), len(raw))
	if _, done, _ := parser.Parse(raw); done {
		d.kept = parser.Raw()
	} else { // another parser accepts more than ours
		d.request = r
	}
}

// RelayCode returns the code for a close frame of d that passes on the code of a
// Close or PeerClose event of another connection. Codes that are never sent
// become ones that are: 1006 and 1015, a broken connection, become 1011 (internal
// error), towards a server 1001 (going away); codes that the version of d lacks
// become 1009 or 1004 if the message was too big, else 1002. 1005, no code, stays:
// Close sends a close frame without code for it, which has no reason either.
func (d *Driver) RelayCode(code Code) Code {
	switch {
	case code == ws.CodeNoStatus || d.version.IsHixie():
		return code
	case code != ws.CodeAbnormal && code != ws.CodeTLSHandshake:
	case d.server:
		code = ws.CodeInternalError
	default:
		code = ws.CodeGoingAway
	}
	for _, c := range [...]Code{code, tooBig(code), ws.CodeProtocolError} {
		if hybi.CheckClose(d.version, c, "") == nil {
			return c
		}
	}
	return ws.CodeProtocolError
}

// tooBig returns the other of the two codes for a message that is too big: 1009
// in RFC 6455, 1004 in the drafts.
func tooBig(code Code) Code {
	switch code {
	case ws.CodeMessageTooBig:
		return ws.CodeFrameTooLarge
	case ws.CodeFrameTooLarge:
		return ws.CodeMessageTooBig
	}
	return ws.CodeProtocolError
}
