package stream

import (
	"fmt"
	"os"

	"github.com/sans-io/websocket-driver/driver"
)

// Slow says what sending a message does when the peer is so slow that
// driver.Config.MaxBuffered bytes wait already. To never wait for a peer, use
// Broadcast, or Queue with SlowDrop or SlowClose, which waits only for messages of
// NextWriter. WriteMessage always waits until its own bytes have been written.
type Slow uint8

const (
	// SlowWait waits until the peer has taken enough, or until the write deadline.
	SlowWait Slow = iota

	// SlowDrop does not send the message. The error wraps driver.ErrFull.
	SlowDrop

	// SlowClose closes the connection as CloseNow does, since a close frame would
	// only be queued after the rest. The error wraps driver.ErrFull.
	SlowClose
)

// errTooLate is the error of a message that had not been queued when the write
// deadline passed.
var errTooLate = fmt.Errorf("%w: %w", driver.ErrFull, os.ErrDeadlineExceeded)

// admit returns nil when a message may be queued, or the reason why it may not. It
// waits as Options.Slow says, and for the end of a message of NextWriter.
func (c *Conn) admit() error {
	for {
		if err := c.outputError(); err != nil {
			return err
		}
		switch {
		case c.isClosing(): // the driver returns the error
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

// isFull reports whether MaxBuffered bytes wait to be written.
func (c *Conn) isFull() bool {
	return c.maxBuffered > 0 && len(c.unwritten)+c.d.Buffered() >= c.maxBuffered
}

// waitRoom waits until there is room for a message, or acts as Options.Slow says.
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

// refuseSlow returns the error for a message that exceeds MaxBuffered and does not
// wait.
func (c *Conn) refuseSlow() error {
	err := fmt.Errorf("%w: %d bytes wait for the peer", driver.ErrFull, len(c.unwritten)+c.d.Buffered())
	if c.slow == SlowClose {
		c.closeNow()
	}
	return err
}

// waitTurn waits for the end of a message of NextWriter.
func (c *Conn) waitTurn() error {
	for c.writer != nil && c.outputError() == nil && !c.isClosing() {
		if c.isExpired() {
			return errTooLate
		}
		c.wake.Wait()
	}
	return nil
}
