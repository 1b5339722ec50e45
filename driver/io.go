package driver

import (
	"io"
	"math"

	"github.com/sans-io/websocket-driver/driver/ws"
)

// IO is the wire side of a driver as an io.ReadWriter: Write takes what comes from
// the transport, Read and WriteTo give what is to be sent. The events come from
// Messages.Next or from Parse(nil). It never blocks.
type IO Driver

var (
	_ io.ReadWriter = (*IO)(nil)
	_ io.WriterTo   = (*IO)(nil)
)

// IO returns the wire side.
func (d *Driver) IO() *IO { return (*IO)(d) }

// Write takes a copy of p as input. It returns ErrFull, and how many bytes it
// has taken, when more than MaxMessage and MaxHead together wait for
// Messages.Next (16 MiB and MaxHead if MaxMessage is unlimited). After the Close
// event input is taken and ignored; after Detach the error is ErrClosed.
func (w *IO) Write(p []byte) (int, error) {
	d := (*Driver)(w)
	switch d.phase {
	case phaseEnding, phaseEnded:
		return len(p), nil
	case phaseDetached:
		return 0, ErrClosed
	}
	most := d.cfg.maxMessage()
	if most < 0 {
		most = DefaultMaxMessage
	}
	most = min(most, math.MaxInt-d.cfg.maxHead()) + d.cfg.maxHead()
	n := min(len(p), max(most-d.in.len(), 0))
	if n > 0 {
		d.store(p[:n])
		d.heard = true
	}
	if n < len(p) {
		return n, ws.ErrFull
	}
	return n, nil
}

// Read moves bytes that wait to be sent to p. It returns io.EOF when there are
// none at the moment; there may be more later, as in bytes.Buffer.
func (w *IO) Read(p []byte) (int, error) { return w.out.Read(p) }

// WriteTo writes all bytes that wait to be sent to dst. What dst does not take
// remains.
func (w *IO) WriteTo(dst io.Writer) (int64, error) { return w.out.WriteTo(dst) }
