// Package proxy asks an HTTP proxy for a tunnel with CONNECT (RFC 9110, section
// 9.3.6). It is a state machine without I/O, in the shape of package driver: input
// from the proxy goes to Parse, Take returns output, and one event ends the
// exchange. Open says that the tunnel is established. What follows on the
// transport belongs to the target, so a TLS handshake or a client of package
// driver comes next.
//
//	p, err := proxy.New("http://user:password@proxy.example:3128", "ws://example.com/chat", nil)
//	...
//	p.Start()
//	for {
//		transport.Write(p.Take(nil))
//		n, err := transport.Read(in)
//		if err != nil {
//			p.EOF()
//		}
//		used, ev := p.Parse(in[:n])
//		switch ev.Kind {
//		case ws.Open:
//			return in[used:n], nil // what the target has sent already
//		case ws.Close:
//			return nil, p.Err()
//		}
//	}
package proxy

import (
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/sans-io/websocket-driver/driver/head"
	"github.com/sans-io/websocket-driver/driver/ws"
)

// Config holds the settings of an exchange. A nil *Config and the zero Config are
// valid. A Config may be shared by any number of exchanges, and must not be
// modified while one of them is in progress.
type Config struct {
	// Fields are added to the CONNECT request. A Proxy-Authorization field
	// replaces the one from the URL of the proxy. Host, Content-Length and
	// Transfer-Encoding are an error.
	Fields []head.Field

	// MaxHead is the maximum length of the head of an answer in bytes,
	// including the empty line and all interim answers (1xx) before it. If
	// zero or less, it is head.DefaultMaxHead, 16 KiB.
	MaxHead int

	// Timeout is the time allowed for the exchange, from the first Tick after
	// Start to the event. If zero, it is head.DefaultTimeout, 10 s. If negative,
	// there is no limit.
	Timeout time.Duration

	// Challenge, if not nil, answers a 407. Parse calls it with one challenge
	// of the proxy after the other, the strongest first, until it returns the
	// value of a Proxy-Authorization field. It returns "" if it cannot answer
	// the challenge. An error ends the exchange. [Basic] and [Digest] return
	// such functions. If Challenge is nil and the URL of the proxy has a user
	// name, Digest with that user name and password is used.
	//
	// If another 407 follows the answer, only challenges of the same scheme are
	// tried: Basic is not retried, and Digest only if the nonce was stale. At
	// most four challenges are answered.
	Challenge func(*Challenge) (authorization string, err error)

	// Rand is the source of the nonces of Digest. If nil, it is
	// crypto/rand.Reader.
	Rand io.Reader
}

func (c *Config) maxHead() int {
	if c.MaxHead <= 0 {
		return head.DefaultMaxHead
	}
	return c.MaxHead
}

func (c *Config) timeout() time.Duration {
	if c.Timeout == 0 {
		return head.DefaultTimeout
	}
	return c.Timeout
}

// New returns an exchange with the proxy at proxyURL, an http or https URL, about
// a tunnel to the host of target, a ws or wss URL. It parses both and calls
// [FromURL].
func New(proxyURL, target string, c *Config) (*Exchange, error) {
	via, err := head.ParseURL(proxyURL, "http", "https")
	if err != nil {
		return nil, fmt.Errorf("proxy: %w", err)
	}
	u, err := head.ParseURL(target, "ws", "wss")
	if err != nil {
		return nil, err
	}
	return FromURL(via, u, c)
}

// FromURL returns an exchange with the proxy at via, an http or https URL, about a
// tunnel to the host of target, a ws or wss URL. Nothing else of target is sent,
// neither path nor user name. A host that is not ASCII must be converted to
// A-labels first, and the zone of an IPv6 address is an error.
//
// A user name and password in via are sent as Basic Proxy-Authorization (RFC
// 7617). To keep the password from being sent in the clear, use Config.Challenge
// instead. The caller connects to the proxy, including TLS. Start queues the
// request.
//
// The error wraps [ws.ErrInvalid] and contains no secrets.
func FromURL(via, target *url.URL, c *Config) (*Exchange, error) {
	if c == nil {
		c = &Config{}
	}
	if err := head.CheckURL(via, "http", "https"); err != nil {
		return nil, fmt.Errorf("proxy: %w", err)
	}
	if err := checkTarget(target); err != nil {
		return nil, err
	}
	p := &Exchange{cfg: c, target: head.HostPort(target), neg: &negotiation{hook: c.Challenge}}
	var err error
	if p.neg.fields, p.neg.authorization, err = c.fields(); err != nil {
		return nil, err
	}
	if via.User == nil {
		return p, nil
	}
	password, _ := via.User.Password()
	if p.neg.hook == nil {
		p.neg.hook = Digest(via.User.Username(), password)
	}
	if p.neg.authorization == "" {
		if p.neg.authorization, err = head.BasicAuthorization(via.User.Username(), password); err != nil {
			return nil, fmt.Errorf("proxy: %w", err)
		}
	}
	return p, nil
}

// checkTarget checks the URL of the target. The zone of an address names an
// interface of this host and means nothing to the proxy (RFC 6874, section 4).
func checkTarget(u *url.URL) error {
	if err := head.CheckURL(u, "ws", "wss"); err != nil {
		return err
	}
	if strings.Contains(u.Hostname(), "%") {
		return fmt.Errorf("%w: IPv6 zone in the host of a tunnel", ws.ErrInvalid)
	}
	return nil
}

// fields returns Fields without Proxy-Authorization, and the value of that field.
func (c *Config) fields() (fields []head.Field, authorization string, err error) {
	for _, f := range c.Fields {
		if err := head.CheckField(f); err != nil {
			return nil, "", err
		}
		switch strings.ToLower(f.Name) {
		case "host", "content-length", "transfer-encoding":
			return nil, "", fmt.Errorf("%w: field %s in Config.Fields, which the exchange sets", ws.ErrInvalid, f.Name)
		case "proxy-authorization":
			authorization = f.Value
		default:
			fields = append(fields, f)
		}
	}
	return fields, authorization, nil
}

// request returns the CONNECT request. Its target is host and port alone, and so is
// its Host field (RFC 9112, sections 3.2 and 3.2.3).
func (p *Exchange) request() *head.Request {
	r := &head.Request{Method: connect, Target: p.target}
	r.Fields = append(r.Fields, head.Field{Name: "Host", Value: p.target})
	r.Fields = append(r.Fields, p.neg.fields...)
	if p.neg.authorization != "" {
		r.Fields = append(r.Fields, head.Field{Name: "Proxy-Authorization", Value: p.neg.authorization})
	}
	return r
}

const connect = "CONNECT"
