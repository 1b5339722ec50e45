package stream

import (
	"context"
	"errors"

	"github.com/sans-io/websocket-driver/driver"
)

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

// Unwrap returns nil if the peer closed properly. Otherwise it returns what ended the
// connection: a *driver.Error for a violation or a time limit, an error that wraps
// io.ErrUnexpectedEOF if the transport ended first, one that wraps driver.ErrFull if
// SlowClose closed it, and one that wraps net.ErrClosed for Options.WriteTimeout.
func (e *CloseError) Unwrap() error { return e.err }

// isOrderly reports whether err says that the peer closed with 1000, with 1001 (the
// user left the page) or without a code (close without arguments in a browser).
func isOrderly(err error) bool {
	var e *CloseError
	return errors.As(err, &e) && e.err == nil &&
		(e.Code == driver.CodeNormal || e.Code == driver.CodeGoingAway || e.Code == driver.CodeNoStatus)
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
	c.lock()
	defer c.unlock()
	if c.out.err != nil {
		return c.out.err
	}
	if err := c.d.Close(code, reason); err != nil {
		return err
	}
	return c.flush(context.Background())
}

// Close closes the connection: it sends a close frame, waits at most
// Config.CloseTimeout for the peer's reply, and closes the transport. If ctx ends
// first, Close acts as CloseNow, and returns even if the Close of the transport does
// not. Code and reason are as in driver.Close; if they are not valid, Close does
// nothing but return the error.
//
// A concurrent ReadMessage continues until it has a message or the *CloseError.
// Messages that arrive while no call reads are discarded. To receive them, call
// WriteClose and keep reading. Before the handshake is complete, Close acts as
// CloseNow.
//
// The error is nil if the peer closed properly, now or before. Otherwise it is the
// *CloseError or the error of ctx. Deadlines no longer apply.
func (c *Conn) Close(ctx context.Context, code driver.Code, reason string) error {
	c.lock()
	defer c.unlock()
	if c.d.State() == driver.StateConnecting && !c.isOver() {
		c.closeNow()
		return c.overError()
	}
	if err := c.d.Close(code, reason); err != nil && !errors.Is(err, driver.ErrClosed) {
		return err
	}
	c.ignoreDeadlines()
	cut := false
	stop := context.AfterFunc(ctx, func() {
		c.lock()
		defer c.unlock()
		if cut = c.end.phase < gone; cut {
			c.closeNow()
			c.wake.Broadcast()
		}
	})
	defer stop()
	if !c.isOver() && !c.in.closed {
		go c.discard()
	}
	for c.end.phase < gone && !cut {
		c.wait()
	}
	c.fetchClose() // of a time limit
	switch e, _ := c.end.err.(*CloseError); {
	case e != nil && e.err == nil:
		return nil
	case cut:
		return context.Cause(ctx)
	}
	return c.overError()
}

// CloseNow closes the transport immediately, without a closing handshake. It returns
// when that has been done, at the latest after Options.FlushTimeout.
func (c *Conn) CloseNow() error {
	c.lock()
	defer c.unlock()
	c.closeNow()
	for c.end.phase < gone {
		c.wait()
	}
	return nil
}

func (c *Conn) closeNow() {
	c.setEnd(errClosed)
	c.failWrite(errClosed)
	c.shut()
}
