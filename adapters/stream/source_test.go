package stream_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

// transports are the ways in which a Conn waits for input.
var transports = []struct {
	name string
	pair func(t *testing.T) (a, b net.Conn)
}{
	{"tcp", func(t *testing.T) (net.Conn, net.Conn) { return wstest.TCP(t) }},
	{"unix", unixPair},
	{"tls", tlsPair},
	{"wrapper", wrapped},
	{"pipe", func(*testing.T) (net.Conn, net.Conn) { return net.Pipe() }},
}

func unixPair(t *testing.T) (a, b net.Conn) {
	t.Helper()
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if a, err = net.Dial("unix", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if b, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	return a, b
}

// tlsPair returns the ends of a TLS connection; b is the server.
func tlsPair(t *testing.T) (a, b net.Conn) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert := tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	x, y := wstest.TCP(t)
	client := tls.Client(x, &tls.Config{InsecureSkipVerify: true})
	server := tls.Server(y, &tls.Config{Certificates: []tls.Certificate{cert}})
	done := make(chan error, 1)
	go func() { done <- server.Handshake() }()
	if err := errors.Join(client.Handshake(), <-done); err != nil {
		t.Fatal(err)
	}
	return client, server
}

// inverted is a TCP connection with a Read and a Write of its own.
type inverted struct{ *net.TCPConn }

func invert(p []byte) []byte {
	q := make([]byte, len(p))
	for i, b := range p {
		q[i] = ^b
	}
	return q
}

func (c inverted) Read(p []byte) (int, error) {
	n, err := c.TCPConn.Read(p)
	copy(p, invert(p[:n]))
	return n, err
}

func (c inverted) Write(p []byte) (int, error) { return c.TCPConn.Write(invert(p)) }

func wrapped(t *testing.T) (a, b net.Conn) {
	x, y := wstest.TCP(t)
	return inverted{x.(*net.TCPConn)}, inverted{y.(*net.TCPConn)}
}

// overEach runs a test over each kind of transport, with a server's Conn at one end
// and the bare other end.
func overEach(t *testing.T, o *stream.Options, test func(t *testing.T, c *stream.Conn, peer net.Conn)) {
	for _, tr := range transports {
		t.Run(tr.name, func(t *testing.T) {
			wstest.NoLeaks(t)
			peer, b := tr.pair(t)
			c := stream.New(b, openDriver(t, &driver.Config{CloseTimeout: time.Minute}), o)
			t.Cleanup(func() {
				c.CloseNow()
				peer.Close()
			})
			test(t, c, peer)
		})
	}
}

// send writes to peer while another goroutine reads.
func send(t *testing.T, peer net.Conn, parts ...string) {
	t.Helper()
	go func() {
		for _, part := range parts {
			if _, err := io.WriteString(peer, part); err != nil {
				t.Error(err)
				return
			}
		}
	}()
}

// TestIdle: a connection on which nothing happens holds no buffer. A deadline
// leaves everything as it was, also within a frame.
func TestIdle(t *testing.T) {
	for _, tr := range transports {
		t.Run(tr.name, func(t *testing.T) {
			peer, b := tr.pair(t)
			c := stream.New(b, openDriver(t, nil), nil)
			defer peer.Close()
			defer c.CloseNow()
			idle := func(what string) {
				t.Helper()
				if _, _, err := c.ReadMessage(nil); !isDeadline(err) {
					t.Fatalf("%s: %v", what, err)
				}
				if got := c.Held(); got != 0 {
					t.Errorf("%s: %d bytes of buffers", what, got)
				}
			}
			pause := func() { c.SetReadDeadline(time.Now().Add(10 * time.Millisecond)) }
			pause()
			idle("at first")

			c.SetReadDeadline(time.Time{})
			text := frame(0x81, strings.Repeat("x", 100))
			send(t, peer, text[:50], text[50:])
			wantMessage(t, c, driver.Text, strings.Repeat("x", 100))
			pause()
			idle("after a message")

			go io.Copy(io.Discard, peer)
			if err := c.WriteMessage(driver.Text, make([]byte, 1000)); err != nil {
				t.Fatal(err)
			}
			pause()
			idle("after a message sent")

			c.SetReadDeadline(time.Time{})
			whole := frame(0x81, "hello")
			if tr.name == "pipe" { // which takes nothing unless it is read at once
				return
			}
			io.WriteString(peer, whole[:3])
			pause()
			idle("within a header")
			c.SetReadDeadline(time.Time{})
			send(t, peer, whole[3:])
			wantMessage(t, c, driver.Text, "hello")
		})
	}
}

// TestWaiting: only a socket itself is waited for without a buffer.
func TestWaiting(t *testing.T) {
	want := map[string]int{"tls": 128, "wrapper": 4096, "pipe": 4096}
	if runtime.GOOS == "windows" {
		want["tcp"], want["unix"] = 4096, 4096
	}
	for _, tr := range transports {
		a, b := tr.pair(t)
		if got := stream.Waiting(b); got != want[tr.name] {
			t.Errorf("%s: %d bytes, not %d", tr.name, got, want[tr.name])
		}
		a.Close()
		b.Close()
	}
}

