package head

import (
	"fmt"
	"strings"
)

// Scanner reads a field value with the grammar that lists in HTTP share: elements
// separated by commas (RFC 9110, section 5.6.1), tokens (section 5.6.2), optional
// whitespace (section 5.6.3), quoted strings (section 5.6.4) and token68 (section
// 11.2). Callers put their own grammar together from its methods:
//
//	for s := head.NewScanner(value); s.Element(); {
//		name := s.Token()
//		...
//		if !s.AtSeparator() {
//			return s.Unexpected("a comma")
//		}
//	}
//
// Element, Skip, AtSeparator and Value skip blanks first. Token and Token68 do
// not, because a token and a blank after it may mean something.
type Scanner struct {
	in  string
	pos int
}

// NewScanner returns a Scanner for the value of a field.
func NewScanner(value string) *Scanner { return &Scanner{in: value} }

// Element moves to the next element of the list. It skips blanks and commas, and
// so any number of empty elements (RFC 9110, section 5.6.1.2); the length of the
// head limits them. It returns false at the end of the value.
func (s *Scanner) Element() bool {
	for s.Skip(',') {
	}
	return s.pos < len(s.in)
}

// AtSeparator skips blanks and reports whether the next byte is a comma or the
// value ends.
func (s *Scanner) AtSeparator() bool {
	s.Blanks()
	return s.pos == len(s.in) || s.in[s.pos] == ','
}

// Skip skips blanks and then c, if it follows.
func (s *Scanner) Skip(c byte) bool {
	s.Blanks()
	if s.pos < len(s.in) && s.in[s.pos] == c {
		s.pos++
		return true
	}
	return false
}

// Blanks skips SP and HTAB, and reports whether there were any.
func (s *Scanner) Blanks() bool {
	start := s.pos
	for s.pos < len(s.in) && (s.in[s.pos] == ' ' || s.in[s.pos] == '\t') {
		s.pos++
	}
	return s.pos > start
}

// Token reads a token. It returns "" if none follows.
func (s *Scanner) Token() string {
	start := s.pos
	for s.pos < len(s.in) && classes[s.in[s.pos]]&tchar != 0 {
		s.pos++
	}
	return s.in[start:s.pos]
}

// Token68 reads a token68 that is followed by a comma or the end of the value.
// Otherwise it returns "" and reads nothing.
func (s *Scanner) Token68() string {
	rest := s.in[s.pos:]
	n := 0
	for n < len(rest) && (isAlphanumeric(rest[n]) || strings.IndexByte("-._~+/", rest[n]) >= 0) {
		n++
	}
	if n == 0 {
		return ""
	}
	for n < len(rest) && rest[n] == '=' {
		n++
	}
	after := Scanner{in: rest, pos: n}
	if !after.AtSeparator() {
		return ""
	}
	s.pos += n
	return rest[:n]
}

// Value reads a token or a quoted string, which it returns without the quotes
// and backslashes. ok is false if there is neither, or if the quoted string does
// not end; the Scanner is then at the offending byte or at the end.
func (s *Scanner) Value() (value string, ok bool) {
	if !s.Skip('"') {
		value = s.Token()
		return value, value != ""
	}
	var b strings.Builder
	for ; s.pos < len(s.in); s.pos++ {
		switch c := s.in[s.pos]; {
		case c == '"':
			s.pos++
			return b.String(), true
		case c == '\\' && s.pos+1 < len(s.in):
			s.pos++
			b.WriteByte(s.in[s.pos])
		default:
			b.WriteByte(c)
		}
	}
	return "", false
}

// Parameter reads the name of a parameter and the equals sign after it. If they
// do not follow, it returns "" and reads nothing.
func (s *Scanner) Parameter() (name string) {
	start := s.pos
	if name = s.Token(); name == "" || !s.Skip('=') {
		s.pos = start
		return ""
	}
	return name
}

// Unexpected returns an error that names the next byte, its offset in the value
// and what should be there instead.
func (s *Scanner) Unexpected(want string) error {
	if s.pos >= len(s.in) {
		return fmt.Errorf("end at offset %d instead of %s", len(s.in), want)
	}
	return fmt.Errorf("%s instead of %s", byteAt(s.in, s.pos), want)
}
