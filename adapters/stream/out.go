package stream

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// outbound is the writing half of a Conn.
//
// What a send queues is written with the next batch, which is the result of one Take.
// Batches are counted: a send waits until its own has been written.
//
// If the transport is a socket, a sender that finds no writer writes itself, and the
// write deadline interrupts it. All else is written by a goroutine of the Conn, since
// an interrupted write could not be resumed, and the deadline ends only the waiting.
type outbound struct {
	by        writer
	batch     []byte // last batch taken from the driver
	unwritten []byte // the part of it that has not been written
	lent      []byte // the payload that follows it: see lend
	taken     uint64 // number of batches taken
	written   uint64 // number of batches written
	err       error  // why nothing can be written

	vector     *vector        // nil until a payload is lent
	message    *messageWriter // of NextWriter, in progress
	background func()         // writeAll, allocated once
}

// writer says who is writing to the transport.
type writer uint8

const (
	noWriter    writer = iota
	starting           // a flusher or a goroutine that will write, unless a sender does so before
	background         // a goroutine that writes until nothing is queued
	sender             // a goroutine that sends, and that the write deadline interrupts
	interrupted        // a sender whom the deadline has interrupted
)

// isFree reports whether a sender may write.
func (w writer) isFree() bool { return w <= starting }

// combined is the number of bytes up to which messages are combined: see leave. That is
// what a peer who never reads makes a Conn hold beyond one message.
const combined = 16 << 10

// buffered returns the number of bytes that wait to be written.
func (c *Conn) buffered() int { return len(c.out.unwritten) + len(c.out.lent) + c.d.Buffered() }

// unsent reports whether bytes wait to be written.
func (c *Conn) unsent() bool { return len(c.out.unwritten) > 0 || c.d.Buffered() > 0 }

// leave ends a send. It returns when the transport has taken what is queued, or at once
// if more is likely to be sent soon, which then leaves in the same write: while input
// that has been read waits to be parsed, no call reads, and little is queued. A
// goroutine has been started by then that writes; nothing waits for the next read.
func (c *Conn) leave(ctx context.Context) error {
	if len(c.in.rest) > 0 && !c.in.reading && c.buffered() < combined && !c.limits(ctx) {
		return c.out.err
	}
	return c.flush(ctx)
}

// flush returns when everything that is queued now has been written.
func (c *Conn) flush(ctx context.Context) error {
	last := c.out.taken
	if c.d.Buffered() > 0 {
		last++
	}
	for c.out.written < last {
		if c.out.err != nil {
			return c.out.err
		}
		if err := c.expired(ctx); err != nil {
			return err
		}
		if c.out.by.isFree() && c.interruptible && ctx.Done() == nil {
			c.writeBatch(sender)
		} else {
			c.wait()
		}
	}
	return nil
}

// limits reports whether a write deadline or ctx limits how long a send may take.
func (c *Conn) limits(ctx context.Context) bool {
	return ctx.Done() != nil || c.rare != nil && !c.rare.writeDeadline.IsZero()
}

