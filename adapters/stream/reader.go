package stream

import (
	"bytes"
	"fmt"
	"io"
	"time"

	"github.com/sans-io/websocket-driver/driver"
)

// messageReader is the message under way, from its first piece on:
//
//	kept, where a deadline has cut ReadMessage → given, by NextReader
//
// It leaves Conn.reader with the last byte of the message, or when ReadMessage
// takes up what was kept.
type messageReader struct {
	c     *Conn
	kind  driver.Kind
	given bool   // somebody has it as an io.Reader
	final bool   // data is the last piece
	own   bool   // data is no part of a buffer of the Conn or the driver
	data  []byte // not read yet
	err   error  // what every Read returns from now on
}

// NextReader waits for the next message and returns its kind, Text or Binary,
// and its payload as a stream, which arrives as it is read: memory stays the
// same however long the message is. Config.MaxMessage counts all the same, -1
// lifts it. What NextReader or ReadMessage finds unread of an earlier message is
// skipped; its reader then returns an error that wraps driver.ErrState.
//
// The reader returns io.EOF behind the last byte, and the errors of ReadMessage,
// of which os.ErrDeadlineExceeded leaves everything as it is: with a new deadline
// reading goes on with the next byte. A text may be cut inside a rune. Like
// ReadMessage it is for one goroutine at a time.
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

// skip passes over the rest of a message whose reader has been given away. The
// caller has the turn to read.
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

// tick is the driver's Tick, which may invalidate the piece that is being read.
func (c *Conn) tick(now time.Time) (ended bool) {
	if r := c.reader; r != nil && !r.own {
		r.data, r.own = bytes.Clone(r.data), true
	}
	return c.d.Tick(now)
}
