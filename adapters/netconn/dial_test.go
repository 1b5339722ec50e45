package netconn_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/sans-io/websocket-driver/adapters/netconn"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

// TestUnixSocket connects to a unix socket, whatever host and proxy there may be,
// with and without TLS.
func TestUnixSocket(t *testing.T) {
	cert, pool := certificate(t)
	for _, scheme := range []string{"ws", "wss"} {
		t.Run(scheme, func(t *testing.T) {
			wstest.NoLeaks(t)
			wstest.NoDescriptors(t)
			path := filepath.Join(t.TempDir(), "s")
			nl, err := net.Listen("unix", path)
			if err != nil {
				t.Fatal(err)
			}
			if scheme == "wss" {
				nl = tls.NewListener(nl, &tls.Config{Certificates: []tls.Certificate{cert}})
			}
			l := newListener(t, nl, nil)
			l.Check = func(r *driver.Request) *driver.Response {
				if r.Get("Host") != "localhost" || r.Target != "/path" {
					t.Errorf("%v", r)
				}
				return nil
			}
			serve(t, l)
			d := netconn.Dialer{
				Unix:  path,
				Proxy: netconn.ProxyURL(urlOf(t, "http://proxy.test")),
				TLS:   &tls.Config{RootCAs: pool},
			}
			conn, err := d.Dial(context.Background(), scheme+"://localhost/path")
			if err != nil {
				t.Fatal(err)
			}
			exchange(t, conn)
		})
	}
}

// TestDialContext: DialContext gets the port of the scheme and a context with the time
// limit.
func TestDialContext(t *testing.T) {
	wstest.NoLeaks(t)
	l := listen(t, nil)
	serve(t, l)
	limited := false
	d := netconn.Dialer{Proxy: netconn.NoProxy, DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		if network != "tcp" || addr != "server.test:80" {
			t.Errorf("%s %s", network, addr)
		}
		_, limited = ctx.Deadline()
		return net.Dial("tcp", l.Addr().String())
	}}
	for _, timeout := range []time.Duration{0, -1} {
		d.Config = &driver.Config{HandshakeTimeout: timeout}
		conn, err := d.Dial(context.Background(), "ws://server.test/")
		if err != nil {
			t.Fatal(err)
		}
		if limited != (timeout >= 0) {
			t.Errorf("HandshakeTimeout %v: limited %t", timeout, limited)
		}
		exchange(t, conn)
	}
	d = netconn.Dialer{Net: &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}}}
	conn, err := d.Dial(context.Background(), "ws://"+l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	exchange(t, conn)
}

// TestHTTP2 connects to a server that takes HTTP/2 if it may.
func TestHTTP2(t *testing.T) {
	wstest.NoLeaks(t)
	wstest.NoDescriptors(t)
	cert, pool := certificate(t)
	config := &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"h2", "http/1.1"}}
	addr := serveTCP(t, config, wstest.UntilEnd)
	d := netconn.Dialer{TLS: &tls.Config{RootCAs: pool, ServerName: "localhost", NextProtos: []string{"h2"}}}
	if _, err := d.Dial(context.Background(), "wss://"+addr); !errors.Is(err, driver.ErrUnsupported) {
		t.Errorf("%v", err)
	}
}

// stage is a point at which an attempt can be canceled. reached is closed when the
// attempt gets there.
type stage struct {
	name   string
	scheme string // ws or wss
	via    string // scheme of the proxy, or ""
	tls    bool   // the server, or the proxy where there is one, speaks TLS
	serve  func(nc net.Conn, reached chan<- bool)
}

// stages lists all of them. In each the peer falls silent.
func stages(cert tls.Certificate) []stage {
	config := &tls.Config{Certificates: []tls.Certificate{cert}}
	// quiet reads the first bytes, and no answer comes.
	quiet := func(nc net.Conn, reached chan<- bool) {
		if _, err := nc.Read(make([]byte, 1)); err == nil {
			close(reached)
		}
		wstest.UntilEnd(nc)
	}
	// tunnelled calls next after CONNECT.
	tunnelled := func(next func(net.Conn, chan<- bool)) func(net.Conn, chan<- bool) {
		return func(nc net.Conn, reached chan<- bool) {
			nc.Read(make([]byte, 4096))
			io.WriteString(nc, "HTTP/1.1 200 OK\r\n\r\n")
			next(nc, reached)
		}
	}
	partly := func(answer string) func(net.Conn, chan<- bool) {
		return func(nc net.Conn, reached chan<- bool) {
			nc.Read(make([]byte, 4096))
			io.WriteString(nc, answer)
			close(reached)
			wstest.UntilEnd(nc)
		}
	}
	return []stage{
		{"handshake", "ws", "", false, quiet},
		{"handshake over TLS", "wss", "", true, quiet},
		{"within the answer", "ws", "", false, partly("HTTP/1.1 101 ")},
		{"within the body of a refusal", "ws", "", false, partly("HTTP/1.1 404 No\r\nContent-Length: 9\r\n\r\nbo")},
		{"TLS", "wss", "", false, quiet},
		{"CONNECT", "ws", "http", false, quiet},
		{"CONNECT, within the answer", "ws", "http", false, partly("HTTP/1.1 200 ")},
		{"TLS with the proxy", "ws", "https", false, quiet},
		{"CONNECT over TLS", "ws", "https", true, quiet},
		{"SOCKS", "ws", "socks5", false, quiet},
		{"SOCKS, within the answer", "ws", "socks5", false, partly("\x05\x00\x05")},
		{"handshake through the proxy", "ws", "http", false, tunnelled(quiet)},
		{"TLS through the proxy", "wss", "http", false, tunnelled(quiet)},
		{"TLS in TLS", "wss", "https", true, tunnelled(quiet)},
		{"handshake over TLS in TLS", "wss", "https", true, tunnelled(func(nc net.Conn, reached chan<- bool) {
			quiet(tls.Server(nc, config), reached)
		})},
	}
}

