package stream

import (
	"fmt"

	"github.com/sans-io/websocket-driver/driver"
)

// errCloseRead is the error of reading after CloseRead.
var errCloseRead = fmt.Errorf("%w: CloseRead has been called", driver.ErrState)

// CloseRead makes the connection one that only writes: from now on the Conn itself
// reads, on a goroutine, so that pings are answered and the end of the connection is
// noticed. Done tells of the end. A message of the peer closes the connection with 1008
// (policy violation). Calls that read fail with an error that wraps driver.ErrState.
// Call it after the handshake; further calls do nothing.
func (c *Conn) CloseRead() {
	c.lock()
	defer c.unlock()
	if c.in.closed || c.isOver() {
		return
	}
	c.in.closed = true
	c.in.message = nil
	c.clearReadDeadline()
	c.wake.Broadcast()
	go c.discard()
}

// discard reads until the connection is over, once the call that reads has ended. A Read
// of the transport that does not return holds up only the goroutine that runs it.
func (c *Conn) discard() {
	c.lock()
	defer c.unlock()
	for c.in.reading {
		if c.end.phase >= gone {
			return
		}
		c.wait()
	}
	c.in.reading = true
	defer c.passTurn()
	for failed := 0; c.end.err == nil && failed < maxEmptyReads; {
		_, err := c.piece()
		switch {
		case err != nil:
			failed++ // a deadline, which has been removed
		case c.in.closed:
			_ = c.d.Close(driver.CodePolicyViolation, "messages are not expected")
		}
	}
}
