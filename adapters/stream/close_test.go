package stream_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

func TestPeerCloses(t *testing.T) {
	wstest.NoLeaks(t)
	a, b := wstest.TCP(t)
	client, server := open(t, a, b, nil, nil)
	client.WriteMessage(driver.Text, []byte("before"))
	if err := client.WriteClose(4000, "done"); err != nil {
		t.Fatal(err)
	}
	if err := client.WriteMessage(driver.Text, nil); !errors.Is(err, driver.ErrClosed) {
		t.Errorf("a message after WriteClose: %v", err)
	}
	wantMessage(t, server, driver.Text, "before")
	for range 2 {
		if e := wantClose(t, server, 4000, "done"); e.Unwrap() != nil {
			t.Errorf("cause %v", e.Unwrap())
		}
	}
	if err := server.WriteMessage(driver.Text, nil); !errors.Is(err, driver.ErrClosed) {
		t.Errorf("a message after the end: %v", err)
	}
	wantClose(t, client, 4000, "")
	for _, c := range []*stream.Conn{client, server, client} {
		if err := c.Close(context.Background(), driver.CodeNormal, ""); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
}

// TestDeliveredBeforeClose: messages that the peer sends between the two close frames
// are delivered.
func TestDeliveredBeforeClose(t *testing.T) {
	wstest.NoLeaks(t)
	a, b := wstest.TCP(t)
	client, server := open(t, a, b, nil, nil)
	if err := client.WriteClose(driver.CodeNormal, ""); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"one", "two"} {
		if err := server.WriteMessage(driver.Text, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	wantClose(t, server, driver.CodeNormal, "")
	wantMessage(t, client, driver.Text, "one")
	wantMessage(t, client, driver.Text, "two")
	wantClose(t, client, driver.CodeNormal, "")
}

func TestBothClose(t *testing.T) {
	wstest.NoLeaks(t)
	a, b := wstest.TCP(t)
	client, server := open(t, a, b, nil, nil)
	done := make(chan error, 2)
	go func() { done <- client.Close(context.Background(), driver.CodeNormal, "") }()
	go func() { done <- server.Close(context.Background(), driver.CodeGoingAway, "") }()
	for range 2 {
		if err := <-done; err != nil {
			t.Errorf("Close: %v", err)
		}
	}
}

// TestCloseBesideReader closes while another goroutine reads, and while writers
// wait for a peer that does not read.
func TestCloseBesideReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		client, server := open(t, a, b, nil, nil)
		read := make(chan error, 1)
		go func() {
			_, _, err := client.ReadMessage(nil)
			read <- err
		}()
		go echo(server)
		synctest.Wait()
		if err := client.Close(context.Background(), driver.CodeNormal, "bye"); err != nil {
			t.Errorf("Close: %v", err)
		}
		var e *stream.CloseError
		if err := <-read; !errors.As(err, &e) || e.Code != driver.CodeNormal {
			t.Errorf("the reader got %v", err)
		}
	})
}

func TestCloseTimeout(t *testing.T) {
	for _, version := range []driver.Version{driver.Hybi13, driver.Hixie76} {
		for _, role := range []string{"client", "server"} {
			synctest.Test(t, func(t *testing.T) {
				a, b := net.Pipe()
				config := &driver.Config{Version: version, Versions: driver.AllVersions(), CloseTimeout: time.Minute}
				client, server := open(t, a, b, config, config)
				c := map[string]*stream.Conn{"client": client, "server": server}[role]
				began := time.Now()
				err := c.Close(context.Background(), driver.CodeNormal, "")
				if took := time.Since(began); took != time.Minute {
					t.Errorf("%v %s: took %v", version, role, took)
				}
				var e *stream.CloseError
				var cause *driver.Error
				if !errors.As(err, &e) || !errors.As(err, &cause) || e.Code != driver.CodeAbnormal {
					t.Errorf("%v %s: %v", version, role, err)
				}
			})
		}
	}
}

