package stream_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

func TestEveryVersion(t *testing.T) {
	transports := map[string]func(t *testing.T) (a, b io.ReadWriteCloser){
		"tcp": func(t *testing.T) (a, b io.ReadWriteCloser) { return wstest.TCP(t) },
		"pipe": func(*testing.T) (a, b io.ReadWriteCloser) {
			a, b = net.Pipe()
			return a, b
		},
		"bare": func(*testing.T) (a, b io.ReadWriteCloser) {
			a, b = net.Pipe()
			return bare{a}, bare{b}
		},
	}
	for name, transport := range transports {
		for _, v := range driver.AllVersions() {
			t.Run(fmt.Sprint(name, " ", v), func(t *testing.T) {
				wstest.NoLeaks(t)
				a, b := transport(t)
				client, server := open(t, a, b, &driver.Config{Version: v}, &driver.Config{Versions: driver.AllVersions()})
				if client.Version() != v || server.Version() != v {
					t.Fatalf("versions %v and %v, not %v", client.Version(), server.Version(), v)
				}
				kind := driver.Binary
				if v.IsHixie() {
					kind = driver.Text
				}
				echoed := make(chan error, 1)
				go func() { echoed <- echo(server) }()
				for _, text := range []string{"hello", "", strings.Repeat("grüße ", 20000)} {
					sent := make(chan error, 1)
					go func() { sent <- client.WriteMessage(kind, []byte(text)) }()
					wantMessage(t, client, kind, text)
					if err := <-sent; err != nil {
						t.Fatal(err)
					}
				}
				if err := client.Close(context.Background(), driver.CodeGoingAway, "that is all"); err != nil {
					t.Errorf("Close: %v", err)
				}
				var e *stream.CloseError
				if err := <-echoed; !errors.As(err, &e) {
					t.Fatalf("the server ended with %v", err)
				}
				want := map[bool]driver.Code{true: driver.CodeGoingAway, false: driver.CodeNoStatus}[!v.IsHixie()]
				if v == driver.Hixie75 {
					want = driver.CodeAbnormal
				}
				if e.Code != want {
					t.Errorf("the server was closed with %v, not %v", e.Code, want)
				}
			})
		}
	}
}

// echo sends messages back until the connection ends.
func echo(c *stream.Conn) error {
	var buf []byte
	for {
		kind, p, err := c.ReadMessage(buf)
		if err != nil {
			return err
		}
		buf = p
		if err := c.WriteMessage(kind, p); err != nil {
			return err
		}
	}
}

func TestWritersDoNotMix(t *testing.T) {
	wstest.NoLeaks(t)
	const writers, each = 16, 100
	a, b := wstest.TCP(t)
	client, server := open(t, a, b, nil, nil)
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				p := bytes.Repeat([]byte{byte(w)}, 5+(i*w*37)%5000)
				binary.BigEndian.PutUint32(p[1:], uint32(i))
				if err := client.WriteMessage(driver.Binary, p); err != nil {
					t.Errorf("writer %d: %v", w, err)
					return
				}
			}
		})
	}
	var next [writers]uint32
	var buf []byte
	for range writers * each {
		_, p, err := server.ReadMessage(buf)
		if err != nil {
			t.Fatal(err)
		}
		buf = p
		w := p[0]
		if i := binary.BigEndian.Uint32(p[1:]); i != next[w] {
			t.Fatalf("message %d of writer %d, not %d", i, w, next[w])
		}
		next[w]++
		if n := bytes.Count(p[5:], []byte{w}); n != len(p)-5 {
			t.Fatalf("message of writer %d is mixed with another", w)
		}
	}
	wg.Wait()
}

