package stream

import (
	"context"
	"iter"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/sans-io/websocket-driver/driver"
)

// Registry is a set of connections: all connections of a server, to close them when
// it shuts down, or those in a room, to broadcast to. A connection is removed when
// its transport has been closed. The zero Registry is empty and ready to use. Any
// number of goroutines may use it.
type Registry struct {
	mu     sync.Mutex
	conns  map[*Conn]struct{}
	ending bool
}

// Add adds a connection. After Shutdown has been called it returns false, and the
// caller must close the connection.
func (r *Registry) Add(c *Conn) bool {
	if !r.insert(c) {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch rare := c.getRare(); {
	case c.gone:
		r.delete(c)
	case !slices.Contains(rare.registries, r):
		rare.registries = append(rare.registries, r)
	}
	return true
}

// Remove removes a connection.
func (r *Registry) Remove(c *Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rare != nil {
		c.rare.registries = slices.DeleteFunc(c.rare.registries, func(q *Registry) bool { return q == r })
	}
	r.delete(c)
}

// leave removes c from its registries. The lock of a Registry may be acquired while
// that of a Conn is held, but not the other way round.
func (c *Conn) leave() {
	if c.rare == nil {
		return
	}
	for _, r := range c.rare.registries {
		r.delete(c)
	}
	c.rare.registries = nil
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

// All returns an iterator over the connections in the Registry when the loop begins,
// in unspecified order. The loop may add and remove connections.
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
// "", and returns when they have ended. Each takes at most Config.CloseTimeout. Add
// returns false from now on. If ctx ends first, the remaining connections are closed
// as by CloseNow, and the error is that of ctx. Otherwise it is nil. Shutdown may be
// called again to wait.
//
// http.Server.Shutdown does not wait for functions of RegisterOnShutdown, so call
// Shutdown once more after it.
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
