package proxy

import (
	"io"
	"math"

	"github.com/sans-io/websocket-driver/driver/ws"
)

// IO is the wire side of an exchange as io.ReadWriter: Write takes what comes
// from the transport, Read and WriteTo give what is to be sent. The event comes
// from Parse(nil), and what had come behind the proxy's answer from Detach. It
// never blocks.
type IO Conn

var (
	_ io.ReadWriter = (*IO)(nil)
	_ io.WriterTo   = (*IO)(nil)
)

// IO returns the wire side.
func (p *Conn) IO() *IO { return (*IO)(p) }

// Write takes a copy of b as input. It returns [ws.ErrFull], and how many bytes
// it has taken, when more than MaxHead and 64 KiB together wait for Parse(nil)
// or Detach. After the Close event input is taken and ignored; after Detach the
// error is [ws.ErrClosed].
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

// Read moves bytes that wait to be sent to b. It returns io.EOF when there are
// none at the moment; there may be more later, as in bytes.Buffer.
func (w *IO) Read(b []byte) (int, error) { return w.out.Read(b) }

// WriteTo writes all bytes that wait to be sent to dst. What dst does not take
// stays.
func (w *IO) WriteTo(dst io.Writer) (int64, error) { return w.out.WriteTo(dst) }
