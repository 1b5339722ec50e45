package driver

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sans-io/websocket-driver/driver/head"
	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/extensions"
)

// IsWebSocket reports whether r asks for a WebSocket: by the Upgrade and
// Connection fields (RFC 6455, section 4.2.1, and every draft), or by extended
// CONNECT (RFC 8441, section 5). The request may still be refused.
func IsWebSocket(r *Request) bool {
	if r.Protocol != "" {
		return r.Method == "CONNECT" && head.EqualFold(r.Protocol, "websocket")
	}
	return head.HasToken(r.Fields, "Upgrade", "websocket") && head.HasToken(r.Fields, "Connection", "upgrade")
}

// selectVersion tells the versions apart by the fields that only they have.
func selectVersion(r *Request) (Version, error) {
	v, n := head.Find(r.Fields, "Sec-WebSocket-Version")
	switch {
	case n > 0, r.Protocol != "", head.Count(r.Fields, "Sec-WebSocket-Key") > 0:
		if n != 1 {
			return 0, ws.Refusal(400, "%d Sec-WebSocket-Version fields, not 1", n)
		}
		switch v {
		case "13":
			return ws.Hybi13, nil
		case "8":
			return ws.Hybi8, nil
		case "7":
			return ws.Hybi7, nil
		default:
			return 0, ws.Refusal(426, "version %.64q is not served", v)
		}
	case head.Count(r.Fields, "Sec-WebSocket-Key1") > 0, head.Count(r.Fields, "Sec-WebSocket-Key2") > 0:
		return ws.Hixie76, nil
	}
	return ws.Hixie75, nil
}

// accept checks a WebSocket request, and chooses version, subprotocol and
// extensions. The response of a hybi version is made when somebody asks for it:
// Start queues it without. An *Error is the client's fault; any other is the
// Config's.
func (d *Driver) accept(r *Request) error {
	v, err := selectVersion(r)
	if err != nil {
		return err
	}
	switch {
	case !slices.Contains(d.cfg.versions(), v):
		return ws.Refusal(426, "version %v is not served", v)
	case r.Protocol != "" && v != ws.Hybi13: // RFC 8441, section 5
		return ws.Refusal(400, "version %v by extended CONNECT", v)
	case r.Protocol == "" && (r.Major != 1 || r.Minor < 1): // RFC 6455, section 4.2.1
		return ws.Refusal(400, "WebSocket request in HTTP/%d.%d, not 1.1", r.Major, r.Minor)
	case r.Protocol == "" && r.Method != "GET": // RFC 6455, section 4.2.1
		return ws.Refusal(405, "WebSocket request with method %s, not GET", r.Method)
	case r.Protocol == "" && hasBody(r, v): // it would be read as frames
		return ws.Refusal(400, "WebSocket request with a body")
	}
	d.version = v
	hs := d.hs
	if hs.answer.extra, err = d.cfg.extraFields(true); err != nil {
		return err
	}
	h, err := hs.newServer(r, v)
	if err != nil {
		return err
	}
	if d.protocol, err = d.cfg.subprotocol(r, h.Subprotocols()); err != nil {
		return err
	}
	if !v.IsHixie() {
		if hs.answer.extensions, d.pipeline, err = extensions.Accept(d.cfg.Extensions, r.Fields); err != nil {
			return err
		}
	}
	if v.IsHixie() || r.Protocol != "" {
		if d.response, err = h.Response(d.protocol, hs.answer.extensions, hs.answer.extra); err != nil {
			return err
		}
	}
	hs.server = h
	return nil
}

// hasBody reports whether r announces a body other than the 8 bytes of hixie-76,
// whose length Netty's and Perl's clients announce: once, and without
// Transfer-Encoding.
func hasBody(r *Request, v Version) bool {
	if v == ws.Hixie76 && head.Count(r.Fields, "Transfer-Encoding") == 0 {
		if length, n := head.Find(r.Fields, "Content-Length"); n == 1 && length == "8" {
			return false
		}
	}
	return head.HasBody(r.Fields)
}

// subprotocol chooses among those offered.
func (c *Config) subprotocol(r *Request, offered []string) (string, error) {
	if c.Select != nil {
		name := c.Select(r, offered)
		if name != "" && !slices.Contains(offered, name) {
			return "", fmt.Errorf("%w: Config.Select chose subprotocol %q, which was not offered", ErrInvalid, name)
		}
		return strings.Clone(name), nil // else the whole head would be retained
	}
	for _, name := range c.Subprotocols {
		if slices.Contains(offered, name) {
			return name, nil
		}
	}
	return "", nil
}
