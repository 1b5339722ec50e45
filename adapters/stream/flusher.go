package stream

import (
	"sync"
	"sync/atomic"
)

// flusher writes broadcasts to sockets: on one goroutine for many connections, which ends
// when there is nothing to do. It never waits. A socket that takes no more gets a
// goroutine of its own.
type flusher struct {
	mu      sync.Mutex
	waiting []*Conn
	running bool
}

// maxWaiting is the maximum capacity of flusher.waiting that is kept.
const maxWaiting = 256

// flushers share the work, so that all processors can write.
var flushers [64]flusher

var nextFlusher atomic.Uint32

// chooseFlusher returns one flusher after the other.
func chooseFlusher() *flusher {
	return &flushers[nextFlusher.Add(1)%uint32(len(flushers))]
}

// add has c flushed soon. The caller holds the lock of c.
func (f *flusher) add(c *Conn) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.waiting = append(f.waiting, c)
	if !f.running {
		f.running = true
		go f.run()
	}
}

func (f *flusher) run() {
	var batch []*Conn
	for f.next(&batch) {
		for i, c := range batch {
			c.flushNow()
			batch[i] = nil
		}
	}
}

// next exchanges batch, which has been handled, for the connections that wait. If there
// are none it returns false, and run has to end.
func (f *flusher) next(batch *[]*Conn) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if cap(*batch) > maxWaiting {
		*batch = nil
	}
	*batch, f.waiting = f.waiting, (*batch)[:0]
	f.running = len(*batch) > 0
	return f.running
}