// start serves s, and returns a Dialer and a URL for it. reached is closed when the
// stage begins, and ended when the peer sees the end.
func (s *stage) start(t *testing.T, cert tls.Certificate, pool *x509.CertPool) (d *netconn.Dialer, url string, reached, ended chan bool) {
	t.Helper()
	reached, ended = make(chan bool), make(chan bool)
	var config *tls.Config
	if s.tls {
		config = &tls.Config{Certificates: []tls.Certificate{cert}}
	}
	addr := serveTCP(t, config, func(nc net.Conn) {
		s.serve(nc, reached)
		close(ended)
	})
	trust := &tls.Config{RootCAs: pool, ServerName: "localhost"}
	d = &netconn.Dialer{TLS: trust, ProxyTLS: trust}
	if s.via == "" {
		return d, s.scheme + "://" + addr, reached, ended
	}
	d.Proxy = netconn.ProxyURL(urlOf(t, "%s://%s", s.via, addr))
	return d, s.scheme + "://server.test", reached, ended
}

// timeless is a connection without deadlines, as those through SSH.
type timeless struct{ net.Conn }

func (timeless) SetDeadline(time.Time) error      { return errors.ErrUnsupported }
func (timeless) SetReadDeadline(time.Time) error  { return errors.ErrUnsupported }
func (timeless) SetWriteDeadline(time.Time) error { return errors.ErrUnsupported }

// dialTimeless is for Dialer.DialContext.
func dialTimeless(ctx context.Context, network, addr string) (net.Conn, error) {
	nc, err := (&net.Dialer{}).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return timeless{nc}, nil
}

// TestCancel cancels at every stage. Neither goroutines nor descriptors leak, and the
// peer sees the end.
func TestCancel(t *testing.T) {
	cert, pool := certificate(t)
	for _, s := range stages(cert) {
		for name, dial := range map[string]func(context.Context, string, string) (net.Conn, error){"": nil, ", no deadlines": dialTimeless} {
			t.Run(s.name+name, func(t *testing.T) {
				wstest.NoLeaks(t)
				wstest.NoDescriptors(t)
				d, url, reached, ended := s.start(t, cert, pool)
				d.DialContext = dial
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				done := make(chan error, 1)
				go func() {
					_, err := d.Dial(ctx, url)
					done <- err
				}()
				select {
				case <-reached:
				case err := <-done:
					t.Fatalf("before it was cancelled: %v", err)
				}
				cancel()
				if err := <-done; !errors.Is(err, context.Canceled) {
					t.Errorf("%v", err)
				}
				<-ended
			})
		}
	}
	for _, via := range []string{"", "http", "https", "socks5"} {
		t.Run("dialing "+via, func(t *testing.T) {
			wstest.NoLeaks(t)
			ctx, cancel := context.WithCancel(context.Background())
			d := netconn.Dialer{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				cancel()
				<-ctx.Done()
				return nil, ctx.Err()
			}, Proxy: netconn.NoProxy}
			if via != "" {
				d.Proxy = netconn.ProxyURL(urlOf(t, "%s://proxy.test", via))
			}
			if _, err := d.Dial(ctx, "ws://server.test"); !errors.Is(err, context.Canceled) {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestHandshakeTimeout: the time limit ends every stage.
func TestHandshakeTimeout(t *testing.T) {
	cert, pool := certificate(t)
	for _, s := range stages(cert) {
		t.Run(s.name, func(t *testing.T) {
			wstest.NoLeaks(t)
			wstest.NoDescriptors(t)
			d, url, _, _ := s.start(t, cert, pool)
			// Long enough for most of the earlier stages. If not, one of them fails,
			// which is just as good.
			d.Config = &driver.Config{HandshakeTimeout: 50 * time.Millisecond}
			d.DialContext = dialTimeless
			if _, err := d.Dial(context.Background(), url); err == nil {
				t.Error("connected")
			}
		})
	}
}
