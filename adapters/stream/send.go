package stream

import (
	"context"
	"fmt"
	"net"
	"os"

	"github.com/sans-io/websocket-driver/driver"
)

// WriteMessage sends p as one message of kind Text or Binary, or as a Ping or Pong.
// It does not retain p. Messages of several goroutines are never mixed.
//
// A nil error means that the message has been queued and is on its way. WriteMessage
// returns when the transport has taken the bytes. In a loop that answers what it
// reads it returns at once while more input has been read already, and the answers
// leave together. Flush waits until the transport has taken everything. Close waits
// for that too, while CloseNow discards what the transport has not taken. A later
// send or Flush returns an error of the transport, and the *CloseError of reading wraps
// it if nothing else has ended the connection.
//
// Text and Binary messages wait for the end of a message of NextWriter, and while
// driver.Config.MaxBuffered bytes are queued, Options.Slow applies to them. It
// applies to Ping and Pong when 8 KiB more are queued.
//
// Errors of the driver, such as driver.ErrClosed and driver.ErrFull, mean that the
// message has not been sent. If the write deadline passed before the message could
// be queued, the error wraps both driver.ErrFull and os.ErrDeadlineExceeded. With
// any other error that wraps os.ErrDeadlineExceeded, the message has been queued and
// is written in the background: it need not be sent again.
func (c *Conn) WriteMessage(kind driver.Kind, p []byte) error {
	c.lock()
	if c.combine(kind, p) {
		c.mu.Unlock() // nothing has become due
		return nil
	}
	defer c.unlock()
	return c.writeMessage(context.Background(), kind, p)
}

// combine is the short way for a message that leaves with others, which somebody is
// about to write. Where anything is unusual it returns false, and the long way is taken.
func (c *Conn) combine(kind driver.Kind, p []byte) bool {
	if c.out.by == noWriter || len(c.in.rest) == 0 || c.in.reading || c.out.message != nil || c.rare != nil ||
		c.o.Trace != nil || c.d.Extensions() != "" || c.buffered()+len(p) >= combined || c.isFull(0) {
		return false
	}
	switch kind {
	case driver.Text:
		return c.d.Text(p) == nil
	case driver.Binary:
		return c.d.Binary(p) == nil
	}
	return false
}

// writeMessage is WriteMessage under the lock.
func (c *Conn) writeMessage(ctx context.Context, kind driver.Kind, p []byte) error {
	if len(p) >= minLent {
		if lent, err := c.lend(ctx, kind, p); err != nil {
			return err
		} else if lent {
			return c.flush(ctx)
		}
	}
	if err := c.send(ctx, kind, p); err != nil {
		return err
	}
	return c.leave(ctx)
}

// Queue is WriteMessage without waiting for the transport. It returns when the
// message has been queued. The message is written in the background, in one write
// with what else is queued by then. A later call returns the errors of the transport.
func (c *Conn) Queue(kind driver.Kind, p []byte) error {
	c.lock()
	defer c.unlock()
	return c.send(context.Background(), kind, p)
}

// Flush returns when the transport has taken everything that is queued.
func (c *Conn) Flush() error {
	c.lock()
	defer c.unlock()
	if c.out.err != nil {
		return c.out.err
	}
	return c.flush(context.Background())
}

// send queues a message as soon as it is admitted.
func (c *Conn) send(ctx context.Context, kind driver.Kind, p []byte) error {
	var err error
	switch kind {
	case driver.Text, driver.Binary:
		err = c.admit(ctx)
	default:
		err = c.admitControl(ctx)
	}
	if err != nil {
		return err
	}
	switch kind {
	case driver.Text:
		err = c.d.Text(p)
	case driver.Binary:
		err = c.d.Binary(p)
	case driver.Ping:
		err = c.d.Ping(p)
	case driver.Pong:
		err = c.d.Pong(p)
	default:
		err = kindError(kind)
	}
	if err == nil {
		c.o.Trace.sent(c, kind, len(p))
	}
	return err
}

// kindError returns the error for a message of a kind that cannot be sent.
func kindError(kind driver.Kind) error {
	return fmt.Errorf("%w: a message of kind %d (%v); kinds are not opcodes, use driver.Text, Binary, Ping or Pong, or WriteClose",
		driver.ErrInvalid, kind, kind)
}

// Slow says what sending a message does when the peer is so slow that
// driver.Config.MaxBuffered bytes wait already. To never wait for a peer, use Post,
// or Queue with SlowDrop or SlowClose, which waits only for messages of NextWriter.
type Slow uint8

const (
	// SlowWait waits until the peer has taken enough, or until the write deadline.
	SlowWait Slow = iota

	// SlowDrop does not send the message. The error wraps driver.ErrFull.
	SlowDrop

	// SlowClose closes the connection as CloseNow does, since a close frame would
	// only be queued after the rest, and does not wait for the transport's Close. The
	// error wraps driver.ErrFull, and so does the *CloseError of reading.
	SlowClose
)

// maxControl is how many bytes may wait beyond MaxBuffered when a ping or a pong of
// the application is admitted: as many as answers to pings may take.
const maxControl = 8 << 10

// admit returns nil when a message may be queued, or the reason why it may not. It
// waits as Options.Slow says, and for the end of a message of NextWriter.
func (c *Conn) admit(ctx context.Context) error {
	for c.out.err == nil && !c.isClosing() { // closing: the driver returns the error
		switch {
		case c.out.message != nil:
			if err := c.expired(ctx); err != nil {
				return tooLate(err)
			}
			c.wait()
		case !c.isFull(0):
			return nil
		default:
			if err := c.waitRoom(ctx); err != nil {
				return err
			}
		}
	}
	return c.out.err
}

// admitControl is admit for a ping or a pong.
func (c *Conn) admitControl(ctx context.Context) error {
	for c.out.err == nil && !c.isClosing() && c.isFull(maxControl) {
		if err := c.waitRoom(ctx); err != nil {
			return err
		}
	}
	return c.out.err
}

// isFull reports whether MaxBuffered bytes, and extra bytes more, wait to be written.
func (c *Conn) isFull(extra int) bool {
	return c.maxBuffered > 0 && c.buffered() >= c.maxBuffered+extra
}

// waitRoom waits until there is room for a message, or acts as Options.Slow says.
func (c *Conn) waitRoom(ctx context.Context) error {
	if c.o.Slow != SlowWait {
		return c.refuseSlow()
	}
	err := c.flush(ctx)
	if err != nil && c.out.err == nil {
		return tooLate(err)
	}
	return err
}

// errLate is the error of a message that had not been queued when the write deadline
// passed.
var errLate = fmt.Errorf("%w: %w", driver.ErrFull, os.ErrDeadlineExceeded)

// tooLate returns the error of a message that has not been queued because of err, of
// the write deadline or of a context.
func tooLate(err error) error {
	if err == os.ErrDeadlineExceeded {
		return errLate
	}
	return fmt.Errorf("%w: %w", driver.ErrFull, err)
}

// refuseSlow returns the error for a message that exceeds MaxBuffered and does not
// wait.
func (c *Conn) refuseSlow() error {
	err := fmt.Errorf("%w: %d bytes wait for the peer", driver.ErrFull, c.buffered())
	if c.o.Slow == SlowClose {
		c.abort(fmt.Errorf("%w: %w", err, net.ErrClosed))
	}
	return err
}
