package head

import (
	"strconv"
	"strings"
)

// endHead judges the head as a whole and builds the result. All names and values
// are substrings of one string.
func (p *Parser) endHead() {
	line, rest, _ := strings.Cut(string(p.raw[:p.pos+1]), "\r\n")
	if p.response {
		if p.folded {
			rest = unfold(rest)
		}
		p.resp = &Response{Major: 1, Minor: int(line[7] - '0'), Fields: p.splitFields(rest)}
		p.resp.Status, _ = strconv.Atoi(line[9:12])
		if len(line) > 13 {
			p.resp.Reason = line[13:]
		}
		return
	}
	minor := int(line[len(line)-1] - '0')
	if minor == 1 && !p.framing.host {
		p.fail(400, "HTTP/1.1 request without a Host field") // RFC 9112, section 3.2
		return
	}
	method, target, _ := strings.Cut(line, " ")
	target, _, _ = strings.Cut(target, " ")
	p.req = &Request{Method: method, Target: target, Major: 1, Minor: minor}
	p.req.Fields = p.splitFields(rest)
	p.req.Authority = p.req.Get("Host")
	if p.req.Target[0] != '/' {
		if host, absolute, _ := absoluteHost(p.req.Target); absolute {
			p.req.Authority = host
		}
	}
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

// splitFields splits the field lines of a valid head.
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

// requestTarget returns the target of a valid request line.
func requestTarget(line string) string {
	_, line, _ = strings.Cut(line, " ")
	target, _, _ := strings.Cut(line, " ")
	return target
}
