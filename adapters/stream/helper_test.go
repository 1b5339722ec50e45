package stream_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"testing"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

// bare hides all of a transport but Read, Write and Close.
type bare struct{ io.ReadWriteCloser }

// newClient returns a Conn for a client over rwc.
func newClient(t *testing.T, rwc io.ReadWriteCloser, c *driver.Config) *stream.Conn {
	t.Helper()
	d, err := driver.NewClient("ws://example.com/chat", c)
	if err != nil {
		t.Fatal(err)
	}
	return stream.New(rwc, d, nil)
}

// open performs the handshake between two ends of a transport.
func open(t *testing.T, a, b io.ReadWriteCloser, cc, sc *driver.Config) (client, server *stream.Conn) {
	t.Helper()
	client, server = newClient(t, a, cc), stream.New(b, driver.NewServer(sc), nil)
	t.Cleanup(func() {
		client.CloseNow()
		server.CloseNow()
	})
	if err := shakeHands(client, server); err != nil {
		t.Fatal(err)
	}
	return client, server
}

// shakeHands makes the opening handshake.
func shakeHands(client, server *stream.Conn) error {
	done := make(chan error, 1)
	go func() { done <- server.Handshake(context.Background()) }()
	return errors.Join(client.Handshake(context.Background()), <-done)
}

// opened is a server's Conn that needs no handshake, over rwc. Each Write of NextWriter
// sends a fragment.
func opened(t *testing.T, rwc io.ReadWriteCloser, c *driver.Config) *stream.Conn {
	t.Helper()
	return stream.New(rwc, openDriver(t, c), &stream.Options{MinFragment: 1})
}

// openDriver returns a server's driver that has completed the handshake.
func openDriver(t *testing.T, c *driver.Config) *driver.Driver {
	t.Helper()
	d := driver.NewServer(c)
	d.Parse([]byte(request))
	if err := d.Start(); err != nil {
		t.Fatal(err)
	}
	if _, ev := d.Parse(nil); ev.Kind != driver.Open {
		t.Fatalf("%v, not Open", ev.Kind)
	}
	d.Take(nil)
	return d
}

const request = "GET / HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"

// frame is a client's frame, with a masking key of zeros.
func frame(b0 byte, payload string) string { return wstest.ClientFrame(b0, payload) }

// script is a transport whose reads return what the test lists. After that they block
// until Close.
type script struct {
	mu     sync.Mutex
	reads  []any // string or error
	wrote  []byte
	writes int
	closed chan struct{}
}

func newScript(reads ...any) *script {
	return &script{reads: reads, closed: make(chan struct{})}
}

func (s *script) Read(p []byte) (int, error) {
	s.mu.Lock()
	if len(s.reads) == 0 {
		s.mu.Unlock()
		<-s.closed
		return 0, net.ErrClosed
	}
	defer s.mu.Unlock()
	switch r := s.reads[0].(type) {
	case error:
		s.reads = s.reads[1:]
		return 0, r
	case string:
		n := copy(p, r)
		if s.reads[0] = r[n:]; n == len(r) {
			s.reads = s.reads[1:]
		}
		return n, nil
	}
	panic("script: neither string nor error")
}

func (s *script) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wrote = append(s.wrote, p...)
	s.writes++
	return len(p), nil
}

func (s *script) Close() error {
	close(s.closed)
	return nil
}

func (s *script) written() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.wrote)
}

func isDeadline(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }

// wantMessage reads a message and compares.
func wantMessage(t *testing.T, c *stream.Conn, kind driver.Kind, text string) {
	t.Helper()
	k, p, err := c.ReadMessage(nil)
	if err != nil || k != kind || string(p) != text {
		t.Fatalf("read %v %q, %v, not %v %q", k, p, err, kind, text)
	}
}

// wantClose reads the end of the connection.
func wantClose(t *testing.T, c *stream.Conn, code driver.Code, reason string) *stream.CloseError {
	t.Helper()
	k, p, err := c.ReadMessage(nil)
	var e *stream.CloseError
	if !errors.As(err, &e) {
		t.Fatalf("read %v %q, %v, not a CloseError", k, p, err)
	}
	if e.Code != code || reason != "" && e.Reason != reason {
		t.Fatalf("%v, not code %v and reason %q", e, code, reason)
	}
	return e
}

// newClientDriver returns a client's driver that has completed the handshake, to read
// what a server has written.
func newClientDriver(t *testing.T) *driver.Driver {
	t.Helper()
	d, err := driver.NewClient("ws://example.com/", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Start(); err != nil {
		t.Fatal(err)
	}
	server := driver.NewServer(nil)
	server.Parse(d.Take(nil))
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	if _, ev := d.Parse(server.Take(nil)); ev.Kind != driver.Open {
		t.Fatalf("%v, not Open", ev.Kind)
	}
	return d
}

// codeOf returns the code of a CloseError, or 0.
func codeOf(err error) driver.Code {
	var e *stream.CloseError
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}
