package proxy

import (
	"strconv"

	"github.com/sans-io/websocket-driver/driver/head"
)

// maxSkip is the longest body of a 407 that is skipped, in bytes as they come. A
// new connection is cheaper than more.
const maxSkip = 64 << 10

// persists reports whether the connection goes on after r (RFC 9112, section
// 9.3). Proxy-Connection is no standard, but what old proxies say.
func persists(r *head.Response) bool {
	says := func(option string) bool {
		return head.HasToken(r.Fields, "Connection", option) || head.HasToken(r.Fields, "Proxy-Connection", option)
	}
	return !says("close") && (r.Minor > 0 || says("keep-alive"))
}

// body finds the end of a body (RFC 9112, sections 6.3 and 7.1).
type body struct {
	state chunkState
	left  int // bytes of the body or chunk that are still to come
	total int // bytes that have come
}

// chunkState is the place within a chunked body. A body with a Content-Length
// is plain all the time.
type chunkState uint8

const (
	plain      chunkState = iota // no chunks: left bytes
	chunkStart                   // the first digit of a size
	chunkSize                    // the others, and the CR or extension behind them
	chunkExt                     // an extension and its CR
	chunkLF                      // LF of a size
	chunkData                    // left bytes
	dataCR                       // CR behind data
	dataLF                       // its LF
	lineStart                    // the first byte of a trailer line
	line                         // a trailer line and its CR
	lineLF                       // its LF
	endLF                        // LF of the empty line
	chunksOver                   // it has come
)

// verdict is what is known of a body's end.
type verdict uint8

const (
	bodyMore verdict = iota // it has not come yet
	bodyOver                // it has come
	bodyLost                // it cannot be found, or is too far away
)

// delimitedBody returns the body of r; ok is false if only the end of the
// connection ends it, if its length is in doubt, or beyond maxSkip.
func delimitedBody(r *head.Response) (b body, ok bool) {
	lengths := head.Count(r.Fields, "Content-Length")
	codings := 0
	coding := ""
	for coding = range head.Tokens(r.Fields, "Transfer-Encoding") {
		codings++
	}
	switch {
	case codings == 1 && lengths == 0 && r.Minor > 0 && head.EqualFold(coding, "chunked"):
		return body{state: chunkStart}, true
	case codings == 0 && lengths == 1:
		n, err := strconv.ParseUint(r.Get("Content-Length"), 10, 63)
		return body{left: int(min(n, maxSkip))}, err == nil && n <= maxSkip
	}
	return body{}, false
}

// skip takes what p holds of the body. n is how many bytes those are.
func (b *body) skip(p []byte) (n int, v verdict) {
	if b.state == plain {
		n = min(len(p), b.left)
		if b.left -= n; b.left > 0 {
			return n, bodyMore
		}
		return n, bodyOver
	}
	for n < len(p) {
		used, ok := 1, true
		if b.state == chunkData {
			used = min(len(p)-n, b.left, maxSkip+1-b.total)
			if b.left -= used; b.left == 0 {
				b.state = dataCR
			}
		} else {
			ok = b.turn(p[n])
		}
		n += used
		b.total += used
		switch {
		case !ok || b.total > maxSkip:
			return n, bodyLost
		case b.state == chunksOver:
			return n, bodyOver
		}
	}
	return n, bodyMore
}

// turn takes a byte that is not data, and reports whether it may stand there.
func (b *body) turn(c byte) bool {
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
		b.state = line
		return b.until(c, lineLF)
	case line:
		return b.until(c, lineLF)
	case lineLF:
		return b.expect(c, '\n', lineStart)
	}
	return b.expect(c, '\n', chunksOver)
}

// turnSize takes a byte of a chunk's size or the one behind it.
func (b *body) turnSize(c byte) bool {
	digit, err := strconv.ParseUint(string(rune(c)), 16, 8)
	switch {
	case err == nil:
		b.state = chunkSize
		b.left = b.left<<4 | int(digit)
		return b.left <= maxSkip
	case b.state == chunkStart:
		return false
	case c == ';', c == ' ', c == '\t':
		b.state = chunkExt
		return true
	}
	return b.expect(c, '\r', chunkLF)
}

// expect goes to the state next if c is the byte wanted.
func (b *body) expect(c, want byte, next chunkState) bool {
	b.state = next
	return c == want
}

// until goes to the state next at CR, and stays before that.
func (b *body) until(c byte, next chunkState) bool {
	if c == '\r' {
		b.state = next
	}
	return c != '\n'
}
