package stream_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

func TestReadDeadlineInsideMessage(t *testing.T) {
	wstest.NoLeaks(t)
	whole := frame(0x01, "one ") + frame(0x89, "ping") + frame(0x80, "two")
	for i := 1; i < len(whole); i++ {
		rw := newScript(whole[:i], os.ErrDeadlineExceeded, os.ErrDeadlineExceeded, whole[i:])
		c := opened(t, rw, nil)
		for range 2 {
			if _, p, err := c.ReadMessage(make([]byte, 100)); !isDeadline(err) || len(p) > 0 {
				t.Fatalf("cut at %d: %q, %v", i, p, err)
			}
		}
		wantMessage(t, c, driver.Text, "one two")
		c.CloseNow()
	}
}

func TestReadDeadlineWakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		c := opened(t, b, nil)
		if err := c.SetReadDeadline(time.Now().Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, _, err := c.ReadMessage(nil); !isDeadline(err) {
			t.Fatal(err)
		}
		if err := c.SetReadDeadline(time.Time{}); err != nil {
			t.Fatal(err)
		}
		go io.WriteString(a, frame(0x81, "late"))
		wantMessage(t, c, driver.Text, "late")
		c.CloseNow()
	})
}

// tlsLike is a transport that looks like TLS, whose interrupted writes cannot be
// resumed. Those of the pipe in it cannot either.
type tlsLike struct {
	net.Conn
	spoilt error
}

func (t *tlsLike) ConnectionState() tls.ConnectionState { return tls.ConnectionState{} }

func (t *tlsLike) Write(p []byte) (int, error) {
	if t.spoilt != nil {
		return 0, t.spoilt
	}
	n, err := t.Conn.Write(p)
	t.spoilt = err
	return n, err
}

func TestWriteDeadlineInsideFrame(t *testing.T) {
	transports := map[string]func(net.Conn) io.ReadWriteCloser{
		"deadlines":    func(c net.Conn) io.ReadWriteCloser { return c },
		"no deadlines": func(c net.Conn) io.ReadWriteCloser { return bare{c} },
		"like TLS":     func(c net.Conn) io.ReadWriteCloser { return &tlsLike{Conn: c} },
	}
	for name, transport := range transports {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := net.Pipe()
				c := opened(t, transport(b), nil)
				first := make([]byte, 5)
				go io.ReadFull(a, first)
				for _, text := range []string{"first message", "second"} {
					if err := c.SetWriteDeadline(time.Now().Add(time.Second)); err != nil {
						t.Fatal(err)
					}
					if err := c.WriteMessage(driver.Text, []byte(text)); !isDeadline(err) {
						t.Fatalf("%s: %v", text, err)
					}
				}
				if err := c.Flush(); !isDeadline(err) {
					t.Fatalf("Flush: %v", err)
				}
				if err := c.SetWriteDeadline(time.Time{}); err != nil {
					t.Fatal(err)
				}
				rest := make([]byte, 15+8+7-5)
				go func() {
					if err := c.WriteMessage(driver.Text, []byte("third")); err != nil {
						t.Error(err)
					}
				}()
				if _, err := io.ReadFull(a, rest); err != nil {
					t.Fatal(err)
				}
				want := "\x81\x0dfirst message\x81\x06second\x81\x05third"
				if got := string(first) + string(rest); got != want {
					t.Errorf("%q, not %q", got, want)
				}
				synctest.Wait()
				c.CloseNow()
			})
		})
	}
}

// TestWriteDeadlineWakes sets a deadline while a write waits.
func TestWriteDeadlineWakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, wrap := range []bool{false, true} {
			_, b := net.Pipe()
			rwc := io.ReadWriteCloser(b)
			if wrap {
				rwc = bare{b}
			}
			c := opened(t, rwc, nil)
			errs := make(chan error, 3)
			for range 3 {
				go func() { errs <- c.WriteMessage(driver.Binary, []byte("x")) }()
			}
			synctest.Wait()
			c.SetWriteDeadline(time.Now().Add(-time.Second))
			for range 3 {
				if err := <-errs; !isDeadline(err) {
					t.Errorf("%v", err)
				}
			}
			c.CloseNow()
		}
	})
}

