package driver

import (
	"github.com/sans-io/websocket-driver/driver/head"
	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/extensions"
)

// The words of packages ws, head and extensions, so that callers import this
// package alone.
type (
	Event     = ws.Event
	Kind      = ws.Kind
	Code      = ws.Code
	State     = ws.State
	Version   = ws.Version
	Error     = ws.Error
	Buffers   = ws.Buffers
	Field     = head.Field
	Request   = head.Request
	Response  = head.Response
	Extension = extensions.Extension
)

// The kinds of events.
const (
	None    = ws.None
	Connect = ws.Connect
	Open    = ws.Open
	Text    = ws.Text
	Binary  = ws.Binary
	Ping    = ws.Ping
	Pong    = ws.Pong
	Close   = ws.Close
)

// The states of a connection.
const (
	StateConnecting = ws.StateConnecting
	StateOpen       = ws.StateOpen
	StateClosing    = ws.StateClosing
	StateClosed     = ws.StateClosed
)

// The versions.
const (
	Hixie75 = ws.Hixie75
	Hixie76 = ws.Hixie76
	Hybi7   = ws.Hybi7
	Hybi8   = ws.Hybi8
	Hybi13  = ws.Hybi13
)

// The close codes.
const (
	CodeNormal             = ws.CodeNormal
	CodeGoingAway          = ws.CodeGoingAway
	CodeProtocolError      = ws.CodeProtocolError
	CodeUnsupportedData    = ws.CodeUnsupportedData
	CodeFrameTooLarge      = ws.CodeFrameTooLarge
	CodeNoStatus           = ws.CodeNoStatus
	CodeAbnormal           = ws.CodeAbnormal
	CodeInvalidPayload     = ws.CodeInvalidPayload
	CodePolicyViolation    = ws.CodePolicyViolation
	CodeMessageTooBig      = ws.CodeMessageTooBig
	CodeMandatoryExtension = ws.CodeMandatoryExtension
	CodeInternalError      = ws.CodeInternalError
	CodeServiceRestart     = ws.CodeServiceRestart
	CodeTryAgainLater      = ws.CodeTryAgainLater
	CodeBadGateway         = ws.CodeBadGateway
	CodeTLSHandshake       = ws.CodeTLSHandshake
)

// The errors of calls.
var (
	ErrClosed      = ws.ErrClosed
	ErrTooLong     = ws.ErrTooLong
	ErrFull        = ws.ErrFull
	ErrUnsupported = ws.ErrUnsupported
	ErrInvalidUTF8 = ws.ErrInvalidUTF8
	ErrState       = ws.ErrState
	ErrNoData      = ws.ErrNoData
)

// Now is what NextTick returns when a time limit waits for its start: call Tick
// at once.
var Now = ws.Now

// AllVersions returns every version, the newest first, for Config.Versions.
func AllVersions() []Version { return ws.AllVersions() }
