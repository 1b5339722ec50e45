package stream_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

// stubborn is a transport that does not do as it should: its Write, its Read or its
// Close block until the test ends, whatever is closed.
type stubborn struct {
	*script
	write, close bool
	released     chan struct{}
	once         sync.Once
}

func newStubborn(reads ...any) *stubborn {
	return &stubborn{script: newScript(reads...), released: make(chan struct{})}
}

func (s *stubborn) Write(p []byte) (int, error) {
	if s.write {
		<-s.released
		return 0, net.ErrClosed
	}
	return s.script.Write(p)
}

func (s *stubborn) Close() error {
	if s.close {
		<-s.released
	}
	s.once.Do(func() { _ = s.script.Close() })
	return nil
}

// TestWriteOutlivesClose: a transport whose Write does not return holds up neither
// ReadMessage nor Close for longer than FlushTimeout.
func TestWriteOutlivesClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rw := newStubborn("\x8f\xff") // a violation
		rw.write = true
		c := stream.New(rw, openDriver(t, nil), &stream.Options{FlushTimeout: time.Minute})
		start := time.Now()
		wantClose(t, c, driver.CodeProtocolError, "")
		if took := time.Since(start); took != time.Minute {
			t.Errorf("ReadMessage took %v", took)
		}
		<-c.Done()
		if err := c.WriteMessage(driver.Text, nil); err == nil {
			t.Error("a message has been sent")
		}
		close(rw.released)
	})
}

// TestCloseBlocks: a transport whose Close does not return holds up no call for longer
// than its limit.
func TestCloseBlocks(t *testing.T) {
	const limit = time.Minute
	tests := map[string]struct {
		call func(t *testing.T, c *stream.Conn)
		want time.Duration
	}{
		"CloseNow": {func(_ *testing.T, c *stream.Conn) { c.CloseNow() }, limit},
		"Close": {func(t *testing.T, c *stream.Conn) {
			ctx, cancel := contextAfter(time.Second)
			defer cancel()
			if err := c.Close(ctx, driver.CodeNormal, ""); err != errCause {
				t.Error(err)
			}
		}, time.Second},
		"SlowClose": {func(t *testing.T, c *stream.Conn) {
			c.Queue(driver.Text, []byte("too much"))
			if err := c.Post(prepared(t, driver.Text, "more")); !errors.Is(err, driver.ErrFull) {
				t.Error(err)
			}
		}, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rw := newStubborn()
				rw.close, rw.write = true, true
				c := stream.New(rw, openDriver(t, &driver.Config{MaxBuffered: 5}),
					&stream.Options{FlushTimeout: limit, Slow: stream.SlowClose})
				start := time.Now()
				test.call(t, c)
				if took := time.Since(start); took != test.want {
					t.Errorf("took %v, not %v", took, test.want)
				}
				<-c.Done()
				close(rw.released)
			})
		})
	}
}

// TestSlowCloseSays: reading says why SlowClose has closed the connection.
func TestSlowCloseSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c := newSlow(t, 5, stream.SlowClose)
		c.Queue(driver.Text, []byte("too much"))
		if err := c.Queue(driver.Text, nil); !errors.Is(err, driver.ErrFull) {
			t.Errorf("the send: %v", err)
		}
		if e := wantClose(t, c, driver.CodeAbnormal, ""); !errors.Is(e, driver.ErrFull) {
			t.Errorf("%v", e)
		}
		<-c.Done()
	})
}

// TestAwaitIsBounded: a transport that returns (0, nil) forever does not hold the end of
// a connection.
func TestAwaitIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		client := newClient(t, &empty{ReadWriteCloser: a}, &driver.Config{CloseTimeout: time.Hour})
		server := stream.New(b, driver.NewServer(nil), nil)
		if err := shakeHands(client, server); err != nil {
			t.Fatal(err)
		}
		client.Transport().(*empty).ended = true
		go io.Copy(io.Discard, b)
		client.Unread([]byte("\x88\x00"))
		start := time.Now()
		wantClose(t, client, driver.CodeNoStatus, "")
		<-client.Done()
		if took := time.Since(start); took != 0 {
			t.Errorf("took %v", took)
		}
		server.CloseNow()
	})
}

// empty is a transport that, once ended, reads nothing and has no error.
type empty struct {
	io.ReadWriteCloser
	ended bool
}

func (e *empty) Read(p []byte) (int, error) {
	if e.ended {
		return 0, nil
	}
	return e.ReadWriteCloser.Read(p)
}

