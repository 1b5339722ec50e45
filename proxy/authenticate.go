package proxy

import (
	"iter"
	"strings"

	"github.com/sans-io/websocket-driver/driver/head"
)

// parseChallenges reads the values of Proxy-Authenticate fields (RFC 9110,
// section 11.6.1):
//
//	#( scheme [ 1*SP ( token68 / #( name "=" ( token / quoted-string ) ) ) ] )
//
// A comma parts parameters as well as challenges; a name with an equals sign
// behind it goes on with the challenge, every other one begins the next. What
// is malformed ends its field: what stands before it counts.
func parseChallenges(values iter.Seq[string]) []*Challenge {
	var all []*Challenge
	for value := range values {
		s := scanner(value)
		for {
			s.skip(" \t,")
			scheme := s.token()
			if scheme == "" {
				break
			}
			c := &Challenge{Scheme: scheme}
			if !s.challenge(c) {
				break
			}
			all = append(all, c)
		}
	}
	return all
}

// scanner is the rest of a field value.
type scanner string

// challenge reads what follows a scheme.
func (s *scanner) challenge(c *Challenge) bool {
	if s.atEnd() {
		return true
	}
	if (*s)[0] != ' ' {
		return false
	}
	s.skip(" \t")
	if c.Token = s.token68(); c.Token != "" {
		return true
	}
	for !s.over() {
		before := *s
		name, ok := s.name()
		if !ok { // the next challenge
			*s = before
			return true
		}
		value, ok := s.value()
		if !ok || !s.atEnd() {
			return false
		}
		c.Params = append(c.Params, head.Field{Name: name, Value: value})
		s.skip(" \t,")
	}
	return true
}

func (s *scanner) over() bool { return *s == "" }

// skip leaves out bytes of the set.
func (s *scanner) skip(set string) { *s = scanner(strings.TrimLeft(string(*s), set)) }

// atEnd reports whether nothing but blanks stands before the next comma or the
// end.
func (s *scanner) atEnd() bool {
	rest := strings.TrimLeft(string(*s), " \t")
	return rest == "" || rest[0] == ','
}

// take returns the first n bytes and leaves them out.
func (s *scanner) take(n int) string {
	taken := string((*s)[:n])
	*s = (*s)[n:]
	return taken
}

// token reads a token, or nothing.
func (s *scanner) token() string {
	n := 0
	for n < len(*s) && head.IsToken(string((*s)[n:n+1])) {
		n++
	}
	return s.take(n)
}

// token68 reads one that stands alone, or nothing (RFC 9110, section 11.2).
func (s *scanner) token68() string {
	rest := string(*s)
	rest = strings.TrimLeft(rest, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/")
	if len(rest) == len(*s) {
		return ""
	}
	after := scanner(strings.TrimLeft(rest, "="))
	if !after.atEnd() {
		return ""
	}
	return s.take(len(*s) - len(after))
}

// name reads the name of a parameter and the equals sign.
func (s *scanner) name() (name string, ok bool) {
	name = s.token()
	s.skip(" \t")
	if name == "" || s.over() || (*s)[0] != '=' {
		return "", false
	}
	s.take(1)
	s.skip(" \t")
	return name, true
}

// value reads a token or a quoted string, which it returns without quotes.
func (s *scanner) value() (value string, ok bool) {
	if s.over() || (*s)[0] != '"' {
		value = s.token()
		return value, value != ""
	}
	var b strings.Builder
	for i := 1; i < len(*s); i++ {
		switch c := (*s)[i]; {
		case c == '"':
			s.take(i + 1)
			return b.String(), true
		case c == '\\' && i+1 < len(*s):
			i++
			b.WriteByte((*s)[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", false
}
