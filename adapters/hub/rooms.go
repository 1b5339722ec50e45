package hub

import (
	"iter"
	"maps"
	"slices"
	"sync"

	"github.com/sans-io/websocket-driver/adapters/stream"
)

// Rooms is a set of rooms. A room is a set of connections with a key, and a connection
// may be in any number of rooms. A room exists while there are connections in it. The
// key may also be that of a user: the room then contains the user's connections.
//
// A connection leaves all rooms when its transport has been closed, or given back by
// Conn.Detach. The zero Rooms is empty and ready to use. Any number of goroutines may
// use it.
type Rooms[K comparable] struct {
	mu      sync.Mutex
	rooms   map[K]*room
	members map[*stream.Conn]*member[K]
}

// room is a room, which is not empty.
type room struct {
	conns map[*stream.Conn]struct{}
	list  []*stream.Conn // conns for Members; nil after a change
}

// member is a connection in at least one room.
type member[K comparable] struct {
	rooms map[K]struct{}
	stop  func() bool // stops leaving when the connection is done
}

// Join adds c to the room with the given key. It reports whether c was not in that room
// before. A connection whose transport has been closed leaves at once.
func (r *Rooms[K]) Join(key K, c *stream.Conn) bool {
	r.mu.Lock()
	m := r.members[c]
	first := m == nil
	if first {
		m = &member[K]{rooms: make(map[K]struct{})}
		if r.members == nil {
			r.members, r.rooms = make(map[*stream.Conn]*member[K]), make(map[K]*room)
		}
		r.members[c] = m
	}
	_, known := m.rooms[key]
	if !known {
		m.rooms[key] = struct{}{}
		at := r.rooms[key]
		if at == nil {
			at = &room{conns: make(map[*stream.Conn]struct{})}
			r.rooms[key] = at
		}
		at.conns[c], at.list = struct{}{}, nil
	}
	r.mu.Unlock()
	if !first {
		return !known
	}
	stop := c.AfterDone(func() { r.leaveAll(c) }) // runs at once if c is done
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.members[c] == m {
		m.stop = stop
	} else { // c has left meanwhile
		defer stop()
	}
	return true
}

// Leave removes c from the room with the given key. It reports whether c was in that
// room.
func (r *Rooms[K]) Leave(key K, c *stream.Conn) bool {
	r.mu.Lock()
	m := r.members[c]
	if m == nil {
		r.mu.Unlock()
		return false
	}
	_, known := m.rooms[key]
	if known {
		r.remove(key, c, m)
	}
	last := len(m.rooms) == 0
	if last {
		delete(r.members, c)
	}
	stop := m.stop
	r.mu.Unlock()
	if last && stop != nil {
		stop()
	}
	return known
}

// leaveAll removes c from all rooms.
func (r *Rooms[K]) leaveAll(c *stream.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := r.members[c]
	if m == nil {
		return
	}
	delete(r.members, c)
	for key := range m.rooms {
		r.remove(key, c, m)
	}
}

// remove removes c, which is m, from a room in which it is.
func (r *Rooms[K]) remove(key K, c *stream.Conn, m *member[K]) {
	delete(m.rooms, key)
	at := r.rooms[key]
	delete(at.conns, c)
	at.list = nil
	if len(at.conns) == 0 {
		delete(r.rooms, key)
	}
}

// Len returns the number of connections in the room with the given key.
func (r *Rooms[K]) Len(key K) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if at := r.rooms[key]; at != nil {
		return len(at.conns)
	}
	return 0
}

// Members returns an iterator over the connections that are in the room with the given
// key when the loop begins, in unspecified order. The loop may change the room. For a
// message to the room, see Broadcast.
func (r *Rooms[K]) Members(key K) iter.Seq[*stream.Conn] {
	return func(yield func(*stream.Conn) bool) {
		for _, c := range r.snapshot(key) {
			if !yield(c) {
				return
			}
		}
	}
}

// snapshot returns the connections in a room. The slice is shared, and made anew after a
// change.
func (r *Rooms[K]) snapshot(key K) []*stream.Conn {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := r.rooms[key]
	if at == nil {
		return nil
	}
	if at.list == nil {
		at.list = listOf(at.conns)
	}
	return at.list
}

// Of returns the keys of the rooms in which c is, in unspecified order. The caller owns
// the slice.
func (r *Rooms[K]) Of(c *stream.Conn) []K {
	r.mu.Lock()
	defer r.mu.Unlock()
	if m := r.members[c]; m != nil {
		return slices.Collect(maps.Keys(m.rooms))
	}
	return nil
}

// Keys returns the keys of all rooms, in unspecified order. The caller owns the slice.
func (r *Rooms[K]) Keys() []K {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Collect(maps.Keys(r.rooms))
}
