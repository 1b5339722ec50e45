package netconn_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sans-io/websocket-driver/adapters/netconn"
	"github.com/sans-io/websocket-driver/driver"
)

// fakeListener accepts pipes, whose clients have any address.
type fakeListener struct {
	conns chan net.Conn
	done  chan struct{}
}

func newFakeListener() *fakeListener {
	return &fakeListener{make(chan net.Conn), make(chan struct{})}
}

func (l *fakeListener) Accept() (net.Conn, error) {
	select {
	case nc := <-l.conns:
		return nc, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *fakeListener) Close() error {
	close(l.done)
	return nil
}

func (l *fakeListener) Addr() net.Addr { return &net.UnixAddr{Name: "fake", Net: "unix"} }

// dial connects from addr. It waits until the listener has accepted the connection.
func (l *fakeListener) dial(addr netip.AddrPort) net.Conn {
	client, server := net.Pipe()
	select {
	case l.conns <- addressed{server, net.TCPAddrFromAddrPort(addr)}:
	case <-l.done:
		server.Close()
	}
	return client
}

// addressed is a connection from an address.
type addressed struct {
	net.Conn
	remote net.Addr
}

func (a addressed) RemoteAddr() net.Addr { return a.remote }

// CloseWrite does nothing: a pipe cannot be closed for one direction. With it the
// server waits for the client's end after a refusal, as over TCP.
func (a addressed) CloseWrite() error { return nil }

// greet serves l within a bubble, with an application that greets each connection.
func (l *fakeListener) greet(t *testing.T) *netconn.Listener {
	t.Helper()
	wl := newListener(t, l, nil)
	go func() {
		for {
			conn, err := wl.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			go conn.WriteMessage(driver.Text, []byte("welcome"))
		}
	}()
	return wl
}

// addr returns the address number n.
func addr(n int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)}), 1234)
}

const upgradeRequest = "GET / HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"

// honest makes an opening handshake that takes a time, and waits for the greeting,
// which must come within a second.
func honest(nc net.Conn, takes time.Duration) error {
	defer nc.Close()
	nc.SetDeadline(time.Now().Add(takes + time.Second))
	const parts = 10
	for i := range parts {
		time.Sleep(takes / parts)
		part := upgradeRequest[i*len(upgradeRequest)/parts : (i+1)*len(upgradeRequest)/parts]
		if _, err := io.WriteString(nc, part); err != nil {
			return err
		}
	}
	in := make([]byte, 1<<10)
	var all []byte
	for {
		n, err := nc.Read(in)
		if all = append(all, in[:n]...); len(all) > 7 && string(all[len(all)-7:]) == "welcome" {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// malice is what a connection of an attacker does.
var malice = []struct {
	name   string
	attack func(nc net.Conn)
}{
	{"silent", func(nc net.Conn) { io.Copy(io.Discard, nc) }},
	{"dripping", func(nc net.Conn) {
		for i := 0; ; i++ {
			if _, err := nc.Write([]byte{upgradeRequest[i%40]}); err != nil {
				return
			}
			time.Sleep(time.Second)
		}
	}},
	{"taking no answer", func(nc net.Conn) {
		io.WriteString(nc, upgradeRequest)
		time.Sleep(time.Minute)
	}},
	{"taking no refusal", func(nc net.Conn) {
		io.WriteString(nc, "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n")
		time.Sleep(time.Minute)
	}},
	{"refused and lingering", func(nc net.Conn) {
		io.WriteString(nc, "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n")
		io.ReadFull(nc, make([]byte, 100))
		time.Sleep(time.Minute)
	}},
}

// TestSilentClients: clients that do not complete a handshake do not keep honest
// ones out, whether these are fast or slow. All times are those of a bubble.
func TestSilentClients(t *testing.T) {
	for _, m := range malice {
		for _, rate := range []int{60, 300} { // connections a second
			for _, addrs := range []int{1, 1000} {
				t.Run(fmt.Sprintf("%s/%d a second/%d addresses", m.name, rate, addrs), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						underAttack(t, m.attack, rate, addrs)
					})
				})
			}
		}
	}
}

func underAttack(t *testing.T, attack func(net.Conn), rate, addrs int) {
	fake := newFakeListener()
	l := fake.greet(t)
	var attackers, clients sync.WaitGroup
	attackers.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-fake.done:
				return
			case <-time.After(time.Second / time.Duration(rate)):
			}
			nc := fake.dial(addr(i % addrs))
			attackers.Go(func() {
				defer nc.Close()
				attack(nc)
			})
		}
	})
	time.Sleep(10 * time.Second) // as many as it can
	for i := range 20 {
		takes := time.Duration(i%2) * 6 * time.Second
		nc := fake.dial(addr(1<<16 + i))
		clients.Go(func() {
			if err := honest(nc, takes); err != nil {
				t.Errorf("a client whose handshake takes %v: %v", takes, err)
			}
		})
		time.Sleep(200 * time.Millisecond)
	}
	clients.Wait()
	l.Close()
	attackers.Wait()
}

