package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/sans-io/websocket-driver/driver"
)

// ending is how a Conn comes to its end:
//
//	the Close event → finish: flush → wait for the peer's end → shut → gone
//	CloseNow, a time limit                                    → shut → gone
//
// finish runs on a goroutine of its own, once.
type ending struct {
	closing   bool        // deadlines are ignored from now on
	finishing bool        // finish has been started
	silent    bool        // the peer has no part in the end: hixie-75
	flushed   bool        // the last bytes have left, or never will
	shutting  bool        // the transport is being closed
	gone      bool        // the transport has been closed
	closedNow bool        // by CloseNow, before the Close event
	closeErr  *CloseError // set by the Close event
}

// CloseError is the end of a connection, as ReadMessage returns it. errors.As
// finds it.
type CloseError struct {
	// Code is what the peer's close frame said, driver.CodeNoStatus if it said
	// nothing, driver.CodeAbnormal if there was none, or the code with which this
	// side failed the connection.
	Code driver.Code

	// Reason is the text that goes with Code, or "".
	Reason string

	err error
}

// Error returns the code and why.
func (e *CloseError) Error() string {
	text := "websocket: closed with " + e.Code.String()
	switch {
	case e.Reason != "":
		text += ": " + e.Reason
	case e.err != nil:
		text += ": " + e.err.Error()
	}
	return text
}

// Unwrap returns nil if the peer closed properly, else a *driver.Error for a
// violation or a time limit, or an error that wraps io.ErrUnexpectedEOF where the
// transport ended first.
func (e *CloseError) Unwrap() error { return e.err }

// isOrderly reports whether the peer has said that it is done: 1000, 1001 (a page
// has been left) or no code at all (a browser's close without arguments).
func (e *CloseError) isOrderly() bool {
	return e.err == nil && (e.Code == driver.CodeNormal || e.Code == driver.CodeGoingAway || e.Code == driver.CodeNoStatus)
}

// isOver reports whether nothing can be read any more.
func (c *Conn) isOver() bool { return c.closedNow || c.closeErr != nil }

// overError is what reading returns then.
func (c *Conn) overError() error {
	if c.closeErr != nil {
		return c.closeErr
	}
	return fmt.Errorf("websocket: %w", net.ErrClosed)
}

// closed notes the Close event, and returns once the answer has left. The caller
// has the turn to read.
func (c *Conn) closed(ev driver.Event) error {
	err := c.d.Err()
	switch {
	case err != io.ErrUnexpectedEOF:
	case c.x != nil && c.x.givenUp != nil:
		err = fmt.Errorf("%w: %w", err, c.x.givenUp)
	case c.readErr != nil && c.readErr != io.EOF:
		err = fmt.Errorf("%w: %w", err, c.readErr)
	}
	c.closeErr = &CloseError{Code: ev.Code, Reason: string(ev.Data), err: err}
	c.reader, c.in = nil, nil
	c.input.release()
	c.wake.Broadcast() // who waits to send will not any more
	c.arm()
	c.startFinish()
	for !c.flushed {
		c.wake.Wait()
	}
	return c.closeErr
}

// WriteClose sends a close frame and returns when the transport has taken it; the
// write deadline counts as for WriteMessage. Reading goes on: what the peer sent
// before its answer is delivered, then ReadMessage returns the *CloseError. Code
// and reason are as in driver.Close. In hixie-75, which has no closing handshake,
// the transport is closed.
func (c *Conn) WriteClose(code driver.Code, reason string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.sendError(); err != nil {
		return err
	}
	if err := c.d.Close(code, reason); err != nil {
		return err
	}
	c.settle()
	c.wake.Broadcast() // who waits to send will not any more
	err := c.flush()
	c.finishSilently()
	return err
}