// TestPastDeadline: after the deadline, data that has arrived is not read, as in
// net.Conn.
func TestPastDeadline(t *testing.T) {
	overEach(t, nil, func(t *testing.T, c *stream.Conn, peer net.Conn) {
		send(t, peer, frame(0x81, "hello"))
		c.SetReadDeadline(time.Unix(1, 0))
		if _, _, err := c.ReadMessage(nil); !isDeadline(err) {
			t.Fatalf("%v", err)
		}
		c.SetReadDeadline(time.Time{})
		wantMessage(t, c, driver.Text, "hello")
	})
}

// TestBursts: messages shorter and longer than the buffers, in portions that have
// nothing to do with them.
func TestBursts(t *testing.T) {
	for _, size := range []int{1, 7, 128, 4096} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			overEach(t, &stream.Options{ReadBuffer: size}, func(t *testing.T, c *stream.Conn, peer net.Conn) {
				var in bytes.Buffer
				for i := range 300 {
					in.WriteString(frame(0x82, strings.Repeat(string(rune('a'+i%26)), i%125)))
				}
				var parts []string
				for n := 1; in.Len() > 0; n = n*3%1009 + 1 {
					parts = append(parts, string(in.Next(n)))
				}
				send(t, peer, parts...)
				for i := range 300 {
					wantMessage(t, c, driver.Binary, strings.Repeat(string(rune('a'+i%26)), i%125))
				}
			})
		})
	}
}

// TestEOF: the transport ends without a close frame.
func TestEOF(t *testing.T) {
	overEach(t, nil, func(t *testing.T, c *stream.Conn, peer net.Conn) {
		send(t, peer, frame(0x81, "last"))
		wantMessage(t, c, driver.Text, "last")
		peer.Close()
		if e := wantClose(t, c, driver.CodeAbnormal, ""); !errors.Is(e, io.ErrUnexpectedEOF) {
			t.Errorf("%v", e)
		}
	})
}

// TestHalfClose: the peer has ended its side, and is answered.
func TestHalfClose(t *testing.T) {
	overEach(t, nil, func(t *testing.T, c *stream.Conn, peer net.Conn) {
		half, ok := peer.(interface{ CloseWrite() error })
		if !ok {
			return // a pipe has no half
		}
		io.WriteString(peer, frame(0x81, "last")+frame(0x88, "\x03\xe8"))
		half.CloseWrite()
		wantMessage(t, c, driver.Text, "last")
		wantClose(t, c, driver.CodeNormal, "")
		if p, err := io.ReadAll(peer); err != nil || string(p) != "\x88\x02\x03\xe8" {
			t.Errorf("%x, %v", p, err)
		}
	})
}

// TestCloseNowWhileWaiting: a blocked reader returns.
func TestCloseNowWhileWaiting(t *testing.T) {
	overEach(t, nil, func(t *testing.T, c *stream.Conn, peer net.Conn) {
		done := make(chan error, 1)
		go func() {
			_, _, err := c.ReadMessage(nil)
			done <- err
		}()
		send(t, peer, frame(0x89, ""))
		if _, err := io.ReadFull(peer, make([]byte, 2)); err != nil { // the pong: it waits
			t.Fatal(err)
		}
		c.CloseNow()
		if err := <-done; !errors.Is(err, net.ErrClosed) {
			t.Errorf("%v", err)
		}
	})
}

// TestManySharedBuffers: connections that share buffers do not see each other's
// bytes.
func TestManySharedBuffers(t *testing.T) {
	wstest.NoLeaks(t)
	const conns, messages = 20, 100
	done := make(chan error, 3*conns)
	for i := range conns {
		tr := transports[i%len(transports)]
		a, b := tr.pair(t)
		client, server := open(t, a, b, nil, nil)
		payload := bytes.Repeat([]byte{byte(i)}, 10+100*i)
		go func() { done <- echoAll(server) }()
		go func() {
			done <- func() error {
				for range messages {
					if err := client.WriteMessage(driver.Binary, payload); err != nil {
						return err
					}
				}
				return client.WriteClose(driver.CodeNormal, "")
			}()
		}()
		go func() {
			got := 0
			for {
				_, p, err := client.ReadMessage(nil)
				if err != nil {
					break
				}
				if !bytes.Equal(p, payload) {
					t.Errorf("%s: other bytes than sent: %.20x", tr.name, p)
				}
				got++
			}
			if got != messages {
				t.Errorf("%s: %d messages, not %d", tr.name, got, messages)
			}
			done <- nil
		}()
	}
	for range 3 * conns {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// echoAll sends messages back until the peer closes.
func echoAll(c *stream.Conn) error {
	for {
		kind, p, err := c.ReadMessage(nil)
		var e *stream.CloseError
		switch {
		case errors.As(err, &e) && e.Code == driver.CodeNormal:
			return nil
		case err != nil:
			return err
		}
		if err := c.WriteMessage(kind, p); err != nil && !errors.Is(err, driver.ErrClosed) {
			return err
		}
	}
}
