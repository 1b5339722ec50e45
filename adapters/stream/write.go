package stream

import (
	"fmt"
	"io"
	"os"

	"github.com/sans-io/websocket-driver/driver"
)

// output is the writing half of a Conn.
//
// What a send queues is written with the next batch, which is the result of one Take.
// Batches are counted: a send waits until its own has been written. The first sender
// that finds no writer becomes the writer; the others wait.
type output struct {
	flushing  bool   // a goroutine is writing, or has been started to
	waiting   int    // number of goroutines in flush
	batch     []byte // last batch taken from the driver
	unwritten []byte // the part of it that has not been written
	taken     uint64 // number of batches taken
	written   uint64 // number of batches written
	writeErr  error  // error of the transport's Write

	writer *messageWriter // of the message of NextWriter in progress, if any

	// backgroundOnly is set if an interrupted write could not be resumed, as in TLS.
	// Then only a background goroutine writes, and a deadline ends only the waiting.
	backgroundOnly bool
	callerWrites   bool // the write in progress is that of a sender, which the deadline interrupts
	interrupted    bool // the deadline has interrupted it

	background func() // flushBackground, allocated once
}

// WriteMessage sends p as one message of kind Text or Binary, or as a Ping or Pong.
// It does not retain p. Messages of several goroutines are never mixed.
//
// It returns when the transport has taken the bytes. Text and Binary messages wait
// for the end of a message of NextWriter, and while driver.Config.MaxBuffered bytes
// are queued, Options.Slow applies to them.
//
// Errors of the driver, such as driver.ErrClosed and driver.ErrFull, mean that the
// message has not been sent. If the write deadline passed before the message could
// be queued, the error wraps both driver.ErrFull and os.ErrDeadlineExceeded. With
// any other error that wraps os.ErrDeadlineExceeded, the message has been queued and
// is written in the background: it need not be sent again.
func (c *Conn) WriteMessage(kind driver.Kind, p []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.send(kind, p); err != nil {
		return err
	}
	return c.flush()
}

// Queue is WriteMessage without waiting for the transport. It returns when the
// message has been queued. The message is written in the background, in one write
// with what else is queued by then. A later call returns the errors of the transport.
// A loop that sends a message for each one it reads needs fewer writes with Queue.
func (c *Conn) Queue(kind driver.Kind, p []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.send(kind, p); err != nil {
		return err
	}
	c.kick()
	return nil
}

// send queues a message as soon as it is admitted.
func (c *Conn) send(kind driver.Kind, p []byte) error {
	admit := c.outputError
	if kind == driver.Text || kind == driver.Binary {
		admit = c.admit
	}
	if err := admit(); err != nil {
		return err
	}
	switch kind {
	case driver.Text:
		return c.afterSend(c.d.Text(p))
	case driver.Binary:
		return c.afterSend(c.d.Binary(p))
	case driver.Ping:
		return c.afterSend(c.d.Ping(p))
	case driver.Pong:
		return c.afterSend(c.d.Pong(p))
	}
	return kindError(kind)
}

// kindError returns the error for a message of a kind that cannot be sent.
func kindError(kind driver.Kind) error {
	if kind == driver.Close {
		return fmt.Errorf("%w: a message of kind %d (%v); use WriteClose", driver.ErrInvalid, kind, kind)
	}
	return fmt.Errorf("%w: a message of kind %d (%v); kinds are not opcodes, use driver.Text, Binary, Ping or Pong",
		driver.ErrInvalid, kind, kind)
}

// afterSend sets the timer after a call of the driver that sends, and returns the
// error of that call.
func (c *Conn) afterSend(err error) error {
	c.arm() // extensions may ask for a Tick
	if err != nil {
		c.kick() // an extension that fails ends the connection with a close frame
	}
	return err
}

// Flush returns when the transport has taken everything that is queued: by Queue,
// and by calls that returned because of a deadline.
func (c *Conn) Flush() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.outputError(); err != nil {
		return err
	}
	return c.flush()
}

// outputError returns the reason why nothing can be written, or nil.
func (c *Conn) outputError() error {
	if c.closedNow {
		return c.overError()
	}
	return c.writeErr
}

// unsent reports whether bytes wait to be written.
func (c *Conn) unsent() bool { return len(c.unwritten) > 0 || c.d.Buffered() > 0 }

// flush returns when everything that is queued now has been written.
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
		case !c.flushing && c.backgroundOnly:
			c.kick()
		case !c.flushing:
			c.callerWrites = true
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

// kick starts a goroutine that writes what is queued, unless one is writing.
func (c *Conn) kick() {
	if !c.flushing && c.unsent() && c.writeErr == nil {
		c.flushing = true
		go c.background()
	}
}

// flushBackground writes until nothing is queued, or until a sender can write.
func (c *Conn) flushBackground() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.unsent() && c.writeErr == nil {
		c.writeBatch()
		if c.waiting > 0 && !c.backgroundOnly {
			break
		}
	}
	c.flushing = false
	c.wake.Broadcast()
}

// writeBatch writes the rest of the last batch, or the next batch. It unlocks
// meanwhile. An error is stored in writeErr.
func (c *Conn) writeBatch() {
	c.flushing = true
	if len(c.unwritten) == 0 {
		c.unwritten = c.d.Take(nil)
		c.batch = c.unwritten
		c.taken++
	}
	unwritten := c.unwritten
	b := unwritten
	if c.writeTimeout > 0 {
		b = unwritten[:min(len(unwritten), maxChunk)]
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
	case isTimeout(err): // not our deadline, so this ends the connection; the error must not look like a deadline
		err = fmt.Errorf("websocket: the transport has timed out: %v", err)
	case err == nil && n < len(b):
		err = io.ErrShortWrite
	}
	c.flushing = false
	c.wake.Broadcast()
	if n == len(unwritten) {
		c.written = c.taken
		buffers.Put(c.batch)
		c.batch, c.unwritten = nil, nil
	} else if c.writeErr == nil {
		c.unwritten = unwritten[n:]
	}
	if err != nil {
		c.failWrite(err)
	}
}

// failWrite records that nothing can be written from now on.
func (c *Conn) failWrite(err error) {
	if c.writeErr == nil {
		c.writeErr = err
	}
	c.batch, c.unwritten = nil, nil // not reused: the transport may still read them
	c.wake.Broadcast()
}
