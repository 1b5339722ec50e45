// Package proxy asks an HTTP proxy for a tunnel with CONNECT (RFC 9110, section
// 9.3.6), as a state machine that owns no I/O. It has the shape of package
// driver: bytes of the proxy go in through Parse, bytes to send are taken with
// Take, and one event ends the exchange. Open says that the tunnel stands: what
// follows on the transport belongs to the target, so the handshake of TLS or a
// client of package driver comes next.
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
	"strconv"
	"strings"
	"time"

	"github.com/sans-io/websocket-driver/driver/head"
	"github.com/sans-io/websocket-driver/driver/ws"
)

// Config holds the settings of an exchange. A nil *Config and the zero Config
// work. A Config may be shared by any number of exchanges and must not be
// changed while one of them is under way.
type Config struct {
	// Fields are added to the CONNECT request. A Proxy-Authorization among
	// them takes the place of the one from the proxy's URL. Host,
	// Content-Length and Transfer-Encoding are an error.
	Fields []head.Field

	// MaxHead is the longest head of an answer that is received, in bytes with
	// the empty line, inclusive; the interim answers (1xx) before it count.
	// Default 16 KiB; there is always a limit.
	MaxHead int

	// Timeout is how long the exchange may take, from the first Tick after
	// Start to the one event. Default 10 s; a value below 0 means no limit.
	Timeout time.Duration

	// Challenge, if set, answers a 407: it is called from Parse with one
	// challenge of the proxy after the other, the strongest first, until it
	// returns the value of a Proxy-Authorization field. "" means that it cannot
	// answer this one. An error ends the exchange. Basic and Digest are ready
	// made. If it is nil and the proxy's URL holds a user name, Digest with
	// that and the password is used.
	//
	// If a 407 follows the answer, the hook is asked about challenges of the same
	// scheme only: not Basic, Digest if the proxy says that just the nonce was
	// stale, and every other one. Four answers are given at most.
	Challenge func(*Challenge) (authorization string, err error)

	// Rand is where Digest's nonces come from. Default crypto/rand.Reader.
	Rand io.Reader
}

const (
	defaultMaxHead = 16 << 10
	defaultTimeout = 10 * time.Second
)

func (c *Config) maxHead() int {
	if c.MaxHead <= 0 {
		return defaultMaxHead
	}
	return c.MaxHead
}

func (c *Config) timeout() time.Duration {
	if c.Timeout == 0 {
		return defaultTimeout
	}
	return c.Timeout
}

// New returns an exchange with the proxy at proxyURL, an http or https URL, about
// a tunnel to the host of target, a ws or wss URL. Of target nothing else is
// sent, neither path nor user name. A user name and password in proxyURL are
// sent as Basic Proxy-Authorization (RFC 7617); to keep the password from going
// out like that, leave it to Config.Challenge. The transport to the proxy, TLS
// included, is the caller's business. Start queues the request.
//
// The error wraps [ws.ErrUnsupported] and shows no secrets.
func New(proxyURL, target string, c *Config) (*Conn, error) {
	if c == nil {
		c = &Config{}
	}
	u, err := head.ParseURL(proxyURL, "http", "https")
	if err != nil {
		return nil, fmt.Errorf("proxy: %w", err)
	}
	p := &Conn{cfg: c, ex: &exchange{hook: c.Challenge}}
	if p.target, err = authority(target); err != nil {
		return nil, err
	}
	if p.ex.fields, p.ex.authorization, err = c.fields(); err != nil {
		return nil, err
	}
	if u.User != nil {
		password, _ := u.User.Password()
		if p.ex.hook == nil {
			p.ex.hook = Digest(u.User.Username(), password)
		}
		if p.ex.authorization == "" {
			if p.ex.authorization, err = basic(u.User.Username(), password); err != nil {
				return nil, err
			}
		}
	}
	return p, nil
}

// fields returns Fields without Proxy-Authorization, and the value of that.
func (c *Config) fields() (fields []head.Field, authorization string, err error) {
	for _, f := range c.Fields {
		if err := head.CheckField(f); err != nil {
			return nil, "", err
		}
		switch strings.ToLower(f.Name) {
		case "host", "content-length", "transfer-encoding":
			return nil, "", fmt.Errorf("%w: Config.Fields with %s, which belongs to CONNECT itself", ws.ErrUnsupported, f.Name)
		case "proxy-authorization":
			authorization = f.Value
		default:
			fields = append(fields, f)
		}
	}
	return fields, authorization, nil
}

// authority returns the host and port that a ws or wss URL names, as they stand
// in the request: "example.com:443", "[::1]:80".
func authority(target string) (string, error) {
	u, err := head.ParseURL(target, "ws", "wss")
	if err != nil {
		return "", err
	}
	host := u.Hostname()
	if err := checkHost(host, strings.HasPrefix(u.Host, "[")); err != nil {
		return "", err
	}
	port, err := port(u)
	if err != nil {
		return "", err
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return host + ":" + strconv.Itoa(port), nil
}

// The bytes of a host beside letters and digits (RFC 3986, section 3.2.2). There
// are no percent signs: what they stand for has another form in a name, and a
// zone of an address means nothing to a proxy.
const (
	nameBytes = "-._~!$&'()*+,;="
	ipv6Bytes = ":."
)

func checkHost(host string, bracketed bool) error {
	extra := nameBytes
	if bracketed {
		extra = ipv6Bytes
	}
	for i := range len(host) {
		c := host[i]
		switch {
		case c >= 0x80:
			return fmt.Errorf("%w: host %q is not ASCII; its A-labels (xn--) would be", ws.ErrUnsupported, host)
		case c >= '0' && c <= '9', c|0x20 >= 'a' && c|0x20 <= 'z', strings.IndexByte(extra, c) >= 0:
		default:
			return fmt.Errorf("%w: host %q with %q", ws.ErrUnsupported, host, c)
		}
	}
	return nil
}

func port(u *url.URL) (int, error) {
	switch {
	case u.Port() != "":
		port, err := strconv.ParseUint(u.Port(), 10, 16)
		if err != nil || port == 0 {
			return 0, fmt.Errorf("%w: port %s is not from 1 to 65535", ws.ErrUnsupported, u.Port())
		}
		return int(port), nil
	case u.Scheme == "wss":
		return 443, nil
	}
	return 80, nil
}

// request is the CONNECT request. Its target is the host and port alone, and so
// is its Host field (RFC 9112, sections 3.2 and 3.2.3).
func (p *Conn) request() *head.Request {
	r := &head.Request{Method: connect, Target: p.target}
	r.Fields = append(r.Fields, head.Field{Name: "Host", Value: p.target})
	r.Fields = append(r.Fields, p.ex.fields...)
	if p.ex.authorization != "" {
		r.Fields = append(r.Fields, head.Field{Name: "Proxy-Authorization", Value: p.ex.authorization})
	}
	return r
}

const connect = "CONNECT"
