package stream

import (
	"fmt"
	"io"
	"net"
	"slices"
	"time"

	"github.com/sans-io/websocket-driver/driver"
)

// phase says how far the end of a connection has come:
//
//	going    --the Close event--> draining --written--> awaiting --the peer's end--> shutting --closed--> gone
//	         --CloseNow, a time limit, a peer that is too slow---------------------> shutting
//	         --Detach--> detached
//
// draining and awaiting are cut short by the same, and after Options.FlushTimeout.
// finish leads through them, on a goroutine of its own.
type phase uint8

const (
	going    phase = iota
	draining       // the Close event has come: the last bytes leave
	awaiting       // for the peer to end the transport, if that is its part or saves data
	shutting       // the transport is being closed
	gone           // the transport has been closed
	detached       // the transport is the caller's again
)

// ending is the end of a Conn.
type ending struct {
	phase   phase
	opened  bool        // the opening handshake has been completed
	traced  bool        // Trace has been told of the end
	closing bool        // deadlines no longer apply
	err     error       // of reading: the *CloseError, or net.ErrClosed after CloseNow
	peer    *CloseError // of the PeerClose event of driver.Config.HoldClose
}

// errClosed is the error of all calls after CloseNow.
var errClosed = fmt.Errorf("websocket: %w", net.ErrClosed)

// isOver reports whether reading has ended. After the PeerClose event only the Conn
// itself reads, to notice the end of the transport.
func (c *Conn) isOver() bool { return c.end.err != nil || c.end.peer != nil }

// overError returns the error of reading after the end.
func (c *Conn) overError() error {
	switch {
	case c.end.err != nil:
		return c.end.err
	case c.end.peer != nil:
		return c.end.peer
	}
	return errClosed
}

// held handles the PeerClose event: messages may be sent until this side closes, too.
// The caller must have the turn to read.
func (c *Conn) held(ev driver.Event) error {
	c.end.peer = &CloseError{Code: ev.Code, Reason: string(ev.Data)}
	c.in.message, c.in.rest = nil, nil
	c.releaseSource()
	c.clearReadDeadline()
	c.wake.Broadcast() // pings are not answered any longer
	go c.discard()
	c.hookPeerClose(c.end.peer.Code, c.end.peer.Reason)
	return c.end.peer
}

// peerEnded handles the Close event that the goroutine with the turn to read has got.
// It returns when the reply has been written, or cannot be.
func (c *Conn) peerEnded(ev driver.Event) error {
	c.closed(ev)
	if c.end.peer == nil && c.d.Err() == nil {
		c.hookPeerClose(ev.Code, string(ev.Data))
	}
	for c.end.phase == draining {
		c.wait()
	}
	return c.end.err
}

// fetchClose handles the Close event of a connection that has not been ended by the
// peer, and whose reader may be waiting for input: in hixie-75, with HoldClose, after an
// extension has failed, and after a time limit. Messages before it are discarded.
func (c *Conn) fetchClose() {
	if c.end.err != nil {
		return
	}
	c.in.own()
	for {
		switch ev := c.parse(); ev.Kind {
		case driver.Close:
			c.closed(ev)
			return
		case driver.None:
			return
		}
	}
}

// closed handles the Close event.
func (c *Conn) closed(ev driver.Event) {
	err := c.d.Err()
	switch {
	case err != io.ErrUnexpectedEOF:
	case c.in.err != nil && c.in.err != io.EOF:
		err = fmt.Errorf("%w: %w", err, c.in.err)
	case c.out.err != nil:
		err = fmt.Errorf("%w: %w", err, c.out.err)
	}
	c.setEnd(&CloseError{Code: ev.Code, Reason: string(ev.Data), err: err})
	c.in.message, c.in.rest = nil, nil
	if !c.in.reading {
		c.releaseSource()
	}
	if c.end.phase == going {
		c.end.phase = draining
		c.ignoreDeadlines()
		go c.finish()
	}
}

// setEnd sets the error of reading from now on.
func (c *Conn) setEnd(err error) {
	if c.end.err != nil {
		return
	}
	c.end.err = err
	c.wake.Broadcast()
	if e, ok := err.(*CloseError); ok {
		c.traceEnd(e.Code, e.err)
	} else {
		c.traceEnd(driver.CodeAbnormal, err)
	}
}

// traceEnd tells Trace of the end, once.
func (c *Conn) traceEnd(code driver.Code, cause error) {
	if !c.end.traced {
		c.end.traced = true
		c.o.Trace.ended(c, code, cause)
	}
}

// finish leads a connection from draining to its end.
func (c *Conn) finish() {
	if c.drain() {
		c.closeTransport(c.rwc.Close)
	}
}

