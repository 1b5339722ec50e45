package head

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/sans-io/websocket-driver/driver/ws"
)

// The machine. A head is read byte by byte, and each byte is judged when it
// arrives:
//
//	request:   inMethod SP inTarget SP inVersion CR atLF LF
//	response:  inVersion SP inStatus [SP inReason] CR atLF LF
//	then:      atField inName ":" inValue CR atLF LF   any number of times
//	           atField CR atEnd LF complete
//
// Every state accepts a class of bytes in which it stays; any other byte goes
// to [Parser.turn], which changes the state or fails. Since nothing ever looks
// ahead, the verdict does not depend on how the input is cut. When the LF of a
// line is there, its meaning is judged by [Parser.endLine].
//
// RFC 9112 lets a recipient be lenient in several places. This one is not:
// a line ends with CRLF and nothing else (2.2), there is no empty line before
// the request line (2.2), one SP separates the parts of the first line (3, 4),
// no blank stands before the colon (5.1) and no line is folded (5.2). Two
// readings of one head are how requests get smuggled. Lenient it is where old
// browsers and real servers need it: a target may hold 0x80 to 0xff and '#',
// a value 0x80 to 0xff, and a status line may end behind the status.
type state uint8

const (
	inMethod  state = iota // the method of a request
	inTarget               // the target of a request
	inVersion              // HTTP/1.0 or HTTP/1.1 and the CR or SP behind it
	inStatus               // three digits and the SP or CR behind them
	inReason               // the reason phrase, may be empty
	atLF                   // CR has come: LF
	atField                // the first byte of a line behind the first
	inName                 // the name of a field
	inValue                // its value with the blanks around it
	atEnd                  // the CR of the empty line has come: LF
	complete               // the head is over
)

// The classes of bytes, as bits.
const (
	tchar      uint8 = 1 << iota // RFC 9110, 5.6.2
	targetByte                   // everything but control bytes and SP
	textByte                     // the same with SP and HTAB: RFC 9110, 5.5
	hostByte                     // RFC 3986, 3.2.2 and 3.2.3: host and port
)

// stays holds the classes in which a state goes on.
var stays = [complete + 1]uint8{
	inMethod: tchar,
	inTarget: targetByte,
	inReason: textByte,
	inName:   tchar,
	inValue:  textByte,
}

