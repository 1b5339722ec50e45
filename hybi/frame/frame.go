// Package frame encodes and decodes the frames of RFC 6455 (section 5), which
// hybi-7 and hybi-8 share. It is the codec alone: it does not know which side
// sends, which frames came before and which extensions are in use, so the rules
// about these are for its callers to judge.
//
// A Header expresses every sequence of bits that can be a header, the invalid
// ones included: Append writes what Parse has read, byte for byte. Inspectors
// and conformance tests need no code of their own for frames that break a rule.
//
// The package is part of the surface that version 1.0 keeps stable, as package
// driver is. It allocates nothing but errors and the result of Encode.
package frame

import "strconv"

// An Opcode says what a frame is (RFC 6455, section 5.2). It has four bits.
type Opcode byte

// The opcodes that RFC 6455 defines. All others are reserved.
const (
	Continuation Opcode = 0x0 // continues the message under way
	Text         Opcode = 0x1 // begins a text message
	Binary       Opcode = 0x2 // begins a binary message
	Close        Opcode = 0x8 // section 5.5.1
	Ping         Opcode = 0x9 // section 5.5.2
	Pong         Opcode = 0xa // section 5.5.3
)

// IsControl reports whether o is the opcode of a control frame: 0x8 to 0xF, the
// reserved ones included (section 5.5).
func (o Opcode) IsControl() bool { return o&0x8 != 0 }

// IsReserved reports whether RFC 6455 leaves o undefined: 0x3 to 0x7 and 0xB to
// 0xF (section 5.2).
func (o Opcode) IsReserved() bool { return o&0x7 > 2 }

// String returns the name in lower case, and the number in hexadecimal for
// reserved opcodes: "ping", "0x3".
func (o Opcode) String() string {
	switch o {
	case Continuation:
		return "continuation"
	case Text:
		return "text"
	case Binary:
		return "binary"
	case Close:
		return "close"
	case Ping:
		return "ping"
	case Pong:
		return "pong"
	}
	return "0x" + strconv.FormatUint(uint64(o), 16)
}

// A Rule is a rule of RFC 6455 that a header can break by itself. It is an
// error, so that errors.Is finds it in what Parse returns.
type Rule uint8

// The rules that Parse judges, in the order in which it does.
const (
	RuleOpcode         Rule = iota + 1 // section 5.2: the opcode is not reserved
	RuleControlFinal                   // section 5.5: control frames are not fragmented
	RuleControlLength                  // section 5.5: control frames have at most 125 bytes of payload
	RuleMaxLength                      // section 5.2: the highest bit of a 64-bit length is 0
	RuleShortestLength                 // section 5.2: the length is encoded in the fewest bytes
)

var rules = [...]struct{ section, text string }{
	RuleOpcode:         {"5.2", "reserved opcode"},
	RuleControlFinal:   {"5.5", "fragmented control frame"},
	RuleControlLength:  {"5.5", "control frame longer than 125 bytes"},
	RuleMaxLength:      {"5.2", "frame length above 2^63-1"},
	RuleShortestLength: {"5.2", "frame length not in its shortest form"},
}

// Section returns the section of RFC 6455 that contains the rule, such as
// "5.2", and "" if r is none of the constants.
func (r Rule) Section() string {
	if int(r) < len(rules) {
		return rules[r].section
	}
	return ""
}

// Error returns what breaks the rule, with its section: "websocket: reserved
// opcode (RFC 6455, section 5.2)".
func (r Rule) Error() string {
	if r.Section() == "" {
		return "websocket: rule " + strconv.Itoa(int(r))
	}
	return "websocket: " + rules[r].text + " (RFC 6455, section " + r.Section() + ")"
}

// An Error is a header that breaks a rule.
type Error struct {
	Rule   Rule
	Header Header // as Parse returned it
}

// Error returns what was wrong, with the value that was wrong: "websocket:
// reserved opcode 0x3".
func (e *Error) Error() string { return "websocket: " + e.Reason() }

// Unwrap returns e.Rule.
func (e *Error) Unwrap() error { return e.Rule }

// Reason is the text of Error without its prefix. It fits in a close frame.
func (e *Error) Reason() string {
	op := "0x" + strconv.FormatUint(uint64(e.Header.Opcode), 16)
	length := strconv.FormatUint(e.Header.Length, 10)
	switch e.Rule {
	case RuleOpcode:
		return "reserved opcode " + op
	case RuleControlFinal:
		return "control frame with opcode " + op + " is fragmented"
	case RuleControlLength:
		return "control frame longer than 125 bytes"
	case RuleMaxLength:
		return "frame length " + length + " is above 2^63-1"
	case RuleShortestLength:
		return "frame length " + length + " is not in its shortest form"
	}
	return "frame breaks rule " + strconv.Itoa(int(e.Rule))
}
