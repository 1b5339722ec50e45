package proxy

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"github.com/sans-io/websocket-driver/driver/head"
)

// Challenge is one authentication challenge of a 407 (RFC 9110, section 11.3).
type Challenge struct {
	// Scheme is the authentication scheme as sent by the proxy: Basic, Digest,
	// Negotiate. It is compared without regard to case.
	Scheme string

	// Token is what follows the scheme if that is a token68 and not a list of
	// parameters, or "".
	Token string

	// Params are the parameters. Quoted values are without their quotes.
	Params []head.Field

	// Method and Target are those of the request: CONNECT, host and port.
	Method, Target string

	// Rand is Config.Rand. If nil, crypto/rand.Reader is used.
	Rand io.Reader
}

// Param returns the value of the first parameter with the given name, compared
// without regard to case, or "".
func (c *Challenge) Param(name string) string { return head.Get(c.Params, name) }

func (c *Challenge) is(scheme string) bool { return head.EqualFold(c.Scheme, scheme) }

// strength orders the schemes. Unknown schemes come first: the caller's hook
// decides about them.
func (c *Challenge) strength() int {
	switch {
	case c.is("Basic"):
		return 0
	case !c.is("Digest"):
		return 3
	case isMD5(c.Param("algorithm")):
		return 1
	}
	return 2
}

// authorize asks the hook to answer the 407 that p has received. It returns "" if
// there is no answer.
func (x *negotiation) authorize(p *Exchange) (string, error) {
	if x.hook == nil || x.answers == maxAnswers {
		return "", nil
	}
	challenges := parseChallenges(head.Values(p.response.Fields, "Proxy-Authenticate"))
	slices.SortStableFunc(challenges, func(a, b *Challenge) int { return cmp.Compare(b.strength(), a.strength()) })
	for _, c := range challenges {
		if !x.mayAnswer(c) {
			continue
		}
		c.Method, c.Target, c.Rand = connect, p.target, p.cfg.Rand
		authorization, err := x.hook(c)
		if err != nil {
			return "", err
		}
		if authorization == "" {
			continue
		}
		if err := head.CheckField(head.Field{Name: "Proxy-Authorization", Value: authorization}); err != nil {
			return "", fmt.Errorf("result of Config.Challenge: %w", err)
		}
		x.scheme = c.Scheme
		x.answers++
		return authorization, nil
	}
	return "", nil
}

// mayAnswer reports whether an answer to c can help. After an answer was refused,
// nothing weaker is tried: a proxy could collect passwords that way.
func (x *negotiation) mayAnswer(c *Challenge) bool {
	switch {
	case x.scheme == "":
		return true
	case !c.is(x.scheme), c.is("Basic"):
		return false
	case c.is("Digest"):
		return head.EqualFold(c.Param("stale"), "true") // RFC 7616, section 3.3
	}
	return true
}
