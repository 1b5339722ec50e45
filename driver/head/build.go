package head

import (
	"encoding/binary"
	"math/bits"
	"strings"
)

// readWhole reads the head at the start of b, if b has its end, and reports
// whether it is valid. Whatever is wrong is left to the state machine, which
// says what.
func (p *Parser) readWhole(b []byte) bool {
	b = b[:min(len(b), p.maxBytes)]
	end := len(b)
	if end < len(emptyLine) || string(b[end-len(emptyLine):]) != emptyLine {
		end = headEnd(b) // more follows the head, or its end is missing
	}
	return end > 0 && p.build(b[:end], string(b[:end]))
}

// build makes the result from b, which ends with an empty line. All names and
// values are substrings of s, which is b as a string. build follows the grammar
// of the state machine, without folded lines: it reports whether b is one valid
// head, and if not, it changes nothing.
func (p *Parser) build(b []byte, s string) bool {
	n := strings.Count(s, "\n") - 2
	switch {
	case n > p.maxFields:
		return false
	case p.response:
		return p.buildResponse(b, s, n)
	}
	return p.buildRequest(b, s, n)
}

// roomy is a request with room for its fields: one allocation instead of two. A
// request with more than these has them elsewhere, because beyond 512 bytes one
// allocation costs as much as two.
type roomy struct {
	request Request
	fields  [12]Field
}

// roomyResponse is roomy for what servers send.
type roomyResponse struct {
	response Response
	fields   [6]Field
}

// requestWith returns a request with room for n fields.
func requestWith(n int) *Request {
	if n > len(roomy{}.fields) {
		return &Request{Fields: make([]Field, 0, n)}
	}
	x := new(roomy)
	if n > 0 {
		x.request.Fields = x.fields[:0:n]
	}
	return &x.request
}

// responseWith returns a response with room for n fields.
func responseWith(n int) *Response {
	if n > len(roomyResponse{}.fields) {
		return &Response{Fields: make([]Field, 0, n)}
	}
	x := new(roomyResponse)
	if n > 0 {
		x.response.Fields = x.fields[:0:n]
	}
	return &x.response
}

// buildRequest is build for a request of n fields.
func (p *Parser) buildRequest(b []byte, s string, n int) bool {
	method := span(b, 0, tchar)
	if method == 0 || b[method] != ' ' {
		return false
	}
	target := span(b, method+1, visible)
	line, ok := strings.CutPrefix(s[target:], " HTTP/1.")
	if target == method+1 || !ok || line[0] != '0' && line[0] != '1' || line[1] != '\r' || line[2] != '\n' {
		return false
	}
	r := requestWith(n)
	r.Method, r.Target, r.Major, r.Minor = s[:method], s[method+1:target], 1, int(line[0]-'0')
	var f framing
	for i := len(s) - len(line) + 3; i < len(b)-2; {
		field, next := readField(b, s, i)
		if next < 0 || f.add(field.Name, field.Value) != "" {
			return false
		}
		r.Fields = append(r.Fields, field)
		i = next
	}
	r.Authority = r.Get("Host")
	if r.Target[0] != '/' { // not in origin form
		host, absolute, fault := absoluteHost(r.Target)
		if fault != "" {
			return false
		}
		if absolute {
			r.Authority = host
		}
	}
	if r.Minor == 1 && !f.host { // RFC 9112, section 3.2
		return false
	}
	p.req, p.text = r, s
	return true
}

// buildResponse is build for a response of n fields.
func (p *Parser) buildResponse(b []byte, s string, n int) bool {
	const start = len("HTTP/1.1 101")
	line, ok := strings.CutPrefix(s, "HTTP/1.")
	if !ok || len(s) < start+len("\r\n\r\n") || line[0] != '0' && line[0] != '1' || line[1] != ' ' {
		return false
	}
	r := responseWith(n)
	r.Major, r.Minor = 1, int(line[0]-'0')
	for _, c := range b[start-3 : start] {
		if !isDigit(c) {
			return false
		}
		r.Status = 10*r.Status + int(c-'0')
	}
	end := textEnd(b, start)
	if r.Status < 100 || b[end] != '\r' || b[end+1] != '\n' || end > start && b[start] != ' ' {
		return false
	}
	if end > start {
		r.Reason = s[start+1 : end]
	}
	for i := end + 2; i < len(b)-2; {
		field, next := readField(b, s, i)
		if next < 0 {
			return false
		}
		r.Fields = append(r.Fields, field)
		i = next
	}
	p.resp, p.text = r, s
	return true
}

// readField reads the field line at i and returns the start of the next line, or
// -1 if the field line is not valid. b and s are as in build.
func readField(b []byte, s string, i int) (f Field, next int) {
	colon := span(b, i, tchar)
	if colon == i || b[colon] != ':' {
		return f, -1
	}
	end := textEnd(b, colon+1)
	if b[end] != '\r' || b[end+1] != '\n' {
		return f, -1
	}
	return Field{s[i:colon], trimBlanks(s[colon+1 : end])}, end + 2
}

// span returns the index of the first byte of b from i on that is not in the
// class, or len(b).
func span(b []byte, i int, class uint8) int {
	for n, c := range b[i:] {
		if classes[c]&class == 0 {
			return i + n
		}
	}
	return len(b)
}

// textEnd is span for the class textByte. It takes 8 bytes at a time: text is
// everything but DEL and the bytes below SP other than HTAB.
func textEnd(b []byte, i int) int {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	for len(b)-i >= 8 {
		x := binary.LittleEndian.Uint64(b[i:])
		// The lowest bit is right; a borrow may set some above it.
		found := ((x - ' '*ones) | ((x &^ high) + ones)) &^ x & high
		if found == 0 {
			i += 8
			continue
		}
		i += bits.TrailingZeros64(found) / 8
		if b[i] != '\t' {
			return i
		}
		i++
	}
	return span(b, i, textByte)
}

// unfold replaces each line break within a field, with the blanks around it, by
// one SP (RFC 9112, section 5.2).
func unfold(s string) string {
	var b strings.Builder
	for s != "" {
		line, rest, _ := strings.Cut(s, "\r\n")
		if next := strings.TrimLeft(rest, " \t"); len(next) < len(rest) {
			b.WriteString(strings.TrimRight(line, " \t"))
			b.WriteByte(' ')
			s = next
			continue
		}
		b.WriteString(line)
		b.WriteString("\r\n")
		s = rest
	}
	return b.String()
}

// requestTarget returns the target of a valid request line.
func requestTarget(line string) string {
	_, line, _ = strings.Cut(line, " ")
	target, _, _ := strings.Cut(line, " ")
	return target
}
