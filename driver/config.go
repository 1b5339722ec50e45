package driver

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/sans-io/websocket-driver/driver/head"
	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/extensions"
)

// Config holds the settings of a driver. A nil *Config and the zero Config
// work. A Config may be shared by any number of drivers and must not be modified
// while one of them is in use.
//
// Where a limit says "default", 0 means the default and a negative value means
// no limit.
type Config struct {
	// MaxMessage is the longest message that is received, in bytes after
	// decompression, inclusive. Default 16 MiB. A longer one fails the connection
	// with 1009, before the excess is stored.
	MaxMessage int

	// MaxFrame is the longest payload of a frame that is received, in bytes
	// on the wire, inclusive. Default: none, MaxMessage bounds it; in hixie,
	// where it bounds what is skipped, 16 MiB.
	MaxFrame int

	// MaxHead is the longest head of a handshake that is received, in bytes
	// with the empty line, inclusive. Default 16 KiB; there is always a limit.
	MaxHead int

	// MaxFragments is the largest number of frames in a message that is
	// received; empty frames count. Default 131072.
	MaxFragments int

	// MaxPongs is how many answers to pings may wait unsent. Beyond it the
	// newest of them is replaced (RFC 6455, section 5.5.3). Default 64; there
	// is always a limit.
	MaxPongs int

	// MaxQueued is how many bytes of payload may wait for Open. Default 1 MiB.
	MaxQueued int

	// MaxBuffered is how many bytes may wait to be sent. While as many wait, or
	// more, a message is refused with ErrFull: at most MaxBuffered and one
	// message wait. Control frames are exempt. Default: none for a driver, 1 MiB
	// for a stream.Conn.
	MaxBuffered int

	// Pieces delivers messages in pieces, as they arrive, instead of gathering
	// them. A piece of Text is valid UTF-8 by itself.
	Pieces bool

	// Frames delivers each frame of a message when it has arrived whole, as the peer
	// has sent it (RFC 6455, section 5.4): the Kind of the first is Text or Binary,
	// that of the others Continuation, and Final is the FIN bit. A frame of a text may
	// end inside a UTF-8 sequence. Of a compressed message, an event has what could be
	// decompressed by the end of its frame. MaxMessage bounds the whole message.
	// Frames excludes Pieces, takes precedence over SetPieces, and has no effect in
	// hixie.
	Frames bool

	// FragmentSize splits outgoing messages into frames of at most this many
	// bytes of payload. 0: one frame for a message. Without effect in hixie.
	FragmentSize int

	// HoldClose leaves the answer to the peer's close frame to the application,
	// as relays need it: the frame gives a PeerClose event, and messages may be
	// sent until Close answers it, or until CloseTimeout has passed; then the
	// driver answers with the peer's own code. Further input is discarded. The
	// Close event that follows has the code and reason of the peer. hixie-75 has
	// no such event. ReadMessage of a stream.Conn returns its *CloseError at
	// PeerClose, and sends continue until Close or WriteClose.
	HoldClose bool

	// HoldPongs leaves the answers to pings to the application: the driver sends
	// no pong by itself.
	HoldPongs bool

	// Subprotocols lists what a client offers, or what a server speaks, in order
	// of preference. A server picks the first that the client offers, or none if
	// they share none.
	Subprotocols []string

	// Select, if set, picks the subprotocol on a server instead: one of those
	// offered, or "" for none.
	Select func(r *Request, offered []string) string

	// Fields are added to the head that is sent. On a client a Host replaces
	// the one from the URL; Origin is called Sec-WebSocket-Origin where the
	// version says so. Fields of the handshake itself are an error.
	Fields []Field

	// Cookies are added to the head that is sent: by a client in one Cookie
	// field, where a Value may hold blanks and commas only if it is in double
	// quotes; by a server in a Set-Cookie field each, where the Value may continue
	// with attributes: "1; Path=/; HttpOnly".
	Cookies []Field

	// Extensions are offered or accepted in this order of preference.
	Extensions []Extension

	// Versions lists what a server accepts. Default 13, 8 and 7. The hixie
	// versions lack masking, which protects proxies (RFC 6455, section 10.3), so
	// they are accepted only if they are named, for example by AllVersions.
	Versions []Version

	// Version is what a client speaks. Default Hybi13.
	Version Version

	// ExtendedConnect makes a client open the connection by extended CONNECT,
	// over HTTP/2 (RFC 8441) or HTTP/3 (RFC 9220). Hybi13 only.
	ExtendedConnect bool

	// DropHandshake drops the handshake at Open, so that Request and Response return
	// nil from then on. It saves as many bytes for each connection as the head of
	// the request has, on a client also that of the response.
	DropHandshake bool

	// HandshakeTimeout is how long the peer's part of the opening handshake
	// may take. Default 10 s.
	HandshakeTimeout time.Duration

	// PingInterval is how long the peer may be silent before a ping is sent.
	// Default: no pings. Without effect in hixie.
	PingInterval time.Duration

	// PongTimeout is how long the peer may remain silent after that ping before
	// the connection is ended. Default: as PingInterval.
	PongTimeout time.Duration

	// IdleTimeout is how long the peer may be silent before the connection is
	// closed with 1001; the Close event has CodeAbnormal, and Err says why. It is
	// never early, and takes up to twice as long if input is the only reason to
	// call Tick. It runs beside PingInterval, whose pongs count as input, so it
	// must be longer. Default: no limit.
	IdleTimeout time.Duration

	// CloseTimeout is how long the peer may take, in all, to answer a close
	// frame and, if it is the server, to close the transport then; with HoldClose
	// also how long the application may take to answer. Default 5 s.
	CloseTimeout time.Duration

	// Buffers lends the buffers for output and for messages that do not lie whole
	// in the input, so that a connection holds none while it rests. A buffer is
	// borrowed when it is needed. Output passes to the caller of Take, who may Put
	// its buffer when it has been written; what gathers a message is returned when
	// the message has been handled. Default: memory of the driver's own.
	Buffers Buffers

	// Rand is the source of handshake keys and masking keys. Default
	// crypto/rand.Reader.
	Rand io.Reader
}

