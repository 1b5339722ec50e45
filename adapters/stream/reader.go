package stream

import (
	"bytes"
	"fmt"
	"io"
	"time"

	"github.com/sans-io/websocket-driver/driver"
)

// messageReader is the message in progress, from its first piece on. It is either
// kept, after a deadline has interrupted ReadMessage, or given to a caller of
// NextReader. It is removed from Conn.reader with the last byte of the message, or
// when ReadMessage resumes a kept message.
type messageReader struct {
	c     *Conn
	kind  driver.Kind
	given bool   // NextReader has returned it
	final bool   // data is the last piece
	own   bool   // data is not part of a buffer of the Conn or the driver
	data  []byte // not read yet
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
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.beginRead(); err != nil {
		return driver.None, nil, err
	}
	defer c.endRead()
	if err := c.skip(); err != nil {
		return driver.None, nil, err
	}
	if c.reader == nil {
		ev, err := c.piece()
		if err != nil {
			return driver.None, nil, err
		}
		c.reader = &messageReader{c: c, kind: ev.Kind, data: ev.Data, final: ev.Final}
	}
	c.reader.given = true
	return c.reader.kind, c.reader, nil
}

// skip discards the rest of a message whose reader NextReader has returned. The
// caller must have the turn to read.
func (c *Conn) skip() error {
	r := c.reader
	if r == nil || !r.given {
		return nil
	}
	r.data = nil
	r.err = fmt.Errorf("%w: the rest of this message has been skipped", driver.ErrState)
	for !r.final {
		ev, err := c.piece()
		if err != nil {
			return err
		}
		r.final = ev.Final
	}
	c.reader = nil
	return nil
}

// Read reads from the message: see NextReader.
func (r *messageReader) Read(p []byte) (int, error) {
	c := r.c
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.err != nil || len(p) == 0 {
		return 0, r.err
	}
	if err := c.beginRead(); err != nil {
		return 0, err
	}
	defer c.endRead()
	if r.err != nil { // skipped while Read waited for its turn
		return 0, r.err
	}
	for len(r.data) == 0 && !r.final {
		ev, err := c.piece()
		if err != nil {
			return 0, err
		}
		r.data, r.final, r.own = ev.Data, ev.Final, false
	}
	n := copy(p, r.data)
	if r.data = r.data[n:]; r.final && len(r.data) == 0 {
		c.reader, r.err = nil, io.EOF
		c.kick()
	}
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// tick calls the driver's Tick. It copies the piece that is being read first, which
// Tick may invalidate.
func (c *Conn) tick(now time.Time) (ended bool) {
	if r := c.reader; r != nil && !r.own {
		r.data, r.own = bytes.Clone(r.data), true
	}
	return c.d.Tick(now)
}
