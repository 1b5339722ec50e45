package stream_test

import (
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

// TestHooks: hooks are called in order, without the lock, with a payload that is
// theirs, and may send.
func TestHooks(t *testing.T) {
	wstest.NoLeaks(t)
	var calls []string
	note := func(name string) func(*stream.Conn, []byte) {
		return func(c *stream.Conn, payload []byte) {
			calls = append(calls, name+" "+string(payload))
			clear(payload)
			if err := c.Queue(driver.Text, []byte(name)); err != nil {
				t.Error(err)
			}
		}
	}
	rw := newScript(frame(0x89, "a") + frame(0x01, "one ") + frame(0x8a, "b") + frame(0x80, "two") + frame(0x88, "\x03\xe9bye"))
	c := stream.New(rw, openDriver(t, nil), &stream.Options{
		OnPing: note("ping"), OnPong: note("pong"),
		OnPeerClose: func(_ *stream.Conn, code driver.Code, reason string) {
			calls = append(calls, fmt.Sprint("close ", code, " ", reason))
		},
	})
	wantMessage(t, c, driver.Text, "one two")
	wantClose(t, c, driver.CodeGoingAway, "bye")
	if want := []string{"ping a", "pong b", "close 1001 (going away) bye"}; !slices.Equal(calls, want) {
		t.Errorf("%q, not %q", calls, want)
	}
	if got := rw.written(); got != "\x8a\x01a\x81\x04ping\x81\x04pong\x88\x02\x03\xe9" {
		t.Errorf("%q", got)
	}
}

// TestHookCloses: a hook may end the connection, and reading ends with it.
func TestHookCloses(t *testing.T) {
	wstest.NoLeaks(t)
	closeNow := func(c *stream.Conn, _ []byte) { _ = c.CloseNow() }
	c := stream.New(newScript(frame(0x89, "")+frame(0x81, "text")), openDriver(t, nil), &stream.Options{OnPing: closeNow})
	if _, p, err := c.ReadMessage(nil); err == nil || !strings.Contains(err.Error(), net.ErrClosed.Error()) {
		t.Errorf("%q, %v", p, err)
	}
}

// TestHookHoldClose: OnPeerClose is called once for a close frame that is held.
func TestHookHoldClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		var calls []string
		c := stream.New(b, openDriver(t, &driver.Config{HoldClose: true}), &stream.Options{
			OnPeerClose: func(c *stream.Conn, code driver.Code, reason string) {
				calls = append(calls, fmt.Sprint(code))
				if err := c.WriteClose(c.RelayCode(code), ""); err != nil {
					t.Error(err)
				}
			},
		})
		go io.Copy(io.Discard, a)
		go io.WriteString(a, frame(0x88, ""))
		wantClose(t, c, driver.CodeNoStatus, "")
		<-c.Done()
		if want := []string{"1005 (no status received)"}; !slices.Equal(calls, want) {
			t.Errorf("%q, not %q", calls, want)
		}
	})
}

// TestPanics: a transport or hook that panics leaves a connection that can be closed,
// and the caller may recover.
func TestPanics(t *testing.T) {
	recovered := func(t *testing.T, f func()) {
		t.Helper()
		defer func() {
			if recover() != "on purpose" {
				t.Error("no panic")
			}
		}()
		f()
	}
	for name, hook := range map[string]bool{"Read": false, "OnPing": true} {
		t.Run(name, func(t *testing.T) {
			wstest.NoLeaks(t)
			rw := &panicky{script: newScript(frame(0x89, "")), reads: !hook}
			c := stream.New(rw, openDriver(t, nil), &stream.Options{OnPing: func(*stream.Conn, []byte) { panic("on purpose") }})
			recovered(t, func() { c.ReadMessage(nil) })
			if err := c.Queue(driver.Text, []byte("text")); err != nil {
				t.Error(err)
			}
			c.CloseNow()
		})
	}
}

// panicky is a transport whose Read panics.
type panicky struct {
	*script
	reads bool
}

func (p *panicky) Read(b []byte) (int, error) {
	if p.reads {
		panic("on purpose")
	}
	return p.script.Read(b)
}

