package hub

import (
	"context"
	"iter"
	"sync"
	"sync/atomic"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
)

// Registry is a set of connections: all connections of a server, or those in a room.
// A connection is removed when its transport has been closed, or given back by
// Conn.Detach. The zero Registry is empty and ready to use. Any number of goroutines
// may use it.
type Registry struct {
	mu     sync.Mutex
	conns  map[*stream.Conn]func() bool // what stops the removal when the connection is done
	ending bool
}

// Add adds a connection. After Shutdown has been called it returns false, and the
// caller must close the connection.
func (r *Registry) Add(c *stream.Conn) bool {
	r.mu.Lock()
	_, known := r.conns[c]
	ending := r.ending
	if !known && !ending {
		if r.conns == nil {
			r.conns = make(map[*stream.Conn]func() bool)
		}
		r.conns[c] = nil
	}
	r.mu.Unlock()
	if known || ending {
		return !ending
	}
	stop := c.AfterDone(func() { r.delete(c) })
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.conns[c]; ok {
		r.conns[c] = stop
	} else { // removed meanwhile
		defer stop()
	}
	return true
}

// Remove removes a connection.
func (r *Registry) Remove(c *stream.Conn) {
	if stop := r.delete(c); stop != nil {
		stop()
	}
}

// delete removes c and returns what was kept with it.
func (r *Registry) delete(c *stream.Conn) func() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	stop := r.conns[c]
	delete(r.conns, c)
	return stop
}

// Len returns the number of connections.
func (r *Registry) Len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.conns)
}

// All returns an iterator over the connections in the Registry when the loop begins,
// in unspecified order. The loop may add and remove connections.
func (r *Registry) All() iter.Seq[*stream.Conn] {
	return func(yield func(*stream.Conn) bool) {
		for _, c := range r.snapshot() {
			if !yield(c) {
				return
			}
		}
	}
}

func (r *Registry) snapshot() []*stream.Conn {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]*stream.Conn, 0, len(r.conns))
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
