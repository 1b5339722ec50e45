package stream_test

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
)

func TestReadDeadlineInsideMessage(t *testing.T) {
	noLeaks(t)
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

// tlsLike makes the Conn believe that a cut write can not be gone on with, which
// the pipe inside then makes true.
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

// TestTimedOutTransport has a transport end with an error that calls itself a
// timeout, as TCP does when the peer has vanished.
func TestTimedOutTransport(t *testing.T) {
	noLeaks(t)
	c := opened(t, newScript(frame(0x01, "half"), &net.DNSError{Err: "vanished", IsTimeout: true}), nil)
	e := wantClose(t, c, driver.CodeAbnormal, "")
	var cause *net.DNSError
	if !errors.Is(e, io.ErrUnexpectedEOF) || !errors.As(e, &cause) {
		t.Errorf("%v", e)
	}
}

// TestNewDeadlineWrites: what a deadline has left behind leaves when there is
// another, without a call that writes. (A close frame stayed behind for ever.)
func TestNewDeadlineWrites(t *testing.T) {
	for _, wrap := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			a, b := net.Pipe()
			rwc := io.ReadWriteCloser(b)
			if wrap {
				rwc = bare{b}
			}
			c := opened(t, rwc, nil)
			c.SetWriteDeadline(time.Now().Add(time.Second))
			if err := c.WriteClose(driver.CodeNormal, ""); !isDeadline(err) {
				t.Errorf("%v", err)
			}
			c.SetWriteDeadline(time.Time{})
			p := make([]byte, 4)
			if _, err := io.ReadFull(a, p); err != nil || string(p) != "\x88\x02\x03\xe8" {
				t.Errorf("%q, %v", p, err)
			}
			c.CloseNow()
		})
	}
}
