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

// ending is the state of a Conn that ends:
//
//	the Close event → finish: flush → wait for the peer's end → shut → gone
//	CloseNow, a time limit                                    → shut → gone
//
// finish runs once, on a goroutine of its own.
type ending struct {
	closing   bool        // deadlines no longer apply
	finishing bool        // finish has been started
	silent    bool        // there is nothing to wait for from the peer: hixie-75
	flushed   bool        // the last bytes have been written, or never will be
	shutting  bool        // the transport is being closed
	gone      bool        // the transport has been closed
	closedNow bool        // by CloseNow, before the Close event
	closeErr  *CloseError // set by the Close event

	peerClosed *CloseError // set by the PeerClose event of driver.Config.HoldClose
}

// CloseError is the error of ReadMessage at the end of a connection. Use errors.As
// to find it.
type CloseError struct {
	// Code is the code of the peer's close frame, driver.CodeNoStatus if the frame
	// had none, driver.CodeAbnormal if there was no frame, or the code with which
	// this side failed the connection.
	Code driver.Code

	// Reason is the text that belongs to Code, or "".
	Reason string

	err error
}

// Error returns the code and the reason or cause.
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

// Unwrap returns nil if the peer closed properly. Otherwise it returns a
// *driver.Error for a violation or a time limit, or an error that wraps
// io.ErrUnexpectedEOF if the transport ended first.
func (e *CloseError) Unwrap() error { return e.err }

// isOrderly reports whether the peer closed with 1000, with 1001 (the user left the
// page) or without a code (close without arguments in a browser).
func (e *CloseError) isOrderly() bool {
	return e.err == nil && (e.Code == driver.CodeNormal || e.Code == driver.CodeGoingAway || e.Code == driver.CodeNoStatus)
}

// isOver reports whether reading has ended. After the PeerClose event only Close
// reads.
func (c *Conn) isOver() bool {
	return c.closedNow || c.closeErr != nil || c.peerClosed != nil && !c.closing
}

// overError returns the error of reading after the end.
func (c *Conn) overError() error {
	switch {
	case c.closeErr != nil:
		return c.closeErr
	case c.peerClosed != nil:
		return c.peerClosed
	}
	return fmt.Errorf("websocket: %w", net.ErrClosed)
}

// held handles the PeerClose event: nothing more is read, and messages may be sent
// until this side closes, too. The caller must have the turn to read.
func (c *Conn) held(ev driver.Event) error {
	c.peerClosed = &CloseError{Code: ev.Code, Reason: string(ev.Data)}
	c.reader, c.in = nil, nil
	c.input.release()
	c.wake.Broadcast() // pings are not answered any longer
	c.arm()
	return c.peerClosed
}

// answered handles the Close event that follows the answer to a close frame that was
// held.
func (c *Conn) answered() {
	if c.reading { // Close is handling it
		return
	}
	c.reading = true
	defer c.endRead()
	if _, ev := c.d.Parse(nil); ev.Kind == driver.Close {
		_ = c.closed(ev)
	}
}

// closed handles the Close event. It returns when the reply has been written. The
// caller has the turn to read.
func (c *Conn) closed(ev driver.Event) error {
	err := c.d.Err()
	switch {
	case err != io.ErrUnexpectedEOF:
	case c.rare != nil && c.rare.stallError != nil:
		err = fmt.Errorf("%w: %w", err, c.rare.stallError)
	case c.readErr != nil && c.readErr != io.EOF:
		err = fmt.Errorf("%w: %w", err, c.readErr)
	}
	c.closeErr = &CloseError{Code: ev.Code, Reason: string(ev.Data), err: err}
	c.reader, c.in = nil, nil
	c.input.release()
	c.wake.Broadcast() // blocked senders fail now
	c.arm()
	c.startFinish()
	for !c.flushed {
		c.wake.Wait()
	}
	return c.closeErr
}

// WriteClose sends a close frame and returns when it has been written to the
// transport; the write deadline applies as in WriteMessage. Reading continues: what
// the peer sent before its reply is delivered, then ReadMessage returns the
// *CloseError. Code and reason are as in driver.Close. In hixie-75, which has no
// closing handshake, WriteClose closes the transport.
//
// With driver.Config.HoldClose ReadMessage returns the *CloseError as soon as the peer
// has sent a close frame, and messages may be sent until WriteClose or Close answers
// it: see RelayCode.
func (c *Conn) WriteClose(code driver.Code, reason string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.outputError(); err != nil {
		return err
	}
	if err := c.d.Close(code, reason); err != nil {
		return err
	}
	c.settle()
	c.wake.Broadcast() // blocked senders fail now
	err := c.flush()
	c.finishSilently()
	return err
}

// Close closes the connection: it sends a close frame, waits at most
// Config.CloseTimeout for the peer's reply, and closes the transport. If ctx ends
// first, Close acts as CloseNow. Code and reason are as in driver.Close; if they are
// not valid, Close does nothing but return the error.
//
// A concurrent ReadMessage continues until it has a message or the *CloseError.
// Messages that arrive while no call reads are discarded. To receive them, call
// WriteClose and keep reading. Before the handshake is complete, Close acts as
// CloseNow.
//
// The error is nil if the peer closed properly, now or before. Otherwise it is the
// *CloseError or the error of ctx. Deadlines no longer apply.
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
	c.wake.Broadcast() // blocked senders fail now
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

// CloseNow closes the transport immediately, without a closing handshake.
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

// finishSilently ends a connection whose close needs no reply: the driver has a
// Close event that a blocked reader does not know of.
func (c *Conn) finishSilently() {
	switch {
	case c.d.State() != driver.StateClosed || c.closeErr != nil:
	case c.peerClosed != nil:
		c.answered()
	default:
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

// finish writes what is left and closes the transport. Before that it waits for the
// peer to end the transport if that is the peer's part, or if closing could destroy
// data that is still being transmitted.
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
	case c.needs(driver.NeedInput): // section 7.1.1: the server closes first; CloseTimeout is running
		timer.Stop()
		c.awaitEnd()
	case c.closeErr.err != nil && !c.client:
		// If input is unread, closing now resets a TCP connection, and the peer may
		// never see the reason.
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

// ignoreDeadlines disables deadlines: from now on the time limits of the closing
// handshake apply.
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

// shut closes the transport, once. It unlocks while it does. If now is set, it does
// not wait for TLS to write its alert.
func (c *Conn) shut(now bool) {
	if c.shutting {
		return
	}
	c.shutting = true
	c.stopTimers()
	c.d.EOF() // the driver releases its buffers, even if nothing reads from now on
	closeTransport := c.rwc.Close
	if now {
		closeTransport = func() error { return Abort(c.rwc) }
	}
	c.mu.Unlock()
	_ = closeTransport()
	c.mu.Lock()
	c.markGone()
}

// Abort closes a transport immediately. If it runs over a net.Conn, as a *tls.Conn
// does, Abort closes that instead, at the lowest level: Close of a *tls.Conn first
// writes an alert and may wait for it.
func Abort(transport io.Closer) error {
	for {
		t, ok := transport.(interface{ NetConn() net.Conn })
		if !ok {
			return transport.Close()
		}
		transport = t.NetConn()
	}
}

func (c *Conn) stopTimers() {
	c.disarm()
	if c.rare == nil {
		return
	}
	for _, t := range []*time.Timer{c.rare.alarm, c.rare.stall} {
		if t != nil {
			t.Stop()
		}
	}
}