// expired returns the error of a send that may wait no longer.
func (c *Conn) expired(ctx context.Context) error {
	switch {
	case c.rare != nil && c.rare.expired:
		return os.ErrDeadlineExceeded
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return nil
}

// writeAll writes until nothing is queued, on a goroutine that after has started.
func (c *Conn) writeAll() {
	c.lock()
	defer c.unlock()
	if c.out.by != starting {
		return
	}
	for c.unsent() && c.out.err == nil {
		c.writeBatch(background)
	}
	c.out.by = noWriter
	c.wake.Broadcast()
}

// writeBatch writes the rest of the last batch, or the next batch. It unlocks
// meanwhile. If the Write of the transport panics, so does the process: then it runs on
// a goroutine of the Conn.
func (c *Conn) writeBatch(by writer) {
	if len(c.out.unwritten) == 0 {
		c.takeBatch()
	}
	p := c.out.unwritten
	if c.o.WriteTimeout > 0 {
		p = p[:min(len(p), maxChunk)]
		c.startStall()
	}
	c.out.by = by
	if len(c.out.lent) > 0 {
		c.writeLent()
		return
	}
	c.unlock()
	n, err := c.rwc.Write(p)
	c.lock()
	c.wrote(len(p), n, err)
}

// attempt is a write to a socket that does not wait. It is kept to spare allocations.
type attempt struct {
	p     []byte
	n     int // bytes that the socket has taken
	write func(fd uintptr) bool
}

var attempts = sync.Pool{New: func() any {
	a := new(attempt)
	a.write = tryWrite(a)
	return a
}}

// lacksWriter reports whether something is queued and nothing is going to write it.
func (c *Conn) lacksWriter() bool {
	return c.out.by == noWriter && c.unsent() && c.out.err == nil && c.end.phase == going
}

// flushNow is what a flusher does for a connection: it writes what is queued as far as
// the socket takes it at once, and leaves the rest to a goroutine. It keeps the lock,
// since it does not wait.
func (c *Conn) flushNow() {
	c.lock()
	defer c.unlock()
	if c.out.by != starting {
		return
	}
	c.writeNow()
	if c.unsent() {
		go c.out.background()
	} else {
		c.out.by = noWriter
	}
	c.wake.Broadcast()
}

// writeNow writes what is queued until the socket takes no more.
func (c *Conn) writeNow() {
	a := attempts.Get().(*attempt)
	for c.unsent() && c.out.err == nil {
		if len(c.out.unwritten) == 0 {
			c.takeBatch()
		}
		a.p, a.n = c.out.unwritten, 0
		if err := c.source.raw.Write(a.write); err != nil || a.n == 0 {
			break
		}
		c.out.advance(a.n)
	}
	a.p = nil
	attempts.Put(a)
}

// takeBatch takes the next batch.
func (c *Conn) takeBatch() {
	c.out.batch = c.d.Take(nil)
	c.out.unwritten = c.out.batch
	c.out.taken++
}

// wrote ends a write of size bytes, of which the transport has taken n. Unless the
// connection has failed meanwhile, they are the next of the batch.
func (c *Conn) wrote(size, n int, err error) {
	out := &c.out
	n = min(max(n, 0), size)
	if c.o.WriteTimeout > 0 {
		c.rare.stallAt = time.Time{}
	}
	if out.by == interrupted {
		_ = c.rwc.(writeDeadliner).SetWriteDeadline(time.Time{})
	}
	switch {
	case isTimeout(err) && out.by == interrupted:
		err = nil
	case isTimeout(err): // not our deadline, so this ends the connection; the error must not look like a deadline
		err = fmt.Errorf("websocket: the transport has timed out: %v", err)
	case err == nil && n < size:
		err = io.ErrShortWrite
	}
	if out.by != background {
		out.by = noWriter
	}
	if out.err == nil {
		out.advance(n)
	}
	if err != nil {
		c.failWrite(err)
	}
	c.wake.Broadcast()
}

// failWrite records why nothing can be written from now on.
func (c *Conn) failWrite(err error) {
	if c.out.err == nil {
		c.out.err = err
	}
	c.out.batch, c.out.unwritten, c.out.lent = nil, nil, nil // not reused: the transport may still read them
	c.wake.Broadcast()
}

// maxChunk is the maximum number of bytes in a write with WriteTimeout, so that
// progress can be seen.
const maxChunk = 64 << 10

// startStall starts Options.WriteTimeout for the next write.
func (c *Conn) startStall() {
	r := c.getRare()
	r.stallAt = time.Now().Add(c.o.WriteTimeout)
	if r.stall == nil {
		r.stall = time.AfterFunc(c.o.WriteTimeout, c.onStall)
	} else {
		r.stall.Reset(c.o.WriteTimeout)
	}
}

// onStall closes the connection if the write in progress has stalled.
func (c *Conn) onStall() {
	c.lock()
	defer c.unlock()
	if at := c.rare.stallAt; c.end.phase < shutting && hasPassed(at) {
		c.abort(fmt.Errorf("websocket: the transport has taken nothing for %v: %w", c.o.WriteTimeout, net.ErrClosed))
	}
}
