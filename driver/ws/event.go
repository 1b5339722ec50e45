// Package ws holds the words that all versions of WebSocket share: the kinds
// of events, close codes, states, versions, errors and the queue of bytes to
// send. Package driver has aliases of what users need; beyond these ws makes no
// promise of compatibility.
package ws

import "strconv"

// Kind says what an [Event] is.
type Kind uint8

// The kinds of events, in the order in which a connection meets them.
const (
	None         Kind = iota // nothing: all input is used up
	Connect                  // server: a request head has arrived and waits for Start, Reject or Detach
	Open                     // the opening handshake is complete
	Text                     // a text message, or a piece of one
	Binary                   // a binary message, or a piece of one
	Continuation             // with Frames: a frame that continues a message
	Ping                     // a ping; its pong has been queued
	Pong                     // a pong
	PeerClose                // with HoldClose: the peer has sent a close frame; sending continues until Close
	Close                    // the connection is over; the last event
)

var kinds = [...]string{"None", "Connect", "Open", "Text", "Binary", "Continuation", "Ping", "Pong", "PeerClose", "Close"}

// IsMessage reports whether events of kind k are messages or parts of messages.
func (k Kind) IsMessage() bool { return k == Text || k == Binary || k == Continuation }

// String returns the name of the constant.
func (k Kind) String() string {
	if int(k) < len(kinds) {
		return kinds[k]
	}
	return "Kind(" + strconv.Itoa(int(k)) + ")"
}

// Event is what a driver reports.
//
// It has four fields and four words on 64-bit machines, and stays so: the
// compiler then returns it in registers.
type Event struct {
	Kind Kind

	// Final is set for Text, Binary and Continuation when this is the whole
	// message or, with pieces or frames, the last of them.
	Final bool

	// Code is set for PeerClose and Close: the code that the peer sent,
	// [CodeNoStatus] if its close frame had none, [CodeAbnormal] if there was
	// no close frame, or the code with which this side failed the connection.
	Code Code

	// Data is the payload of messages, pings and pongs and the reason of
	// PeerClose and Close. The driver owns it: it is valid until the next Parse, step of
	// Events, Messages.Next, IO.Write, EOF or Tick. Until then the caller may
	// change it.
	Data []byte
}

// State is the state of a connection (RFC 6455, sections 4 and 7).
type State uint8

// The states of a connection.
const (
	StateConnecting State = iota // the opening handshake is not complete
	StateOpen                    // messages are sent and received
	StatePeerClosed              // with HoldClose: the peer has sent a close frame, messages may still be sent
	StateClosing                 // this side has sent a close frame and waits for the peer's
	StateClosed                  // nothing may be sent and nothing is received
)

var states = [...]string{"connecting", "open", "peer closed", "closing", "closed"}

// CanSend reports whether messages may be sent: in StateOpen and
// StatePeerClosed.
func (s State) CanSend() bool { return s == StateOpen || s == StatePeerClosed }

// String returns the name in lower case: connecting, open, peer closed,
// closing, closed.
func (s State) String() string {
	if int(s) < len(states) {
		return states[s]
	}
	return "State(" + strconv.Itoa(int(s)) + ")"
}

// Version is a version of the protocol. The zero Version means "not known
// yet", and [Hybi13] where a choice is asked for.
type Version uint8

// The versions that browsers have shipped.
const (
	Hixie75 Version = 75 // draft-hixie-thewebsocketprotocol-75: Chrome 4, Safari 5.0.0
	Hixie76 Version = 76 // draft-hixie-thewebsocketprotocol-76, hybi-00: Firefox 4, Chrome 6, Safari 5.0.1
	Hybi7   Version = 7  // draft-ietf-hybi-thewebsocketprotocol-07: Firefox 6
	Hybi8   Version = 8  // drafts 08 to 12: Chrome 14, Firefox 7
	Hybi13  Version = 13 // RFC 6455
)

// AllVersions returns every version, the newest first.
func AllVersions() []Version { return []Version{Hybi13, Hybi8, Hybi7, Hixie76, Hixie75} }

// IsHixie reports whether v is one of the two versions before hybi, which have
// neither masking nor binary messages.
func (v Version) IsHixie() bool { return v == Hixie75 || v == Hixie76 }

// String returns hixie-75, hixie-76, hybi-7, hybi-8 or hybi-13, and "unknown"
// for the zero Version.
func (v Version) String() string {
	switch {
	case v == 0:
		return "unknown"
	case v.IsHixie():
		return "hixie-" + strconv.Itoa(int(v))
	}
	return "hybi-" + strconv.Itoa(int(v))
}