// TestTrace: what Trace is told on both sides of a connection.
func TestTrace(t *testing.T) {
	wstest.NoLeaks(t)
	trace := func(log *[]string) *stream.Trace {
		add := func(format string, args ...any) { *log = append(*log, fmt.Sprintf(format, args...)) }
		return &stream.Trace{
			Opened:   func(*stream.Conn) { add("opened") },
			Refused:  func(_ *stream.Conn, err error) { add("refused %v", err) },
			Received: func(_ *stream.Conn, k driver.Kind, n int) { add("received %v %d", k, n) },
			Sent:     func(_ *stream.Conn, k driver.Kind, n int) { add("sent %v %d", k, n) },
			Ponged:   func(*stream.Conn, time.Duration) { add("ponged") },
			Closed:   func(_ *stream.Conn, code driver.Code, cause error) { add("closed %v %v", code, cause) },
		}
	}
	var clientLog, serverLog []string
	a, b := wstest.TCP(t)
	d, err := driver.NewClient("ws://example.com/", nil)
	if err != nil {
		t.Fatal(err)
	}
	client := stream.New(a, d, &stream.Options{Trace: trace(&clientLog)})
	server := stream.New(b, driver.NewServer(nil), &stream.Options{Trace: trace(&serverLog)})
	if err := shakeHands(client, server); err != nil {
		t.Fatal(err)
	}
	echoed := make(chan error)
	go func() { echoed <- echo(server) }()
	large := make([]byte, 100_000)
	for _, p := range [][]byte{[]byte("hello"), large} {
		if err := client.WriteMessage(driver.Binary, p); err != nil {
			t.Fatal(err)
		}
		if _, _, err := client.ReadMessage(nil); err != nil {
			t.Fatal(err)
		}
	}
	w := wantWriter(t, client, driver.Text)
	io.WriteString(w, "in ")
	io.WriteString(w, "parts")
	w.Close()
	wantMessage(t, client, driver.Text, "in parts")
	if err := client.Close(t.Context(), driver.CodeNormal, ""); err != nil {
		t.Error(err)
	}
	<-echoed
	<-server.Done()
	want := []string{"opened", "sent Binary 5", "received Binary 5", "sent Binary 100000", "received Binary 100000",
		"sent Text 8", "received Text 8", "closed 1000 (normal closure) <nil>"}
	if !slices.Equal(clientLog, want) {
		t.Errorf("client: %q, not %q", clientLog, want)
	}
	want = []string{"opened", "received Binary 5", "sent Binary 5", "received Binary 100000", "sent Binary 100000",
		"received Text 8", "sent Text 8", "closed 1000 (normal closure) <nil>"}
	if !slices.Equal(serverLog, want) {
		t.Errorf("server: %q, not %q", serverLog, want)
	}
}

// TestTraceState: the states of a connection, however it ends.
func TestTraceState(t *testing.T) {
	normal := func(c, peer *stream.Conn) {
		go peer.ReadMessage(nil)
		c.WriteClose(driver.CodeNormal, "")
		c.ReadMessage(nil)
	}
	read := func(c *stream.Conn) { c.ReadMessage(nil) }
	for name, test := range map[string]struct {
		end  func(c, peer *stream.Conn)
		hold bool
		want string
	}{
		"close handshake": {normal, false, "[open closing closed]"},
		"peer closes":     {func(c, peer *stream.Conn) { go peer.WriteClose(driver.CodeNormal, ""); read(c) }, false, "[open closed]"},
		"held": {func(c, peer *stream.Conn) {
			go peer.WriteClose(driver.CodeNormal, "")
			read(c)
			c.WriteClose(driver.CodeNormal, "")
		}, true, "[open peer closed closed]"},
		"CloseNow":     {func(c, _ *stream.Conn) { c.CloseNow() }, false, "[open closed]"},
		"peer is gone": {func(c, peer *stream.Conn) { peer.CloseNow(); read(c) }, false, "[open closed]"},
		"time limit":   {func(c, peer *stream.Conn) { c.Queue(driver.Text, nil) }, false, "[open closed]"},
		"violation":    {func(c, peer *stream.Conn) { go peer.Transport().Write([]byte("\xff\xff")); read(c) }, false, "[open closed]"},
		"while CloseNow": {func(c, peer *stream.Conn) {
			go peer.ReadMessage(nil)
			c.WriteClose(driver.CodeNormal, "")
			c.CloseNow()
		}, false, "[open closing closed]"},
	} {
		synctest.Test(t, func(t *testing.T) {
			a, b := net.Pipe()
			var states []driver.State
			peer := newClient(t, a, nil)
			c := stream.New(b, driver.NewServer(&driver.Config{HoldClose: test.hold, PingInterval: time.Hour}), &stream.Options{
				Trace: &stream.Trace{State: func(_ *stream.Conn, s driver.State) { states = append(states, s) }},
			})
			if err := shakeHands(peer, c); err != nil {
				t.Fatal(err)
			}
			test.end(c, peer)
			<-c.Done()
			if got := fmt.Sprint(states); got != test.want || c.State() != driver.StateClosed {
				t.Errorf("%s: %s, not %s; at the end %v", name, got, test.want, c.State())
			}
			peer.CloseNow()
		})
	}
}

// TestTraceRefused: a handshake that fails is told in place of Closed.
func TestTraceRefused(t *testing.T) {
	wstest.NoLeaks(t)
	var refused, closed []error
	c := stream.New(newScript("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n"), driver.NewServer(nil), &stream.Options{Trace: &stream.Trace{
		Refused: func(_ *stream.Conn, err error) { refused = append(refused, err) },
		Closed:  func(_ *stream.Conn, _ driver.Code, err error) { closed = append(closed, err) },
	}})
	err := c.Handshake(t.Context())
	if err == nil || len(refused) != 1 || refused[0] != err || len(closed) > 0 {
		t.Errorf("%v: %v, %v", err, refused, closed)
	}
	<-c.Done()
}

// TestTraceUnread: Trace is told of the end of a connection that nothing reads.
func TestTraceUnread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, b := net.Pipe()
		var closed []driver.Code
		c := stream.New(b, openDriver(t, &driver.Config{PingInterval: time.Second}), &stream.Options{Trace: &stream.Trace{
			Closed: func(_ *stream.Conn, code driver.Code, _ error) { closed = append(closed, code) },
		}})
		c.Queue(driver.Text, []byte("text")) // starts the limits
		<-c.Done()
		wantClose(t, c, driver.CodeAbnormal, "")
		if want := []driver.Code{driver.CodeAbnormal}; !slices.Equal(closed, want) {
			t.Errorf("%v", closed)
		}
	})
}