// Close closes the connection: it sends a close frame, waits for the peer's
// answer within Config.CloseTimeout, and closes the transport. When ctx ends
// before, Close is CloseNow. Code and reason are as in driver.Close; if they may
// not be sent, nothing has happened.
//
// A ReadMessage under way goes on until it has a message or the *CloseError;
// messages that come when nobody reads are thrown away. To receive them call
// WriteClose instead and read on. Before the handshake is complete, Close is
// CloseNow.
//
// The error is nil if the peer closed properly, now or before, else the
// *CloseError, or that of ctx. Deadlines do not count any more.
func (c *Conn) Close(ctx context.Context, code driver.Code, reason string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.d.State() == driver.StateConnecting && !c.isOver() {
		c.closeNow()
		return c.overError()
	}
	if err := c.d.Close(code, reason); err != nil && !errors.Is(err, driver.ErrClosed) {
		return err
	}
	c.ignoreDeadlines()
	c.settle()
	c.wake.Broadcast() // who waits to send will not any more
	c.finishSilently()
	cut := false
	stop := context.AfterFunc(ctx, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		cut = !c.gone
		c.closeNow()
	})
	defer stop()
	if c.beginRead() == nil {
		var err error
		for err == nil {
			_, err = c.piece()
		}
		c.endRead()
	}
	for !c.gone {
		c.wake.Wait()
	}
	switch {
	case c.closeErr != nil && c.closeErr.err == nil:
		return nil
	case cut:
		return context.Cause(ctx)
	}
	return c.overError()
}

// CloseNow closes the transport at once, without a closing handshake.
func (c *Conn) CloseNow() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closeNow()
	return nil
}

func (c *Conn) closeNow() {
	c.closedNow = c.closeErr == nil
	c.failWrite(fmt.Errorf("websocket: %w", net.ErrClosed))
	c.shut(true)
}

// finishSilently ends a connection that needs no answer to its close: the Close
// event waits, but whoever reads does not know.
func (c *Conn) finishSilently() {
	if c.d.State() == driver.StateClosed && c.closeErr == nil {
		c.silent = true
		c.startFinish()
	}
}

func (c *Conn) startFinish() {
	switch {
	case c.shutting:
		c.flushed = true
	case !c.finishing:
		c.finishing = true
		c.ignoreDeadlines()
		go c.finish()
	}
}

// finish writes what is left, waits for the peer to end the transport where that
// is its part or where closing could destroy what is under way, and closes.
func (c *Conn) finish() {
	c.mu.Lock()
	defer c.mu.Unlock()
	timer := time.AfterFunc(c.flushTimeout, c.onFlushTimeout)
	defer timer.Stop()
	for c.unsent() && c.writeErr == nil {
		if c.flushing {
			c.wake.Wait()
		} else {
			c.writeBatch()
		}
	}
	c.flushed = true
	c.wake.Broadcast()
	switch {
	case c.silent, c.readErr != nil, c.shutting:
	case c.needs(driver.NeedInput): // section 7.1.1: the server closes first, and the driver's clock runs
		timer.Stop()
		c.awaitEnd()
	case c.closeErr.err != nil && !c.client:
		// Input may wait unread. Closing now would reset a TCP connection, and
		// the peer might never see why.
		c.mu.Unlock()
		if w, ok := c.rwc.(interface{ CloseWrite() error }); ok && w.CloseWrite() == nil {
			c.mu.Lock()
			c.awaitEnd()
		} else {
			c.mu.Lock()
		}
	}
	c.shut(false)
}

// awaitEnd reads until the transport ends.
func (c *Conn) awaitEnd() {
	c.mu.Unlock()
	var err error
	for err == nil || isTimeout(err) {
		_, err = c.input.read()
	}
	c.input.release()
	c.mu.Lock()
	c.d.EOF()
}

func (c *Conn) onFlushTimeout() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shut(true)
}

// ignoreDeadlines makes deadlines ineffective: from now on the time limits of
// the closing handshake count.
func (c *Conn) ignoreDeadlines() {
	if c.closing {
		return
	}
	c.closing = true
	if r, ok := c.rwc.(interface{ SetReadDeadline(time.Time) error }); ok {
		_ = r.SetReadDeadline(time.Time{})
	}
	c.setDeadline(time.Time{})
}

// shut closes the transport, once. It unlocks meanwhile. now says that what the
// transport might have to say at its end is left out.
func (c *Conn) shut(now bool) {
	if c.shutting {
		return
	}
	c.shutting = true
	c.stopTimers()
	c.d.EOF() // what only makes the driver faster is let go of, though nobody may read on
	closer := io.Closer(c.rwc)
	for now { // TLS would wait to say goodbye, and TLS in TLS twice
		t, ok := closer.(interface{ NetConn() net.Conn })
		if !ok {
			break
		}
		closer = t.NetConn()
	}
	c.mu.Unlock()
	_ = closer.Close()
	c.mu.Lock()
	c.gone = true
	c.leave()
	c.wake.Broadcast()
}

func (c *Conn) stopTimers() {
	c.disarm()
	if c.x == nil {
		return
	}
	for _, t := range []*time.Timer{c.x.alarm, c.x.stall} {
		if t != nil {
			t.Stop()
		}
	}
}
