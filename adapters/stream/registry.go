package stream

import (
	"context"
	"iter"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/sans-io/websocket-driver/driver"
)

// Registry is a set of connections: all of a server, to end them with it, or
// those in a room, to broadcast to. A connection leaves it when its transport has
// been closed. The zero Registry is empty and ready to use; any number of
// goroutines may use it.
type Registry struct {
	mu     sync.Mutex
	conns  map[*Conn]struct{}
	ending bool
}

// Add adds a connection. It returns false after Shutdown has been called: then
// the caller closes the connection.
func (r *Registry) Add(c *Conn) bool {
	if !r.insert(c) {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch x := c.extra(); {
	case c.gone:
		r.delete(c)
	case !slices.Contains(x.registries, r):
		x.registries = append(x.registries, r)
	}
	return true
}

// Remove takes a connection out.
func (r *Registry) Remove(c *Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.x != nil {
		c.x.registries = slices.DeleteFunc(c.x.registries, func(q *Registry) bool { return q == r })
	}
	r.delete(c)
}

// leave takes c out of its registries. The lock of a Registry is taken under
// that of a Conn, and never the other way round.
func (c *Conn) leave() {
	if c.x == nil {
		return
	}
	for _, r := range c.x.registries {
		r.delete(c)
	}
	c.x.registries = nil
}

func (r *Registry) insert(c *Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ending {
		return false
	}
	if r.conns == nil {
		r.conns = make(map[*Conn]struct{})
	}
	r.conns[c] = struct{}{}
	return true
}

func (r *Registry) delete(c *Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.conns, c)
}

// Len returns the number of connections.
func (r *Registry) Len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.conns)
}

// All returns the connections that are there when the loop begins, in no order.
// The loop may add and remove.
func (r *Registry) All() iter.Seq[*Conn] {
	return func(yield func(*Conn) bool) {
		for _, c := range r.snapshot() {
			if !yield(c) {
				return
			}
		}
	}
}

func (r *Registry) snapshot() []*Conn {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]*Conn, 0, len(r.conns))
	for c := range r.conns {
		all = append(all, c)
	}
	return all
}

// Shutdown closes all connections with 1001 (going away) and reason, which may be
// "", and returns when they have ended; Add refuses from now on. Each takes Config.CloseTimeout at most.
// When ctx ends before, those that are left are closed as CloseNow does, and the
// error is that of ctx; else it is nil. It may be called again, to wait.
//
// http.Server.Shutdown does not wait for what RegisterOnShutdown starts: call
// Shutdown once more behind it.
func (r *Registry) Shutdown(ctx context.Context, reason string) error {
	r.mu.Lock()
	r.ending = true
	r.mu.Unlock()
	var all sync.WaitGroup
	var cut atomic.Bool
	for c := range r.All() {
		all.Go(func() {
			if err := c.Close(ctx, driver.CodeGoingAway, reason); err != nil && err == context.Cause(ctx) {
				cut.Store(true)
			}
		})
	}
	all.Wait()
	if cut.Load() {
		return context.Cause(ctx)
	}
	return nil
}
