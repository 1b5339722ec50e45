package deflate

import (
	"fmt"
	"strconv"

	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/extensions"
)

// Params are the four parameters of the extension (RFC 7692, section 7.1).
type Params struct {
	// ServerNoContextTakeover makes the server compress each message
	// independently.
	ServerNoContextTakeover bool

	// ClientNoContextTakeover makes the client compress each message
	// independently. In an offer it is a promise that holds whatever the server
	// answers.
	ClientNoContextTakeover bool

	// ServerMaxWindowBits limits how far the messages of the server refer back, to
	// 2^bits bytes, from 8 to 15. 0 means no limit.
	ServerMaxWindowBits int

	// ClientMaxWindowBits limits the messages of the client in the same way.
	//
	// A client that offers a number promises to keep to it. If 0, the client lets
	// the server choose. If negative, it does not offer the parameter, and the
	// server cannot set a limit. A server with a limit below 15 declines offers
	// without the parameter.
	ClientMaxWindowBits int
}

// Set sets the parameter with the name that RFC 7692 gives it: the flags
// server_no_context_takeover and client_no_context_takeover, whose value is empty,
// server_max_window_bits with a value from 8 to 15, and client_max_window_bits with such
// a value or without. It is for settings that are read from text. The error wraps
// [ws.ErrInvalid].
func (p *Params) Set(name, value string) error {
	t, err := parse([]extensions.Param{{Name: name, Value: value}}, true)
	if err != nil {
		return fmt.Errorf("%w: %w", ws.ErrInvalid, err)
	}
	switch name {
	case serverNoContext:
		p.ServerNoContextTakeover = true
	case clientNoContext:
		p.ClientNoContextTakeover = true
	case serverBits:
		p.ServerMaxWindowBits = int(t.serverBits)
	case clientBits:
		if p.ClientMaxWindowBits = int(t.clientBits); t.clientBits == bare {
			p.ClientMaxWindowBits = 0
		}
	}
	return nil
}

// The names of the parameters.
const (
	serverNoContext = "server_no_context_takeover"
	clientNoContext = "client_no_context_takeover"
	serverBits      = "server_max_window_bits"
	clientBits      = "client_max_window_bits"
)

const (
	minBits = 8
	maxBits = 15
)

// terms are parameters as sent. Bits are 0 if the parameter is missing, and bare if it has
// no value.
type terms struct {
	serverNoContext bool
	clientNoContext bool
	serverBits      uint8
	clientBits      uint8
}

// bare means client_max_window_bits without a value: the client leaves the number to the
// server (RFC 7692, section 7.1.2.2).
const bare = 1

// side is the part of terms that applies to the messages of one side.
type side struct {
	takeover bool
	bits     uint8
}

// terms returns p as a client offers it.
func (p Params) terms() terms {
	t := terms{serverNoContext: p.ServerNoContextTakeover, clientNoContext: p.ClientNoContextTakeover}
	if p.ServerMaxWindowBits > 0 {
		t.serverBits = uint8(clamp(p.ServerMaxWindowBits, 0, minBits, maxBits))
	}
	switch {
	case p.ClientMaxWindowBits > 0:
		t.clientBits = uint8(clamp(p.ClientMaxWindowBits, 0, minBits, maxBits))
	case p.ClientMaxWindowBits == 0:
		t.clientBits = bare
	}
	return t
}

// params returns t in the form of the header.
func (t terms) params() []extensions.Param {
	var p []extensions.Param
	add := func(name, value string) { p = append(p, extensions.Param{Name: name, Value: value}) }
	if t.serverNoContext {
		add(serverNoContext, "")
	}
	if t.clientNoContext {
		add(clientNoContext, "")
	}
	if t.serverBits > 0 {
		add(serverBits, strconv.Itoa(int(t.serverBits)))
	}
	switch {
	case t.clientBits == bare:
		add(clientBits, "")
	case t.clientBits > 0:
		add(clientBits, strconv.Itoa(int(t.clientBits)))
	}
	return p
}