// isClosed reports whether the server has closed nc, which it sends nothing.
func isClosed(nc net.Conn) bool {
	nc.SetReadDeadline(time.Now().Add(time.Nanosecond))
	_, err := nc.Read(make([]byte, 1))
	return err == io.EOF
}

// TestDropped: which of the connections is dropped for the last one.
func TestDropped(t *testing.T) {
	tests := []struct {
		name    string
		proxies []netip.Prefix
		tls     bool
		addrs   []int
		want    int
	}{
		{"the oldest of an address", nil, false, []int{1, 2, 2, 3}, 1},
		{"a proxy", []netip.Prefix{netip.MustParsePrefix("10.0.0.2/32")}, false, []int{1, 2, 2, 3}, 0},
		{"without TLS handshake", nil, true, []int{1, 2, 2, 3}, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fake := newFakeListener()
				nl := net.Listener(fake)
				if test.tls {
					nl = tls.NewListener(fake, &tls.Config{Certificates: make([]tls.Certificate, 1)}) // never used
				}
				l := newListener(t, nl, nil)
				l.MaxHandshakes, l.Proxies = len(test.addrs)-1, test.proxies
				go l.Accept()
				var conns []net.Conn
				for _, n := range test.addrs {
					conns = append(conns, fake.dial(addr(n)))
					synctest.Wait() // it counts
				}
				for i, nc := range conns {
					if got := isClosed(nc); got != (i == test.want) {
						t.Errorf("connection %d is closed: %t", i, got)
					}
				}
				l.Close()
			})
		})
	}
}

// TestMaxPending: requests that the application does not handle do not count as
// handshakes, and have a bound of their own.
func TestMaxPending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := newFakeListener()
		l := newListener(t, fake, nil)
		l.MaxHandshakes, l.MaxPending = 2, 3
		checked, proceed := 0, make(chan bool)
		l.Check = func(*driver.Request) *driver.Response {
			checked++
			<-proceed
			return nil
		}
		go l.Accept()
		var conns []net.Conn
		for i := range 6 {
			nc := fake.dial(addr(1))
			io.WriteString(nc, upgradeRequest)
			conns = append(conns, nc)
			synctest.Wait()
			if want := min(i+1, 3); checked != want {
				t.Fatalf("%d of %d requests have been passed to Check", checked, i+1)
			}
		}
		for i, nc := range conns {
			if got := isClosed(nc); got != (i == 3) { // of those that wait for Check the oldest
				t.Errorf("connection %d is closed: %t", i, got)
			}
		}
		for _, nc := range conns {
			nc.Close()
		}
		close(proceed)
		l.Close()
	})
}

func TestInvalidProxies(t *testing.T) {
	for _, p := range []netip.Prefix{{}, netip.MustParsePrefix("::ffff:10.0.0.0/104")} {
		l := listen(t, nil)
		l.Proxies = []netip.Prefix{p}
		if _, err := l.Accept(); !errors.Is(err, driver.ErrInvalid) {
			t.Errorf("%v: %v", p, err)
		}
		l.Close()
	}
}

// TestPassingErrors: an application that calls Accept again at once after an error
// does not keep a processor busy, and gets the connections that follow.
func TestPassingErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := newFakeListener()
		failing := &failingListener{fakeListener: fake, until: time.Now().Add(time.Minute)}
		l := newListener(t, failing, nil)
		go func() {
			time.Sleep(2 * time.Minute)
			nc := fake.dial(addr(1))
			io.WriteString(nc, upgradeRequest)
			io.Copy(io.Discard, nc)
		}()
		failed := 0
		for {
			conn, err := l.Accept()
			if err == nil {
				conn.CloseNow()
				break
			}
			if !errors.Is(err, errTooMany) {
				t.Fatal(err)
			}
			failed++
		}
		if failed < 2 || failed > 100 {
			t.Errorf("%d errors in a minute", failed)
		}
		l.Close()
	})
}

// failingListener fails for some time.
type failingListener struct {
	*fakeListener
	until time.Time
}

var errTooMany = errors.New("too many open files")

func (l *failingListener) Accept() (net.Conn, error) {
	if time.Now().Before(l.until) {
		return nil, errTooMany
	}
	return l.fakeListener.Accept()
}