func TestCloseNow(t *testing.T) {
	wstest.NoLeaks(t)
	a, b := wstest.TCP(t)
	client, server := open(t, a, b, nil, nil)
	done := make(chan error, 2)
	go func() {
		_, _, err := client.ReadMessage(nil)
		done <- err
	}()
	client.CloseNow()
	for i := range 5 {
		var err error
		switch i {
		case 0:
			err = <-done
		case 1:
			_, _, err = client.ReadMessage(nil)
		case 2:
			err = client.WriteMessage(driver.Text, nil)
		case 3:
			err = client.Close(context.Background(), driver.CodeNormal, "")
		case 4:
			err = client.Flush()
		}
		if !errors.Is(err, net.ErrClosed) {
			t.Errorf("%d: %v", i, err)
		}
	}
	if e := wantClose(t, server, driver.CodeAbnormal, ""); !errors.Is(e, io.ErrUnexpectedEOF) {
		t.Errorf("the server got %v", e)
	}
	if err := server.Close(context.Background(), driver.CodeNormal, ""); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("Close: %v", err)
	}
}

// TestViolationIsSeen: a client that keeps sending after a violation receives the
// close frame, not a reset.
func TestViolationIsSeen(t *testing.T) {
	wstest.NoLeaks(t)
	a, b := wstest.TCP(t)
	c := opened(t, b, &driver.Config{MaxMessage: 10})
	long := []byte(frame(0x82, strings.Repeat("x", 100)))
	sent := make(chan error, 1)
	go func() {
		var err error
		for range 20000 {
			if _, err = a.Write(long); err != nil {
				break
			}
		}
		sent <- err
	}()
	e := wantClose(t, c, driver.CodeMessageTooBig, "")
	var cause *driver.Error
	if !errors.As(e, &cause) || cause.Code != driver.CodeMessageTooBig {
		t.Errorf("cause %v", e.Unwrap())
	}
	if err := <-sent; err != nil {
		t.Errorf("the client could not send on: %v", err)
	}
	got, err := io.ReadAll(a)
	if err != nil || len(got) < 4 || got[0] != 0x88 || got[2] != 0x03 || got[3] != 0xf1 {
		t.Errorf("%x, %v, not a close frame with 1009", got, err)
	}
	a.Close()
	if err := c.Close(context.Background(), driver.CodeNormal, ""); !errors.As(err, &cause) {
		t.Errorf("Close: %v", err)
	}
}

func TestKeepAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		c := opened(t, b, &driver.Config{PingInterval: time.Minute, PongTimeout: time.Second})
		pings := make(chan int, 1)
		go func() {
			p := make([]byte, 2)
			n := 0
			for {
				if _, err := io.ReadFull(a, p); err != nil {
					pings <- n
					return
				}
				if n++; n <= 3 {
					io.WriteString(a, frame(0x8a, ""))
				}
			}
		}()
		e := wantClose(t, c, driver.CodeAbnormal, "")
		var cause *driver.Error
		if !errors.As(e, &cause) {
			t.Errorf("cause %v", e.Unwrap())
		}
		if n := <-pings; n != 4 {
			t.Errorf("%d pings, not 4", n)
		}
	})
}