// The defaults of the limits in Config.
const (
	DefaultMaxMessage       = 16 << 20
	DefaultMaxHead          = head.DefaultMaxHead // 16 KiB
	DefaultMaxFragments     = 128 << 10
	DefaultMaxPongs         = 64
	DefaultMaxQueued        = 1 << 20
	DefaultHandshakeTimeout = head.DefaultTimeout // 10 s
	DefaultCloseTimeout     = 5 * time.Second
)

var defaultVersions = []Version{ws.Hybi13, ws.Hybi8, ws.Hybi7}

// Check returns the first mistake in c, an error that wraps ErrInvalid or
// ErrUnsupported, or nil. NewClient checks its Config; a server whose Config has a
// mistake answers its requests with 500, so servers call Check when they start.
// c may be nil.
func (c *Config) Check() error {
	if c == nil {
		return nil
	}
	known := ws.AllVersions()
	for _, v := range c.Versions {
		if !slices.Contains(known, v) {
			return fmt.Errorf("%w: version %d", ErrUnsupported, v)
		}
	}
	if v := c.version(); !slices.Contains(known, v) {
		return fmt.Errorf("%w: version %d", ErrUnsupported, v)
	}
	if c.ExtendedConnect && c.version() != ws.Hybi13 {
		return fmt.Errorf("%w: version %v by extended CONNECT", ErrUnsupported, c.version())
	}
	if c.Pieces && c.Frames {
		return fmt.Errorf("%w: both Pieces and Frames", ErrInvalid)
	}
	if c.IdleTimeout > 0 && c.IdleTimeout <= c.PingInterval {
		return fmt.Errorf("%w: IdleTimeout %v is not longer than PingInterval %v", ErrInvalid, c.IdleTimeout, c.PingInterval)
	}
	if err := checkSubprotocols(c.Subprotocols); err != nil {
		return err
	}
	if _, err := extensions.OfferHeader(c.Extensions); err != nil {
		return err
	}
	_, err := c.extraFields(true)
	return err
}

// limit returns what a limit means: 0 is the default, below 0 is none.
func limit[T int | time.Duration](v, def T) T {
	if v == 0 {
		return def
	}
	return max(v, -1)
}

// bound is a limit that cannot be disabled.
func bound(v, def int) int {
	if v <= 0 {
		return def
	}
	return v
}

