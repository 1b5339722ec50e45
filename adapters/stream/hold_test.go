package stream_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

// relay passes on what from receives until its peer closes, and then the close.
func relay(from, to *stream.Conn) error {
	for {
		kind, p, err := from.ReadMessage(nil)
		var end *stream.CloseError
		switch {
		case errors.As(err, &end):
			return to.WriteClose(to.RelayCode(end.Code), end.Reason)
		case err != nil:
			return err
		}
		if err := to.WriteMessage(kind, p); err != nil {
			return err
		}
	}
}

// TestRelay: through a relay with HoldClose an answer arrives that leaves after the
// question has been followed by a close frame (RFC 6455, section 5.5.1); codes are
// passed on.
func TestRelay(t *testing.T) {
	wstest.NoLeaks(t)
	config := &driver.Config{HoldClose: true}
	a, b := wstest.TCP(t)
	outside, near := open(t, a, b, nil, config)
	a, b = wstest.TCP(t)
	far, inside := open(t, a, b, config, &driver.Config{HoldClose: true})
	ends := make(chan error, 2)
	go func() { ends <- relay(near, far) }()
	go func() { ends <- relay(far, near) }()

	if err := outside.WriteMessage(driver.Text, []byte("question")); err != nil {
		t.Fatal(err)
	}
	if err := outside.WriteClose(driver.CodeGoingAway, "that is all"); err != nil {
		t.Fatal(err)
	}
	wantMessage(t, inside, driver.Text, "question")
	wantClose(t, inside, driver.CodeGoingAway, "that is all")
	if err := inside.WriteMessage(driver.Text, []byte("late answer")); err != nil {
		t.Fatal(err)
	}
	if err := inside.WriteClose(4001, "served"); err != nil {
		t.Fatal(err)
	}
	wantMessage(t, outside, driver.Text, "late answer")
	wantClose(t, outside, 4001, "served")
	for range 2 {
		if err := <-ends; err != nil && !errors.Is(err, driver.ErrClosed) {
			t.Error(err)
		}
	}
	for _, c := range []*stream.Conn{outside, near, far, inside} {
		<-c.Done()
	}
}

// TestHoldCloseSends: after the peer's close frame reading is over, sending is not.
func TestHoldCloseSends(t *testing.T) {
	for name, end := range map[string]func(c *stream.Conn) error{
		"WriteClose": func(c *stream.Conn) error { return c.WriteClose(driver.CodeNormal, "me too") },
		"Close":      func(c *stream.Conn) error { return c.Close(context.Background(), driver.CodeNormal, "me too") },
		"Raw": func(c *stream.Conn) (err error) {
			c.Raw(func(d *driver.Driver) { err = d.Close(driver.CodeNormal, "me too") })
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			wstest.NoLeaks(t)
			a, b := wstest.TCP(t)
			client, server := open(t, a, b, nil, &driver.Config{HoldClose: true})
			if err := client.WriteClose(4000, "bye"); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				wantClose(t, server, 4000, "bye")
			}
			if _, _, err := server.NextReader(); codeOf(err) != 4000 {
				t.Errorf("NextReader: %v", err)
			}
			if _, err := server.Ping(t.Context()); codeOf(err) != 4000 {
				t.Errorf("Ping: %v", err)
			}
			select {
			case <-server.Done():
				t.Error("done while messages may be sent")
			default:
			}
			if err := server.WriteMessage(driver.Text, []byte("more")); err != nil {
				t.Error(err)
			}
			if err := end(server); err != nil {
				t.Error(err)
			}
			wantMessage(t, client, driver.Text, "more")
			wantClose(t, client, driver.CodeNormal, "me too")
			<-server.Done()
			wantClose(t, server, 4000, "bye")
			if err := server.WriteMessage(driver.Text, nil); err == nil {
				t.Error("a message after the end")
			}
		})
	}
}

// TestHoldCloseTimeout: a close frame that the application does not answer is answered
// with its own code when CloseTimeout has passed.
func TestHoldCloseTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		client, server := open(t, a, b, &driver.Config{CloseTimeout: time.Hour}, &driver.Config{HoldClose: true, CloseTimeout: time.Minute})
		go client.WriteClose(4000, "bye")
		wantClose(t, server, 4000, "bye")
		began := time.Now()
		wantClose(t, client, 4000, "")
		<-server.Done()
		if d := time.Since(began); d != time.Minute {
			t.Errorf("after %v", d)
		}
		<-client.Done()
	})
}
