package stream

import (
	"time"

	"github.com/sans-io/websocket-driver/driver"
)

// Trace is told what happens on connections, for metrics and logs. Any function may
// be nil.
//
// The functions run in the order of the events, under the lock of the Conn. They
// must be quick, and must not call methods of c other than Transport, LocalAddr and
// RemoteAddr. c also identifies the connection.
type Trace struct {
	// Opened is called when the opening handshake is complete.
	Opened func(c *Conn)

	// Refused is called when the opening handshake has failed, in place of Closed. err
	// is that of Handshake, Reject or Refuse: a *driver.Error with Status if either
	// side has refused.
	Refused func(c *Conn, err error)

	// Received is called when a message has been received whole, and Sent when one has
	// been queued whole, with the kind, Text, Binary, Ping or Pong, and the number of
	// bytes of payload. Answers to pings and keep-alive pings are not reported.
	Received, Sent func(c *Conn, kind driver.Kind, n int)

	// State is called when Conn.State has changed, with the new state. Several changes
	// at once give one call.
	State func(c *Conn, s driver.State)

	// Ponged is called when the pong for a call of Conn.Ping has arrived.
	Ponged func(c *Conn, latency time.Duration)

	// Closed is called once when the connection is over, with what a *CloseError has:
	// the code, and the cause unless the peer closed properly. After CloseNow, and if a
	// time limit has passed while nothing reads, the code is driver.CodeAbnormal and the
	// cause wraps net.ErrClosed.
	Closed func(c *Conn, code driver.Code, cause error)
}

func (t *Trace) opened(c *Conn) {
	if t != nil && t.Opened != nil {
		t.Opened(c)
	}
}

func (t *Trace) state(c *Conn, s driver.State) {
	if t != nil && t.State != nil {
		t.State(c, s)
	}
}

func (t *Trace) received(c *Conn, kind driver.Kind, n int) {
	if t != nil && t.Received != nil {
		t.Received(c, kind, n)
	}
}

func (t *Trace) sent(c *Conn, kind driver.Kind, n int) {
	if t != nil && t.Sent != nil {
		t.Sent(c, kind, n)
	}
}

func (t *Trace) ponged(c *Conn, latency time.Duration) {
	if t != nil && t.Ponged != nil {
		t.Ponged(c, latency)
	}
}

// ended reports the end of a connection, or of its handshake if that has not been
// completed.
func (t *Trace) ended(c *Conn, code driver.Code, cause error) {
	switch {
	case t == nil:
	case !c.end.opened && t.Refused != nil:
		t.Refused(c, cause)
	case c.end.opened && t.Closed != nil:
		t.Closed(c, code, cause)
	}
}
