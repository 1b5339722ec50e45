package hub

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
)

// Registry is a set of connections, such as all connections of a server, to shut down
// together. A connection is removed when its transport has been closed, or given back
// by Conn.Detach. The zero Registry is empty and ready to use. Any number of goroutines
// may use it.
type Registry struct {
	mu     sync.Mutex
	conns  map[*stream.Conn]func() bool // what stops the removal when the connection is done
	list   []*stream.Conn               // conns for All; nil after a change
	empty  chan struct{}                // closed when conns becomes empty; nil if no call waits
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
		r.conns[c], r.list = nil, nil
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
	stop, known := r.conns[c]
	if !known {
		return nil
	}
	delete(r.conns, c)
	r.list = nil
	if len(r.conns) == 0 && r.empty != nil {
		close(r.empty)
		r.empty = nil
	}
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

// snapshot returns the connections. The slice is shared, and made anew after a change.
func (r *Registry) snapshot() []*stream.Conn {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.list == nil {
		r.list = listOf(r.conns)
	}
	return r.list
}

// listOf returns the keys of m.
func listOf[V any](m map[*stream.Conn]V) []*stream.Conn {
	return slices.AppendSeq(make([]*stream.Conn, 0, len(m)), maps.Keys(m))
}

// Wait waits until the Registry is empty, which it may be at once. If ctx ends first,
// the error is that of ctx. Otherwise it is nil. Connections that are added meanwhile
// are waited for too.
func (r *Registry) Wait(ctx context.Context) error {
	r.mu.Lock()
	if len(r.conns) == 0 {
		r.mu.Unlock()
		return nil
	}
	if r.empty == nil {
		r.empty = make(chan struct{})
	}
	empty := r.empty
	r.mu.Unlock()
	select {
	case <-empty:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// maxReason is the length of the longest reason of a close frame, in bytes (RFC 6455,
// section 5.5).
const maxReason = 123

// Shutdown closes all connections with code, such as driver.CodeGoingAway or
// driver.CodeServiceRestart, and reason, which is UTF-8 of at most 123 bytes and may be
// "". It returns when they have ended. Each takes at most Config.CloseTimeout. Add
// returns false from now on. If ctx ends first, the remaining connections are closed
// as by CloseNow, and the error is that of ctx. Otherwise it is nil. Shutdown may be
// called again to wait.
//
// Connections whose version lacks code are closed with driver.CodeGoingAway. If code
// cannot be sent in any version, Shutdown does nothing and the error wraps
// driver.ErrInvalid; for a reason that cannot be sent it wraps driver.ErrTooLong or
// driver.ErrInvalidUTF8.
//
// http.Server.Shutdown does not wait for functions of RegisterOnShutdown, so call
// Shutdown once more after it.
func (r *Registry) Shutdown(ctx context.Context, code driver.Code, reason string) error {
	switch {
	case !code.Sendable():
		return fmt.Errorf("%w: close code %d", driver.ErrInvalid, code)
	case len(reason) > maxReason:
		return fmt.Errorf("%w: reason of %d bytes", driver.ErrTooLong, len(reason))
	case !utf8.ValidString(reason):
		return driver.ErrInvalidUTF8
	}
	r.mu.Lock()
	r.ending = true
	r.mu.Unlock()
	var all sync.WaitGroup
	var cut atomic.Bool
	for c := range r.All() {
		all.Go(func() {
			err := c.Close(ctx, code, reason)
			if errors.Is(err, driver.ErrUnsupported) { // the version lacks code
				err = c.Close(ctx, driver.CodeGoingAway, reason)
			}
			if err != nil && err == context.Cause(ctx) {
				cut.Store(true)
				r.Remove(c) // its transport is being closed
			}
		})
	}
	all.Wait()
	if cut.Load() {
		return context.Cause(ctx)
	}
	return nil
}
