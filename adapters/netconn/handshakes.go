package netconn

import (
	"container/heap"
	"container/list"
	"context"
	"net"
	"net/netip"
	"sync"
)

// handshakes holds the opening handshakes in which the peer is to act, at most limit
// of them, so that peers that do not act cannot keep others out. Beyond the limit one
// is dropped for each that is added: the oldest of the source that has the most, and
// among sources that have equally many the oldest of all.
//
// Whether a peer has sent something does not matter, since it costs an attacker
// nothing to send a byte now and then. A source with few handshakes is safe from
// those that have more, whatever they do. Against an attacker that has many
// addresses the limit determines how much time is left for a handshake.
//
// The sources form a heap with the next victim at the root, so all operations take
// O(log n) steps.
type handshakes struct {
	limit int

	mu     sync.Mutex
	count  int
	added  uint64                   // in all
	shared map[netip.Prefix]*source // without those that consist of one connection
	heap   sources
}

// source is an address, or one connection if the address means nothing, with its
// handshakes. It has at least one.
type source struct {
	addr    netip.Prefix // invalid for one connection
	pending list.List    // of *handshake, oldest first
	index   int          // in the heap
}

// handshake is one opening handshake.
type handshake struct {
	ctx     context.Context // ends when the handshake is dropped
	cancel  context.CancelFunc
	of      *handshakes
	number  uint64 // in the order of add
	source  *source
	element *list.Element // of source.pending; nil once it does not count
}

func newHandshakes(limit int) *handshakes {
	return &handshakes{limit: limit, shared: make(map[netip.Prefix]*source)}
}

// add counts a handshake of addr, or of a source of its own if addr is not valid, and
// drops another if there are too many. The caller must call end.
func (hs *handshakes) add(ctx context.Context, addr netip.Prefix) *handshake {
	h := &handshake{of: hs}
	h.ctx, h.cancel = context.WithCancel(ctx)
	if victim := hs.insert(h, addr); victim != nil {
		victim.cancel()
	}
	return h
}

// insert inserts h and removes and returns the one to drop, if any.
func (hs *handshakes) insert(h *handshake, addr netip.Prefix) (victim *handshake) {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	h.number = hs.added
	hs.added++
	s := hs.shared[addr]
	if s == nil {
		s = &source{addr: addr}
		if addr.IsValid() {
			hs.shared[addr] = s
		}
	}
	h.source, h.element = s, s.pending.PushBack(h)
	if s.pending.Len() == 1 {
		heap.Push(&hs.heap, s)
	} else {
		heap.Fix(&hs.heap, s.index)
	}
	hs.count++
	if hs.count > hs.limit {
		victim = hs.heap[0].oldest()
		hs.remove(victim)
	}
	return victim
}

// end ends h: it no longer counts. It reports whether h counted until now, so that it
// has not been dropped.
func (h *handshake) end() bool {
	defer h.cancel()
	h.of.mu.Lock()
	defer h.of.mu.Unlock()
	if h.element == nil {
		return false
	}
	h.of.remove(h)
	return true
}

// remove removes h, which counts.
func (hs *handshakes) remove(h *handshake) {
	s := h.source
	s.pending.Remove(h.element)
	h.element = nil
	hs.count--
	if s.pending.Len() > 0 {
		heap.Fix(&hs.heap, s.index)
		return
	}
	heap.Remove(&hs.heap, s.index)
	if s.addr.IsValid() {
		delete(hs.shared, s.addr)
	}
}

func (s *source) oldest() *handshake { return s.pending.Front().Value.(*handshake) }

// sources implements heap.Interface. The first is the one that has the most
// handshakes, and among equals the oldest.
type sources []*source

func (s sources) Len() int { return len(s) }

func (s sources) Less(i, j int) bool {
	if a, b := s[i].pending.Len(), s[j].pending.Len(); a != b {
		return a > b
	}
	return s[i].oldest().number < s[j].oldest().number
}

func (s sources) Swap(i, j int) {
	s[i], s[j] = s[j], s[i]
	s[i].index, s[j].index = i, j
}

func (s *sources) Push(x any) {
	added := x.(*source)
	added.index = len(*s)
	*s = append(*s, added)
}

func (s *sources) Pop() any {
	last := len(*s) - 1
	removed := (*s)[last]
	(*s)[last] = nil
	*s = (*s)[:last]
	return removed
}

// sourceOf returns the address that a connection from a counts for: in IPv6 the
// network of 64 bits, which commonly belongs to one host. It is not valid if the
// connection counts alone, because a is no IP address or belongs to one of the proxies.
func sourceOf(a net.Addr, proxies []netip.Prefix) netip.Prefix {
	var port netip.AddrPort
	if tcp, ok := a.(*net.TCPAddr); ok {
		port = tcp.AddrPort()
	} else if a != nil {
		port, _ = netip.ParseAddrPort(a.String())
	}
	addr := port.Addr().Unmap().WithZone("")
	for _, p := range proxies {
		if p.Contains(addr) {
			return netip.Prefix{}
		}
	}
	source, _ := addr.Prefix(min(addr.BitLen(), 64)) // fails for no address
	return source
}
