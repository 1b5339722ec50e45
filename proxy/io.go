package proxy

import (
	"io"
	"math"

	"github.com/sans-io/websocket-driver/driver/ws"
)

// IO is the wire side of an exchange as an io.ReadWriter: Write takes input from
// the transport, Read and WriteTo return output. Parse(nil) returns the event, and
// Detach what followed the answer of the proxy. IO never blocks.
type IO Exchange

var (
	_ io.ReadWriter = (*IO)(nil)
	_ io.WriterTo   = (*IO)(nil)
)

// IO returns the wire side.
func (p *Exchange) IO() *IO { return (*IO)(p) }

// Write copies b as input. If more than MaxHead plus 64 KiB would wait for
// Parse(nil) or Detach, it takes as much as fits and returns [ws.ErrFull]. After
// the Close event input is ignored. After Detach the error is [ws.ErrClosed].
func (w *IO) Write(b []byte) (int, error) {
	switch w.phase {
	case phaseEnded:
		return len(b), nil
	case phaseDetached:
		return 0, ws.ErrClosed
	}
	most := min(w.cfg.maxHead(), math.MaxInt-maxSkip) + maxSkip
	n := min(len(b), most-len(w.in))
	w.in = append(w.in, b[:n]...)
	if n < len(b) {
		return n, ws.ErrFull
	}
	return n, nil
}

// Read moves buffered output to b. It returns io.EOF when there is none; there may
// be more later, as in bytes.Buffer.
func (w *IO) Read(b []byte) (int, error) { return w.out.Read(b) }

// WriteTo writes all buffered output to dst. What dst does not take remains
// buffered.
func (w *IO) WriteTo(dst io.Writer) (int64, error) { return w.out.WriteTo(dst) }
