package stream

import (
	"fmt"
	"net"

	"github.com/sans-io/websocket-driver/driver"
)

// Detach returns the transport to the caller, for a request of ReadRequest that is
// not for a WebSocket. It returns the head of the request as received, followed by
// the bytes that have been read after it; the caller owns them. The Conn is closed,
// the transport is not. If no request is waiting for its response, Detach does
// nothing and the error wraps driver.ErrState.
func (c *Conn) Detach() ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.beginRead(); err != nil {
		return nil, err
	}
	defer c.endRead()
	waits := c.needs(driver.NeedAnswer)
	p := c.d.Detach()
	if !waits || c.needs(driver.NeedAnswer) { // a client stays paused
		return nil, fmt.Errorf("%w: Detach is only possible between ReadRequest and Handshake", driver.ErrState)
	}
	p = append(p, c.in...)
	c.in = nil
	c.input.release()
	c.stopTimers()
	c.closedNow, c.shutting = true, true
	c.failWrite(fmt.Errorf("websocket: %w", net.ErrClosed))
	c.markGone()
	return p, nil
}
