package stream

import (
	"context"
	"os"
	"time"

	"github.com/sans-io/websocket-driver/driver"
)

// ReadMessageContext is ReadMessage until ctx ends. Then the error is the cause of
// ctx, and the connection stays usable: the part of a message that has arrived is kept
// for the next call. It works with every transport, and keeps the read deadline.
func (c *Conn) ReadMessageContext(ctx context.Context, buf []byte) (driver.Kind, []byte, error) {
	if ctx.Done() == nil {
		return c.ReadMessage(buf)
	}
	c.lock()
	defer c.unlock()
	r := &readCall{ctx: ctx}
	stop := context.AfterFunc(ctx, func() { c.cutRead(r) })
	defer stop()
	if err := c.takeTurn(ctx); err != nil {
		return driver.None, buf[:0], err
	}
	defer c.passTurn()
	c.getRare().reading = r
	defer c.endReadCall()
	return c.readMessage(driver.Event{}, buf[:0])
}

// readCall is a call of ReadMessageContext that has the turn to read.
type readCall struct {
	ctx context.Context
	cut bool // ctx has ended the read in progress, or the next one
}

func (r *readCall) isCut() bool { return r != nil && r.cut }

// cutRead ends the read in progress of a call whose context has ended.
func (c *Conn) cutRead(r *readCall) {
	c.lock()
	defer c.unlock()
	if c.rare != nil && c.rare.reading == r && !c.end.closing {
		r.cut = true
		if t, ok := c.rwc.(readDeadliner); ok {
			_ = t.SetReadDeadline(time.Unix(1, 0))
		}
	}
	c.wake.Broadcast()
}

// endReadCall restores the read deadline.
func (c *Conn) endReadCall() {
	r := c.rare.reading
	c.rare.reading = nil
	if t, ok := c.rwc.(readDeadliner); ok && r.cut && !c.end.closing {
		_ = t.SetReadDeadline(c.rare.readDeadline)
	}
}

// pump is a read on a goroutine of its own, from a transport that has no
// SetReadDeadline. A call whose context ends leaves it to the next call.
type pump struct {
	done bool
	data []byte
	err  error
}

// pumps reports whether the next read, or one that has begun, is that of a pump.
func (c *Conn) pumps() bool {
	switch {
	case c.rare == nil:
		return false
	case c.rare.pump != nil:
		return true
	}
	_, ok := c.rwc.(readDeadliner)
	return !ok && c.rare.reading != nil
}

// receivePumped is receive by a pump.
func (c *Conn) receivePumped() error {
	p := c.rare.pump
	if p == nil {
		p = new(pump)
		c.rare.pump = p
		c.source.aim(0)
		go c.runPump(p)
	}
	for !p.done {
		switch r := c.rare.reading; {
		case c.end.phase >= gone:
			return errClosed
		case r != nil && r.ctx.Err() != nil:
			r.cut = true
			return os.ErrDeadlineExceeded
		}
		c.wait()
	}
	c.rare.pump = nil
	c.in.rest = p.data
	return p.err
}

func (c *Conn) runPump(p *pump) {
	err := c.source.read()
	c.lock()
	defer c.unlock()
	p.done, p.data, p.err = true, c.source.input, err
	c.wake.Broadcast()
}

// WriteMessageContext is WriteMessage, which waits no longer than until ctx ends, and
// returns when the transport has taken the bytes. If ctx ends before the message could
// be queued, the error wraps driver.ErrFull and the cause of ctx. Otherwise it is the
// cause of ctx: the message has been queued and is written in the background. In both
// cases the connection stays usable.
func (c *Conn) WriteMessageContext(ctx context.Context, kind driver.Kind, p []byte) error {
	c.lock()
	defer c.unlock()
	defer c.wakeAfter(ctx)()
	return c.writeMessage(ctx, kind, p)
}

// wakeAfter wakes all goroutines that wait when ctx ends, unless stop is called before.
func (c *Conn) wakeAfter(ctx context.Context) (stop func() bool) {
	return context.AfterFunc(ctx, func() {
		c.lock()
		defer c.unlock()
		c.wake.Broadcast()
	})
}
