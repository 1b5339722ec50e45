package ws

import (
	"errors"
	"fmt"
)

// Error is a violation by the peer, a refusal of the handshake, or a time
// limit that passed. It is what Err returns; calls never return it.
type Error struct {
	// Code is the code with which the connection was failed;
	// [CodeAbnormal] where no close frame could be sent.
	Code Code

	// Status is the HTTP status with which a handshake was refused, by
	// either side; 0 for everything else.
	Status int

	// Msg says what was wrong, with the value that was wrong.
	Msg string
}

// Error returns Msg with the prefix "websocket: ".
func (e *Error) Error() string { return "websocket: " + e.Msg }

// Refusal returns the error for an opening handshake that a server refuses with
// an HTTP status.
func Refusal(status int, format string, args ...any) *Error {
	return &Error{Code: CodeProtocolError, Status: status, Msg: fmt.Sprintf(format, args...)}
}

// Violation returns the error for a peer that breaks a rule of the opening
// handshake.
func Violation(format string, args ...any) *Error {
	return &Error{Code: CodeProtocolError, Msg: fmt.Sprintf(format, args...)}
}

// The errors of calls that the caller got wrong. The state of the connection
// has not changed. Errors may wrap these with details: compare with [errors.Is].
var (
	ErrClosed      = errors.New("websocket: closed")                    // a send after Close or after the Close event
	ErrTooLong     = errors.New("websocket: payload too long")          // a ping or pong above 125 bytes, a reason above 123, a message above MaxQueued
	ErrFull        = errors.New("websocket: buffer full")               // MaxBuffered, MaxQueued or the inbox of IO is full
	ErrInvalid     = errors.New("websocket: invalid argument")          // an argument or a setting that is never valid
	ErrUnsupported = fmt.Errorf("websocket: %w", errors.ErrUnsupported) // the version spoken lacks this; wraps errors.ErrUnsupported
	ErrInvalidUTF8 = errors.New("websocket: text is not valid UTF-8")   // text messages and close reasons are UTF-8
	ErrState       = errors.New("websocket: not allowed in this state") // Start twice, a message between the fragments of another
	ErrNoData      = errors.New("websocket: no data yet")               // Messages.Read: more input is needed
)

// ErrNoMessage is the error of Fragment with Continuation between two messages.
var ErrNoMessage = fmt.Errorf("%w: a Continuation without a message to continue", ErrState)
