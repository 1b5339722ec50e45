package stream

import (
	"fmt"
	"io"
	"os"

	"github.com/sans-io/websocket-driver/driver"
)

// output is the writing half of a Conn.
//
// What a send queues leaves with the next batch, which is all that the driver
// gives at one Take. Batches are counted: a send waits until its own has been
// written. Whoever finds that nobody writes, does it; the others wait.
type output struct {
	flushing bool   // a goroutine writes, or has been started to do so
	waiting  int    // goroutines in flush
	batch    []byte // taken from the driver last
	rest     []byte // the part of it that has not been written
	taken    uint64 // batches taken
	written  uint64 // batches written
	writeErr error  // what the transport's Write has ended with

	writer *messageWriter // of the message that NextWriter has begun, if any

	// apart says that a write which is cut off could not be gone on with, as in
	// TLS. Then a goroutine of its own writes, and a deadline ends only the waiting
	// for it.
	apart       bool
	calling     bool // a caller writes, whom the deadline interrupts
	interrupted bool // and has interrupted

	background func() // flushBackground, made once
}

// WriteMessage sends p as one message of kind Text or Binary, or as a Ping or
// Pong. It keeps no reference to p. Messages of several goroutines are never
// mixed.
//
// It returns when the transport has taken the bytes. Beyond
// driver.Config.MaxBuffered, Text and Binary do first what Options.Slow says, and they wait for the end of a
// message of NextWriter.
//
// Errors of the driver, such as driver.ErrClosed and driver.ErrFull, mean that
// the message has not been sent; if the write deadline has passed before it could
// be queued, the error wraps both driver.ErrFull and os.ErrDeadlineExceeded. With
// any other error that wraps os.ErrDeadlineExceeded the message has been queued
// and leaves in the background: it need not be sent again.
func (c *Conn) WriteMessage(kind driver.Kind, p []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.send(kind, p); err != nil {
		return err
	}
	return c.flush()
}

// Queue is WriteMessage without waiting for the transport: it returns when the
// message is queued, which leaves in the background, in one write with what else
// is queued by then. Errors of the transport are those of a later call. Whoever
// sends one message for each that is read spares writes with it.
func (c *Conn) Queue(kind driver.Kind, p []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.send(kind, p); err != nil {
		return err
	}
	c.kick()
	return nil
}

// send queues a message when it may be.
func (c *Conn) send(kind driver.Kind, p []byte) error {
	admit := c.sendError
	if kind == driver.Text || kind == driver.Binary {
		admit = c.admit
	}
	if err := admit(); err != nil {
		return err
	}
	switch kind {
	case driver.Text:
		return c.sent(c.d.Text(p))
	case driver.Binary:
		return c.sent(c.d.Binary(p))
	case driver.Ping:
		return c.sent(c.d.Ping(p))
	case driver.Pong:
		return c.sent(c.d.Pong(p))
	}
	return fmt.Errorf("%w: sending %v", driver.ErrUnsupported, kind)
}

// sent does what is due when the driver has queued something, or has said why
// not, and returns err.
func (c *Conn) sent(err error) error {
	c.arm() // extensions may ask for a Tick
	if err != nil {
		c.kick() // one that fails ends the connection, with a close frame
	}
	return err
}

// Flush returns when the transport has taken all that is queued: what a passed
// deadline has left behind, and what Queue leaves to the background.
func (c *Conn) Flush() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.sendError(); err != nil {
		return err
	}
	return c.flush()
}

// sendError returns why nothing can be written any more, or nil.
func (c *Conn) sendError() error {
	if c.closedNow {
		return c.overError()
	}
	return c.writeErr
}

// unsent reports whether bytes wait to be written.
func (c *Conn) unsent() bool { return len(c.rest) > 0 || c.d.Buffered() > 0 }

// flush returns when all that is queued now has been written.
func (c *Conn) flush() error {
	last := c.taken
	if c.d.Buffered() > 0 {
		last++
	}
	var err error
	c.waiting++
	for c.written < last && c.writeErr == nil && err == nil {
		switch {
		case c.isExpired():
			err = os.ErrDeadlineExceeded
		case !c.flushing && c.apart:
			c.kick()
		case !c.flushing:
			c.calling = true
			c.writeBatch()
		default:
			c.wake.Wait()
		}
	}
	c.waiting--
	if c.writeErr != nil && c.written < last {
		return c.writeErr
	}
	if c.waiting == 0 {
		c.kick()
	}
	return err
}

// kick has a goroutine write what waits, unless one does already.
func (c *Conn) kick() {
	if !c.flushing && c.unsent() && c.writeErr == nil {
		c.flushing = true
		go c.background()
	}
}

// flushBackground writes until nothing waits, or until somebody else can.
func (c *Conn) flushBackground() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.unsent() && c.writeErr == nil {
		c.writeBatch()
		if c.waiting > 0 && !c.apart {
			break
		}
	}
	c.flushing = false
	c.wake.Broadcast()
}

// writeBatch writes what is left of the last batch, or the next. It unlocks
// meanwhile. An error stays in writeErr.
func (c *Conn) writeBatch() {
	c.flushing = true
	if len(c.rest) == 0 {
		c.rest = c.d.Take(nil)
		c.batch = c.rest
		c.taken++
	}
	rest := c.rest
	b := rest
	if c.writeTimeout > 0 {
		b = rest[:min(len(rest), maxChunk)]
		c.startStall()
	}
	c.mu.Unlock()
	n, err := c.rwc.Write(b)
	c.mu.Lock()
	n = min(max(n, 0), len(b))
	c.endStall()
	switch {
	case c.endInterrupt() && isTimeout(err):
		err = nil
	case isTimeout(err): // not of our making, so it is the end, which a deadline's error is not
		err = fmt.Errorf("websocket: the transport has timed out: %v", err)
	case err == nil && n < len(b):
		err = io.ErrShortWrite
	}
	c.flushing = false
	c.wake.Broadcast()
	if n == len(rest) {
		c.written = c.taken
		buffers.Put(c.batch)
		c.batch, c.rest = nil, nil
	} else if c.writeErr == nil {
		c.rest = rest[n:]
	}
	if err != nil {
		c.failWrite(err)
	}
}

// failWrite notes that nothing can be written any more.
func (c *Conn) failWrite(err error) {
	if c.writeErr == nil {
		c.writeErr = err
	}
	c.batch, c.rest = nil, nil // the transport may still read them
	c.wake.Broadcast()
}
