package head

import "strconv"

// maxExcerpt is how much of the body of a refusal is collected, in bytes.
const maxExcerpt = 1 << 10

// HasBody reports whether a final response with this status may have a body
// (RFC 9112, section 6.3).
func HasBody(status int) bool { return status != 204 && status != 304 }

// CollectBody appends to Body what b holds of the excerpt that a client shows
// of a refusal, as it comes: at most 1 KiB, and at most Content-Length bytes.
// n is how many bytes of b it has taken, done says that no more are awaited. A
// body without a length lasts until the transport ends.
func (r *Response) CollectBody(b []byte) (n int, done bool) {
	left := max(r.excerptLength()-len(r.Body), 0)
	n = min(len(b), left)
	r.Body = append(r.Body, b[:n]...)
	return n, n == left
}

func (r *Response) excerptLength() int {
	if !HasBody(r.Status) {
		return 0
	}
	if n, err := strconv.ParseUint(r.Get("Content-Length"), 10, 63); err == nil && !r.isChunked() {
		return int(min(n, maxExcerpt))
	}
	return maxExcerpt
}

// isChunked reports whether the body is chunked; Content-Length does not count
// then (RFC 9112, section 6.3).
func (r *Response) isChunked() bool { return HasToken(r.Fields, "Transfer-Encoding", "chunked") }

// Refusal describes the response for an error message: "status 403 (Forbidden)",
// and whether what CollectBody has taken is chunked.
func (r *Response) Refusal() string {
	text := "status " + strconv.Itoa(r.Status)
	if name := StatusText(r.Status); name != "" {
		text += " (" + name + ")"
	}
	if r.isChunked() {
		text += "; its body is chunked and kept as it came"
	}
	return text
}
