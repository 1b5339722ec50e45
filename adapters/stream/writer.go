package stream

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/sans-io/websocket-driver/driver"
)

// maxFragment is the maximum payload of a fragment of NextWriter, in bytes. No more
// of a stream is queued at a time.
const maxFragment = 32 << 10

// messageWriter is a message that is sent as a stream. outbound.message points to it
// until its last fragment has been queued.
type messageWriter struct {
	c        *Conn
	kind     driver.Kind
	ended    bool
	held     []*driver.Prepared // broadcasts that wait for the end of the message
	heldSize int                // bytes of payload in held
	size     int                // bytes of payload so far
}

// NextWriter begins a message of kind Text or Binary and returns a writer for its
// payload. What is written is sent in fragments, and the length of the message need
// not be known. Close ends the message.
//
// Until then all other messages wait; control frames do not. So a writer that is
// never closed blocks all senders until the write deadline or the end of the
// connection. Each Write sends a frame or, above 32 KiB, several. For many short
// writes use a bufio.Writer.
//
// Write does not retain p. It returns how many bytes have been queued, also with an
// error; after os.ErrDeadlineExceeded the rest may be written later. A Write of Text
// may end inside a UTF-8 sequence. If the message would, Close returns
// driver.ErrInvalidUTF8 and the message does not end. A writer is for one goroutine
// at a time.
func (c *Conn) NextWriter(kind driver.Kind) (io.WriteCloser, error) {
	c.lock()
	defer c.unlock()
	if kind != driver.Text && kind != driver.Binary {
		return nil, fmt.Errorf("%w: a streamed message of kind %d (%v); use driver.Text or Binary", driver.ErrInvalid, kind, kind)
	}
	if err := c.admit(context.Background()); err != nil {
		return nil, err
	}
	if c.isClosing() {
		return nil, driver.ErrClosed
	}
	c.out.message = &messageWriter{c: c, kind: kind}
	return c.out.message, nil
}

// Write sends p as the next part of the message: see NextWriter.
func (w *messageWriter) Write(p []byte) (n int, err error) {
	c := w.c
	c.lock()
	defer c.unlock()
	for err == nil && n < len(p) {
		part := p[n:min(len(p), n+maxFragment)]
		if err = w.send(part, false); err == nil {
			n += len(part)
			err = c.leave(context.Background())
		}
	}
	return n, err
}

// Close ends the message: see NextWriter.
func (w *messageWriter) Close() error {
	c := w.c
	c.lock()
	defer c.unlock()
	err := w.send(nil, true)
	if err != nil && !errors.Is(err, driver.ErrClosed) {
		return err
	}
	w.ended, c.out.message = true, nil
	for _, m := range w.held {
		_ = c.sendPrepared(m)
	}
	w.held = nil
	c.wake.Broadcast()
	if err != nil {
		return err
	}
	return c.leave(context.Background())
}

// send queues a fragment as soon as there is room for it.
func (w *messageWriter) send(p []byte, fin bool) error {
	c := w.c
	for {
		switch {
		case c.out.err != nil:
			return c.out.err
		case w.ended:
			return fmt.Errorf("%w: the message has ended", driver.ErrState)
		case fin || !c.isFull(0) || c.isClosing():
			if err := c.d.Fragment(w.kind, p, fin); err != nil {
				return err
			}
			if w.size += len(p); fin {
				c.o.Trace.sent(c, w.kind, w.size)
			}
			return nil
		}
		if err := c.waitRoom(context.Background()); err != nil {
			return err
		}
	}
}