// parse reads an offer or an answer. Unknown parameters, invalid values and duplicate
// parameters are errors (RFC 7692, section 7.1).
func parse(params []extensions.Param, offer bool) (t terms, err error) {
	for i, p := range params {
		for _, before := range params[:i] {
			if before.Name == p.Name {
				return t, fmt.Errorf("parameter %s appears twice", p.Name)
			}
		}
		switch p.Name {
		case serverNoContext:
			t.serverNoContext, err = true, checkFlag(p)
		case clientNoContext:
			t.clientNoContext, err = true, checkFlag(p)
		case serverBits:
			t.serverBits, err = parseBits(p)
		case clientBits:
			if offer && p.Value == "" {
				t.clientBits = bare
				break
			}
			t.clientBits, err = parseBits(p)
		default:
			err = fmt.Errorf("parameter %q is unknown", p.Name)
		}
		if err != nil {
			return t, err
		}
	}
	return t, nil
}

// checkFlag returns an error if p has a value.
func checkFlag(p extensions.Param) error {
	if p.Value != "" {
		return fmt.Errorf("parameter %s has the value %q", p.Name, p.Value)
	}
	return nil
}

// parseBits reads a number from 8 to 15 without leading zeros (RFC 7692,
// section 7.1.2.1).
func parseBits(p extensions.Param) (uint8, error) {
	for n := uint8(minBits); n <= maxBits; n++ {
		if p.Value == strconv.Itoa(int(n)) {
			return n, nil
		}
	}
	return 0, fmt.Errorf("parameter %s is %q, not a number from %d to %d", p.Name, p.Value, minBits, maxBits)
}

// limit returns the window bits that a parameter allows.
func limit(bits uint8) uint8 {
	if bits < minBits {
		return maxBits
	}
	return bits
}

// answer returns the answer of a server with the limits t to the offer o. ok is false if
// it must decline.
func (t terms) answer(o terms) (a terms, ok bool) {
	// Sections 7.1.1.1 and 7.1.1.2: the server confirms what is offered and may
	// add either parameter.
	a.serverNoContext = t.serverNoContext || o.serverNoContext
	a.clientNoContext = t.clientNoContext || o.clientNoContext

	// Section 7.1.2.1: an offered limit is answered with the same or a smaller one.
	// Without an offer the server may state its own.
	bits := min(limit(t.serverBits), limit(o.serverBits))
	if o.serverBits > 0 || bits < maxBits {
		a.serverBits = bits
	}

	// Section 7.1.2.2: the server cannot limit a client that does not offer the
	// parameter.
	bits = min(limit(t.clientBits), limit(o.clientBits))
	if bits < maxBits {
		a.clientBits = bits
	}
	return a, a.clientBits == 0 || o.clientBits > 0
}

// fits returns an error if a is not a valid answer to the offer o.
func (a terms) fits(o terms) error {
	switch {
	case o.serverNoContext && !a.serverNoContext: // section 7.1.1.1
		return fmt.Errorf("answer lacks %s, which was offered", serverNoContext)
	case limit(a.serverBits) > limit(o.serverBits): // section 7.1.2.1
		return fmt.Errorf("answer has %s %d, above %d, which was offered", serverBits, limit(a.serverBits), o.serverBits)
	case a.clientBits > 0 && o.clientBits == 0: // section 7.1.2.2
		return fmt.Errorf("answer has %s, which was not offered", clientBits)
	case limit(a.clientBits) > limit(o.clientBits) && a.clientBits > 0: // section 7.1.2.2
		return fmt.Errorf("answer has %s %d, above %d, which was offered", clientBits, a.clientBits, o.clientBits)
	}
	return nil
}

// bind adds to the answer a what the client has promised in its offer o (sections 7.1.1.2
// and 7.1.2.2).
func (a terms) bind(o terms) terms {
	a.clientNoContext = a.clientNoContext || o.clientNoContext
	a.clientBits = min(limit(a.clientBits), limit(o.clientBits))
	return a
}

// sides returns what an answer says about the messages of each side.
func (a terms) sides() (server, client side) {
	return side{!a.serverNoContext, limit(a.serverBits)}, side{!a.clientNoContext, limit(a.clientBits)}
}
