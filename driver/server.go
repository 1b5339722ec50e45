package driver

import (
	"fmt"

	"github.com/sans-io/websocket-driver/driver/ws"
)

// NewServer returns the server side of a connection on which nothing has been
// read yet: it parses the request head itself. When the head has arrived it gives
// a Connect event and waits: Request holds the request, and Start, Reject, Refuse
// or Detach decides. A bad WebSocket request is refused without a Connect event;
// a request for which IsWebSocket does not hold is the caller's to judge. c may be
// nil; it must not be modified while it is in use.
func NewServer(c *Config) *Driver {
	d := newDriver(c, true)
	d.phase = phaseRequest
	d.hs.parser.InitRequest(d.cfg.maxHead(), 0)
	return d
}

// FromRequest returns the server side of a connection whose request has already
// been parsed: by net/http, or by an implementation of HTTP/2 or HTTP/3. The
// driver waits for an answer without a Connect event, and everything has been
// checked: Err is nil or an *Error with the Status of the refusal, and Response
// is the response, good or bad, to whose Fields more may be appended. Nothing is
// queued before Start. The driver owns r from now on.
func FromRequest(r *Request, c *Config) *Driver {
	d := newDriver(c, true)
	d.phase = phasePaused
	d.request = r
	d.hs.handed = true
	err := errNotWebSocket
	if IsWebSocket(r) {
		err = d.accept(r)
	}
	if err != nil {
		d.err = err
		d.response = d.refusalResponse(err)
	}
	return d
}

// errNotWebSocket is why Start cannot accept a plain request (RFC 9110, section
// 15.5.22).
var errNotWebSocket = error(ws.Refusal(426, "not a WebSocket request"))

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

// accepted queues the response that accept has prepared, and opens the connection.
func (d *Driver) accepted() error {
	switch {
	case d.phase != phasePaused:
		return fmt.Errorf("%w: Start on a server without a request that waits for its response", ErrState)
	case d.Err() != nil: // of FromRequest
		return d.Err()
	case d.hs.server == nil:
		return errNotWebSocket
	}
	if err := d.queueAcceptance(); err != nil {
		return err
	}
	if d.hs.server.BodyLength() > 0 {
		d.phase = phaseBody
	} else {
		d.open()
	}
	return nil
}

// queueAcceptance queues the response that accepts the request.
func (d *Driver) queueAcceptance() error {
	hs := d.hs
	if d.response == nil {
		hs.hybi.QueueResponse(&d.out, d.protocol, hs.answer.extensions, hs.answer.extra)
		return nil
	}
	hs.server.Refresh(d.response)
	return d.queueResponse()
}

// readBody collects the last part of a hixie-76 request. The head of the response
// has been queued by then: some proxies hold these bytes back until they have
// seen it.
func (d *Driver) readBody(p []byte) int {
	length := d.hs.server.BodyLength()
	n := min(len(p), length-len(d.hs.body))
	d.hs.body = append(d.hs.body, p[:n]...)
	if len(d.hs.body) == length {
		d.out.Buf = append(d.out.Buf, d.hs.server.Digest(d.hs.body)...)
		d.open()
	}
	return n
}

// Detach gives the transport back, for a request that is not for WebSocket. It
// returns the head as it came and all bytes after it that the driver has taken;
// the caller owns them. The driver is closed and gives no more events: Needs is 0.
// It returns nil unless the driver waits for the answer to a request.
func (d *Driver) Detach() []byte {
	if d.phase != phasePaused {
		return nil
	}
	var b []byte
	if !d.hs.handed {
		b = append(b, d.hs.parser.Raw()...)
	}
	if d.in.len() > 0 {
		b = append(b, d.in.bytes()...)
	}
	d.phase = phaseDetached
	d.forget()
	return b
}