func (c *Config) maxMessage() int   { return limit(c.MaxMessage, DefaultMaxMessage) }
func (c *Config) maxHead() int      { return bound(c.MaxHead, DefaultMaxHead) }
func (c *Config) maxQueued() int    { return limit(c.MaxQueued, DefaultMaxQueued) }
func (c *Config) maxFragments() int { return limit(c.MaxFragments, DefaultMaxFragments) }
func (c *Config) maxPongs() int     { return bound(c.MaxPongs, DefaultMaxPongs) }

func (c *Config) handshakeTimeout() time.Duration {
	return limit(c.HandshakeTimeout, DefaultHandshakeTimeout)
}

func (c *Config) closeTimeout() time.Duration { return limit(c.CloseTimeout, DefaultCloseTimeout) }

func (c *Config) pongTimeout() time.Duration { return limit(c.PongTimeout, c.PingInterval) }

func (c *Config) version() Version {
	if c.Version == 0 {
		return ws.Hybi13
	}
	return c.Version
}

func (c *Config) versions() []Version {
	if c.Versions == nil {
		return defaultVersions
	}
	return c.Versions
}

// handshakeFields are the fields that the handshake itself writes.
var handshakeFields = []string{
	"Upgrade", "Connection", "Content-Length", "Transfer-Encoding",
	"Sec-WebSocket-Key", "Sec-WebSocket-Accept", "Sec-WebSocket-Version", "Sec-WebSocket-Protocol",
	"Sec-WebSocket-Extensions", "Sec-WebSocket-Key1", "Sec-WebSocket-Key2", "Sec-WebSocket-Location",
	"WebSocket-Protocol", "WebSocket-Location",
}

// extraFields returns the fields and cookies that c adds to a head.
func (c *Config) extraFields(server bool) ([]Field, error) {
	fields := slices.Clone(c.Fields)
	for _, f := range fields {
		if err := head.CheckField(f); err != nil {
			return nil, err
		}
		if slices.ContainsFunc(handshakeFields, func(s string) bool { return head.EqualFold(s, f.Name) }) {
			return nil, fmt.Errorf("%w: Config.Fields with %s, which belongs to the handshake", ErrInvalid, f.Name)
		}
	}
	cookies := make([]string, 0, len(c.Cookies))
	for _, f := range c.Cookies {
		cookie := Field{Name: "Cookie", Value: f.Name + "=" + f.Value}
		if !head.IsToken(f.Name) {
			return nil, fmt.Errorf("%w: cookie name %q is not a token", ErrInvalid, f.Name)
		}
		if err := head.CheckField(cookie); err != nil {
			return nil, fmt.Errorf("cookie %s: %w", f.Name, err)
		}
		if server {
			fields = append(fields, Field{Name: "Set-Cookie", Value: cookie.Value})
			continue
		}
		if !isCookieValue(f.Value) {
			return nil, fmt.Errorf("%w: cookie %s has a value with a blank, quote, comma, semicolon or backslash", ErrInvalid, f.Name)
		}
		cookies = append(cookies, cookie.Value)
	}
	if len(cookies) > 0 {
		fields = append(fields, Field{Name: "Cookie", Value: strings.Join(cookies, "; ")})
	}
	return fields, nil
}

// isCookieValue reports whether a client may send v, which has no control bytes
// (RFC 6265, section 4.1.1). In double quotes browsers and net/http also send
// blanks and commas.
func isCookieValue(v string) bool {
	if n := len(v); n >= 2 && v[0] == '"' && v[n-1] == '"' {
		return !strings.ContainsAny(v[1:n-1], `;"\`)
	}
	return !strings.ContainsAny(v, `; ,"\`)
}

// checkSubprotocols refuses names that are not tokens or appear twice (RFC 6455,
// section 4.1).
func checkSubprotocols(names []string) error {
	for i, name := range names {
		if !head.IsToken(name) {
			return fmt.Errorf("%w: subprotocol %q is not a token", ErrInvalid, name)
		}
		if slices.Contains(names[:i], name) {
			return fmt.Errorf("%w: subprotocol %q appears twice", ErrInvalid, name)
		}
	}
	return nil
}