func TestNoReadDeadline(t *testing.T) {
	c := stream.New(newScript(), driver.NewServer(nil), nil)
	if err := c.SetReadDeadline(time.Time{}); !errors.Is(err, driver.ErrUnsupported) {
		t.Errorf("%v", err)
	}
	c.CloseNow()
}

// TestTimedOutTransport: a transport ends with an error that is a timeout, as TCP does
// when the peer has vanished.
func TestTimedOutTransport(t *testing.T) {
	wstest.NoLeaks(t)
	c := opened(t, newScript(frame(0x01, "half"), &net.DNSError{Err: "vanished", IsTimeout: true}), nil)
	e := wantClose(t, c, driver.CodeAbnormal, "")
	var cause *net.DNSError
	if !errors.Is(e, io.ErrUnexpectedEOF) || !errors.As(e, &cause) {
		t.Errorf("%v", e)
	}
}

// TestPassedDeadline: a write deadline ends the waiting. It stops neither what has
// been queued nor pongs. (A close frame was never written.)
func TestPassedDeadline(t *testing.T) {
	for _, wrap := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			a, b := net.Pipe()
			rwc := io.ReadWriteCloser(b)
			if wrap {
				rwc = bare{b}
			}
			c := opened(t, rwc, nil)
			c.SetWriteDeadline(time.Now().Add(time.Second))
			if err := c.WriteMessage(driver.Text, []byte("a")); !isDeadline(err) {
				t.Errorf("%v", err)
			}
			go func() { _, _, _ = c.ReadMessage(nil) }()
			if _, err := io.WriteString(a, frame(0x89, "p")); err != nil {
				t.Error(err)
			}
			synctest.Wait()
			if err := c.WriteClose(driver.CodeNormal, ""); !isDeadline(err) {
				t.Errorf("%v", err)
			}
			want := "\x81\x01a\x8a\x01p\x88\x02\x03\xe8"
			p := make([]byte, len(want))
			if _, err := io.ReadFull(a, p); err != nil || string(p) != want {
				t.Errorf("%q, %v, not %q", p, err, want)
			}
			c.CloseNow()
		})
	}
}

// TestWriteTimeout: WriteTimeout ends a peer that sends and never reads, but not one
// that reads slowly.
func TestWriteTimeout(t *testing.T) {
	o := &stream.Options{WriteTimeout: time.Minute}
	send := map[string]func(peer net.Conn, c *stream.Conn) error{
		"pongs": func(peer net.Conn, _ *stream.Conn) error {
			_, err := io.WriteString(peer, frame(0x89, "p"))
			return err
		},
		"a message": func(_ net.Conn, c *stream.Conn) error {
			if err := c.WriteMessage(driver.Text, []byte("a")); err == nil || !strings.Contains(err.Error(), "has taken nothing for 1m0s") {
				return fmt.Errorf("the sender gets %v", err)
			}
			return nil
		},
	}
	for name, send := range send {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := net.Pipe()
				c := stream.New(b, openDriver(t, nil), o)
				ended := make(chan error)
				go func() {
					_, _, err := c.ReadMessage(nil)
					ended <- err
				}()
				start := time.Now()
				if err := send(a, c); err != nil {
					t.Error(err)
				}
				err := <-ended
				if codeOf(err) != driver.CodeAbnormal || !strings.Contains(err.Error(), "has taken nothing for 1m0s") {
					t.Errorf("the reader gets %v", err)
				}
				if d := time.Since(start); d != time.Minute {
					t.Errorf("after %v", d)
				}
			})
		})
	}
	t.Run("slow", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a, b := net.Pipe()
			c := stream.New(b, openDriver(t, nil), o)
			go func() {
				for range 10 { // 640 KiB in 5 minutes
					io.CopyN(io.Discard, a, 64<<10)
					time.Sleep(30 * time.Second)
				}
				io.Copy(io.Discard, a)
			}()
			if err := c.WriteMessage(driver.Binary, make([]byte, 1<<20)); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Hour)
			if err := c.WriteMessage(driver.Binary, []byte("alive")); err != nil {
				t.Error(err)
			}
			c.CloseNow()
		})
	})
}
