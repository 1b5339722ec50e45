package stream_test

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

var errCause = errors.New("the cause")

// contextAfter returns a context that ends after d, with errCause.
func contextAfter(d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(context.Background(), d, errCause)
}

// pipes are transports with and without deadlines.
var pipes = map[string]func(net.Conn) io.ReadWriteCloser{
	"deadlines":    func(c net.Conn) io.ReadWriteCloser { return c },
	"no deadlines": func(c net.Conn) io.ReadWriteCloser { return bare{c} },
}

// TestReadMessageContext: a context ends a read in the middle of a message, on every
// transport, and nothing is lost.
func TestReadMessageContext(t *testing.T) {
	for name, transport := range pipes {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := net.Pipe()
				c := opened(t, transport(b), nil)
				whole := frame(0x01, "one ") + frame(0x89, "ping") + frame(0x80, "two")
				go io.Copy(io.Discard, a)
				for i := range len(whole) {
					ctx, cancel := contextAfter(time.Second)
					if _, p, err := c.ReadMessageContext(ctx, make([]byte, 3)); err != errCause || len(p) > 0 {
						t.Fatalf("before byte %d: %q, %v", i, p, err)
					}
					cancel()
					if i < len(whole)-1 {
						go io.WriteString(a, whole[i:i+1])
					}
				}
				go io.WriteString(a, whole[len(whole)-1:])
				ctx, cancel := contextAfter(time.Hour)
				defer cancel()
				if k, p, err := c.ReadMessageContext(ctx, nil); k != driver.Text || string(p) != "one two" || err != nil {
					t.Errorf("%v %q, %v", k, p, err)
				}
				c.CloseNow()
			})
		})
	}
}

// TestReadContextEnds: a context that has ended before, and one that ends a call that
// waits for its turn.
func TestReadContextEnds(t *testing.T) {
	for name, transport := range pipes {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := net.Pipe()
				c := opened(t, transport(b), nil)
				ctx, cancel := context.WithCancelCause(context.Background())
				cancel(errCause)
				if _, _, err := c.ReadMessageContext(ctx, nil); err != errCause {
					t.Errorf("a context that has ended: %v", err)
				}
				read := make(chan error)
				go func() {
					_, _, err := c.ReadMessage(nil)
					read <- err
				}()
				synctest.Wait()
				ctx, stop := contextAfter(time.Second)
				defer stop()
				if _, _, err := c.ReadMessageContext(ctx, nil); err != errCause {
					t.Errorf("a call that waits for its turn: %v", err)
				}
				go io.WriteString(a, frame(0x81, "hello"))
				if err := <-read; err != nil {
					t.Error(err)
				}
				c.CloseNow()
			})
		})
	}
}

// TestReadContextKeepsDeadline: the read deadline counts before, during and after a
// call with a context.
func TestReadContextKeepsDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, b := net.Pipe()
		c := opened(t, b, nil)
		start := time.Now()
		if err := c.SetReadDeadline(start.Add(3 * time.Second)); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := contextAfter(time.Second)
		defer cancel()
		if _, _, err := c.ReadMessageContext(ctx, nil); err != errCause {
			t.Errorf("%v", err)
		}
		ctx, cancel = contextAfter(time.Hour)
		defer cancel()
		for range 2 {
			if _, _, err := c.ReadMessageContext(ctx, nil); !isDeadline(err) || time.Since(start) != 3*time.Second {
				t.Errorf("%v after %v", err, time.Since(start))
			}
		}
		if _, _, err := c.ReadMessage(nil); !isDeadline(err) {
			t.Errorf("%v", err)
		}
		c.CloseNow()
	})
}

// TestReadContextClose: a connection that ends ends a read with a context.
func TestReadContextClose(t *testing.T) {
	for name, transport := range pipes {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, b := net.Pipe()
				c := opened(t, transport(b), nil)
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				read := make(chan error)
				go func() {
					_, _, err := c.ReadMessageContext(ctx, nil)
					read <- err
				}()
				synctest.Wait()
				c.CloseNow()
				if err := <-read; !errors.Is(err, net.ErrClosed) {
					t.Errorf("%v", err)
				}
			})
		})
	}
}

// TestWriteMessageContext: a context ends the waiting of a send, and says whether the
// message has been queued. The connection stays usable.
func TestWriteMessageContext(t *testing.T) {
	for name, transport := range pipes {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := net.Pipe()
				c := opened(t, transport(b), &driver.Config{MaxBuffered: 5})
				for i, text := range []string{"queued", "not"} {
					ctx, cancel := contextAfter(time.Second)
					err := c.WriteMessageContext(ctx, driver.Text, []byte(text))
					if !errors.Is(err, errCause) || errors.Is(err, driver.ErrFull) != (i == 1) {
						t.Errorf("%s: %v", text, err)
					}
					cancel()
				}
				wire := make(chan string)
				go func() {
					want := make([]byte, len("\x81\x06queued\x81\x04last"))
					_, _ = io.ReadFull(a, want)
					wire <- string(want)
				}()
				ctx, cancel := contextAfter(time.Hour)
				defer cancel()
				if err := c.WriteMessageContext(ctx, driver.Text, []byte("last")); err != nil {
					t.Error(err)
				}
				if got := <-wire; got != "\x81\x06queued\x81\x04last" {
					t.Errorf("%q", got)
				}
				c.CloseNow()
			})
		})
	}
}

// TestWriteContextTCP: a context ends a write that a socket does not take, and the
// message arrives whole.
func TestWriteContextTCP(t *testing.T) {
	wstest.NoLeaks(t)
	a, b := wstest.TCP(t)
	client, server := open(t, a, b, &driver.Config{MaxMessage: -1}, nil)
	ctx, cancel := context.WithCancelCause(context.Background())
	sent := make(chan error)
	p := make([]byte, 32<<20) // more than the kernel takes
	go func() { sent <- server.WriteMessageContext(ctx, driver.Binary, p) }()
	server.WaitWriting()
	cancel(errCause)
	if err := <-sent; err != errCause {
		t.Fatalf("%v", err)
	}
	clear(p)
	if k, got, err := client.ReadMessage(nil); k != driver.Binary || len(got) != len(p) || err != nil {
		t.Errorf("%v of %d bytes, %v", k, len(got), err)
	}
	_ = stream.Abort(a)
}
