package driver

import (
	"fmt"

	"github.com/sans-io/websocket-driver/driver/head"
	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/hixie"
)

// bodyLength is what follows the request head in hixie-76: 8 bytes, a part of
// the challenge.
const bodyLength = 8

// NewServer returns the server side of a connection on which nothing has been
// read yet: it parses the request head itself. When the head has arrived it
// pauses with a Connect event: Request holds the request, and Start, Reject or
// Detach decides. A bad WebSocket request is refused without a Connect event;
// a request for which IsWebSocket does not hold is the caller's to judge.
func NewServer(c *Config) *Driver {
	d := newDriver(c, true)
	d.phase = phaseRequest
	d.hs.parser = head.NewRequestParser(d.cfg.maxHead(), 0)
	return d
}

// FromRequest returns the server side of a connection whose request somebody
// else has parsed: net/http, HTTP/2, HTTP/3. It is paused without a Connect
// event, and everything has been checked: Err is nil or an *Error with the
// Status to answer, and Response is the answer, good or bad, to whose Fields more
// may be appended. Nothing is queued before Start. The driver owns r until Open.
func FromRequest(r *Request, c *Config) *Driver {
	d := newDriver(c, true)
	d.phase = phasePaused
	d.request = r
	d.hs.handed = true
	err := error(nil)
	if IsWebSocket(r) {
		err = d.accept(r)
	} else {
		err = refusal(426, "not a WebSocket request")
	}
	if err != nil {
		d.err = err
		d.response = d.refusalResponse(publicError(err))
	}
	return d
}

// publicError is what a client is told of err: a fault of the Config is
// nothing to it.
func publicError(err error) *Error {
	if e, ok := err.(*Error); ok {
		return e
	}
	return &Error{Code: ws.CodeInternalError, Status: 500, Msg: "the server is not set up properly"}
}

// readRequest collects the request head.
func (d *Driver) readRequest(p []byte) int {
	n, done, err := d.hs.parser.Parse(p)
	if err != nil {
		d.refuse(err)
		return n
	}
	if !done {
		return n
	}
	d.request = d.hs.parser.Request()
	if IsWebSocket(d.request) {
		if err := d.accept(d.request); err != nil {
			d.refuse(err)
			return n
		}
	}
	d.phase = phasePaused
	return n
}

// refuse queues the answer to a request that err stands against, and ends the
// connection.
func (d *Driver) refuse(err error) {
	d.response = d.refusalResponse(publicError(err))
	_ = d.queueResponse() // its fields are our own
	d.end(err)
}

// queueResponse queues d.response, except in HTTP/2 and 3, where the adapter
// sends it.
func (d *Driver) queueResponse() error {
	if d.request != nil && d.request.Protocol != "" {
		return nil
	}
	buf, err := head.AppendResponse(d.out.Buf, d.response)
	d.out.Buf = buf
	return err
}

// acceptNow queues the answer that accept has prepared, and opens.
func (d *Driver) acceptNow() error {
	switch {
	case d.phase != phasePaused:
		return fmt.Errorf("%w: Start on a server goes with the Connect event", ErrState)
	case d.err != nil:
		return d.err
	case d.response == nil:
		return fmt.Errorf("%w: Start for a request that asks for no WebSocket", ErrState)
	}
	if d.version.IsHixie() { // the scheme may have become known since
		r, err := hixie.ServerResponse(d.request, d.version, d.protocol, nil)
		if err != nil {
			return err
		}
		r.Fields = append(r.Fields, d.response.Fields[len(r.Fields):]...)
		d.response = r
	}
	if err := d.queueResponse(); err != nil {
		return err
	}
	if d.version == ws.Hixie76 {
		d.phase = phaseBody
	} else {
		d.open()
	}
	return nil
}

// readBody collects the last part of a hixie-76 request. The answer's head has
// left by then: some proxies hold these bytes back until they have seen it.
func (d *Driver) readBody(p []byte) int {
	n := min(len(p), bodyLength-len(d.hs.body))
	d.hs.body = append(d.hs.body, p[:n]...)
	if len(d.hs.body) == bodyLength {
		digest := hixie.Digest(d.request, [bodyLength]byte(d.hs.body))
		d.out.Buf = append(d.out.Buf, digest[:]...)
		d.open()
	}
	return n
}

// Reject refuses the request with an HTTP status from 200 to 599, and ends the
// connection: a Close event follows. Content-Length and Connection are added
// unless they are among fields. Over extended CONNECT nothing is queued:
// Response holds the answer.
func (d *Driver) Reject(status int, fields []Field, body []byte) error {
	switch {
	case d.phase != phasePaused:
		return fmt.Errorf("%w: Reject goes with the Connect event", ErrState)
	case status < 200 || status > 599, d.request.Protocol != "" && status < 300:
		return fmt.Errorf("%w: rejecting with status %d", ErrUnsupported, status)
	case !head.BodyAllowed(status) && len(body) > 0:
		return fmt.Errorf("%w: a body with status %d", ErrUnsupported, status)
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
	d.err = &Error{Code: ws.CodeAbnormal, Status: status, Msg: fmt.Sprintf("rejected with status %d", status)}
	d.phase = phaseEnding
	d.forget()
	return nil
}

// Detach gives the transport back, for a request that is not for WebSocket. It
// returns the head as it came and all bytes behind it that the driver has taken;
// the caller owns them. The driver is closed and gives no more events. It
// returns nil unless the driver is paused.
func (d *Driver) Detach() []byte {
	if d.phase != phasePaused {
		return nil
	}
	var b []byte
	if !d.hs.handed {
		b = append(b, d.hs.parser.Raw()...)
	}
	b = append(b, d.in.bytes()...)
	d.phase = phaseDetached
	d.forget()
	return b
}
