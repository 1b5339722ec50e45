// Package head reads and writes the heads of HTTP/1.0 and HTTP/1.1 messages
// without net/http: incrementally, within limits, and strictly. It knows the
// grammar of HTTP. What a WebSocket handshake requires of a head is decided by
// its callers.
//
// Package head is for package driver; it makes no promise of compatibility.
package head

import "time"

// The defaults that packages driver and proxy and the adapters share.
const (
	// DefaultMaxHead is the maximum length of a head in bytes, including the
	// empty line.
	DefaultMaxHead = 16 << 10

	// DefaultMaxFields is the maximum number of fields of a head.
	DefaultMaxFields = 128

	// DefaultTimeout is the time allowed for an opening handshake or for the
	// answer of a proxy.
	DefaultTimeout = 10 * time.Second
)

// Field is one header field. Names are compared without regard to case.
type Field struct{ Name, Value string }

// Request is the head of a request.
type Request struct {
	Method string

	// Target is the request target as sent, for example "/chat?room=1". In
	// HTTP/2 and HTTP/3 it is the :path.
	Target string

	// Major and Minor are the HTTP version.
	Major, Minor int

	// Fields are the header fields in the order received.
	Fields []Field

	// Protocol, Scheme and Authority are the pseudo-header fields of an
	// extended CONNECT (RFC 8441, RFC 9220). In HTTP/1, Protocol is empty and
	// Scheme is empty unless the adapter sets it: "https" or "wss" says that
	// the connection is encrypted. Authority is then the Host field, or the
	// host of a Target in absolute form (RFC 9112, section 3.2.2).
	Protocol, Scheme, Authority string
}

// Response is the head of a response.
type Response struct {
	Major, Minor int
	Status       int
	Reason       string // the reason phrase; if empty, StatusText(Status) is sent
	Fields       []Field

	// Body is what a server sends after the head, or what a client has received
	// of the content of a refusal: at most 1 KiB, without the framing of chunks.
	Body []byte
}

// Get returns the value of the first field with the given name, or "".
func (r *Request) Get(name string) string { return Get(r.Fields, name) }

// Get returns the value of the first field with the given name, or "".
func (r *Response) Get(name string) string { return Get(r.Fields, name) }
