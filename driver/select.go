package driver

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sans-io/websocket-driver/driver/head"
	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/extensions"
	"github.com/sans-io/websocket-driver/hixie"
	"github.com/sans-io/websocket-driver/hybi"
)

// IsWebSocket reports whether r asks for a WebSocket: by the Upgrade and
// Connection fields (RFC 6455, section 4.2.1, and every draft), or by extended
// CONNECT (RFC 8441, section 5). It does not say that the request is a good one.
func IsWebSocket(r *Request) bool {
	if r.Protocol != "" {
		return r.Method == "CONNECT" && head.EqualFold(r.Protocol, "websocket")
	}
	return head.HasToken(r.Fields, "Upgrade", "websocket") && head.HasToken(r.Fields, "Connection", "upgrade")
}

// selectVersion tells the versions apart by the fields that only they have.
func selectVersion(r *Request) (Version, error) {
	switch {
	case r.Protocol != "", head.Count(r.Fields, "Sec-WebSocket-Version") > 0, head.Count(r.Fields, "Sec-WebSocket-Key") > 0:
		if n := head.Count(r.Fields, "Sec-WebSocket-Version"); n != 1 {
			return 0, refusal(400, "%d Sec-WebSocket-Version fields, not 1", n)
		}
		switch v := r.Get("Sec-WebSocket-Version"); v {
		case "13":
			return ws.Hybi13, nil
		case "8":
			return ws.Hybi8, nil
		case "7":
			return ws.Hybi7, nil
		default:
			return 0, refusal(426, "version %.64q is not served", v)
		}
	case head.Count(r.Fields, "Sec-WebSocket-Key1") > 0, head.Count(r.Fields, "Sec-WebSocket-Key2") > 0:
		return ws.Hixie76, nil
	}
	return ws.Hixie75, nil
}

func refusal(status int, format string, args ...any) error {
	return &Error{Code: ws.CodeProtocolError, Status: status, Msg: fmt.Sprintf(format, args...)}
}

// accept checks a WebSocket request, chooses version, subprotocol and extensions,
// and prepares the answer. An *Error is the client's fault; any other is the
// Config's.
func (d *Driver) accept(r *Request) error {
	v, err := selectVersion(r)
	if err != nil {
		return err
	}
	switch {
	case !slices.Contains(d.cfg.versions(), v):
		return refusal(426, "version %v is not served", v)
	case r.Protocol != "" && v != ws.Hybi13: // RFC 8441, section 5
		return refusal(400, "version %v by extended CONNECT", v)
	case r.Protocol == "" && (r.Major != 1 || r.Minor < 1): // RFC 6455, section 4.2.1
		return refusal(400, "WebSocket request in HTTP/%d.%d, not 1.1", r.Major, r.Minor)
	case r.Protocol == "" && r.Method != "GET": // RFC 6455, section 4.2.1
		return refusal(405, "WebSocket request with method %s, not GET", r.Method)
	case r.Protocol == "" && hasBody(r): // it would be taken for frames
		return refusal(400, "WebSocket request with a body")
	}
	d.version = v
	extra, err := d.cfg.extraFields(true)
	if err != nil {
		return err
	}
	if v.IsHixie() {
		return d.acceptHixie(r, extra)
	}
	return d.acceptHybi(r, extra)
}

// hasBody reports whether the fields of r announce a body (RFC 9112, section 6.3).
func hasBody(r *Request) bool {
	return head.Count(r.Fields, "Transfer-Encoding") > 0 || strings.Trim(r.Get("Content-Length"), "0") != ""
}

func (d *Driver) acceptHixie(r *Request, extra []Field) error {
	if err := hixie.CheckRequest(r, d.version); err != nil {
		return err
	}
	offered, err := hixie.Offered(r, d.version)
	if err != nil {
		return err
	}
	if d.protocol, err = d.cfg.subprotocol(r, offered); err != nil {
		return err
	}
	d.response, err = hixie.ServerResponse(r, d.version, d.protocol, extra)
	return err
}

func (d *Driver) acceptHybi(r *Request, extra []Field) error {
	if err := hybi.CheckRequest(r); err != nil {
		return err
	}
	offered, err := hybi.Offered(r)
	if err != nil {
		return err
	}
	if d.protocol, err = d.cfg.subprotocol(r, offered); err != nil {
		return err
	}
	var answer string
	if answer, d.pipeline, err = extensions.Accept(d.cfg.Extensions, r.Fields); err != nil {
		return err
	}
	d.response = hybi.ServerResponse(r, d.protocol, answer, extra)
	return nil
}

// subprotocol chooses among those offered.
func (c *Config) subprotocol(r *Request, offered []string) (string, error) {
	if c.Select != nil {
		name := c.Select(r, offered)
		if name != "" && !slices.Contains(offered, name) {
			return "", fmt.Errorf("%w: Config.Select chose subprotocol %q, which is not offered", ErrUnsupported, name)
		}
		return strings.Clone(name), nil // or the whole head would be kept with it
	}
	for _, name := range c.Subprotocols {
		if slices.Contains(offered, name) {
			return name, nil
		}
	}
	return "", nil
}

// refusalResponse is the answer to a bad request.
func (d *Driver) refusalResponse(e *Error) *Response {
	body := []byte(e.Msg + "\n")
	var fields []Field
	switch e.Status {
	case 405: // RFC 9110, section 15.5.6
		fields = append(fields, Field{Name: "Allow", Value: "GET"})
	case 426: // RFC 6455, section 4.4, and RFC 9110, section 15.5.22
		var versions []string
		for _, v := range d.cfg.versions() {
			if !v.IsHixie() {
				versions = append(versions, strconv.Itoa(int(v)))
			}
		}
		if d.request.Protocol == "" { // RFC 9113, section 8.2.2
			fields = append(fields, Field{Name: "Upgrade", Value: "websocket"})
		}
		if len(versions) > 0 {
			fields = append(fields, Field{Name: "Sec-WebSocket-Version", Value: strings.Join(versions, ", ")})
		}
	}
	fields = append(fields, Field{Name: "Content-Type", Value: "text/plain; charset=utf-8"})
	return d.finalResponse(e.Status, fields, body)
}

// finalResponse completes a response behind which the transport is closed.
func (d *Driver) finalResponse(status int, fields []Field, body []byte) *Response {
	r := &Response{Major: 1, Minor: 1, Status: status, Fields: slices.Clone(fields), Body: body}
	if d.request != nil && d.request.Protocol != "" { // HTTP/2 and 3 have no such fields
		r.Major, r.Minor = d.request.Major, d.request.Minor
		return r
	}
	if head.BodyAllowed(status) && head.Count(fields, "Content-Length") == 0 {
		r.Fields = append(r.Fields, Field{Name: "Content-Length", Value: strconv.Itoa(len(body))})
	}
	if head.Count(fields, "Connection") == 0 {
		connection := "close"
		if head.Count(fields, "Upgrade") > 0 { // RFC 9110, section 7.8
			connection = "Upgrade, close"
		}
		r.Fields = append(r.Fields, Field{Name: "Connection", Value: connection})
	}
	return r
}
