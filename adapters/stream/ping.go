package stream

import (
	"context"
	"encoding/binary"
	"slices"
	"time"
)

// ping is a call of Ping that is waiting.
type ping struct {
	number uint64
	sentAt time.Time
	pongAt time.Time // when the pong arrived; zero before
}

// pingMark is the beginning of the payload of the pings of Ping. A number of 8
// bytes follows. Keep-alive pings have no payload.
const pingMark = "ping"

// Ping sends a ping and returns the time until its pong arrives, which includes the
// time to write what was queued before it. Several calls may run at once. Unsolicited
// pongs are ignored. Another goroutine must be reading. In hixie the error wraps
// driver.ErrUnsupported.
//
// If ctx ends, the error is that of ctx, and the connection stays usable. If the
// connection ends, the error is that of ReadMessage.
func (c *Conn) Ping(ctx context.Context) (time.Duration, error) {
	c.lock()
	defer c.unlock()
	defer c.wakeAfter(ctx)()
	if err := c.admitControl(ctx); err != nil {
		return 0, err
	}
	r := c.getRare()
	p := &ping{number: r.lastPing + 1, sentAt: time.Now()}
	if err := c.d.Ping(binary.BigEndian.AppendUint64([]byte(pingMark), p.number)); err != nil {
		return 0, err
	}
	r.lastPing++
	r.pings = append(r.pings, p)
	defer func() {
		r.pings = slices.DeleteFunc(r.pings, func(q *ping) bool { return q == p })
	}()
	for p.pongAt.IsZero() {
		switch {
		case c.isOver() || c.end.phase >= gone:
			return 0, c.overError()
		case c.out.err != nil:
			return 0, c.out.err
		case ctx.Err() != nil:
			return 0, context.Cause(ctx)
		}
		c.wait()
	}
	return p.pongAt.Sub(p.sentAt), nil
}

// ponged handles a pong. It also answers the pings before the one it belongs to,
// since a peer may answer only the most recent ping (RFC 6455, section 5.5.3).
func (c *Conn) ponged(payload []byte) {
	if c.rare == nil || len(payload) != len(pingMark)+8 || string(payload[:len(pingMark)]) != pingMark {
		return
	}
	number := binary.BigEndian.Uint64(payload[len(pingMark):])
	known := func(p *ping) bool { return p.number == number }
	if !slices.ContainsFunc(c.rare.pings, known) {
		return
	}
	now := time.Now()
	for _, p := range c.rare.pings {
		if p.number <= number && p.pongAt.IsZero() {
			p.pongAt = now
			c.o.Trace.ponged(c, now.Sub(p.sentAt))
		}
	}
	c.wake.Broadcast()
}
