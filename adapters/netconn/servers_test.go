package netconn_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"testing"
)

// serveTCP runs serve for each connection to the address that it returns, with
// TLS if config is not nil. serve need not close; at the end of the test all
// connections are closed.
func serveTCP(t *testing.T, config *tls.Config, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var conns []net.Conn
	var all sync.WaitGroup
	all.Go(func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, nc)
			mu.Unlock()
			all.Go(func() {
				defer nc.Close()
				if config != nil {
					serve(tls.Server(nc, config))
				} else {
					serve(nc)
				}
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for _, nc := range conns {
			nc.Close()
		}
		mu.Unlock()
		all.Wait()
	})
	return l.Addr().String()
}

// relay copies between the two until either ends.
func relay(nc net.Conn, from io.Reader, target string) {
	up, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	var both sync.WaitGroup
	both.Go(func() {
		io.Copy(up, from)
		up.(*net.TCPConn).CloseWrite()
	})
	io.Copy(nc, up)
	up.Close()
	nc.Close()
	both.Wait()
}

// connectProxy answers CONNECT by answer, which is to return false if it has
// written a refusal, and connects to target whatever was asked for.
func connectProxy(target string, answer func(io.Writer, *http.Request) bool) func(net.Conn) {
	return func(nc net.Conn) {
		br := bufio.NewReader(nc)
		for {
			r, err := http.ReadRequest(br)
			if err != nil {
				return
			}
			if answer(nc, r) {
				io.WriteString(nc, "HTTP/1.1 200 Connection established\r\n\r\n")
				relay(nc, br, target)
				return
			}
		}
	}
}

// agree makes connectProxy establish every tunnel.
func agree(io.Writer, *http.Request) bool { return true }

// socksProxy is a SOCKS5 server (RFC 1928) that connects to target whatever was
// asked for. With a user it wants that and the password (RFC 1929).
func socksProxy(t *testing.T, target, user, password string) func(net.Conn) {
	return func(nc net.Conn) {
		br := bufio.NewReader(nc)
		// counted reads n bytes, and as many as the last of them says.
		counted := func(n int) (all []byte) {
			all = make([]byte, n)
			if _, err := io.ReadFull(br, all); err != nil {
				return all
			}
			rest := make([]byte, all[n-1])
			io.ReadFull(br, rest)
			return append(all, rest...)
		}
		counted(2) // version, methods
		if user == "" {
			nc.Write([]byte{5, 0})
		} else {
			nc.Write([]byte{5, 2})
			gotUser, gotPassword := counted(2)[2:], counted(1)[1:]
			if string(gotUser) != user || string(gotPassword) != password {
				nc.Write([]byte{1, 1})
				return
			}
			nc.Write([]byte{1, 0})
		}
		head := counted(5) // version, CONNECT, reserved, a name, its length
		if len(head) < 6 || head[3] != 3 {
			t.Errorf("SOCKS request %x", head)
			return
		}
		br.Discard(2) // port
		nc.Write([]byte{5, 0, 0, 1, 127, 0, 0, 1, 0, 1})
		relay(nc, br, target)
	}
}

// urlOf parses a URL made of its parts.
func urlOf(t *testing.T, format string, args ...any) *url.URL {
	t.Helper()
	u, err := url.Parse(fmt.Sprintf(format, args...))
	if err != nil {
		t.Fatal(err)
	}
	return u
}
