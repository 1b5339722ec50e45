// Package head reads and writes the heads of HTTP/1.0 and 1.1 messages without
// net/http: incrementally, within limits and strictly. It knows the grammar;
// what a WebSocket handshake demands of a head is decided above it.
package head

// Field is one header field. Names are compared without regard to case.
type Field struct{ Name, Value string }

// Request is the head of a request.
type Request struct {
	Method string

	// Target is the request target as on the wire, for example "/chat?room=1";
	// in HTTP/2 and HTTP/3 the :path.
	Target string

	// Major and Minor are the HTTP version.
	Major, Minor int

	// Fields are the header fields in the order in which they came.
	Fields []Field

	// Protocol, Scheme and Authority are the pseudo-header fields of an
	// extended CONNECT (RFC 8441, RFC 9220). For HTTP/1 Protocol is empty,
	// Authority is the Host field, and Scheme is empty unless the adapter knows
	// better: "https" or "wss" say that the connection is encrypted.
	Protocol, Scheme, Authority string
}

// Response is the head of a response.
type Response struct {
	Major, Minor int
	Status       int
	Reason       string // the reason phrase; written as the standard one if empty
	Fields       []Field

	// Body is what a server sends behind the head, or what a client has
	// received of a refusal: at most 1 KiB.
	Body []byte
}

// Get returns the value of the first field called name, or "".
func (r *Request) Get(name string) string { return Get(r.Fields, name) }

// Get returns the value of the first field called name, or "".
func (r *Response) Get(name string) string { return Get(r.Fields, name) }
