package driver

import "math"

// SetMaxMessage changes Config.MaxMessage for this connection from the next
// message on.
func (d *Driver) SetMaxMessage(n int) {
	n = limit(n, DefaultMaxMessage)
	switch {
	case d.conn != nil:
		d.conn.SetMaxMessage(n)
	case d.hs != nil:
		d.hs.maxMessage = n
	}
}

// SetMaxBuffered changes Config.MaxBuffered for this connection.
func (d *Driver) SetMaxBuffered(n int) { d.maxBuffered = int32(min(max(n, 0), math.MaxInt32)) }

// SetPieces changes Config.Pieces for this connection from the next message on. It
// has no effect with Config.Frames.
func (d *Driver) SetPieces(pieces bool) {
	switch {
	case d.conn != nil:
		d.conn.SetPieces(pieces)
	case d.hs != nil:
		d.hs.pieces = pieces
	}
}

// SetBuffers sets Config.Buffers for this connection, unless it is set.
func (d *Driver) SetBuffers(b Buffers) {
	if d.out.Pool == nil {
		d.out.Pool = b
	}
}

// SetCompression says whether the messages sent from now on are compressed, if
// permessage-deflate has been negotiated (RFC 7692, section 6), and encoded by all other
// extensions that mark what they encode by a reserved bit. It returns what was set
// before: at first true. A message that Fragment has begun is not affected, and neither
// is what the peer sends. Without such an extension, and before Open, it does nothing
// and returns false.
func (d *Driver) SetCompression(on bool) (was bool) {
	if d.conn == nil || d.pipeline.RSV() == 0 {
		return false
	}
	return !d.pipeline.SetBypass(!on)
}
