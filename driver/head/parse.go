package head

import (
	"bytes"
	"strconv"

	"github.com/sans-io/websocket-driver/driver/ws"
)

// The parser is a state machine. It reads a head byte by byte and judges each
// byte on arrival. A valid head that arrives in one piece, as most do, does not
// need it: build.go reads it by lines, accepts exactly what the machine accepts,
// and leaves everything else to the machine:
//
//	request:   inMethod SP inTarget SP inVersion CR atLF LF
//	response:  inVersion SP inStatus [SP inReason] CR atLF LF
//	then:      atField inName ":" inValue CR atLF LF   any number of times
//	           atField CR atEnd LF complete
//
// A state accepts a class of bytes without changing. [Parser.turn] handles every
// other byte: it changes the state or fails. Nothing looks ahead, so the verdict
// does not depend on how the input is split. [Parser.endLine] judges the meaning
// of a line at its LF, and build makes the result at the end.
//
// RFC 9112 lets recipients be lenient in several places. This parser is not: a
// line ends with CRLF (section 2.2), no empty line precedes the request line
// (section 2.2), one SP separates the parts of the first line (sections 3 and
// 4), no blank precedes the colon (section 5.1), and no line of a request is
// folded (section 5.2). Two readings of one head are how requests are smuggled.
// It is lenient where old browsers and real servers need it: a target may
// contain '#', a value may contain 0x80 to 0xff, a status line may end after the
// status, and a field line of a response may be folded.
type state uint8

const (
	inMethod  state = iota // the method of a request
	inTarget               // the target of a request
	inVersion              // HTTP/1.0 or HTTP/1.1 and the CR or SP after it
	inStatus               // three digits and the SP or CR after them
	inReason               // the reason phrase, may be empty
	atLF                   // after CR: expects LF
	atField                // the first byte of a line after the first line
	inName                 // the name of a field
	inValue                // the value of a field with the blanks around it
	atEnd                  // after the CR of the empty line: expects LF
	complete               // the head is complete
)

// The classes of bytes, as bits.
const (
	tchar    uint8 = 1 << iota // RFC 9110, section 5.6.2
	visible                    // VCHAR of RFC 5234, appendix B.1: 0x21 to 0x7e
	textByte                   // VCHAR, SP, HTAB and 0x80 to 0xff: RFC 9110, section 5.5
	hostByte                   // RFC 3986, sections 3.2.2 and 3.2.3: host and port
)

// stays is the class of bytes that leaves a state unchanged.
var stays = [complete + 1]uint8{
	inMethod: tchar,
	inTarget: visible,
	inReason: textByte,
	inName:   tchar,
	inValue:  textByte,
}

// classes is the set of classes of each byte.
var classes = func() (t [256]uint8) {
	for c := range t {
		if c > ' ' && c < 0x7f {
			t[c] |= visible | textByte
		}
		if c >= 0x80 {
			t[c] |= textByte
		}
		if isAlphanumeric(byte(c)) {
			t[c] |= tchar | hostByte
		}
	}
	t[' '] |= textByte
	t['\t'] |= textByte
	for _, c := range []byte("!#$%&'*+-.^_`|~") {
		t[c] |= tchar
	}
	for _, c := range []byte("-._~!$&'()*+,;=%:[]") {
		t[c] |= hostByte
	}
	return t
}()

