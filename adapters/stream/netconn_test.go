package stream_test

import (
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/nettest"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

// TestNetConn is the test that golang.org/x/net has for implementations of
// net.Conn.
func TestNetConn(t *testing.T) {
	transports := map[string]func(t *testing.T) (a, b net.Conn){
		"tcp":  func(t *testing.T) (net.Conn, net.Conn) { return wstest.TCP(t) },
		"pipe": func(*testing.T) (a, b net.Conn) { return net.Pipe() },
	}
	for name, transport := range transports {
		t.Run(name, func(t *testing.T) {
			nettest.TestConn(t, func() (net.Conn, net.Conn, func(), error) {
				config := &driver.Config{CloseTimeout: time.Minute}
				a, b := transport(t)
				client, server := open(t, a, b, config, config)
				c1, c2 := client.NetConn(driver.Binary), server.NetConn(driver.Binary)
				return c1, c2, func() { // at once, since some tests leave an end unread
					var both sync.WaitGroup
					both.Go(func() { c1.Close() })
					both.Go(func() { c2.Close() })
					both.Wait()
				}, nil
			})
		})
	}
}

func TestNetConnMessages(t *testing.T) {
	wstest.NoLeaks(t)
	a, b := wstest.TCP(t)
	client, server := open(t, a, b, nil, nil)
	nc := client.NetConn(driver.Text)
	if nc.LocalAddr() != a.LocalAddr() || nc.RemoteAddr() != a.RemoteAddr() {
		t.Errorf("addresses %v and %v", nc.LocalAddr(), nc.RemoteAddr())
	}
	for _, text := range []string{"one", "two"} {
		if n, err := io.WriteString(nc, text); n != 3 || err != nil {
			t.Fatal(n, err)
		}
		wantMessage(t, server, driver.Text, text)
	}
	for _, text := range []string{"ab", "", "cde"} {
		if err := server.WriteMessage(driver.Text, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	p := make([]byte, 5)
	if _, err := io.ReadFull(nc, p); err != nil || string(p) != "abcde" {
		t.Fatalf("%q, %v", p, err)
	}
	if n, err := nc.Read(nil); n != 0 || err != nil {
		t.Errorf("an empty Read: %d, %v", n, err)
	}
	if n, err := nc.Write([]byte("\xff")); n != 0 || !errors.Is(err, driver.ErrInvalidUTF8) {
		t.Errorf("bad text: %d, %v", n, err)
	}
}

func TestNetConnEnd(t *testing.T) {
	tests := map[string]struct {
		do   func(peer *stream.Conn) error
		want func(err error) bool
	}{
		"1000":    {func(c *stream.Conn) error { return c.WriteClose(driver.CodeNormal, "") }, isEOF},
		"1001":    {func(c *stream.Conn) error { return c.WriteClose(driver.CodeGoingAway, "") }, isEOF},
		"1005":    {func(c *stream.Conn) error { return c.WriteClose(driver.CodeNoStatus, "") }, isEOF},
		"4000":    {func(c *stream.Conn) error { return c.WriteClose(4000, "") }, closedWith(4000)},
		"cut off": {func(c *stream.Conn) error { return c.CloseNow() }, closedWith(driver.CodeAbnormal)},
		"other kind": {
			func(c *stream.Conn) error { return c.WriteMessage(driver.Text, []byte("text")) },
			func(err error) bool { return errors.Is(err, driver.ErrUnsupported) },
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			wstest.NoLeaks(t)
			a, b := wstest.TCP(t)
			client, server := open(t, a, b, nil, nil)
			nc := client.NetConn(driver.Binary)
			if err := test.do(server); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if n, err := nc.Read(make([]byte, 10)); n != 0 || !test.want(err) {
					t.Errorf("read %d bytes, %v", n, err)
				}
			}
			if name == "other kind" {
				wantClose(t, server, driver.CodeUnsupportedData, "")
			}
		})
	}
}

func isEOF(err error) bool { return err == io.EOF }

func closedWith(code driver.Code) func(error) bool {
	return func(err error) bool {
		var e *stream.CloseError
		var op *net.OpError
		return errors.As(err, &e) && e.Code == code && errors.As(err, &op)
	}
}

// TestNetConnLateWrite: a deadline that has passed queues nothing, one that passes
// meanwhile has queued all.
func TestNetConnLateWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		c := opened(t, b, nil)
		nc := c.NetConn(driver.Binary)
		nc.SetDeadline(time.Now())
		if n, err := nc.Write([]byte("late")); n != 0 || !isDeadline(err) {
			t.Errorf("%d, %v", n, err)
		}
		nc.SetDeadline(time.Now().Add(time.Second))
		if n, err := nc.Write([]byte("cut")); n != 3 || !isDeadline(err) {
			t.Errorf("%d, %v", n, err)
		}
		nc.SetDeadline(time.Time{})
		go c.Flush()
		p := make([]byte, 5)
		if _, err := io.ReadFull(a, p); err != nil || string(p) != "\x82\x03cut" {
			t.Errorf("%q, %v", p, err)
		}
		c.CloseNow()
	})
}

func TestNetConnNoAddress(t *testing.T) {
	wstest.NoLeaks(t)
	c := opened(t, newScript("\x8f"), nil)
	nc := c.NetConn(driver.Binary)
	if s := nc.LocalAddr().String() + " " + nc.RemoteAddr().Network(); s != "websocket websocket" {
		t.Errorf("%q", s)
	}
	if err := nc.SetDeadline(time.Time{}); !errors.Is(err, driver.ErrUnsupported) {
		t.Errorf("SetDeadline: %v", err)
	}
	c.CloseNow()
}
