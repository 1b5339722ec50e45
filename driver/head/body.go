package head

import (
	"math"
	"strconv"
)

// bodyState is what a Body reads next.
type bodyState uint8

const (
	untilEOF   bodyState = iota // data up to the end of the transport
	sized                       // left bytes of data
	chunkStart                  // the first digit of the size of a chunk
	chunkSize                   // more digits, and the CR or extension after them
	chunkExt                    // an extension and its CR
	chunkLF                     // LF after a size
	chunkData                   // left bytes of data
	dataCR                      // CR after data
	dataLF                      // LF after data
	lineStart                   // the first byte of a trailer line
	inLine                      // a trailer line and its CR
	lineLF                      // LF after a trailer line
	endLF                       // LF of the empty line
	bodyEnded                   // the body is complete
	bodyBroken                  // the chunks are malformed, so the end is unknown
)

// Body reads the body of a response and finds its end (RFC 9112, sections 6.3 and
// 7.1). Use [NewBody].
type Body struct {
	state bodyState
	left  uint64 // bytes of the body or the chunk to come
	seen  int    // bytes that CollectBody has read
}

// NewBody returns the body that follows the head r, by the rules of RFC 9112,
// section 6.3:
//
//   - 1xx, 204 and 304 have no body.
//   - With Transfer-Encoding the body is chunked if that is the final coding. In
//     HTTP/1.0 the field makes the framing faulty (section 6.1), and the body
//     ends with the transport.
//   - A valid Content-Length is the length.
//   - Otherwise the body ends with the transport.
func NewBody(r *Response) Body {
	coding := ""
	for coding = range Tokens(r.Fields, "Transfer-Encoding") {
	}
	switch {
	case !BodyAllowed(r.Status):
		return Body{state: bodyEnded}
	case Count(r.Fields, "Transfer-Encoding") > 0:
		if r.Minor > 0 && EqualFold(coding, "chunked") {
			return Body{state: chunkStart}
		}
		return Body{state: untilEOF}
	}
	if n, ok := contentLength(r.Fields); ok {
		return Body{state: sized, left: n}.next()
	}
	return Body{state: untilEOF}
}

// contentLength returns the value of the Content-Length fields if there are any,
// all of them valid and the same.
func contentLength(fields []Field) (length uint64, ok bool) {
	for value := range Values(fields, "Content-Length") {
		n, err := strconv.ParseUint(value, 10, 63)
		if err != nil || ok && n != length {
			return 0, false
		}
		length, ok = n, true
	}
	return length, ok
}

// BodyAllowed reports whether a response with the status may have a body (RFC
// 9112, section 6.3).
func BodyAllowed(status int) bool { return status >= 200 && status != 204 && status != 304 }

// Delimited reports whether the body ends by itself: if not, only the end of the
// transport shows its end.
func (b *Body) Delimited() bool { return b.state != untilEOF && b.state != bodyBroken }

// Ended reports whether the body is complete. It is never true of a body that
// ends with the transport.
func (b *Body) Ended() bool { return b.state == bodyEnded }

// Left returns how many bytes of content are to come until the end of a body with
// a Content-Length or of the current chunk. It is 0 outside of them.
func (b *Body) Left() uint64 {
	if b.state == sized || b.state == chunkData {
		return b.left
	}
	return 0
}

// Parse reads from p up to a run of content, the end of the size line of a chunk,
// the end of the body, or the end of p. n is the number of bytes read; the
// content read is the end of p[:n]. It is a part of p and is valid as long as p.
//
// ok is false if the chunks are malformed, at the byte that shows it. Every
// further call returns 0, nil, false. A body that has [Body.Ended] reads nothing.
func (b *Body) Parse(p []byte) (n int, content []byte, ok bool) {
	for n < len(p) && b.state < bodyEnded {
		switch b.state {
		case untilEOF:
			return len(p), p[n:], true
		case sized, chunkData:
			k := int(min(uint64(len(p)-n), b.left))
			content = p[n : n+k]
			b.left -= uint64(k)
			*b = b.next()
			return n + k, content, true
		}
		size := b.state == chunkLF
		if !b.turn(p[n]) {
			b.state = bodyBroken
			return n + 1, nil, false
		}
		n++
		if size {
			break
		}
	}
	return n, nil, b.state != bodyBroken
}

// next returns b in the state that follows when no data is left.
func (b Body) next() Body {
	switch {
	case b.left > 0:
	case b.state == sized:
		b.state = bodyEnded
	case b.state == chunkData:
		b.state = dataCR
	}
	return b
}

// turn takes a byte that is not data, and reports whether it is allowed.
func (b *Body) turn(c byte) bool {
	switch b.state {
	case chunkStart, chunkSize:
		return b.turnSize(c)
	case chunkExt:
		return b.until(c, chunkLF)
	case chunkLF:
		if b.left == 0 {
			return b.expect(c, '\n', lineStart)
		}
		return b.expect(c, '\n', chunkData)
	case dataCR:
		return b.expect(c, '\r', dataLF)
	case dataLF:
		return b.expect(c, '\n', chunkStart)
	case lineStart:
		if c == '\r' {
			b.state = endLF
			return true
		}
		b.state = inLine
		return b.until(c, lineLF)
	case inLine:
		return b.until(c, lineLF)
	case lineLF:
		return b.expect(c, '\n', lineStart)
	}
	return b.expect(c, '\n', bodyEnded)
}

// turnSize takes a byte of the size of a chunk or the byte after it. A size of
// more than 60 bits is malformed.
func (b *Body) turnSize(c byte) bool {
	digit, err := strconv.ParseUint(string(rune(c)), 16, 8)
	switch {
	case err == nil:
		b.state = chunkSize
		b.left = b.left<<4 | digit
		return b.left <= math.MaxInt64>>3
	case b.state == chunkStart:
		return false
	case c == ';', c == ' ', c == '\t':
		b.state = chunkExt
		return true
	}
	return b.expect(c, '\r', chunkLF)
}

// expect changes the state to next, and reports whether c is the byte wanted.
func (b *Body) expect(c, want byte, next bodyState) bool {
	b.state = next
	return c == want
}

// until changes the state to next at CR. It reports whether c is allowed before
// that: every byte but LF is.
func (b *Body) until(c byte, next bodyState) bool {
	if c == '\r' {
		b.state = next
	}
	return c != '\n'
}
