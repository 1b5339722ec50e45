package stream_test

import (
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sans-io/websocket-driver/driver"
)

// TestEchoesLeaveTogether: a loop of ReadMessage and WriteMessage answers the messages
// of one read in few writes, in order.
func TestEchoesLeaveTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := strings.Repeat(frame(0x81, "x"), 100)
		g := &gate{script: newScript(in), inside: make(chan struct{}), open: make(chan struct{})}
		c := opened(t, g, nil)
		go echo(c)
		<-g.inside // the first answer is being written
		synctest.Wait()
		close(g.open)
		synctest.Wait()
		if g.writes > 2 || g.written() != strings.Repeat("\x81\x01x", 100) {
			t.Errorf("%d writes of %q", g.writes, g.written())
		}
		c.CloseNow()
	})
}

// TestCombinedLeavesAtOnce: an answer that does not wait for the transport is written
// even if nothing reads from then on.
func TestCombinedLeavesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rw := newScript(frame(0x81, "one") + frame(0x81, "two"))
		c := opened(t, rw, nil)
		wantMessage(t, c, driver.Text, "one")
		if err := c.WriteMessage(driver.Text, []byte("answer")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if got := rw.written(); got != "\x81\x06answer" {
			t.Errorf("%q", got)
		}
		c.CloseNow()
	})
}

// TestCombinedIsBounded: a peer that sends and never reads makes a Conn hold little
// more than 16 KiB of answers.
func TestCombinedIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		c := opened(t, b, nil)
		go func() {
			for range c.Messages() {
				_ = c.WriteMessage(driver.Binary, make([]byte, 1000))
			}
		}()
		go func() {
			for err := error(nil); err == nil; {
				_, err = a.Write([]byte(strings.Repeat(frame(0x81, "question"), 100)))
			}
		}()
		synctest.Wait()
		if n := c.Buffered(); n < 16<<10 || n > 17<<10 {
			t.Errorf("%d bytes wait", n)
		}
		c.CloseNow()
	})
}

// TestCombinedKeepsDeadline: with a write deadline a send waits for the transport, and
// a deadline that has passed is an error.
func TestCombinedKeepsDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		c := opened(t, b, nil)
		go a.Write([]byte(frame(0x81, "one") + frame(0x81, "two")))
		wantMessage(t, c, driver.Text, "one")
		c.SetWriteDeadline(time.Now().Add(time.Second))
		for range 2 {
			if err := c.WriteMessage(driver.Text, []byte("answer")); !isDeadline(err) {
				t.Errorf("%v", err)
			}
		}
		c.CloseNow()
	})
}

// TestCombinedError: the error of a transport that a send did not wait for is that of
// the next send and of Flush.
func TestCombinedError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("broken")
		c := opened(t, &lame{newScript(frame(0x81, "one") + frame(0x81, "two")), 0, broken}, nil)
		wantMessage(t, c, driver.Text, "one")
		if err := c.WriteMessage(driver.Text, []byte("answer")); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if err := c.WriteMessage(driver.Text, []byte("next")); !errors.Is(err, broken) {
			t.Errorf("WriteMessage: %v", err)
		}
		if err := c.Flush(); !errors.Is(err, broken) {
			t.Errorf("Flush: %v", err)
		}
		c.CloseNow()
	})
}
