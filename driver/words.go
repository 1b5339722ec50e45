package driver

import (
	"github.com/sans-io/websocket-driver/driver/head"
	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/extensions"
)

// Event is what a driver reports. It has four fields:
//
//	Kind  Kind    what the event is
//	Final bool    Text, Binary, Continuation: the whole message or, with Config.Pieces or
//	              Config.Frames, its last piece or frame
//	Code  Code    PeerClose, Close: the peer's close code; CodeNoStatus if its close frame
//	              had none, CodeAbnormal if there was no close frame, or the code with
//	              which this side has failed the connection
//	Data  []byte  messages, Ping, Pong: the payload; PeerClose, Close: the reason
//
// The driver owns Data: it is valid until the next Parse, step of Events,
// Messages.Next, IO.Write, EOF or Tick. Until then the caller may change it, and
// sends do not invalidate it.
type Event = ws.Event

// Kind says what an [Event] is. In the order in which a connection meets them:
//
//	None         no event: all input has been used
//	Connect      server: a request has arrived and waits for Start, Reject, Refuse or Detach
//	Open         the opening handshake is complete
//	Text         a text message, or a piece of one
//	Binary       a binary message, or a piece of one
//	Continuation Config.Frames: a frame that continues a message
//	Ping         a ping; its pong has been queued, unless Config.HoldPongs is set
//	Pong         a pong
//	PeerClose    Config.HoldClose: the peer's close frame, which Close answers
//	Close        the connection is over; the last event
//
// IsMessage reports whether a kind is Text, Binary or Continuation.
type Kind = ws.Kind

// The kinds of events, in the order in which a connection meets them.
const (
	None         Kind = ws.None         // no event: all input has been used
	Connect      Kind = ws.Connect      // server: a request has arrived and waits for Start, Reject, Refuse or Detach
	Open         Kind = ws.Open         // the opening handshake is complete
	Text         Kind = ws.Text         // a text message, or a piece of one
	Binary       Kind = ws.Binary       // a binary message, or a piece of one
	Continuation Kind = ws.Continuation // Config.Frames: a frame that continues a message
	Ping         Kind = ws.Ping         // a ping; its pong has been queued, unless Config.HoldPongs is set
	Pong         Kind = ws.Pong         // a pong
	PeerClose    Kind = ws.PeerClose    // Config.HoldClose: the peer's close frame, which Close answers
	Close        Kind = ws.Close        // the connection is over; the last event
)

// State is the state of a connection (RFC 6455, sections 4 and 7). CanSend reports
// whether messages may be sent.
//
//	StateConnecting the opening handshake is not complete
//	StateOpen       messages are sent and received
//	StatePeerClosed Config.HoldClose: after PeerClose, messages may still be sent
//	StateClosing    this side has sent a close frame and waits for the peer's
//	StateClosed     nothing may be sent and nothing is received
type State = ws.State

// The states of a connection.
const (
	StateConnecting State = ws.StateConnecting // the opening handshake is not complete
	StateOpen       State = ws.StateOpen       // messages are sent and received
	StatePeerClosed State = ws.StatePeerClosed // Config.HoldClose: after PeerClose, messages may still be sent
	StateClosing    State = ws.StateClosing    // this side has sent a close frame and waits for the peer's
	StateClosed     State = ws.StateClosed     // nothing may be sent and nothing is received
)

// Version is a version of the protocol. The zero Version means "not known yet", and
// Hybi13 where a choice is asked for.
//
//	Hixie75 draft-hixie-thewebsocketprotocol-75: Chrome 4, Safari 5.0.0
//	Hixie76 draft-hixie-thewebsocketprotocol-76, hybi-00: Firefox 4, Chrome 6, Safari 5.0.1
//	Hybi7   draft-ietf-hybi-thewebsocketprotocol-07: Firefox 6
//	Hybi8   drafts 08 to 12: Chrome 14, Firefox 7
//	Hybi13  RFC 6455
type Version = ws.Version

// The versions that browsers have shipped.
const (
	Hixie75 Version = ws.Hixie75 // draft-hixie-thewebsocketprotocol-75: Chrome 4, Safari 5.0.0
	Hixie76 Version = ws.Hixie76 // draft-hixie-thewebsocketprotocol-76, hybi-00: Firefox 4, Chrome 6, Safari 5.0.1
	Hybi7   Version = ws.Hybi7   // draft-ietf-hybi-thewebsocketprotocol-07: Firefox 6
	Hybi8   Version = ws.Hybi8   // drafts 08 to 12: Chrome 14, Firefox 7
	Hybi13  Version = ws.Hybi13  // RFC 6455
)

// AllVersions returns every version, the newest first, for Config.Versions.
func AllVersions() []Version { return ws.AllVersions() }

