package driver

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sans-io/websocket-driver/driver/head"
	"github.com/sans-io/websocket-driver/driver/ws"
)

// Reject refuses the request of the Connect event with an HTTP status from 200 to
// 599, and ends the connection: a Close event follows. Content-Length and
// Connection are added unless they are among fields. Over extended CONNECT
// nothing is queued: Response returns the response.
//
// The error is ErrState without a request that waits for its response, and
// ErrInvalid for a status, field or body that cannot be sent.
func (d *Driver) Reject(status int, fields []Field, body []byte) error {
	switch {
	case d.phase != phasePaused:
		return fmt.Errorf("%w: Reject without a request that waits for its response", ErrState)
	case status < 200 || status > 599, d.request.Protocol != "" && status < 300:
		return fmt.Errorf("%w: rejecting with status %d", ErrInvalid, status)
	case !head.BodyAllowed(status) && len(body) > 0:
		return fmt.Errorf("%w: a body with status %d", ErrInvalid, status)
	}
	for _, f := range fields {
		if err := head.CheckField(f); err != nil {
			return err
		}
	}
	d.response = d.finalResponse(status, fields, body)
	if err := d.queueResponse(); err != nil {
		return err
	}
	d.end(&Error{Code: ws.CodeAbnormal, Status: status, Msg: fmt.Sprintf("rejected with status %d", status)})
	return nil
}

// Refuse is Reject with the response for err: status and text of the
// *Error that it is or wraps, such as one of Start or CheckOrigin, with the
// fields that the status demands; for any other error 500, without its text. Err
// then returns err.
func (d *Driver) Refuse(err error) error {
	if d.phase != phasePaused {
		return fmt.Errorf("%w: Refuse without a request that waits for its response", ErrState)
	}
	d.refuse(err)
	return nil
}

// refuse queues the response for err, and ends the connection.
func (d *Driver) refuse(err error) {
	d.response = d.refusalResponse(err)
	_ = d.queueResponse() // its fields are our own
	d.end(err)
}

// refusalResponse returns the response for err. A mistake in the
// Config is none of the client's business.
func (d *Driver) refusalResponse(err error) *Response {
	e := &Error{Status: 500, Msg: "the server is misconfigured"}
	if refusal := (*Error)(nil); errors.As(err, &refusal) && refusal.Status >= 400 {
		e = refusal
	}
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
	return d.finalResponse(e.Status, fields, []byte(e.Msg+"\n"))
}

// finalResponse completes a response after which the transport is closed.
func (d *Driver) finalResponse(status int, fields []Field, body []byte) *Response {
	r := &Response{Major: 1, Minor: 1, Status: status, Fields: slices.Clone(fields), Body: body}
	if d.request != nil && d.request.Protocol != "" { // HTTP/2 and HTTP/3 have no such fields
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

// queueResponse queues d.response, except over extended CONNECT, where the adapter
// sends it.
func (d *Driver) queueResponse() error {
	if d.request != nil && d.request.Protocol != "" {
		return nil
	}
	buf, err := head.AppendResponse(d.out.Buf, d.response)
	d.out.Buf = buf
	return err
}
