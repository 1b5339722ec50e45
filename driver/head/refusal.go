package head

import "strconv"

const (
	// maxExcerpt is the number of bytes of the content of a refusal that are
	// collected.
	maxExcerpt = 1 << 10

	// maxRead is the number of bytes that are read for them: chunks of one byte
	// and their extensions could continue without end.
	maxRead = 64 << 10
)

// CollectBody appends to Body the content that p holds of the excerpt a client
// shows of a refusal: at most 1 KiB, with chunks decoded. b is what [NewBody]
// returned for r. n is the number of bytes of p that were read.
//
// done reports that no more are needed: the body has ended, 1 KiB has been
// collected, or the chunks are malformed. A body that is not [Body.Delimited] ends
// with the transport.
func (r *Response) CollectBody(b *Body, p []byte) (n int, done bool) {
	for {
		most := min(len(p)-n, maxRead-b.seen)
		used, content, ok := b.Parse(p[n : n+most])
		k := min(len(content), max(maxExcerpt-len(r.Body), 0))
		r.Body = append(r.Body, content[:k]...)
		used -= len(content) - k // the rest is not needed
		n += used
		b.seen += used
		switch {
		case !ok, b.Ended(), len(r.Body) >= maxExcerpt, b.seen == maxRead:
			return n, true
		case n == len(p):
			return n, false
		}
	}
}

// Refusal describes the response for an error text: "status 403 (Forbidden)".
func (r *Response) Refusal() string {
	text := "status " + strconv.Itoa(r.Status)
	if name := StatusText(r.Status); name != "" {
		text += " (" + name + ")"
	}
	return text
}