func TestHandshakeTimeLimits(t *testing.T) {
	ends := map[string]func(t *testing.T, rwc io.ReadWriteCloser) *stream.Conn{
		"client": func(t *testing.T, rwc io.ReadWriteCloser) *stream.Conn { return newClient(t, rwc, nil) },
		"server": func(t *testing.T, rwc io.ReadWriteCloser) *stream.Conn {
			return stream.New(rwc, driver.NewServer(nil), nil)
		},
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := net.Pipe()
				go io.Copy(io.Discard, a)
				c := end(t, b)
				err := c.Handshake(context.Background())
				var cause *driver.Error
				if !errors.As(err, &cause) {
					t.Errorf("time limit of the driver: %v", err)
				}
				c.CloseNow()

				a, b = net.Pipe()
				go io.Copy(io.Discard, a)
				c = end(t, b)
				ctx, cancel := context.WithCancelCause(context.Background())
				why := errors.New("enough")
				time.AfterFunc(time.Second, func() { cancel(why) })
				if err := c.Handshake(ctx); err != why {
					t.Errorf("context: %v", err)
				}

				a, b = net.Pipe()
				go io.Copy(io.Discard, a)
				c = end(t, b)
				c.SetReadDeadline(time.Now().Add(time.Second))
				if err := c.Handshake(context.Background()); !isDeadline(err) {
					t.Errorf("deadline: %v", err)
				}
				a.Close()
				c.SetReadDeadline(time.Time{})
				if err := c.Handshake(context.Background()); !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Errorf("end: %v", err)
				}
			})
		})
	}
}

func TestServerRefuses(t *testing.T) {
	tests := []struct {
		name, request string
		status        string
	}{
		{"plain", "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n", "HTTP/1.1 426 "},
		{"old", strings.Replace(request, "13", "12", 1), "HTTP/1.1 426 "},
		{"bad key", strings.Replace(request, "dGhl", "d", 1), "HTTP/1.1 400 "},
		{"no HTTP", "\x16\x03\x01\r\n\r\n", "HTTP/1.1 400 "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			wstest.NoLeaks(t)
			a, b := wstest.TCP(t)
			c := stream.New(b, driver.NewServer(nil), nil)
			io.WriteString(a, test.request)
			err := c.Handshake(context.Background())
			var e *driver.Error
			if !errors.As(err, &e) || e.Status == 0 {
				t.Errorf("Handshake: %v", err)
			}
			answer, err := io.ReadAll(a)
			if err != nil || !strings.HasPrefix(string(answer), test.status) {
				t.Errorf("answer %q, %v", answer, err)
			}
			a.Close()
		})
	}
}

func TestReadRequest(t *testing.T) {
	wstest.NoLeaks(t)
	a, b := wstest.TCP(t)
	client := newClient(t, a, nil)
	server := stream.New(b, driver.NewServer(nil), nil)
	refused := make(chan error, 1)
	go func() { refused <- client.Handshake(context.Background()) }()
	r, err := server.ReadRequest(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if r.Target != "/chat" {
		t.Errorf("target %q", r.Target)
	}
	fields := []driver.Field{{Name: "X-Why", Value: "closed today"}}
	if err := server.Reject(403, fields, []byte("go away")); err != nil {
		t.Error(err)
	}
	var e *driver.Error
	if err := <-refused; !errors.As(err, &e) || e.Status != 403 {
		t.Errorf("the client got %v", err)
	}
	answer := client.Response()
	if diff := cmp.Diff("closed today go away", answer.Get("X-Why")+" "+string(answer.Body)); diff != "" {
		t.Error(diff)
	}
}

// TestCloseContext has a peer that never answers.
func TestCloseContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		go io.Copy(io.Discard, a)
		c := opened(t, b, &driver.Config{CloseTimeout: time.Hour})
		why := errors.New("enough")
		ctx, cancel := context.WithCancelCause(context.Background())
		time.AfterFunc(time.Second, func() { cancel(why) })
		began := time.Now()
		if err := c.Close(ctx, driver.CodeAbnormal, ""); !errors.Is(err, driver.ErrInvalid) {
			t.Errorf("bad code: %v", err)
		}
		if err := c.Close(ctx, driver.CodeNormal, ""); err != why || time.Since(began) != time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		if err := c.Close(context.Background(), driver.CodeNormal, ""); !errors.Is(err, net.ErrClosed) {
			t.Errorf("again: %v", err)
		}
	})
	wstest.NoLeaks(t)
	a, b := wstest.TCP(t)
	client, server := open(t, a, b, nil, nil)
	go echo(server)
	ctx, cancel := context.WithCancel(context.Background())
	if err := client.Close(ctx, driver.CodeNormal, ""); err != nil {
		t.Error(err)
	}
	cancel()
	if err := client.Close(ctx, driver.CodeNormal, ""); err != nil {
		t.Errorf("a context that ended afterwards: %v", err)
	}
}

