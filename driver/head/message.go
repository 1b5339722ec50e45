package head

import "strconv"

// maxQuoted is how much of a field name an error quotes.
const maxQuoted = 64

// where names the place of a violation.
func (p *Parser) where() string {
	kind := "request"
	if p.response {
		kind = "response"
	}
	return kind + " head, line " + strconv.Itoa(p.line) + ": "
}

// badByte fails because of the byte c, which cannot stand at pos.
func (p *Parser) badByte(c byte) { p.fail(400, p.describe(c)) }

// describe says what is wrong with c in the present state. It quotes the name
// of a field, but never a value or a target, which may be secret.
func (p *Parser) describe(c byte) string {
	read := p.pos - p.mark
	switch {
	case p.pos == 0 && (c == 0x16 || c == 0x15): // RFC 8446, 5.1: handshake, alert
		return byteText(c) + " at the start looks like TLS"
	case p.state == atLF, p.state == atEnd:
		return "CR followed by " + byteText(c) + " instead of LF"
	case c == '\n':
		return "LF without CR before it"
	case p.pos == 0 && c == '\r':
		return "empty line before the first line"
	case p.state == atField && (c == ' ' || c == '\t') && p.fields == 0:
		return "blank before the first field" // RFC 9112, 2.2
	case p.state == atField && (c == ' ' || c == '\t'):
		return "folded field line" // RFC 9112, 5.2
	case p.state == atField && c == ':':
		return "field without a name"
	case p.state == inName && (c == ' ' || c == '\t'):
		return "blank in or behind the field name " + quoteName(p.raw[p.start:p.pos]) // RFC 9112, 5.1
	case p.state == inName && c == '\r':
		return "field line without a colon"
	case p.state == inValue:
		return byteText(c) + " in the value of field " + quoteName(p.raw[p.start:p.mark-1])
	case p.state == inTarget && c == ' ' && read == 0:
		return "request line without a target"
	case p.state == inTarget && c == '\r':
		return "request line without an HTTP version"
	}
	return byteText(c) + " " + places[p.state]
}

// places says where a byte stands that does not belong there.
var places = [complete]string{
	inMethod:  "in the method",
	inTarget:  "in the request target",
	inVersion: "in the HTTP version",
	inStatus:  "in the status",
	inReason:  "in the reason phrase",
	atField:   "in a field name",
	inName:    "in a field name",
}

// byteText writes c as "byte 0x0a".
func byteText(c byte) string {
	const digits = "0123456789abcdef"
	return "byte 0x" + string([]byte{digits[c>>4], digits[c&15]})
}

// quoteName quotes the beginning of a field name.
func quoteName[S string | []byte](name S) string {
	if len(name) > maxQuoted {
		return strconv.Quote(string(name[:maxQuoted])) + "..."
	}
	return strconv.Quote(string(name))
}
