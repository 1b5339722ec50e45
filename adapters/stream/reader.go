package stream

import (
	"context"
	"fmt"
	"io"

	"github.com/sans-io/websocket-driver/driver"
)

// messageReader is the message in progress, from its first piece on. It is either
// kept, after a deadline has interrupted ReadMessage, or given to a caller of
// NextReader. It is removed from inbound.message with the last byte of the message,
// or when ReadMessage resumes a kept message.
type messageReader struct {
	c     *Conn
	kind  driver.Kind
	given bool   // NextReader has returned it
	final bool   // data is the last piece
	own   bool   // data is not part of a buffer of the Conn or the driver
	data  []byte // not read yet
	size  int    // bytes of the pieces so far, for Trace
	err   error  // of every Read from now on
}

// NextReader waits for the next message and returns its kind, Text or Binary, and a
// reader of its payload. The payload is received as it is read, so memory does not
// grow with the length of the message. Config.MaxMessage applies nevertheless; -1
// disables it. NextReader and ReadMessage skip what has not been read of an earlier
// message, and its reader then returns an error that wraps driver.ErrState.
//
// The reader returns io.EOF after the last byte, and the errors of ReadMessage.
// After one that wraps os.ErrDeadlineExceeded, reading continues with the next byte
// once there is a new deadline. A Read may end inside a UTF-8 sequence. Like
// ReadMessage, the reader is for one goroutine at a time.
func (c *Conn) NextReader() (driver.Kind, io.Reader, error) {
	c.lock()
	defer c.unlock()
	if err := c.takeTurn(context.Background()); err != nil {
		return driver.None, nil, err
	}
	defer c.passTurn()
	if err := c.skip(); err != nil {
		return driver.None, nil, err
	}
	if c.in.message == nil {
		r := &messageReader{c: c}
		if err := r.next(); err != nil {
			return driver.None, nil, err
		}
		if c.in.closed { // meanwhile, and the buffers are those of its goroutine
			return driver.None, nil, errCloseRead
		}
		c.in.message = r
	}
	c.in.message.given = true
	return c.in.message.kind, c.in.message, nil
}

// skip discards the rest of a message whose reader NextReader has returned. The
// caller must have the turn to read.
func (c *Conn) skip() error {
	r := c.in.message
	if r == nil || !r.given {
		return nil
	}
	r.data = nil
	r.err = fmt.Errorf("%w: the rest of this message has been skipped", driver.ErrState)
	for !r.final {
		if err := r.next(); err != nil {
			return err
		}
		r.data = nil
	}
	c.in.message = nil
	return nil
}

// next takes the next piece of the message. The caller must have the turn to read.
func (r *messageReader) next() error {
	ev, err := r.c.piece()
	if err != nil {
		return err
	}
	r.take(ev)
	return nil
}

// take makes ev the current piece.
func (r *messageReader) take(ev driver.Event) {
	if r.data, r.final, r.own = ev.Data, ev.Final, false; ev.Kind != driver.Continuation {
		r.kind = ev.Kind
	}
	if r.size += len(ev.Data); ev.Final {
		r.c.o.Trace.received(r.c, r.kind, r.size)
	}
}

// Read reads from the message: see NextReader.
func (r *messageReader) Read(p []byte) (int, error) {
	c := r.c
	c.lock()
	defer c.unlock()
	if r.err != nil || len(p) == 0 {
		return 0, r.err
	}
	if err := c.takeTurn(context.Background()); err != nil {
		return 0, err
	}
	defer c.passTurn()
	if r.err != nil { // skipped while Read waited for its turn
		return 0, r.err
	}
	for len(r.data) == 0 && !r.final {
		if err := r.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.data)
	if r.data = r.data[n:]; r.final && len(r.data) == 0 {
		c.in.message, r.err = nil, io.EOF
	}
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}
