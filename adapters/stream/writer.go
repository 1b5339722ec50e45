package stream

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/sans-io/websocket-driver/driver"
)

// maxFragment is the maximum payload of a fragment of NextWriter, in bytes, unless
// Options.MinFragment is more. No more of a stream is queued at a time.
const maxFragment = 32 << 10

// messageWriter is a message that is sent as a stream. outbound.message points to it
// until its last fragment has been queued.
type messageWriter struct {
	c        *Conn
	kind     driver.Kind
	ended    bool
	gathered []byte             // at most Options.MinFragment bytes that have not been queued
	text     textCheck          // of what has been written
	held     []*driver.Prepared // broadcasts that wait for the end of the message
	heldSize int                // bytes of payload in held
	size     int                // bytes of payload that have been queued
}

// NextWriter begins a message of kind Text or Binary and returns a writer for its
// payload. What is written is sent in fragments, and the length of the message need
// not be known. Short writes are gathered up to Options.MinFragment; Close sends what
// has been gathered and ends the message.
//
// Until then all other messages wait; control frames do not. So a writer that is
// never closed blocks all senders until the write deadline or the end of the
// connection.
//
// Write does not retain p. It returns how many bytes have been queued or gathered,
// also with an error; after os.ErrDeadlineExceeded the rest may be written later. A
// Write of Text may end inside a UTF-8 sequence. If the message would, Close returns
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

// Write sends or gathers p as the next part of the message: see NextWriter.
func (w *messageWriter) Write(p []byte) (n int, err error) {
	c := w.c
	c.lock()
	defer c.unlock()
	if err := w.check(); err != nil {
		return 0, err
	}
	for n < len(p) {
		k, err := w.write(p[n:])
		if n += k; err != nil {
			return n, err
		}
	}
	return n, nil
}

// check returns why nothing can be written.
func (w *messageWriter) check() error {
	switch {
	case w.c.out.err != nil:
		return w.c.out.err
	case w.ended:
		return fmt.Errorf("%w: the message has ended", driver.ErrState)
	case w.c.isClosing():
		return driver.ErrClosed
	}
	return nil
}

// write sends or gathers the front of p, and returns its length.
func (w *messageWriter) write(p []byte) (int, error) {
	least := w.c.o.minFragment()
	direct := len(w.gathered) == 0 && len(p) >= least
	switch {
	case direct:
		p = p[:min(len(p), max(least, maxFragment))]
	case len(w.gathered) < least:
		p = p[:min(len(p), least-len(w.gathered))]
	default: // flush has failed
		return 0, w.flush()
	}
	text := w.text
	if w.kind == driver.Text {
		var ok bool
		if text, ok = text.next(p); !ok {
			return 0, driver.ErrInvalidUTF8
		}
	}
	if direct {
		if err := w.send(p, false); err != nil {
			return 0, err
		}
		w.text = text
		return len(p), w.c.leave(context.Background())
	}
	w.gathered, w.text = append(w.gathered, p...), text
	if len(w.gathered) == least {
		return len(p), w.flush()
	}
	return len(p), nil
}

// flush sends what has been gathered.
func (w *messageWriter) flush() error {
	if err := w.send(w.gathered, false); err != nil {
		return err
	}
	w.gathered = w.gathered[:0]
	return w.c.leave(context.Background())
}

// Close ends the message: see NextWriter.
func (w *messageWriter) Close() error {
	c := w.c
	c.lock()
	defer c.unlock()
	err := w.send(w.gathered, true)
	if err != nil && !errors.Is(err, driver.ErrClosed) {
		return err
	}
	w.ended, w.gathered, c.out.message = true, nil, nil
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
