package stream_test

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

// TestDetach takes the transport back after a plain request: no byte is lost, and
// the transport stays open.
func TestDetach(t *testing.T) {
	wstest.NoLeaks(t)
	a, b := wstest.TCP(t)
	defer a.Close()
	defer b.Close()
	const head = "GET /page HTTP/1.1\r\nHost: example.com\r\n\r\n"
	if _, err := io.WriteString(a, head+"after"); err != nil {
		t.Fatal(err)
	}
	c := stream.New(b, driver.NewServer(nil), nil)
	if _, err := c.Detach(); !errors.Is(err, driver.ErrState) {
		t.Errorf("Detach before the request: %v", err)
	}
	if r, err := c.ReadRequest(context.Background()); err != nil || r.Target != "/page" {
		t.Fatalf("%v, %v", r, err)
	}
	got, err := c.Detach()
	if err != nil {
		t.Fatal(err)
	}
	for _, call := range []func() error{
		func() error { _, err := c.Detach(); return err },
		func() error { return c.Handshake(context.Background()) },
		func() error { return c.WriteMessage(driver.Text, nil) },
		func() error { return c.CloseNow() },
	} {
		if err := call(); err != nil && !errors.Is(err, net.ErrClosed) {
			t.Errorf("after Detach: %v", err)
		}
	}
	if _, err := io.WriteString(a, " and more"); err != nil {
		t.Fatal(err)
	}
	a.(*net.TCPConn).CloseWrite()
	rest, err := io.ReadAll(b)
	if err != nil {
		t.Fatal(err)
	}
	if want := head + "after and more"; string(got)+string(rest) != want {
		t.Errorf("got %q, want %q", string(got)+string(rest), want)
	}
	if _, err := io.WriteString(b, "answer"); err != nil {
		t.Errorf("the transport is closed: %v", err)
	}
}

// TestDetachClient: a client that waits to be started has no request to detach.
func TestDetachClient(t *testing.T) {
	wstest.NoLeaks(t)
	a, _ := net.Pipe()
	defer a.Close()
	c := newClient(t, a, nil)
	if _, err := c.Detach(); !errors.Is(err, driver.ErrState) {
		t.Errorf("%v", err)
	}
}
