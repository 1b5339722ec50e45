package ws

import "errors"

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

// What a call returns when the caller made a mistake. The state of the
// connection is as it was. Errors may wrap these with details: compare with
// [errors.Is].
var (
	ErrClosed      = errors.New("websocket: closed")                    // a send after Close or after the Close event
	ErrTooLong     = errors.New("websocket: payload too long")          // a ping or pong beyond 125 bytes, a reason beyond 123, a message beyond MaxQueued
	ErrFull        = errors.New("websocket: buffer full")               // MaxBuffered, MaxQueued or the inbox of IO is full
	ErrUnsupported = errors.New("websocket: not supported")             // the version or the peer does not know this
	ErrInvalidUTF8 = errors.New("websocket: text is not valid UTF-8")   // text messages and close reasons are UTF-8
	ErrState       = errors.New("websocket: not allowed in this state") // Start twice, a message between the fragments of another
	ErrNoData      = errors.New("websocket: no data yet")               // Messages.Read: more input is needed
)
