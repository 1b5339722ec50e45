package driver

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"

	"github.com/sans-io/websocket-driver/driver/head"
	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/extensions"
	"github.com/sans-io/websocket-driver/hixie"
	"github.com/sans-io/websocket-driver/hybi"
)

// digestLength is what follows the response head in hixie-76.
const digestLength = 16

// NewClient returns the client side of a connection to a ws or wss URL. A user
// name and password in the URL become a Basic Authorization field (RFC 7617). The
// transport, TLS included, is the caller's business. Start queues the request.
func NewClient(rawURL string, c *Config) (*Driver, error) {
	d := newDriver(c, false)
	u, err := head.ParseURL(rawURL, "ws", "wss")
	if err != nil {
		return nil, err
	}
	if err := checkSubprotocols(d.cfg.Subprotocols); err != nil {
		return nil, err
	}
	fields, err := d.cfg.extraFields(false)
	if err != nil {
		return nil, err
	}
	host := hostField(u)
	if head.Count(fields, "Host") > 0 {
		host = head.Get(fields, "Host")
		fields = withoutField(fields, "Host")
	}
	if u.User != nil && head.Count(fields, "Authorization") == 0 {
		password, _ := u.User.Password()
		token := base64.StdEncoding.EncodeToString([]byte(u.User.Username() + ":" + password))
		fields = append(fields, Field{Name: "Authorization", Value: "Basic " + token})
	}
	if d.version = d.cfg.Version; d.version == 0 {
		d.version = ws.Hybi13
	}
	switch d.version {
	case ws.Hixie75, ws.Hixie76:
		err = d.offerHixie(u, host, fields)
	case ws.Hybi7, ws.Hybi8, ws.Hybi13:
		err = d.offerHybi(u, host, fields)
	default:
		err = fmt.Errorf("%w: version %v", ErrUnsupported, d.version)
	}
	if err != nil {
		return nil, err
	}
	return d, nil
}

// hostField is the host of u without the default port (section 4.1).
func hostField(u *url.URL) string {
	if port := u.Port(); port == "" || u.Scheme == "ws" && port == "80" || u.Scheme == "wss" && port == "443" {
		host := u.Hostname()
		if strings.Contains(host, ":") {
			host = "[" + host + "]"
		}
		return host
	}
	return u.Host
}

func (d *Driver) offerHybi(u *url.URL, host string, fields []Field) error {
	if d.cfg.ExtendedConnect && d.version != ws.Hybi13 {
		return fmt.Errorf("%w: version %v by extended CONNECT", ErrUnsupported, d.version)
	}
	offer, err := extensions.OfferHeader(d.cfg.Extensions)
	if err != nil {
		return err
	}
	scheme := "http"
	if u.Scheme == "wss" {
		scheme = "https"
	}
	d.request, d.hs.hybi, err = hybi.ClientRequest(hybi.Offer{
		Version:      d.version,
		Host:         host,
		Target:       u.RequestURI(),
		Connect:      d.cfg.ExtendedConnect,
		Scheme:       scheme,
		Subprotocols: d.cfg.Subprotocols,
		Extensions:   offer,
		Fields:       fields,
		Rand:         d.cfg.Rand,
	})
	if err != nil {
		return err
	}
	return d.checkRequest()
}

func (d *Driver) offerHixie(u *url.URL, host string, fields []Field) (err error) {
	if d.cfg.ExtendedConnect {
		return fmt.Errorf("%w: version %v by extended CONNECT", ErrUnsupported, d.version)
	}
	origin := head.Get(fields, "Origin")
	fields = withoutField(fields, "Origin")
	d.request, d.hs.body, d.hs.hixie, err = hixie.ClientRequest(d.version, u.Scheme == "wss", host, u.RequestURI(),
		origin, d.cfg.Subprotocols, fields, d.cfg.Rand)
	if err != nil {
		return err
	}
	return d.checkRequest()
}

// withoutField returns fields without those called name, in place.
func withoutField(fields []Field, name string) []Field {
	kept := fields[:0]
	for _, f := range fields {
		if !head.EqualFold(f.Name, name) {
			kept = append(kept, f)
		}
	}
	return kept
}

// checkRequest makes sure that the request can be written.
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

// Start queues the handshake: a client's request, or the answer that accepts
// the request of the Connect event. On a server it returns what is wrong if the
// request can not be accepted; Reject or Detach is still possible then.
func (d *Driver) Start() error {
	if d.server {
		return d.acceptNow()
	}
	if d.phase != phaseIdle {
		return fmt.Errorf("%w: Start twice", ErrState)
	}
	if d.cfg.ExtendedConnect {
		d.phase = phaseRespond
		return nil
	}
	buf, err := head.AppendRequest(d.out.Buf, d.request)
	if err != nil {
		return err
	}
	d.out.Buf = append(buf, d.hs.body...)
	d.hs.body = nil
	d.hs.parser = head.NewResponseParser(d.cfg.maxHead(), 0)
	d.phase = phaseResponse
	return nil
}

// Respond hands the answer to a client over extended CONNECT: the mirror of
// FromRequest. The driver owns r until Open.
func (d *Driver) Respond(r *Response) error {
	if d.phase != phaseRespond {
		return fmt.Errorf("%w: Respond goes with Config.ExtendedConnect, after Start", ErrState)
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
		d.hs.parser = head.NewResponseParser(max(d.cfg.maxHead()-d.hs.interim, 1), 0)
		return n
	}
	d.response = r
	switch {
	case r.Status != 101:
		d.refused()
	case r.Minor < 1: // section 4.1: the answer to an HTTP/1.1 upgrade
		d.end(&Error{Code: ws.CodeProtocolError, Msg: "status 101 in HTTP/1.0"})
	default:
		d.finish()
	}
	return n
}

// finish checks the answer of a server that has accepted.
func (d *Driver) finish() {
	var err error
	if d.version.IsHixie() {
		d.protocol, err = d.hs.hixie.CheckResponse(d.response)
	} else if d.protocol, err = d.hs.hybi.CheckResponse(d.response); err == nil {
		d.pipeline, err = extensions.Activate(d.cfg.Extensions, d.response.Fields)
	}
	if err != nil {
		d.end(err)
		return
	}
	if d.version == ws.Hixie76 {
		d.phase = phaseDigest
		return
	}
	d.open()
}

// readDigest collects and compares what follows the response head in hixie-76.
func (d *Driver) readDigest(p []byte) int {
	n := min(len(p), digestLength-len(d.hs.body))
	d.hs.body = append(d.hs.body, p[:n]...)
	if len(d.hs.body) < digestLength {
		return n
	}
	if want, _ := d.hs.hixie.Digest(); want != [digestLength]byte(d.hs.body) {
		d.end(&Error{Code: ws.CodeProtocolError, Msg: fmt.Sprintf("handshake digest is %x, not %x", d.hs.body, want)})
		return n
	}
	d.open()
	return n
}

// refused begins to collect the body of a refusal: the Close event comes when
// 1 KiB or Content-Length bytes have come, or at EOF, or when HandshakeTimeout
// has passed.
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
