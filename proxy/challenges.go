package proxy

import (
	"iter"

	"github.com/sans-io/websocket-driver/driver/head"
)

// parseChallenges reads the values of Proxy-Authenticate fields (RFC 9110,
// section 11.6.1):
//
//	#( scheme [ 1*SP ( token68 / #( name "=" ( token / quoted-string ) ) ) ] )
//
// A comma separates parameters as well as challenges: a name followed by an
// equals sign continues the challenge, any other begins the next one. A
// malformed challenge ends its field; those before it count.
func parseChallenges(values iter.Seq[string]) []*Challenge {
	var all []*Challenge
	for value := range values {
		for s := head.NewScanner(value); s.Element(); {
			c := &Challenge{Scheme: s.Token()}
			if c.Scheme == "" || !c.read(s) {
				break
			}
			all = append(all, c)
		}
	}
	return all
}

// read reads what follows the scheme of c.
func (c *Challenge) read(s *head.Scanner) bool {
	blanks := s.Blanks()
	if s.AtSeparator() {
		return true
	}
	if !blanks {
		return false
	}
	if c.Token = s.Token68(); c.Token != "" {
		return true
	}
	for s.Element() {
		name := s.Parameter()
		if name == "" { // the next challenge
			break
		}
		value, ok := s.Value()
		if !ok || !s.AtSeparator() {
			return false
		}
		c.Params = append(c.Params, head.Field{Name: name, Value: value})
	}
	return true
}