func isAlphanumeric(c byte) bool {
	return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'z'
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// Parser reads one head from input that arrives in any portions. Use
// [NewRequestParser] or [NewResponseParser], or [Parser.InitRequest] or
// [Parser.InitResponse].
type Parser struct {
	response  bool
	maxBytes  int
	maxFields int

	*machine        // nil while no input has been judged, or if the head came whole
	text     string // the head, once complete
	err      *ws.Error
	req      *Request
	resp     *Response
}

// machine is the state of the machine, for a head that does not come whole.
type machine struct {
	state  state
	folded bool   // a field line of the response continues on the next line
	raw    []byte // the head so far
	pos    int    // bytes of raw judged so far; between calls all of them
	start  int    // start of the field line
	mark   int    // start of the part that state reads
	line   int    // line number, from 1
	fields int    // field lines begun

	framing framing
}

// NewRequestParser returns a Parser for the head of a request of at most
// maxBytes bytes, including the empty line, and at most maxFields fields. Values
// of 0 and below mean [DefaultMaxHead] and [DefaultMaxFields].
func NewRequestParser(maxBytes, maxFields int) *Parser {
	return newParser(maxBytes, maxFields, false)
}

// NewResponseParser returns a Parser for the head of a response, with the same
// limits as [NewRequestParser].
func NewResponseParser(maxBytes, maxFields int) *Parser {
	return newParser(maxBytes, maxFields, true)
}

func newParser(maxBytes, maxFields int, response bool) *Parser {
	p := &Parser{response: response}
	p.setLimits(maxBytes, maxFields)
	return p
}

// InitRequest makes p what [NewRequestParser] returns, for a Parser that is part
// of another struct.
func (p *Parser) InitRequest(maxBytes, maxFields int) {
	*p = Parser{}
	p.setLimits(maxBytes, maxFields)
}

// InitResponse makes p what [NewResponseParser] returns.
func (p *Parser) InitResponse(maxBytes, maxFields int) {
	*p = Parser{response: true}
	p.setLimits(maxBytes, maxFields)
}

func (p *Parser) setLimits(maxBytes, maxFields int) {
	p.maxBytes, p.maxFields = maxBytes, maxFields
	if maxBytes <= 0 {
		p.maxBytes = DefaultMaxHead
	}
	if maxFields <= 0 {
		p.maxFields = DefaultMaxFields
	}
}

// Parse reads from b up to the end of the head. It does not modify or retain b.
// n is the number of bytes that belong to the head. done reports whether the
// head is complete; b[n:] is then not part of it. Once done, Parse consumes
// nothing more.
//
// The error is a [*ws.Error] with [ws.CodeProtocolError]. For a request its
// Status is the HTTP status to refuse the request with: 431 if the head exceeds
// the limits, 505 if the version is not HTTP/1.0 or HTTP/1.1, otherwise 400. It
// is returned at the first byte that makes the head invalid, which is not
// consumed (for the meaning of a line, that byte is its LF), or when the
// permitted number of bytes has been read without the end. The error is sticky.
// Its text never contains the value of a field or a target.
func (p *Parser) Parse(b []byte) (n int, done bool, err error) {
	switch {
	case p.err != nil:
		return 0, false, p.err
	case p.text != "":
		return 0, true, nil
	case p.machine == nil && len(b) == 0:
		return 0, false, nil
	case p.machine == nil && p.readWhole(b):
		return len(p.text), true, nil
	case p.machine == nil:
		p.machine = &machine{line: 1}
		if p.response {
			p.state = inVersion
		}
	}
	before := p.pos
	p.store(b)
	p.scan()
	p.raw = p.raw[:p.pos]
	n = p.pos - before
	switch {
	case p.err != nil:
		return n, false, p.err
	case p.state == complete:
		p.machine = nil // text has the head
		return n, true, nil
	}
	return n, false, nil
}

// Request returns the request when Parse is done. Before that, and for a
// response, it returns nil. The result shares no memory with the Parser.
func (p *Parser) Request() *Request { return p.req }

// Response returns the response when Parse is done, with an empty Body. Before
// that, and for a request, it returns nil. The result shares no memory with the
// Parser.
func (p *Parser) Response() *Response { return p.resp }

// Raw returns the head as received: all bytes consumed so far. When Parse is
// done, names and values of the result are parts of the same string, so that
// keeping it costs nothing more.
func (p *Parser) Raw() string {
	if p.text != "" || p.machine == nil {
		return p.text
	}
	return string(p.raw)
}

// store appends to raw the part of b that may belong to the head.
func (p *Parser) store(b []byte) {
	b = b[:min(len(b), p.maxBytes-len(p.raw))]
	if end := headEnd(b); end > 0 {
		b = b[:end]
	}
	if need := len(p.raw) + len(b); need > cap(p.raw) {
		grown := make([]byte, len(p.raw), min(max(need, 2*cap(p.raw)), p.maxBytes))
		copy(grown, p.raw)
		p.raw = grown
	}
	p.raw = append(p.raw, b...)
}

// emptyLine ends a head, with the end of the line before it.
const emptyLine = "\r\n\r\n"

// headEnd returns the length of the head at the start of b, or 0 if b lacks an
// empty line.
func headEnd(b []byte) int {
	if i := bytes.Index(b, []byte(emptyLine)); i >= 0 {
		return i + len(emptyLine)
	}
	return 0
}

// fail records the violation. status is the HTTP status for a refusal of the
// request.
func (p *Parser) fail(status int, msg string) {
	if p.response {
		p.err = ws.Violation("%s%s", p.where(), msg)
		return
	}
	p.err = ws.Refusal(status, "%s%s", p.where(), msg)
}

// scan judges the bytes of raw from pos up to the end of the head, the end of
// raw, or the first violation.
func (p *Parser) scan() {
	for p.pos < len(p.raw) {
		if class := stays[p.state]; class == textByte {
			p.pos = textEnd(p.raw, p.pos)
		} else {
			p.pos = span(p.raw, p.pos, class)
		}
		if p.pos == len(p.raw) {
			break
		}
		p.turn(p.raw[p.pos])
		if p.err != nil {
			return
		}
		p.pos++
		if p.state == complete {
			return
		}
	}
	if p.pos == p.maxBytes {
		p.fail(431, "head longer than "+strconv.Itoa(p.maxBytes)+" bytes")
	}
}

// turn takes a byte that is not in the class of the state.
func (p *Parser) turn(c byte) {
	switch read := p.pos - p.mark; p.state {
	case inMethod:
		p.move(c == ' ' && read > 0, inTarget)
	case inTarget:
		p.move(c == ' ' && read > 0, inVersion)
	case inVersion:
		p.turnVersion(c, read)
	case inStatus:
		p.turnStatus(c, read)
	case inReason, inValue:
		p.move(c == '\r', atLF)
	case atLF:
		if p.move(c == '\n', atField) {
			p.endLine()
		}
	case atField:
		p.turnField(c)
	case inName:
		p.move(c == ':', inValue)
	case atEnd:
		if p.move(c == '\n', complete) {
			p.endHead()
		}
	}
}

// move changes the state to next if ok; otherwise the byte at pos is a
// violation. The part that next reads begins after this byte. At the end of a
// line mark still points to the value, for endLine.
func (p *Parser) move(ok bool, next state) bool {
	if !ok {
		p.badByte(p.raw[p.pos])
		return false
	}
	p.state = next
	if next != atLF && next != atField {
		p.mark = p.pos + 1
	}
	return true
}

// turnVersion takes byte i of "HTTP/1.1" or the byte after it. Well-formed but
// unsupported versions are refused with 505 (RFC 9110, section 15.6.6).
func (p *Parser) turnVersion(c byte, i int) {
	const version = "HTTP/1.1"
	switch {
	case i == len(version) && p.response:
		p.move(c == ' ', inStatus)
	case i == len(version):
		p.move(c == '\r', atLF)
	case c == version[i], i == 7 && c == '0':
	case i == 5 && isDigit(c):
		p.fail(505, "HTTP major version "+string(rune(c))+" is not supported")
	case i == 7 && isDigit(c):
		p.fail(505, "HTTP version 1."+string(rune(c))+" is not supported")
	default:
		p.badByte(c)
	}
}

// turnStatus takes byte i of a status from 100 to 999 or the byte after it; 600
// to 999 are treated like 5xx (RFC 9110, section 15). Some servers omit the
// reason phrase and even the SP before it.
func (p *Parser) turnStatus(c byte, i int) {
	switch {
	case i == 3 && c == '\r':
		p.move(true, atLF)
	case i == 3:
		p.move(c == ' ', inReason)
	case !isDigit(c):
		p.badByte(c)
	case i == 0 && c == '0':
		p.fail(0, "status 0xx is not from 100 to 999")
	}
}

// turnField takes the first byte of a line after the first line. A blank there
// continues the field before it: a user agent accepts that, a server does not
// (RFC 9112, section 5.2).
func (p *Parser) turnField(c byte) {
	switch {
	case c == '\r':
		p.move(true, atEnd)
	case (c == ' ' || c == '\t') && p.response && p.fields > 0:
		p.state, p.folded = inValue, true
	case classes[c]&tchar == 0:
		p.badByte(c)
	case p.fields == p.maxFields:
		p.fail(431, "head with more than "+strconv.Itoa(p.maxFields)+" fields")
	default:
		p.fields++
		p.state, p.start, p.mark = inName, p.pos, p.pos
	}
}

// endLine judges the meaning of the line that ends with the LF at pos.
func (p *Parser) endLine() {
	fault := ""
	switch {
	case p.response:
	case p.fields > 0:
		name := p.raw[p.start : p.mark-1]
		if frames(string(name)) {
			fault = p.framing.add(string(name), trimBlanks(string(p.raw[p.mark:p.pos-1])))
		}
	case p.raw[bytes.IndexByte(p.raw, ' ')+1] != '/': // not in origin form
		_, _, fault = absoluteHost(requestTarget(string(p.raw[:p.pos])))
	}
	if fault != "" {
		p.fail(400, fault)
	}
	p.line++
}

// endHead judges the head as a whole and builds the result.
func (p *Parser) endHead() {
	b := p.raw[:p.pos+1]
	s := string(b)
	if p.folded {
		unfolded := unfold(s)
		p.build([]byte(unfolded), unfolded)
		p.text = s
		return
	}
	if !p.build(b, s) { // all lines are valid, so the only fault left is
		p.fail(400, "HTTP/1.1 request without a Host field") // RFC 9112, section 3.2
	}
}
