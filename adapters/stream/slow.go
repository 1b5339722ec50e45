package stream

import (
	"fmt"
	"os"

	"github.com/sans-io/websocket-driver/driver"
)

// Slow is what a message does when the peer is so slow that driver.Config.MaxBuffered
// bytes wait already. Whoever wants to wait for no peer sends by Broadcast, or by
// Queue with SlowDrop or SlowClose, which then waits for messages of NextWriter
// alone: WriteMessage waits for its own bytes all the same.
type Slow uint8

const (
	// SlowWait waits until the peer has taken enough, or until the write deadline.
	SlowWait Slow = iota

	// SlowDrop does not send the message: the error wraps driver.ErrFull.
	SlowDrop

	// SlowClose closes the connection as CloseNow does, since a close frame would
	// only wait behind the rest: the error wraps driver.ErrFull.
	SlowClose
)

// errTooLate is the error of a send that has not been queued when the write
// deadline passes.
var errTooLate = fmt.Errorf("%w: %w", driver.ErrFull, os.ErrDeadlineExceeded)

// admit returns when a message may be queued, or why it may not. It waits as
// Options.Slow says, and for the end of a message of NextWriter.
func (c *Conn) admit() error {
	for {
		if err := c.sendError(); err != nil {
			return err
		}
		switch {
		case c.d.State() > driver.StateOpen: // the driver says what is wrong
			return nil
		case c.writer != nil:
			if err := c.waitTurn(); err != nil {
				return err
			}
		case !c.isFull():
			return nil
		default:
			if err := c.waitRoom(); err != nil {
				return err
			}
		}
	}
}

// isFull reports whether MaxBuffered bytes wait.
func (c *Conn) isFull() bool {
	return c.maxBuffered > 0 && len(c.rest)+c.d.Buffered() >= c.maxBuffered
}

// waitRoom does what Options.Slow says.
func (c *Conn) waitRoom() error {
	if c.slow != SlowWait {
		return c.refuseSlow()
	}
	err := c.flush()
	if isTimeout(err) {
		return errTooLate
	}
	return err
}

// refuseSlow returns the error for a message beyond MaxBuffered that does not
// wait.
func (c *Conn) refuseSlow() error {
	err := fmt.Errorf("%w: %d bytes wait for the peer", driver.ErrFull, len(c.rest)+c.d.Buffered())
	if c.slow == SlowClose {
		c.closeNow()
	}
	return err
}

// waitTurn waits for the end of a message of NextWriter.
func (c *Conn) waitTurn() error {
	for c.writer != nil && c.sendError() == nil && c.d.State() <= driver.StateOpen {
		if c.isExpired() {
			return errTooLate
		}
		c.wake.Wait()
	}
	return nil
}
