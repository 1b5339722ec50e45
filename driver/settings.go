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

// SetPieces changes Config.Pieces for this connection from the next message on.
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
