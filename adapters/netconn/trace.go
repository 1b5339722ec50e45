package netconn

import (
	"context"
	"crypto/tls"
	"net"
	"net/http/httptrace"
	"sync/atomic"

	"github.com/sans-io/websocket-driver/driver"
)

// trace calls those hooks of a ClientTrace that are set. The hooks for DNS and for
// connecting are called by package net.
type trace struct{ *httptrace.ClientTrace }

// traceOf returns the hooks in ctx.
func traceOf(ctx context.Context) trace {
	if t := httptrace.ContextClientTrace(ctx); t != nil {
		return trace{t}
	}
	return trace{&noHooks}
}

var noHooks httptrace.ClientTrace

func (t trace) getConn(hostPort string) {
	if t.GetConn != nil {
		t.GetConn(hostPort)
	}
}

func (t trace) gotConn(nc net.Conn) {
	if t.GotConn != nil {
		t.GotConn(httptrace.GotConnInfo{Conn: nc})
	}
}

func (t trace) tlsStart() {
	if t.TLSHandshakeStart != nil {
		t.TLSHandshakeStart()
	}
}

// tlsDone is called when the TLS handshake of nc has ended.
func (t trace) tlsDone(nc net.Conn, err error) {
	if t.TLSHandshakeDone == nil {
		return
	}
	var state tls.ConnectionState
	if tc, ok := nc.(stater); ok && err == nil {
		state = tc.ConnectionState()
	}
	t.TLSHandshakeDone(state, err)
}

// wrote is called when r has been written, or could not be.
func (t trace) wrote(r *driver.Request, err error) {
	if t.WroteHeaderField != nil && err == nil {
		for _, f := range r.Fields {
			t.WroteHeaderField(f.Name, []string{f.Value})
		}
	}
	if t.WroteHeaders != nil && err == nil {
		t.WroteHeaders()
	}
	if t.WroteRequest != nil {
		t.WroteRequest(httptrace.WroteRequestInfo{Err: err})
	}
}

func (t trace) firstByte() {
	if t.GotFirstResponseByte != nil {
		t.GotFirstResponseByte()
	}
}

// wrap returns nc, or if there are hooks for what is written and read a connection
// over it that calls them. r is the request that is written first.
func (t trace) wrap(nc net.Conn, r *driver.Request) net.Conn {
	if t.WroteHeaderField == nil && t.WroteHeaders == nil && t.WroteRequest == nil && t.GotFirstResponseByte == nil {
		return nc
	}
	return withTLS(&tracedConn{overlay: overlay{nc}, trace: t, request: r}, nc)
}

// tracedConn calls the hooks for the first write and the first read.
type tracedConn struct {
	overlay
	trace       trace
	request     *driver.Request // used by the first write
	wrote, read atomic.Bool
}

// Write writes p. The first is the request: messages wait until it is answered.
func (c *tracedConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	if !c.wrote.Swap(true) {
		c.trace.wrote(c.request, err)
		c.request = nil
	}
	return n, err
}

func (c *tracedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 && !c.read.Swap(true) {
		c.trace.firstByte()
	}
	return n, err
}
