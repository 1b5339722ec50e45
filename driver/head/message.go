package head

import "strconv"

// maxQuoted is the number of bytes of a string that an error quotes.
const maxQuoted = 64

// where says where in the head a violation is.
func (p *Parser) where() string {
	kind := "request"
	if p.response {
		kind = "response"
	}
	return kind + " head, line " + strconv.Itoa(p.line) + ": "
}

// badByte fails because byte c is not allowed at pos.
func (p *Parser) badByte(c byte) { p.fail(400, p.describe(c)) }

// describe says what is wrong with c in the current state. It quotes names of
// fields, but never values or targets, which may be secret.
func (p *Parser) describe(c byte) string {
	read := p.pos - p.mark
	switch {
	case p.pos == 0 && (c == 0x16 || c == 0x15): // RFC 8446, section 5.1: handshake, alert
		return byteText(c) + " at the start looks like TLS"
	case p.state == atLF, p.state == atEnd:
		return "CR followed by " + byteText(c) + " instead of LF"
	case c == '\n':
		return "LF without CR before it"
	case p.pos == 0 && c == '\r':
		return "empty line before the first line"
	case p.state == atField && (c == ' ' || c == '\t') && p.fields == 0:
		return "blank before the first field" // RFC 9112, section 2.2
	case p.state == atField && (c == ' ' || c == '\t'):
		return "folded field line" // RFC 9112, section 5.2
	case p.state == atField && c == ':':
		return "field without a name"
	case p.state == inName && (c == ' ' || c == '\t'):
		return "blank in or after the field name " + Quote(string(p.raw[p.start:p.pos])) // RFC 9112, section 5.1
	case p.state == inName && c == '\r':
		return "field line without a colon"
	case p.state == inValue:
		return byteText(c) + " in the value of field " + Quote(string(p.raw[p.start:p.mark-1]))
	case p.state == inTarget && c == ' ' && read == 0:
		return "request line without a target"
	case p.state == inTarget && c == '\r':
		return "request line without an HTTP version"
	}
	return byteText(c) + " " + places[p.state]
}

// places names the part of the head that each state reads.
var places = [complete]string{
	inMethod:  "in the method",
	inTarget:  "in the request target",
	inVersion: "in the HTTP version",
	inStatus:  "in the status",
	inReason:  "in the reason phrase",
	atField:   "in a field name",
	inName:    "in a field name",
}

// byteText formats c as "byte 0x0a".
func byteText(c byte) string {
	const digits = "0123456789abcdef"
	return "byte 0x" + string([]byte{digits[c>>4], digits[c&15]})
}

// Quote returns s as a quoted Go string for an error text. It shows at most the
// first 64 bytes.
func Quote(s string) string {
	if len(s) > maxQuoted {
		return strconv.Quote(s[:maxQuoted]) + "..."
	}
	return strconv.Quote(s)
}
