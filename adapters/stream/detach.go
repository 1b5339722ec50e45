package stream

import (
	"fmt"
	"net"

	"github.com/sans-io/websocket-driver/driver"
)

// Detach gives the transport back, for a request that ReadRequest has returned
// and that is not for a WebSocket. It returns the head of the request as it came
// and the bytes behind it that have been read already; the caller owns them. The
// Conn is closed then, and the transport is not. If no request waits the error
// wraps driver.ErrState, and nothing has happened.
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
		return nil, fmt.Errorf("%w: Detach goes between ReadRequest and Handshake", driver.ErrState)
	}
	p = append(p, c.in...)
	c.in = nil
	c.input.release()
	c.stopTimers()
	c.closedNow, c.shutting, c.gone = true, true, true
	c.failWrite(fmt.Errorf("websocket: %w", net.ErrClosed))
	return p, nil
}
