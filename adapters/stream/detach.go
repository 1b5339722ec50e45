package stream

import (
	"context"
	"fmt"

	"github.com/sans-io/websocket-driver/driver"
)

// Detach returns the transport to the caller, for a request of ReadRequest that is
// not for a WebSocket. It returns the head of the request as received, followed by
// the bytes that have been read after it; the caller owns them. The Conn is closed,
// the transport is not. If no request is waiting for its response, Detach does
// nothing and the error wraps driver.ErrState.
func (c *Conn) Detach() ([]byte, error) {
	p, err := c.detach()
	if err == nil {
		c.leaveTransport(detached)
	}
	return p, err
}

func (c *Conn) detach() ([]byte, error) {
	c.lock()
	defer c.unlock()
	if err := c.takeTurn(context.Background()); err != nil {
		return nil, err
	}
	defer c.passTurn()
	waits := c.needs(driver.NeedAnswer)
	p := c.d.Detach()
	if !waits || c.needs(driver.NeedAnswer) { // a client stays paused
		return nil, fmt.Errorf("%w: Detach is only possible between ReadRequest and Handshake", driver.ErrState)
	}
	p = append(p, c.in.rest...)
	c.in.rest = nil
	c.releaseSource()
	c.stopTimers()
	c.end.phase, c.end.err, c.end.closing = shutting, errClosed, true
	c.end.traced = true // nothing has been refused
	c.failWrite(errClosed)
	return p, nil
}