// TestControlIsBounded: pings of the application are subject to MaxBuffered too.
func TestControlIsBounded(t *testing.T) {
	for slow, want := range map[stream.Slow]error{stream.SlowWait: os.ErrDeadlineExceeded, stream.SlowDrop: driver.ErrFull} {
		synctest.Test(t, func(t *testing.T) {
			_, c := newSlow(t, 64<<10, slow)
			c.SetWriteDeadline(time.Now().Add(time.Second))
			payload := make([]byte, 125)
			var err error
			n := 0
			for ; err == nil && n < 100_000; n++ {
				err = c.Queue(driver.Ping, payload)
			}
			if !errors.Is(err, want) || c.Buffered() > 73<<10 {
				t.Errorf("%d bytes wait after %d pings: %v", c.Buffered(), n, err)
			}
			if _, err := c.Ping(context.Background()); !errors.Is(err, want) {
				t.Errorf("Ping: %v", err)
			}
			c.CloseNow()
		})
	}
}

// timeouts is a transport with read deadlines whose error is only a net.Error, as that of
// a stream of yamux.
type timeouts struct{ net.Conn }

func (t timeouts) Read(p []byte) (int, error) {
	n, err := t.Conn.Read(p)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = &net.DNSError{Err: "i/o deadline reached", IsTimeout: true}
	}
	return n, err
}

// TestTimeoutByNetError: such a timeout is a deadline if one has passed, and ends the
// call alone.
func TestTimeoutByNetError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		c := opened(t, timeouts{b}, nil)
		c.SetReadDeadline(time.Now().Add(time.Second))
		if _, _, err := c.ReadMessage(nil); !isDeadline(err) || !strings.Contains(err.Error(), "i/o deadline reached") {
			t.Fatalf("%v", err)
		}
		c.SetReadDeadline(time.Time{})
		ctx, cancel := contextAfter(time.Second)
		defer cancel()
		if _, _, err := c.ReadMessageContext(ctx, nil); err != errCause {
			t.Fatalf("%v", err)
		}
		go io.WriteString(a, frame(0x81, "alive"))
		wantMessage(t, c, driver.Text, "alive")
		c.CloseNow()
	})
}

// TestDeadlineOverTLS: a write deadline through a wrapper around TLS leaves the stream
// intact. (The peer got "bad record MAC".)
func TestDeadlineOverTLS(t *testing.T) {
	wrappers := map[string]func(net.Conn) io.ReadWriteCloser{
		"TLS":      func(c net.Conn) io.ReadWriteCloser { return c },
		"wrapper":  func(c net.Conn) io.ReadWriteCloser { return struct{ net.Conn }{c} },
		"embedded": func(c net.Conn) io.ReadWriteCloser { return struct{ *tls.Conn }{c.(*tls.Conn)} },
	}
	for name, wrap := range wrappers {
		t.Run(name, func(t *testing.T) {
			wstest.NoLeaks(t)
			a, b := tlsPair(t)
			client := newClient(t, a, &driver.Config{MaxMessage: -1})
			server := stream.New(wrap(b), driver.NewServer(nil), nil)
			defer server.CloseNow()
			defer client.CloseNow()
			if err := shakeHands(client, server); err != nil {
				t.Fatal(err)
			}
			p := make([]byte, 16<<20) // more than the kernel takes
			sent := make(chan error)
			go func() { sent <- server.WriteMessage(driver.Binary, p) }()
			server.WaitWriting()
			server.SetWriteDeadline(time.Now().Add(-time.Second))
			if err := <-sent; !isDeadline(err) {
				t.Fatalf("%v", err)
			}
			if _, got, err := client.ReadMessage(nil); err != nil || len(got) != len(p) {
				t.Errorf("%d bytes, %v", len(got), err)
			}
		})
	}
}

// deadlines is a transport that notes whether a deadline has been set.
type deadlines struct {
	net.Conn
	set bool
}

func (d *deadlines) SetReadDeadline(t time.Time) error {
	d.set = true
	return d.Conn.SetReadDeadline(t)
}

// TestDetached: a Conn that has given its transport away does not touch it any longer.
func TestDetached(t *testing.T) {
	wstest.NoLeaks(t)
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	transport := &deadlines{Conn: b}
	c := stream.New(transport, driver.NewServer(nil), &stream.Options{Trace: &stream.Trace{
		Refused: func(*stream.Conn, error) { t.Error("Trace is told of a refusal") },
	}})
	after := false
	c.AfterDone(func() { after = true })
	go io.WriteString(a, "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n")
	if _, err := c.ReadRequest(context.Background()); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Detach(); err != nil || !after {
		t.Fatalf("%v, %t", err, after)
	}
	<-c.Done()
	for name, call := range map[string]func() error{
		"Close":            func() error { return c.Close(context.Background(), driver.CodeNormal, "") },
		"SetReadDeadline":  func() error { return c.SetReadDeadline(time.Time{}) },
		"SetWriteDeadline": func() error { return c.SetWriteDeadline(time.Time{}) },
	} {
		if err := call(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if transport.set {
		t.Error("the read deadline has been set")
	}
}
