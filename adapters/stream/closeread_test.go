package stream_test

import (
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sans-io/websocket-driver/driver"
)

// TestCloseRead: after CloseRead the Conn answers pings and notices the end by itself,
// also if a call reads already, and a read deadline changes nothing.
func TestCloseRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		c := opened(t, b, nil)
		read := make(chan error)
		go func() {
			_, _, err := c.ReadMessage(nil)
			read <- err
		}()
		synctest.Wait()
		for range 2 {
			c.CloseRead()
		}
		if err := c.SetReadDeadline(time.Now().Add(-time.Second)); err != nil {
			t.Error(err)
		}
		if _, err := io.WriteString(a, frame(0x81, "for the call that reads")); err != nil {
			t.Error(err)
		}
		if err := <-read; err != nil {
			t.Errorf("the call that reads already: %v", err)
		}
		for range 2 {
			go io.WriteString(a, frame(0x89, "p"))
			pong := make([]byte, 3)
			if _, err := io.ReadFull(a, pong); err != nil || string(pong) != "\x8a\x01p" {
				t.Errorf("%q, %v", pong, err)
			}
		}
		if _, _, err := c.ReadMessage(nil); !errors.Is(err, driver.ErrState) {
			t.Errorf("ReadMessage: %v", err)
		}
		if _, _, err := c.NextReader(); !errors.Is(err, driver.ErrState) {
			t.Errorf("NextReader: %v", err)
		}
		go io.Copy(io.Discard, a)
		io.WriteString(a, frame(0x88, "\x03\xe8"))
		<-c.Done()
		wantClose(t, c, driver.CodeNormal, "")
	})
}

// TestCloseReadMessage: a message that is not expected closes the connection.
func TestCloseReadMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		c := opened(t, b, nil)
		c.CloseRead()
		go io.WriteString(a, frame(0x81, "unexpected"))
		want := "\x88\x1b\x03\xf0messages are not expected"
		got := make([]byte, len(want))
		if _, err := io.ReadFull(a, got); err != nil || string(got) != want {
			t.Errorf("%q, %v", got, err)
		}
		go io.WriteString(a, frame(0x88, "\x03\xf0"))
		<-c.Done()
	})
}

// TestCloseReadMeanwhile: a NextReader that waits when CloseRead is called keeps nothing
// of the buffers into which the Conn continues to read.
func TestCloseReadMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		c := opened(t, b, &driver.Config{PingInterval: time.Second})
		got := make(chan error, 1)
		go func() {
			_, _, err := c.NextReader()
			got <- err
		}()
		synctest.Wait()
		c.CloseRead()
		go io.Copy(io.Discard, a)
		io.WriteString(a, frame(0x02, "part"))
		if err := <-got; !errors.Is(err, driver.ErrState) {
			t.Errorf("%v", err)
		}
		io.WriteString(a, frame(0x00, "and another one"))
		io.WriteString(a, frame(0x88, "\x03\xf0"))
		<-c.Done()
	})
}
