package netconn

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"testing"
)

// drops counts handshakes of the given addresses in that order, and returns the
// indexes of those that are dropped, in the order of the addresses.
func drops(limit int, addrs ...string) (dropped []int) {
	hs := newHandshakes(limit)
	var all []*handshake
	for _, a := range addrs {
		source := netip.Prefix{}
		if a != "" {
			source = netip.PrefixFrom(netip.MustParseAddr(a), 32)
		}
		all = append(all, hs.add(context.Background(), source))
	}
	for i, h := range all {
		ended := h.ctx.Err() != nil
		if counted := h.end(); counted == ended {
			panic("end disagrees with the context")
		} else if ended {
			dropped = append(dropped, i)
		}
		if h.end() || h.ctx.Err() == nil {
			panic("a handshake that has ended counts")
		}
	}
	if hs.count != 0 || len(hs.heap) != 0 || len(hs.shared) != 0 {
		panic("something is left")
	}
	return dropped
}

func TestVictims(t *testing.T) {
	const a, b, c, alone = "192.0.2.1", "192.0.2.2", "192.0.2.3", ""
	tests := []struct {
		name  string
		limit int
		addrs []string
		want  []int
	}{
		{"below the limit", 3, []string{a, a, a}, nil},
		{"one address: its oldest", 2, []string{a, a, a, a}, []int{0, 1}},
		{"the address that has the most", 4, []string{b, a, c, a, a}, []int{1}},
		{"also if the newest is of another", 4, []string{b, a, a, a, c}, []int{1}},
		{"also if it is the one of the newest", 2, []string{a, b, b}, []int{1}},
		{"equally many: the oldest", 3, []string{b, a, c, "192.0.2.4"}, []int{0}},
		{"equally many, twice", 3, []string{b, a, a, b, c}, []int{0, 1}},
		{"alone: each has one", 3, []string{alone, alone, a, alone}, []int{0}},
		{"alone, against an address with two", 3, []string{alone, a, a, alone}, []int{1}},
		{"a limit of one", 1, []string{a, b, alone, a}, []int{0, 1, 2}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := drops(test.limit, test.addrs...); !slices.Equal(got, test.want) {
				t.Errorf("dropped %v, not %v", got, test.want)
			}
		})
	}
}

// TestHeap compares the heap with a search, for a long sequence of handshakes that
// begin and end.
func TestHeap(t *testing.T) {
	hs := newHandshakes(50)
	var live []*handshake
	for i := range 5000 {
		addr := netip.PrefixFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(i * i % 23)}), 32)
		if i%7 == 0 {
			addr = netip.Prefix{}
		}
		live = append(live, hs.add(context.Background(), addr))
		if i%3 == 0 {
			k := i * 31 % len(live)
			live[k].end()
			live = slices.Delete(live, k, k+1)
		}
		live = slices.DeleteFunc(live, func(h *handshake) bool { return h.ctx.Err() != nil })
		if len(live) != hs.count || hs.count > hs.limit {
			t.Fatalf("%d handshakes, counted as %d", len(live), hs.count)
		}
		if len(live) == 0 {
			continue
		}
		worst := slices.MinFunc(live, func(a, b *handshake) int {
			if d := b.source.pending.Len() - a.source.pending.Len(); d != 0 {
				return d
			}
			return int(a.number) - int(b.number)
		})
		if got := hs.heap[0].oldest(); got != worst {
			t.Fatalf("the next victim is %d of %d, not %d of %d",
				got.number, got.source.pending.Len(), worst.number, worst.source.pending.Len())
		}
	}
	for _, h := range live {
		h.end()
	}
	if hs.count != 0 || len(hs.heap) != 0 || len(hs.shared) != 0 {
		t.Errorf("%d handshakes, %d and %d sources are left", hs.count, len(hs.heap), len(hs.shared))
	}
}

func TestSourceOf(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8:ffff::/48")}
	tests := []struct {
		addr net.Addr
		want string
	}{
		{tcpAddr("192.0.2.7:80"), "192.0.2.7/32"},
		{tcpAddr("[::ffff:192.0.2.7]:80"), "192.0.2.7/32"},
		{tcpAddr("[2001:db8:1:2:3:4:5:6]:80"), "2001:db8:1:2::/64"},
		{tcpAddr("[fe80::1%eth0]:80"), "fe80::/64"},
		{tcpAddr("10.1.2.3:80"), ""},
		{tcpAddr("[::ffff:10.1.2.3]:80"), ""},
		{tcpAddr("[2001:db8:ffff::1]:80"), ""},
		{&net.UDPAddr{IP: net.IPv4(192, 0, 2, 7), Port: 80}, "192.0.2.7/32"}, // as of QUIC, by its text
		{&net.UnixAddr{Net: "unix", Name: "/run/socket"}, ""},
		{&net.UnixAddr{Net: "unix", Name: ""}, ""},
		{(*net.TCPAddr)(nil), ""},
		{&net.TCPAddr{}, ""},
		{nil, ""},
	}
	for _, test := range tests {
		got := sourceOf(test.addr, proxies)
		if got.IsValid() != (test.want != "") || got.IsValid() && got.String() != test.want {
			t.Errorf("%v counts for %v, not %q", test.addr, got, test.want)
		}
	}
}

func tcpAddr(s string) net.Addr { return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(s)) }

func BenchmarkHandshakes(b *testing.B) {
	for _, addrs := range []int{1, 1000, 1 << 16} {
		b.Run(fmt.Sprintf("from=%d", addrs), func(b *testing.B) {
			hs := newHandshakes(defaultHandshakes)
			b.ReportAllocs()
			for i := range b.N {
				n := i % addrs
				hs.add(context.Background(), netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, byte(n >> 8), byte(n)}), 32))
			}
		})
	}
}