// Code is a close code (RFC 6455, section 7.4). Sendable reports whether it may be
// sent in a close frame of RFC 6455. Applications use 3000 to 4999; the others are
//
//	CodeNormal             1000: all is done
//	CodeGoingAway          1001: a server shuts down, a page is left
//	CodeProtocolError      1002: a rule of the protocol was broken
//	CodeUnsupportedData    1003: such as binary for an endpoint of text
//	CodeFrameTooLarge      1004: hybi-7 and hybi-8 only; reserved since
//	CodeNoStatus           1005, never sent: the close frame had no code
//	CodeAbnormal           1006, never sent: there was no close frame
//	CodeInvalidPayload     1007: such as text that is not UTF-8
//	CodePolicyViolation    1008: a general refusal
//	CodeMessageTooBig      1009: a message above a limit
//	CodeMandatoryExtension 1010: a client needs an extension
//	CodeInternalError      1011: an unexpected condition
//	CodeServiceRestart     1012: the service restarts
//	CodeTryAgainLater      1013: overloaded
//	CodeBadGateway         1014: a gateway got an invalid response
//	CodeTLSHandshake       1015, never sent: the TLS handshake failed
type Code = ws.Code

// The close codes that RFC 6455 and the IANA registry define.
const (
	CodeNormal             Code = ws.CodeNormal             // 1000: all is done
	CodeGoingAway          Code = ws.CodeGoingAway          // 1001: a server shuts down, a page is left
	CodeProtocolError      Code = ws.CodeProtocolError      // 1002: a rule of the protocol was broken
	CodeUnsupportedData    Code = ws.CodeUnsupportedData    // 1003: such as binary for an endpoint of text
	CodeFrameTooLarge      Code = ws.CodeFrameTooLarge      // 1004: hybi-7 and hybi-8 only; reserved since
	CodeNoStatus           Code = ws.CodeNoStatus           // 1005, never sent: the close frame had no code
	CodeAbnormal           Code = ws.CodeAbnormal           // 1006, never sent: there was no close frame
	CodeInvalidPayload     Code = ws.CodeInvalidPayload     // 1007: such as text that is not UTF-8
	CodePolicyViolation    Code = ws.CodePolicyViolation    // 1008: a general refusal
	CodeMessageTooBig      Code = ws.CodeMessageTooBig      // 1009: a message above a limit
	CodeMandatoryExtension Code = ws.CodeMandatoryExtension // 1010: a client needs an extension
	CodeInternalError      Code = ws.CodeInternalError      // 1011: an unexpected condition
	CodeServiceRestart     Code = ws.CodeServiceRestart     // 1012: the service restarts
	CodeTryAgainLater      Code = ws.CodeTryAgainLater      // 1013: overloaded
	CodeBadGateway         Code = ws.CodeBadGateway         // 1014: a gateway got an invalid response
	CodeTLSHandshake       Code = ws.CodeTLSHandshake       // 1015, never sent: the TLS handshake failed
)

// Error is a violation by the peer, a refusal of the handshake, or a time limit
// that has passed. It has three fields:
//
//	Code   Code    with which the connection was failed; CodeAbnormal if no close frame could be sent
//	Status int     the HTTP status with which a handshake was refused, by either side; else 0
//	Msg    string  what was wrong, with the value that was wrong
//
// Err returns it, and so does Start for a request that must be refused.
type Error = ws.Error

// The errors of calls that the caller got wrong. The state of the connection has
// not changed. Errors may wrap these with details: compare with [errors.Is].
var (
	ErrClosed      error = ws.ErrClosed      // a send after Close or after the Close event
	ErrTooLong     error = ws.ErrTooLong     // a ping or pong above 125 bytes, a reason above 123, a message above MaxQueued
	ErrFull        error = ws.ErrFull        // MaxBuffered or MaxQueued bytes wait, or the inbox of IO is full
	ErrInvalid     error = ws.ErrInvalid     // an argument or a setting that is never valid
	ErrUnsupported error = ws.ErrUnsupported // the version spoken lacks this; wraps errors.ErrUnsupported
	ErrInvalidUTF8 error = ws.ErrInvalidUTF8 // text messages and close reasons are UTF-8
	ErrState       error = ws.ErrState       // Start twice, a message between the fragments of another
	ErrNoData      error = ws.ErrNoData      // Messages.Read: more input is needed
)

// Field is one header field. It has two fields, Name and Value. Names are compared
// without regard to case.
type Field = head.Field

// Request is the head of a request:
//
//	Method       string
//	Target       string   as on the wire, for example "/chat?room=1"; in HTTP/2 and HTTP/3 the :path
//	Major, Minor int      the HTTP version
//	Fields       []Field  in the order in which they came
//	Protocol     string   extended CONNECT: the :protocol, else ""
//	Scheme       string   extended CONNECT: the :scheme; else "" unless the adapter sets "https" or "wss"
//	Authority    string   the Host field, or the :authority
//
// Get returns the value of the first field with a name, Cookies the cookies.
type Request = head.Request

// Response is the head of a response:
//
//	Major, Minor int      the HTTP version
//	Status       int      such as 101
//	Reason       string   the reason phrase; the standard one is written if it is ""
//	Fields       []Field  in the order in which they came
//	Body         []byte   what a server sends after the head, or a client has received of a
//	                      refusal: at most 1 KiB
//
// Get returns the value of the first field with a name.
type Response = head.Response

// Extension is a protocol extension, such as that of package extensions/deflate:
// see package extensions for its methods.
type Extension = extensions.Extension

// Buffers lends buffers to drivers, see Config.Buffers. It has two methods:
//
//	Get(n int) []byte  a slice of length 0 with a capacity of at least n bytes
//	Put(b []byte)      takes back a slice that is no longer used
//
// A Buffers that drivers on several goroutines share must be safe for concurrent
// use.
type Buffers = ws.Buffers
