package driver

import (
	"bytes"
	"fmt"
	"net/url"
	"slices"

	"github.com/sans-io/websocket-driver/driver/head"
	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/extensions"
	"github.com/sans-io/websocket-driver/hybi"
)

// NewClient returns the client side of a connection to a ws or wss URL. A user
// name and password in the URL become a Basic Authorization field (RFC 7617). The
// transport, including TLS, is the caller's. Start queues the request. c may be
// nil; it must not be modified while it is in use.
func NewClient(rawURL string, c *Config) (*Driver, error) {
	u, err := head.ParseURL(rawURL, "ws", "wss")
	if err != nil {
		return nil, err
	}
	return FromURL(u, c)
}

// FromURL is NewClient for a URL that has been parsed. The host must be ASCII: one
// that is not must be converted to A-labels first, as golang.org/x/net/idna does.
// FromURL keeps no reference to u.
func FromURL(u *url.URL, c *Config) (*Driver, error) {
	if err := head.CheckURL(u, "ws", "wss"); err != nil {
		return nil, err
	}
	d := newDriver(c, false)
	if err := d.cfg.Check(); err != nil {
		return nil, err
	}
	fields, err := d.cfg.extraFields(false)
	if err != nil {
		return nil, err
	}
	o := hybi.Offer{
		Version:         d.cfg.version(),
		Secure:          u.Scheme == "wss",
		Host:            head.HostField(u),
		Target:          head.Target(u),
		ExtendedConnect: d.cfg.ExtendedConnect,
		Subprotocols:    d.cfg.Subprotocols,
		Fields:          fields,
		Rand:            d.cfg.Rand,
	}
	if head.Count(fields, "Host") > 0 {
		o.Host = head.Get(fields, "Host")
		o.Fields = withoutField(fields, "Host")
	}
	if u.User != nil && head.Count(fields, "Authorization") == 0 {
		password, _ := u.User.Password()
		value, err := head.BasicAuthorization(u.User.Username(), password)
		if err != nil {
			return nil, err
		}
		o.Fields = append(o.Fields, Field{Name: "Authorization", Value: value})
	}
	if !o.Version.IsHixie() {
		if o.Extensions, err = extensions.OfferHeader(d.cfg.Extensions); err != nil {
			return nil, err
		}
	}
	if d.hs.client, err = newClientHandshake(o); err != nil {
		return nil, err
	}
	d.version, d.request = o.Version, d.hs.client.Request()
	if err := d.checkRequest(); err != nil {
		return nil, err
	}
	return d, nil
}

// withoutField returns fields without those called name, in place.
func withoutField(fields []Field, name string) []Field {
	return slices.DeleteFunc(fields, func(f Field) bool { return head.EqualFold(f.Name, name) })
}

// checkRequest reports why the request cannot be written.
func (d *Driver) checkRequest() error {
	if err := head.CheckTarget(d.request.Target); err != nil {
		return err
	}
	for _, f := range d.request.Fields {
		if err := head.CheckField(f); err != nil {
			return err
		}
	}
	return nil
}

// Start queues the handshake: a client's request, or the response that accepts
// the request of the Connect event. On a server the error says why the request
// cannot be accepted: an *Error if the client is at fault, which Refuse answers;
// Reject and Detach are still possible, too.
func (d *Driver) Start() error {
	if d.server {
		return d.accepted()
	}
	if d.phase != phaseIdle {
		return fmt.Errorf("%w: Start twice", ErrState)
	}
	if d.cfg.ExtendedConnect {
		d.phase = phaseRespond
		return nil
	}
	start := len(d.out.Buf)
	d.out.Grow(head.RequestLen(d.request) + len(d.hs.client.Body()))
	buf, err := head.AppendRequest(d.out.Buf, d.request)
	if err != nil {
		return err
	}
	if !d.cfg.DropHandshake {
		d.hs.sent = string(buf[start:])
	}
	d.out.Buf = append(buf, d.hs.client.Body()...)
	d.hs.parser.InitResponse(d.cfg.maxHead(), 0)
	d.phase = phaseResponse
	return nil
}

// Respond gives a client over extended CONNECT the response: it is the mirror of
// FromRequest. The driver owns r from now on. The error is ErrState unless
// Config.ExtendedConnect is set and Start has been called.
func (d *Driver) Respond(r *Response) error {
	if d.phase != phaseRespond {
		return fmt.Errorf("%w: Respond without Config.ExtendedConnect and Start", ErrState)
	}
	d.response = r
	if r.Status < 200 || r.Status > 299 { // RFC 8441, section 5
		d.end(&Error{Code: ws.CodeAbnormal, Status: r.Status, Msg: refusalText(r)})
		return nil
	}
	d.finish()
	return nil
}

// readResponse collects the response head. Interim responses are skipped (RFC
// 9110, section 15.2); together they may not be longer than MaxHead.
func (d *Driver) readResponse(p []byte) int {
	n, done, err := d.hs.parser.Parse(p)
	if err != nil {
		d.end(err)
		return n
	}
	if !done {
		return n
	}
	r := d.hs.parser.Response()
	if r.Status < 200 && r.Status != 101 {
		d.hs.interim += len(d.hs.parser.Raw())
		d.hs.parser.InitResponse(max(d.cfg.maxHead()-d.hs.interim, 1), 0)
		return n
	}
	d.response = r
	switch {
	case r.Status != 101:
		d.refused()
	case r.Minor < 1: // section 4.1: the response to an HTTP/1.1 upgrade
		d.end(ws.Violation("status 101 in HTTP/1.%d", r.Minor))
	default:
		d.finish()
	}
	return n
}

// finish checks the response of a server that has accepted.
func (d *Driver) finish() {
	var err error
	if d.protocol, err = d.hs.client.CheckResponse(d.response); err == nil && !d.version.IsHixie() {
		d.pipeline, err = extensions.Activate(d.cfg.Extensions, d.response.Fields)
	}
	switch {
	case err != nil:
		d.end(err)
	case d.hs.client.Digest() != nil:
		d.phase = phaseDigest
	default:
		d.open()
	}
}

// readDigest collects and compares what follows the response head in hixie-76.
func (d *Driver) readDigest(p []byte) int {
	want := d.hs.client.Digest()
	n := min(len(p), len(want)-len(d.hs.body))
	d.hs.body = append(d.hs.body, p[:n]...)
	switch {
	case len(d.hs.body) < len(want):
	case !bytes.Equal(d.hs.body, want):
		d.end(ws.Violation("handshake digest is %x, not %x", d.hs.body, want))
	default:
		d.open()
	}
	return n
}

// refused begins to collect the body of a refusal: the Close event comes when its
// end or 1 KiB of it has come, at EOF, or when refusalTime has passed.
func (d *Driver) refused() {
	d.hs.refusal = &Error{Code: ws.CodeAbnormal, Status: d.response.Status, Msg: refusalText(d.response)}
	d.hs.excerpt = head.NewBody(d.response)
	d.phase = phaseRefusal
}

func refusalText(r *Response) string { return "handshake refused with " + r.Refusal() }

func (d *Driver) readRefusal(p []byte) int {
	n, done := d.response.CollectBody(&d.hs.excerpt, p)
	if done {
		d.end(d.hs.refusal)
	}
	return n
}
