package stream

import (
	"errors"
	"fmt"
	"io"

	"github.com/sans-io/websocket-driver/driver"
)

// maxFragment is how many bytes of a Write become one fragment at most: so much
// is queued of a stream at once.
const maxFragment = 32 << 10

// messageWriter is a message that is sent as a stream. Conn.writer points to it
// until its last fragment has been queued.
type messageWriter struct {
	c      *Conn
	kind   driver.Kind
	ended  bool
	behind []*Prepared // broadcasts that have come meanwhile
	size   int         // bytes in behind
}

// NextWriter begins a message of kind Text or Binary that is sent as a stream: it
// leaves as it is written, in fragments, and its length need not be known. Close
// ends the message.
//
// Until then all other messages wait, control frames do not; so a writer that is
// never closed holds up everybody who sends, up to the write deadline or the end
// of the connection. Each Write is a frame of its own or, beyond 32 KiB, several:
// for many short ones put a bufio.Writer in between.
//
// Write keeps no reference to p and returns how many bytes have been queued, also
// with an error: after os.ErrDeadlineExceeded the rest may be written later. A
// write to Text may end inside a rune, the message may not: then Close returns
// driver.ErrInvalidUTF8, and the message has not ended. A writer is for one
// goroutine at a time.
func (c *Conn) NextWriter(kind driver.Kind) (io.WriteCloser, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if kind != driver.Text && kind != driver.Binary {
		return nil, fmt.Errorf("%w: a stream of kind %v", driver.ErrUnsupported, kind)
	}
	if err := c.admit(); err != nil {
		return nil, err
	}
	if c.d.State() > driver.StateOpen {
		return nil, driver.ErrClosed
	}
	c.writer = &messageWriter{c: c, kind: kind}
	return c.writer, nil
}

// Write sends p as the next part of the message: see NextWriter.
func (w *messageWriter) Write(p []byte) (n int, err error) {
	c := w.c
	c.mu.Lock()
	defer c.mu.Unlock()
	for err == nil && n < len(p) {
		part := p[n:min(len(p), n+maxFragment)]
		if err = w.send(part, false); err == nil {
			n += len(part)
			err = c.flush()
		}
	}
	return n, err
}

// Close ends the message: see NextWriter.
func (w *messageWriter) Close() error {
	c := w.c
	c.mu.Lock()
	defer c.mu.Unlock()
	err := w.send(nil, true)
	if err != nil && !errors.Is(err, driver.ErrClosed) {
		return err
	}
	w.ended, c.writer = true, nil
	for _, m := range w.behind {
		_ = c.d.SendPrepared(m.form(c.d.Variant()))
	}
	w.behind = nil
	c.wake.Broadcast()
	if err != nil {
		return err
	}
	return c.flush()
}

// send queues a fragment when it may be.
func (w *messageWriter) send(p []byte, fin bool) error {
	c := w.c
	for {
		err := c.sendError()
		switch {
		case err != nil:
			return err
		case w.ended:
			return fmt.Errorf("%w: the message has ended", driver.ErrState)
		case fin || !c.isFull() || c.d.State() > driver.StateOpen:
			return c.sent(c.d.Fragment(w.kind, p, fin))
		}
		if err := c.waitRoom(); err != nil {
			return err
		}
	}
}
