package main

// step is one thing that is checked.
type step struct {
	name  string
	needs need
	run   func(*peer) error
}

// need is what a step requires of the version.
type need uint8

const (
	needsNothing need = iota
	needsClose        // a closing handshake: all but hixie-75
	needsHybi         // binary messages, control frames, close codes
	needsDeflate
)

// fits reports whether the step can be done in the version that p speaks.
func (s step) fits(p *peer) bool {
	switch s.needs {
	case needsClose:
		return p.canClose()
	case needsHybi:
		return !p.config.Version.IsHixie()
	case needsDeflate:
		return p.config.Extensions != nil
	}
	return true
}

// allSteps are in the order of the table in README.md.
var allSteps = []step{
	{"text", needsNothing, texts},
	{"text-edges", needsNothing, edgesOfUTF8},
	{"text-empty", needsNothing, emptyText},
	{"text-long", needsNothing, longTexts},
	{"binary", needsHybi, binaries},
	{"large", needsNothing, large},
	{"fragments", needsHybi, fragments},
	{"fragments-inside", needsHybi, fragmentsInside},
	{"fragments-in", needsHybi, fragmentsIn},
	{"ping", needsHybi, ping},
	{"ping-in", needsHybi, pingIn},
	{"subprotocol", needsNothing, subprotocol},
	{"greet", needsNothing, greet},
	{"refuse", needsNothing, refuse},
	{"refuse-body", needsNothing, refuseBody},
	{"close-client", needsClose, closeClient},
	{"close-client-no-code", needsHybi, closeClientNoCode},
	{"close-then-messages", needsClose, closeThenMessages},
	{"close-server", needsHybi, closeServer},
	{"close-server-no-code", needsClose, closeServerNoCode},
	{"close-both", needsHybi, closeBoth},
	{"cut-server", needsNothing, cutServer},
	{"cut-client", needsNothing, cutClient},
	{"traffic", needsNothing, traffic},
	{"traffic-in", needsDeflate, trafficIn},
}
