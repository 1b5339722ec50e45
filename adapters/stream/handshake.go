package stream

import (
	"context"
	"errors"
	"fmt"

	"github.com/sans-io/websocket-driver/driver"
)

// Handshake performs the opening handshake and returns when the connection is open,
// at once if it already is. A client sends its request and waits for the response. A
// server waits for the request, unless ReadRequest has returned it, and accepts it.
// A request that is not for a WebSocket is refused with 426.
//
// If the handshake fails, the transport is closed. The error wraps a *driver.Error,
// with the Status if either side refused, or io.ErrUnexpectedEOF, and Response
// returns the response. If ctx ends, the transport is closed too and the error is
// that of ctx. A deadline changes nothing: Handshake may be called again.
func (c *Conn) Handshake(ctx context.Context) error {
	return c.connect(ctx, func(ev driver.Event) (bool, error) {
		if ev.Kind == driver.Open || c.d.State() == driver.StateOpen {
			c.opened()
			if c.client { // what waits are messages, which must not delay reading: the server may be sending, too
				return true, nil
			}
			return true, c.flush(context.Background())
		}
		switch {
		case !c.needs(driver.NeedAnswer):
			return false, nil
		case c.client:
			return false, fmt.Errorf("%w: the handshake waits for driver.Respond", driver.ErrState)
		}
		return false, c.accept()
	})
}

// opened notes that the handshake is complete.
func (c *Conn) opened() {
	if !c.end.opened {
		c.end.opened = true
		c.o.Trace.opened(c)
	}
}

// accept answers the request.
func (c *Conn) accept() error {
	if err := c.d.Start(); err != nil {
		return c.d.Refuse(err)
	}
	return nil
}

// ReadRequest waits on a server for the request. The caller may inspect and modify
// it before Handshake accepts it or Reject refuses it. Errors are as in Handshake.
func (c *Conn) ReadRequest(ctx context.Context) (*driver.Request, error) {
	err := c.connect(ctx, func(driver.Event) (bool, error) { return c.needs(driver.NeedAnswer), nil })
	if err != nil {
		return nil, err
	}
	return c.Request(), nil
}

// Reject refuses the request that ReadRequest returned, with an HTTP status from 200
// to 599, and closes the transport. It returns when the response has been written.
func (c *Conn) Reject(status int, fields []driver.Field, body []byte) error {
	return c.refuse(func() error { return c.d.Reject(status, fields, body) })
}

// Refuse is Reject with the response for err, as in driver.Refuse: that of the
// *driver.Error that err is or wraps, such as one of driver.CheckOrigin, or 500.
func (c *Conn) Refuse(err error) error {
	return c.refuse(func() error { return c.d.Refuse(err) })
}

// refuse refuses the request with f and returns when the response has been written.
func (c *Conn) refuse(f func() error) error {
	c.lock()
	defer c.unlock()
	if err := c.takeTurn(context.Background()); err != nil {
		return err
	}
	defer c.passTurn()
	if err := f(); err != nil {
		return err
	}
	_, ev := c.d.Parse(nil)
	_ = c.peerEnded(ev)
	return c.out.err
}

// connect drives the handshake until done returns true or an error. done is called
// with each event and with the None after the last.
func (c *Conn) connect(ctx context.Context, done func(driver.Event) (bool, error)) error {
	if ctx.Done() != nil {
		stop := context.AfterFunc(ctx, func() { _ = c.CloseNow() })
		defer stop()
	}
	c.lock()
	defer c.unlock()
	if err := c.takeTurn(ctx); err != nil {
		return c.handshakeError(ctx, err)
	}
	defer c.passTurn()
	if c.client {
		if err := c.d.Start(); err != nil && !errors.Is(err, driver.ErrState) { // ErrState: already started
			return err
		}
	}
	for ev := (driver.Event{}); ; {
		ok, err := done(ev)
		if ok || err != nil {
			return c.handshakeError(ctx, err)
		}
		ev = c.parse()
		if ev.Kind == driver.Close {
			return c.handshakeError(ctx, c.peerEnded(ev))
		}
		if ev.Kind != driver.None || c.needs(driver.NeedAnswer) {
			continue
		}
		if err := c.flush(context.Background()); err != nil {
			return c.handshakeError(ctx, err)
		}
		if err := c.fill(); err != nil {
			return c.handshakeError(ctx, err)
		}
	}
}

// handshakeError returns the error of connect for err.
func (c *Conn) handshakeError(ctx context.Context, err error) error {
	var end *CloseError
	switch {
	case err == nil && c.end.err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err == nil:
		return c.overError()
	case !errors.As(err, &end) || end.err == nil:
		return err
	}
	var e *driver.Error
	if errors.As(end.err, &e) {
		return end.err
	}
	return fmt.Errorf("websocket: the connection ended during the opening handshake: %w", end.err)
}
