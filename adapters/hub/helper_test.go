package hub_test

import (
	"errors"
	"net"
	"testing"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

// over returns the two ends of an open connection over a and b.
func over(t *testing.T, a, b net.Conn, client, server *driver.Config) (c, s *stream.Conn) {
	t.Helper()
	cd, err := driver.NewClient("ws://example.com/", client)
	if err != nil {
		t.Fatal(err)
	}
	sd := driver.NewServer(server)
	if err := wstest.Pair(cd, sd); err != nil {
		t.Fatal(err)
	}
	return stream.New(a, cd, nil), stream.New(b, sd, nil)
}

// open returns the two ends of an open connection over TCP.
func open(t *testing.T, client, server *driver.Config) (c, s *stream.Conn) {
	t.Helper()
	a, b := wstest.TCP(t)
	c, s = over(t, a, b, client, server)
	t.Cleanup(func() {
		c.CloseNow()
		s.CloseNow()
	})
	return c, s
}

// openPipe is open over a net.Pipe, for bubbles of synctest.
func openPipe(t *testing.T, client, server *driver.Config) (c, s *stream.Conn) {
	t.Helper()
	a, b := net.Pipe()
	return over(t, a, b, client, server)
}

// opened returns the server of an open connection, and the other end of its
// transport.
func opened(t *testing.T, config *driver.Config, slow stream.Slow) (peer net.Conn, c *stream.Conn) {
	t.Helper()
	client, err := driver.NewClient("ws://example.com/", nil)
	if err != nil {
		t.Fatal(err)
	}
	server := driver.NewServer(config)
	if err := wstest.Pair(client, server); err != nil {
		t.Fatal(err)
	}
	a, b := net.Pipe()
	return a, stream.New(b, server, &stream.Options{Slow: slow})
}

// codeOf returns the code of a *stream.CloseError.
func codeOf(err error) driver.Code {
	var end *stream.CloseError
	if errors.As(err, &end) {
		return end.Code
	}
	return 0
}

// wantMessage reads the next message.
func wantMessage(t *testing.T, c *stream.Conn, kind driver.Kind, text string) {
	t.Helper()
	if k, p, err := c.ReadMessage(nil); err != nil || k != kind || string(p) != text {
		t.Errorf("read %v of %d bytes, %v; want %v of %d bytes", k, len(p), err, kind, len(text))
	}
}