// layer is a connection inside another, which says goodbye when it is closed.
type layer struct {
	net.Conn
	closed *int
}

func (l layer) NetConn() net.Conn { return l.Conn }

func (l layer) Close() error {
	*l.closed++
	return l.Conn.Close()
}

// TestCloseNowInside: CloseNow goes past all layers that could wait for the peer,
// as TLS in TLS does.
func TestCloseNowInside(t *testing.T) {
	_, b := net.Pipe()
	closed := 0
	c := opened(t, layer{layer{b, &closed}, &closed}, nil)
	c.CloseNow()
	if _, err := b.Write(nil); closed != 0 || !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("%d layers were closed; the innermost: %v", closed, err)
	}
}

// TestHandshakeConnect: a client over extended CONNECT is started. Its response does
// not arrive over the transport.
func TestHandshakeConnect(t *testing.T) {
	d, err := driver.NewClient("wss://example.com/", &driver.Config{ExtendedConnect: true})
	if err != nil {
		t.Fatal(err)
	}
	c := stream.New(newScript(), d, nil)
	defer c.CloseNow()
	if err := c.Handshake(context.Background()); !errors.Is(err, driver.ErrState) {
		t.Errorf("before Respond: %v", err)
	}
	c.Raw(func(d *driver.Driver) { err = d.Respond(&driver.Response{Status: 200}) })
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Handshake(context.Background()); err != nil {
		t.Error(err)
	}
}

// TestErr: what has ended reading, also after a loop over Messages.
func TestErr(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		c, peer := stream.New(b, openDriver(t, nil), nil), stream.New(a, newClientDriver(t), nil)
		if err := c.Err(); err != nil {
			t.Errorf("while it is open: %v", err)
		}
		go peer.Close(context.Background(), driver.CodeGoingAway, "done")
		for m, err := range c.Messages() {
			t.Errorf("%v, %v", m, err)
		}
		var e *stream.CloseError
		if err := c.Err(); !errors.As(err, &e) || e.Code != driver.CodeGoingAway || e.Reason != "done" {
			t.Errorf("after Messages: %v", err)
		}
		<-c.Done()
		peer.CloseNow()

		c = stream.New(newScript(), openDriver(t, nil), nil)
		c.CloseNow()
		if err := c.Err(); !errors.Is(err, net.ErrClosed) || errors.As(err, &e) {
			t.Errorf("after CloseNow: %v", err)
		}
	})
}

// TestErrHeld: with HoldClose reading ends at PeerClose.
func TestErrHeld(t *testing.T) {
	wstest.NoLeaks(t)
	c := opened(t, newScript(frame(0x88, "\x0f\xa1bye")), &driver.Config{HoldClose: true})
	_, _, err := c.ReadMessage(nil)
	if got := c.Err(); got == nil || got.Error() != err.Error() {
		t.Errorf("%v, not %v", got, err)
	}
	c.CloseNow()
}

// TestWhy: the example of the documents knows what this side has done to a slow peer.
func TestWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for want, o := range map[string]*stream.Options{
			"closed by this side: the peer is too slow for SlowClose":        {Slow: stream.SlowClose},
			"closed by this side: the peer takes nothing, says WriteTimeout": {WriteTimeout: time.Second},
		} {
			_, b := net.Pipe()
			c := stream.New(b, openDriver(t, &driver.Config{MaxBuffered: 1}), o)
			c.Queue(driver.Text, []byte("1"))
			if o.Slow == stream.SlowClose {
				c.Queue(driver.Text, []byte("2"))
			}
			if _, _, err := c.ReadMessage(nil); why(err) != want {
				t.Errorf("%q, not %q: %v", why(err), want, err)
			}
			<-c.Done()
		}
	})
}
