package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/sans-io/websocket-driver/driver"
)

// NetConn returns c as a stream of bytes, for protocols that run over a net.Conn.
//
// Each Write sends one message of kind Binary or Text. Read returns the payloads of
// successive messages. A message of the other kind closes the connection with 1003.
// Read returns io.EOF when the peer has closed with 1000 or 1001 or without a code.
// Close closes with 1000 as Conn.Close does, so it waits for the peer for at most
// Config.CloseTimeout.
//
// Deadlines are those of c and affect calls as they do for TCP. A Write that exceeds
// its deadline returns how many bytes have been queued, all or none: what is queued
// is written in the background. Addresses are those of the transport, if any.
//
// Any number of goroutines may use it, but nothing else should read from c.
func (c *Conn) NetConn(kind driver.Kind) net.Conn { return &netConn{c: c, kind: kind} }

type netConn struct {
	c    *Conn
	kind driver.Kind

	mu     sync.Mutex // held by the goroutine that reads
	reader io.Reader  // of the message in progress, or nil
	err    error      // of every Read from now on
}

func (n *netConn) Read(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.err != nil || len(p) == 0 {
		return 0, n.err
	}
	for {
		if n.reader == nil {
			if err := n.next(); err != nil {
				return 0, err
			}
		}
		got, err := n.reader.Read(p)
		switch {
		case err == io.EOF:
			n.reader = nil
		case err != nil:
			return 0, n.readError(err)
		}
		if got > 0 {
			return got, nil
		}
	}
}

// next begins the next message.
func (n *netConn) next() error {
	kind, r, err := n.c.NextReader()
	switch {
	case err != nil:
		return n.readError(err)
	case kind != n.kind:
		_ = n.c.WriteClose(driver.CodeUnsupportedData, "")
		n.err = &net.OpError{Op: "read", Net: network, Source: n.LocalAddr(), Addr: n.RemoteAddr(),
			Err: fmt.Errorf("%w: message of kind %v in a stream of kind %v", driver.ErrUnsupported, kind, n.kind)}
		return n.err
	}
	n.reader = r
	return nil
}

// readError returns the error of Read for an error of the Conn.
func (n *netConn) readError(err error) error {
	if isOrderly(err) {
		n.err = io.EOF
		return io.EOF
	}
	return n.opError("read", err)
}

// opError returns err as callers of a net.Conn expect it: a net.Error whose Timeout
// reports a deadline.
func (n *netConn) opError(op string, err error) error {
	if isTimeout(err) {
		err = os.ErrDeadlineExceeded
	}
	return &net.OpError{Op: op, Net: network, Source: n.LocalAddr(), Addr: n.RemoteAddr(), Err: err}
}

func (n *netConn) Write(p []byte) (int, error) {
	n.c.lock()
	err := n.c.expired(context.Background())
	n.c.unlock()
	if err != nil {
		return 0, n.opError("write", err)
	}
	err = n.c.WriteMessage(n.kind, p)
	switch {
	case err == nil:
		return len(p), nil
	case isTimeout(err) && !errors.Is(err, driver.ErrFull):
		return len(p), n.opError("write", err)
	}
	return 0, n.opError("write", err)
}

func (n *netConn) Close() error {
	return n.c.Close(context.Background(), driver.CodeNormal, "")
}

func (n *netConn) SetReadDeadline(t time.Time) error  { return n.c.SetReadDeadline(t) }
func (n *netConn) SetWriteDeadline(t time.Time) error { return n.c.SetWriteDeadline(t) }

func (n *netConn) SetDeadline(t time.Time) error {
	return errors.Join(n.SetReadDeadline(t), n.SetWriteDeadline(t))
}

func (n *netConn) LocalAddr() net.Addr  { return n.c.LocalAddr() }
func (n *netConn) RemoteAddr() net.Addr { return n.c.RemoteAddr() }