// classes holds the classes of each byte.
var classes = func() (t [256]uint8) {
	for c := range t {
		if c > ' ' && c != 0x7f {
			t[c] |= targetByte | textByte
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

// The limits of a Parser that is given none.
const (
	defaultMaxBytes  = 16 << 10
	defaultMaxFields = 128
)

// Parser reads one head from bytes that come in any portions. Use
// [NewRequestParser] or [NewResponseParser].
type Parser struct {
	response  bool
	state     state
	maxBytes  int
	maxFields int

	raw    []byte
	pos    int // the bytes of raw that are judged; between calls all of them
	start  int // where the line begins
	mark   int // where the part of the line begins that state reads
	line   int // the number of the line, from 1
	fields int // the field lines that have begun

	framing framing
	err     *ws.Error
	req     *Request
	resp    *Response
}

// NewRequestParser returns a Parser for the head of a request of at most
// maxBytes bytes, the empty line included, and maxFields fields. Values of 0
// and below mean 16 KiB and 128.
func NewRequestParser(maxBytes, maxFields int) *Parser {
	return newParser(maxBytes, maxFields, false)
}

// NewResponseParser returns a Parser for the head of a response, with the same
// limits as [NewRequestParser].
func NewResponseParser(maxBytes, maxFields int) *Parser {
	return newParser(maxBytes, maxFields, true)
}

func newParser(maxBytes, maxFields int, response bool) *Parser {
	p := &Parser{response: response, maxBytes: maxBytes, maxFields: maxFields, line: 1}
	if maxBytes <= 0 {
		p.maxBytes = defaultMaxBytes
	}
	if maxFields <= 0 {
		p.maxFields = defaultMaxFields
	}
	if response {
		p.state = inVersion
	}
	return p
}

// Parse reads from b up to the end of the head. It neither changes b nor keeps
// a reference to it. n is the number of bytes that belong to the head; done
// says that the head is complete, and whatever stands behind b[:n] is not part
// of it. Once done, Parse consumes nothing more.
//
// The error is a [*ws.Error] with [ws.CodeProtocolError] and, for a request,
// the HTTP status to refuse it with: 431 if the head is larger than the limits,
// 505 if the version is not HTTP/1.0 or 1.1, else 400. It comes with the first
// byte that makes the head invalid, which is not consumed (for the meaning of a
// field that is the LF of its line), or when the bytes allowed have come
// without the end. Every further call returns it again. Its text never holds a
// field value or a target.
func (p *Parser) Parse(b []byte) (n int, done bool, err error) {
	switch {
	case p.err != nil:
		return 0, false, p.err
	case p.state == complete:
		return 0, true, nil
	}
	before := p.pos
	p.store(b)
	p.scan()
	p.raw = p.raw[:p.pos]
	if p.err != nil {
		return p.pos - before, false, p.err
	}
	return p.pos - before, p.state == complete, nil
}

// Request returns the request once Parse has said done, before that and for a
// response nil. It shares no memory with the Parser.
func (p *Parser) Request() *Request { return p.req }

// Response returns the response once Parse has said done, before that and for
// a request nil. Its Body is empty. It shares no memory with the Parser.
func (p *Parser) Response() *Response { return p.resp }

// Raw returns the head as it came: all bytes consumed so far. The Parser owns
// them; they are valid until the next call of Parse and must not be changed.
func (p *Parser) Raw() []byte { return p.raw[:len(p.raw):len(p.raw)] }

// store appends to raw what may belong to the head.
func (p *Parser) store(b []byte) {
	b = b[:min(len(b), p.maxBytes-len(p.raw))]
	if i := bytes.Index(b, []byte("\r\n\r\n")); i >= 0 {
		b = b[:i+4]
	}
	if need := len(p.raw) + len(b); need > cap(p.raw) {
		grown := make([]byte, len(p.raw), min(max(need, 2*cap(p.raw)), p.maxBytes))
		copy(grown, p.raw)
		p.raw = grown
	}
	p.raw = append(p.raw, b...)
}

// fail ends the parsing. status is what a server refuses the request with.
func (p *Parser) fail(status int, msg string) {
	if p.response {
		status = 0
	}
	p.err = &ws.Error{Code: ws.CodeProtocolError, Status: status, Msg: p.where() + msg}
}

// scan judges the bytes of raw from pos on, up to the end of the head, the end
// of raw or the first violation.
func (p *Parser) scan() {
	for p.pos < len(p.raw) {
		class := stays[p.state]
		rest := p.raw[p.pos:]
		n := 0
		for n < len(rest) && classes[rest[n]]&class != 0 {
			n++
		}
		p.pos += n
		if n == len(rest) {
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

// turn takes a byte that the state does not stay in.
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

// move goes to the state next if ok; if not, the byte at pos is a violation.
// What next reads begins behind this byte; at the end of a line mark stays on
// the value, for endLine.
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

// turnVersion takes byte i of "HTTP/1.1" or the one behind it. Versions that
// are well-formed but not spoken here are 505 (RFC 9110, 15.6.6).
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

// turnStatus takes byte i of a status from 100 to 599 or the one behind it.
// Servers leave out the reason phrase and even the SP before it.
func (p *Parser) turnStatus(c byte, i int) {
	switch {
	case i == 3 && c == '\r':
		p.move(true, atLF)
	case i == 3:
		p.move(c == ' ', inReason)
	case !isDigit(c):
		p.badByte(c)
	case i == 0 && (c < '1' || c > '5'):
		p.fail(0, "status "+string(rune(c))+"xx is not from 100 to 599")
	}
}

// turnField takes the first byte of a line behind the first.
func (p *Parser) turnField(c byte) {
	switch {
	case c == '\r':
		p.move(true, atEnd)
	case classes[c]&tchar == 0:
		p.badByte(c)
	case p.fields == p.maxFields:
		p.fail(431, "head with more than "+strconv.Itoa(p.maxFields)+" fields")
	default:
		p.fields++
		p.state, p.start, p.mark = inName, p.pos, p.pos
	}
}

// endLine judges the meaning of the line that the LF at pos ends.
func (p *Parser) endLine() {
	if p.fields > 0 && !p.response {
		name, value := p.raw[p.start:p.mark-1], p.raw[p.mark:p.pos-1]
		if msg := p.framing.add(name, value); msg != "" {
			p.fail(400, msg)
		}
	}
	p.line++
}

// endHead judges the head as a whole and builds what the caller gets. All names
// and values are parts of one string.
func (p *Parser) endHead() {
	line, rest, _ := strings.Cut(string(p.raw[:p.pos+1]), "\r\n")
	if p.response {
		p.resp = &Response{Major: 1, Minor: int(line[7] - '0'), Fields: p.splitFields(rest)}
		p.resp.Status, _ = strconv.Atoi(line[9:12])
		if len(line) > 13 {
			p.resp.Reason = line[13:]
		}
		return
	}
	minor := int(line[len(line)-1] - '0')
	if minor == 1 && !p.framing.host {
		p.fail(400, "HTTP/1.1 request without a Host field") // RFC 9112, 3.2
		return
	}
	method, line, _ := strings.Cut(line, " ")
	target, _, _ := strings.Cut(line, " ")
	p.req = &Request{Method: method, Target: target, Major: 1, Minor: minor}
	p.req.Fields = p.splitFields(rest)
	p.req.Authority = p.req.Get("Host")
}

// splitFields splits the field lines of a head that is known to be valid.
func (p *Parser) splitFields(s string) []Field {
	if p.fields == 0 {
		return nil
	}
	fields := make([]Field, p.fields)
	for i := range fields {
		var line string
		line, s, _ = strings.Cut(s, "\r\n")
		name, value, _ := strings.Cut(line, ":")
		fields[i] = Field{Name: name, Value: trimBlanks(value)}
	}
	return fields
}
