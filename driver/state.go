package driver

import "github.com/sans-io/websocket-driver/driver/ws"

// Config returns the settings. They must not be modified.
func (d *Driver) Config() *Config { return d.cfg }

// State returns the state of the connection.
func (d *Driver) State() State {
	switch {
	case d.phase >= phaseEnding:
		return ws.StateClosed
	case d.conn == nil:
		return ws.StateConnecting
	}
	return d.conn.State()
}

// Server reports whether this is the server's side.
func (d *Driver) Server() bool { return d.server }

// Version returns the version spoken: on a client from the beginning, on a
// server from the Connect event of a WebSocket request on, 0 before.
func (d *Driver) Version() Version { return d.version }

// Subprotocol returns the subprotocol agreed on, or "".
func (d *Driver) Subprotocol() string { return d.protocol }

// Extensions returns the extensions agreed on, in the form of
// Sec-WebSocket-Extensions (RFC 6455, section 9.1), or "".
func (d *Driver) Extensions() string { return d.pipeline.String() }

// Err returns why the connection has ended: nil while it continues or if the peer
// has closed properly, an *Error for a violation, a refusal or a time limit, or
// io.ErrUnexpectedEOF if the transport ended first.
func (d *Driver) Err() error {
	if d.cut == cutError && d.phase < phaseEnding {
		return nil
	}
	return d.err
}

// Incoming returns how many bytes of the payload of the current data frame have not
// arrived yet (RFC 6455, section 5.2), for adapters that choose the size of their next
// read by it. n is 0 between frames, in control frames and in hixie. The peer has declared
// it, so memory should grow with what arrives.
//
// inPlace says that the next n bytes, however they are split, become the Data of events
// where they lie in the argument of Parse. So they may be read to where the message is
// gathered. It is false without Config.Pieces, with extensions that decode the message,
// and inside a rune.
func (d *Driver) Incoming() (n int64, inPlace bool) {
	if d.conn == nil || d.in.len() > 0 {
		return 0, false
	}
	return d.conn.Incoming()
}
