package stream

import (
	"context"
	"encoding/binary"
	"slices"
	"time"
)

// ping is a call of Ping that waits.
type ping struct {
	number uint64
	back   time.Time // when the pong came; zero before
}

// pingMark begins the payload of the pings of Ping; a number of 8 bytes follows.
// Keep-alive pings have no payload.
const pingMark = "ping"

// Ping sends a ping and returns the time until its pong has come, which includes
// what waits to be written before it. Several calls may run at once; pongs that
// nobody has asked for are ignored. Somebody has to read meanwhile. In hixie the
// error wraps driver.ErrUnsupported.
//
// When ctx ends the error is that of ctx, and the connection goes on. When the
// connection ends it is that of ReadMessage.
func (c *Conn) Ping(ctx context.Context) (time.Duration, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.sendError(); err != nil {
		return 0, err
	}
	x := c.extra()
	p := &ping{number: x.lastPing + 1}
	start := time.Now()
	if err := c.d.Ping(binary.BigEndian.AppendUint64([]byte(pingMark), p.number)); err != nil {
		return 0, err
	}
	x.lastPing++
	x.pings = append(x.pings, p)
	defer func() {
		x.pings = slices.DeleteFunc(x.pings, func(q *ping) bool { return q == p })
	}()
	c.settle()
	stop := context.AfterFunc(ctx, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.wake.Broadcast()
	})
	defer stop()
	for p.back.IsZero() {
		switch {
		case c.isOver() || c.gone:
			return 0, c.overError()
		case c.writeErr != nil:
			return 0, c.writeErr
		case ctx.Err() != nil:
			return 0, context.Cause(ctx)
		}
		c.wake.Wait()
	}
	return p.back.Sub(start), nil
}

// ponged notes a pong. It also answers the pings before the one that it belongs
// to, since a peer may leave out all but the last (RFC 6455, section 5.5.3).
func (c *Conn) ponged(payload []byte) {
	if c.x == nil || len(payload) != len(pingMark)+8 || string(payload[:len(pingMark)]) != pingMark {
		return
	}
	number := binary.BigEndian.Uint64(payload[len(pingMark):])
	known := func(p *ping) bool { return p.number == number }
	if !slices.ContainsFunc(c.x.pings, known) {
		return
	}
	now := time.Now()
	for _, p := range c.x.pings {
		if p.number <= number && p.back.IsZero() {
			p.back = now
		}
	}
	c.wake.Broadcast()
}