// TestBothSend: both ends send far more than the sockets hold at the same time, with
// pings in between.
func TestBothSend(t *testing.T) {
	wstest.NoLeaks(t)
	config := &driver.Config{MaxMessage: -1}
	a, b := wstest.TCP(t)
	client, server := open(t, a, b, config, config)
	big := bytes.Repeat([]byte("0123456789abcdef"), 2<<20)
	var wg sync.WaitGroup
	for _, c := range []*stream.Conn{client, server} {
		wg.Go(func() {
			for range 50 {
				if err := c.WriteMessage(driver.Ping, []byte("are you there")); err != nil {
					t.Error(err)
				}
			}
		})
		wg.Go(func() {
			if err := c.WriteMessage(driver.Binary, big); err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() {
			_, p, err := c.ReadMessage(nil)
			if err != nil || !bytes.Equal(p, big) {
				t.Errorf("%d bytes, %v", len(p), err)
			}
		})
	}
	wg.Wait()
}

// TestReaderDoesNotWrite: the messages of a peer that sends pings and never reads
// arrive.
func TestReaderDoesNotWrite(t *testing.T) {
	wstest.NoLeaks(t)
	for _, wrap := range []bool{false, true} {
		a, b := net.Pipe()
		rwc := io.ReadWriteCloser(b)
		if wrap {
			rwc = bare{b}
		}
		c := opened(t, rwc, nil)
		go io.WriteString(a, strings.Repeat(frame(0x89, "ping"), 100)+frame(0x81, "text"))
		wantMessage(t, c, driver.Text, "text")
		c.CloseNow()
	}
}

// gate is a transport whose first write waits.
type gate struct {
	*script
	inside, open chan struct{}
	once         sync.Once
}

func (g *gate) Write(p []byte) (int, error) {
	g.once.Do(func() {
		close(g.inside)
		<-g.open
	})
	return g.script.Write(p)
}

func TestWaitingWritesLeaveTogether(t *testing.T) {
	wstest.NoLeaks(t)
	g := &gate{script: newScript(), inside: make(chan struct{}), open: make(chan struct{})}
	d := openDriver(t, nil)
	c := stream.New(g, d, nil)
	var wg sync.WaitGroup
	write := func() {
		wg.Go(func() {
			if err := c.WriteMessage(driver.Text, []byte("x")); err != nil {
				t.Error(err)
			}
		})
	}
	write()
	<-g.inside
	for range 9 {
		write()
	}
	c.WaitQueued(9 * 3)
	close(g.open)
	wg.Wait()
	if g.writes != 2 || g.written() != strings.Repeat("\x81\x01x", 10) {
		t.Errorf("%d writes of %q", g.writes, g.written())
	}
	c.CloseNow()
}

func TestNoAllocations(t *testing.T) {
	rw := &loop{in: []byte(frame(0x82, "some bytes") + frame(0x81, "text"))}
	c := opened(t, rw, nil)
	defer c.CloseNow()
	m := prepared(t, driver.Text, "text")
	buf := make([]byte, 0, 64)
	steps := map[string]func() error{
		"ReadMessage": func() error {
			_, _, err := c.ReadMessage(buf)
			return err
		},
		"WriteMessage":  func() error { return c.WriteMessage(driver.Text, buf[:4]) },
		"Queue":         func() error { return c.Queue(driver.Text, buf[:4]) },
		"WritePrepared": func() error { return c.WritePrepared(m) },
		"Post":          func() error { return c.Post(m) },
	}
	for name, step := range steps {
		n := wstest.Allocs(1000, func() {
			if err := step(); err != nil {
				t.Fatal(err)
			}
		})
		if n > 0 {
			t.Errorf("%s: %v allocations, not 0", name, n)
		}
	}
}

// loop gives the same input for ever and forgets the output.
type loop struct {
	in  []byte
	off int
}

func (l *loop) Read(p []byte) (int, error) {
	n := copy(p, l.in[l.off:])
	l.off = (l.off + n) % len(l.in)
	return n, nil
}
func (l *loop) Write(p []byte) (int, error) { return len(p), nil }
func (l *loop) Close() error                { return nil }

func TestUnread(t *testing.T) {
	wstest.NoLeaks(t)
	rw := newScript(frame(0x81, "third"))
	d := openDriver(t, nil)
	c := stream.New(rw, d, nil)
	c.Unread([]byte(frame(0x81, "second")))
	c.Unread([]byte(frame(0x81, "first")))
	for _, text := range []string{"first", "second", "third"} {
		wantMessage(t, c, driver.Text, text)
	}
	c.CloseNow()
}

func TestLocalMistakes(t *testing.T) {
	wstest.NoLeaks(t)
	rw := newScript(frame(0x81, "hello"))
	c := opened(t, rw, nil)
	tests := []struct {
		name string
		err  error
		want error
	}{
		{"TextMessage of gorilla", c.WriteMessage(1, nil), driver.ErrInvalid},
		{"BinaryMessage of gorilla", c.WriteMessage(2, nil), driver.ErrInvalid},
		{"CloseMessage of gorilla", c.WriteMessage(8, nil), driver.ErrInvalid},
		{"PingMessage of gorilla, queued", c.Queue(9, nil), driver.ErrInvalid},
		{"bad text", c.WriteMessage(driver.Text, []byte("\xff")), driver.ErrInvalidUTF8},
		{"long ping", c.WriteMessage(driver.Ping, make([]byte, 126)), driver.ErrTooLong},
		{"bad code", c.Close(context.Background(), driver.CodeAbnormal, ""), driver.ErrInvalid},
		{"bad code, WriteClose", c.WriteClose(999, ""), driver.ErrInvalid},
	}
	for _, test := range tests {
		if !errors.Is(test.err, test.want) {
			t.Errorf("%s: %v, not %v", test.name, test.err, test.want)
		}
	}
	for err, want := range map[error]string{c.WriteMessage(1, nil): "kind 1 (Connect); kinds are not opcodes, use driver.Text", c.WriteMessage(8, nil): "WriteClose"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
	wantMessage(t, c, driver.Text, "hello")
	if out := rw.written(); out != "" {
		t.Errorf("wrote %q", out)
	}
	c.CloseNow()
	early := newClient(t, newScript(), nil)
	if _, _, err := early.ReadMessage(nil); !errors.Is(err, driver.ErrState) {
		t.Errorf("reading before the handshake: %v", err)
	}
	if err := early.Close(context.Background(), driver.CodeNormal, ""); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Close before the handshake: %v", err)
	}
	if err := early.Handshake(context.Background()); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Handshake after Close: %v", err)
	}
}