// drain writes what is left. Then it waits for the peer to end the transport if that
// is the peer's part (RFC 6455, section 7.1.1), or if closing could destroy data that
// is still being transmitted. It reports whether the transport is to be closed.
func (c *Conn) drain() bool {
	c.lock()
	defer c.unlock()
	limit := time.AfterFunc(c.o.flushTimeout(), c.onFlushTimeout)
	defer limit.Stop()
	for c.end.phase == draining && c.unsent() && c.out.err == nil {
		if c.out.by.isFree() {
			c.writeBatch(background)
			c.out.by = noWriter
		} else {
			c.wait()
		}
	}
	if c.end.phase == draining {
		c.end.phase = awaiting
		c.wake.Broadcast()
	}
	e, _ := c.end.err.(*CloseError)
	switch {
	case c.needs(driver.NeedInput): // CloseTimeout is running
		limit.Stop()
		c.await()
	case e != nil && e.err != nil && !c.client && c.in.err == nil && c.end.phase == awaiting && c.closeWrite():
		// If input is unread, closing now resets a TCP connection, and the peer may
		// never see the reason.
		c.await()
	}
	return c.enterShutting()
}

// closeWrite half-closes the transport, without the lock, and reports whether it can.
func (c *Conn) closeWrite() bool {
	w, ok := c.rwc.(interface{ CloseWrite() error })
	if !ok {
		return false
	}
	c.unlock()
	defer c.lock()
	return w.CloseWrite() == nil
}

// await reads until the transport ends. If another goroutine is reading already, it
// waits for that one first.
func (c *Conn) await() {
	for empty := 0; c.end.phase == awaiting && c.in.err == nil && empty < maxEmptyReads; {
		if c.in.reading {
			c.wait()
			continue
		}
		c.in.reading = true
		err := c.receive()
		if len(c.in.rest) == 0 {
			empty++
		}
		if c.in.rest = nil; err != nil && !c.isDeadline(err) {
			c.in.err = err
		}
		c.passTurn()
	}
	c.releaseSource()
	c.d.EOF()
}

// onFlushTimeout ends a connection whose last bytes are not taken, or whose peer does
// not end the transport.
func (c *Conn) onFlushTimeout() {
	c.lock()
	defer c.unlock()
	c.failWrite(errClosed)
	c.shut()
}

// abort closes the transport because of err, which is the error of sending from now
// on, and the cause of the *CloseError of reading.
func (c *Conn) abort(err error) {
	c.setEnd(&CloseError{Code: driver.CodeAbnormal, err: err})
	c.failWrite(err)
	c.shut()
}

// shut closes the transport in the background, without waiting for TLS to write its
// alert.
func (c *Conn) shut() {
	if c.enterShutting() {
		go c.closeTransport(func() error { return Abort(c.rwc) })
	}
}

// enterShutting reports whether the caller is to close the transport.
func (c *Conn) enterShutting() bool {
	if c.end.phase >= shutting {
		return false
	}
	c.end.phase = shutting
	c.wake.Broadcast()
	c.stopTimers()
	c.d.EOF() // the driver releases its buffers, even if nothing reads from now on
	return true
}

// closeTransport closes the transport. The connection is gone then, and also if that
// takes longer than FlushTimeout.
func (c *Conn) closeTransport(shut func() error) {
	limit := time.AfterFunc(c.o.flushTimeout(), func() { c.leaveTransport(gone) })
	_ = shut()
	limit.Stop()
	c.leaveTransport(gone)
}

// leaveTransport ends the connection: the transport has been closed, or is no longer
// ours.
func (c *Conn) leaveTransport(p phase) {
	c.lock()
	defer c.unlock()
	c.runAfter()
	if c.end.phase < gone {
		c.traceEnd(driver.CodeAbnormal, c.out.err) // of a time limit, while nothing reads
		c.end.phase = p
		if c.rare != nil && c.rare.done != nil {
			close(c.rare.done)
		}
		c.wake.Broadcast()
	}
}

// runAfter runs the functions of AfterDone, without the lock.
func (c *Conn) runAfter() {
	for c.rare != nil && len(c.rare.after) > 0 {
		f := c.rare.after[0]
		c.rare.after = slices.Delete(c.rare.after, 0, 1)
		c.outside(*f)
	}
}

// outside calls f without the lock.
func (c *Conn) outside(f func()) {
	c.unlock()
	defer c.lock()
	f()
}

// ignoreDeadlines disables deadlines: from now on the time limits of the closing
// handshake apply.
func (c *Conn) ignoreDeadlines() {
	if c.end.closing {
		return
	}
	c.end.closing = true
	c.clearReadDeadline()
	c.setWriteDeadline(time.Time{})
}

func (c *Conn) stopTimers() {
	c.disarm()
	if c.rare == nil {
		return
	}
	for _, t := range []*time.Timer{c.rare.alarm, c.rare.stall} {
		if t != nil {
			t.Stop()
		}
	}
}

// Abort closes a transport immediately. If it runs over a net.Conn, as a *tls.Conn
// does, Abort closes that instead, at the lowest level: Close of a *tls.Conn first
// writes an alert and may wait for it.
func Abort(transport io.Closer) error {
	for {
		t, ok := transport.(interface{ NetConn() net.Conn })
		if !ok {
			return transport.Close()
		}
		transport = t.NetConn()
	}
}
