package proxy

import (
	"github.com/sans-io/websocket-driver/driver/head"
)

// maxSkip is the longest body of a 407 that is skipped, in bytes as sent. A new
// connection is cheaper than more.
const maxSkip = 64 << 10

// persists reports whether the connection persists after r (RFC 9112, section
// 9.3). Proxy-Connection is not standard, but old proxies send it.
func persists(r *head.Response) bool {
	says := func(option string) bool {
		return head.HasToken(r.Fields, "Connection", option) || head.HasToken(r.Fields, "Proxy-Connection", option)
	}
	return !says("close") && (r.Minor > 0 || says("keep-alive"))
}

// skipper skips the body of a 407.
type skipper struct {
	body  head.Body
	total int // bytes skipped
}

// verdict is what is known about the end of a body.
type verdict uint8

const (
	bodyMore verdict = iota // not yet reached
	bodyOver                // reached
	bodyLost                // unknown, or too far away
)

// newSkipper returns a skipper for the body of r. ok is false if only the end of
// the connection ends it, if its length is in doubt (RFC 9112, section 6.3), or if
// it is longer than maxSkip.
func newSkipper(r *head.Response) (s skipper, ok bool) {
	framings := head.Count(r.Fields, "Content-Length")
	for range head.Tokens(r.Fields, "Transfer-Encoding") {
		framings++
	}
	s.body = head.NewBody(r)
	return s, framings == 1 && s.body.Delimited() && s.body.Left() <= maxSkip
}

// skip reads the part of p that belongs to the body. n is its length.
func (s *skipper) skip(p []byte) (n int, v verdict) {
	for {
		most := min(len(p)-n, maxSkip+1-s.total)
		used, _, ok := s.body.Parse(p[n : n+most])
		n += used
		s.total += used
		switch {
		case s.body.Ended():
			return n, bodyOver
		case !ok || s.total > maxSkip || s.body.Left() > maxSkip:
			return n, bodyLost
		case n == len(p):
			return n, bodyMore
		}
	}
}
