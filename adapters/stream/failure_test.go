package stream_test

import (
	"context"
	"errors"
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

// TestFlushTimeout has a peer that violates the protocol and reads nothing.
func TestFlushTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		c := stream.New(b, openDriver(t, nil), &stream.Options{ReadBuffer: 16, FlushTimeout: time.Minute})
		go io.WriteString(a, "\x8f")
		go io.WriteString(a, "\xff")
		began := time.Now()
		e := wantClose(t, c, driver.CodeProtocolError, "")
		if took := time.Since(began); took != time.Minute {
			t.Errorf("took %v", took)
		}
		if !strings.HasPrefix(e.Error(), "websocket: closed with 1002 (protocol error): ") {
			t.Errorf("%v", e)
		}
		if err := c.Close(context.Background(), driver.CodeNormal, ""); err != e {
			t.Errorf("Close: %v", err)
		}
	})
}

// lame is a transport that breaks the contracts of io.Reader and io.Writer.
type lame struct {
	*script
	n   int
	err error
}

func (l *lame) Write([]byte) (int, error) { return l.n, l.err }

func TestBrokenWriter(t *testing.T) {
	wstest.NoLeaks(t)
	broken := errors.New("broken")
	for _, test := range []struct {
		rw   *lame
		want error
	}{
		{&lame{n: 0, err: broken}, broken},
		{&lame{n: 1}, io.ErrShortWrite},
		{&lame{n: -1}, io.ErrShortWrite},
	} {
		test.rw.script = newScript(frame(0x81, "still readable"), io.EOF)
		c := opened(t, test.rw, nil)
		for range 2 {
			if err := c.WriteMessage(driver.Text, []byte("text")); !errors.Is(err, test.want) {
				t.Errorf("%v, not %v", err, test.want)
			}
		}
		if err := c.Flush(); !errors.Is(err, test.want) {
			t.Errorf("Flush: %v, not %v", err, test.want)
		}
		if err := c.WriteClose(driver.CodeNormal, ""); !errors.Is(err, test.want) {
			t.Errorf("WriteClose: %v, not %v", err, test.want)
		}
		wantMessage(t, c, driver.Text, "still readable")
		if e := wantClose(t, c, driver.CodeAbnormal, ""); !errors.Is(e, test.want) {
			t.Errorf("reading: %v, not %v", e, test.want)
		}
	}
}

func TestEmptyReads(t *testing.T) {
	wstest.NoLeaks(t)
	reads := []any{frame(0x81, "text")}
	for range 100 {
		reads = append(reads, "")
	}
	c := opened(t, newScript(reads...), nil)
	wantMessage(t, c, driver.Text, "text")
	if e := wantClose(t, c, driver.CodeAbnormal, ""); !errors.Is(e, io.ErrNoProgress) {
		t.Errorf("%v", e)
	}
}

// TestParsedRequest: requests that another parser has parsed, some of them invalid.
func TestParsedRequest(t *testing.T) {
	wstest.NoLeaks(t)
	good := []driver.Field{
		{Name: "Host", Value: "example.com"},
		{Name: "Upgrade", Value: "websocket"},
		{Name: "Connection", Value: "Upgrade"},
		{Name: "Sec-WebSocket-Key", Value: "dGhlIHNhbXBsZSBub25jZQ=="},
		{Name: "Sec-WebSocket-Version", Value: "13"},
	}
	tests := []struct {
		name   string
		fields []driver.Field
		config *driver.Config
		answer string
	}{
		{"good", good, nil, "HTTP/1.1 101 "},
		{"no key", append(good[:3:3], good[4]), nil, "HTTP/1.1 400 "},
		{"no WebSocket", good[:1], nil, "HTTP/1.1 426 "},
		{"bad Config", good, &driver.Config{Fields: []driver.Field{{Name: "Upgrade", Value: "x"}}}, "HTTP/1.1 500 "},
	}
	for _, test := range tests {
		rw := newScript()
		r := &driver.Request{Method: "GET", Target: "/", Major: 1, Minor: 1, Fields: test.fields}
		c := stream.New(rw, driver.FromRequest(r, test.config), nil)
		if got, err := c.ReadRequest(context.Background()); err != nil || got != r {
			t.Errorf("%s: %v, %v", test.name, got, err)
		}
		err := c.Handshake(context.Background())
		if good := test.name == "good"; good != (err == nil) {
			t.Errorf("%s: %v", test.name, err)
		}
		if !strings.HasPrefix(rw.written(), test.answer) {
			t.Errorf("%s: %q", test.name, rw.written())
		}
		c.CloseNow()
	}
}

func TestAccessors(t *testing.T) {
	wstest.NoLeaks(t)
	a, b := wstest.TCP(t)
	client, server := open(t, a, b,
		&driver.Config{Subprotocols: []string{"x", "y"}},
		&driver.Config{Subprotocols: []string{"y"}})
	if client.Subprotocol() != "y" || server.Subprotocol() != "y" || client.Extensions() != "" {
		t.Errorf("subprotocols %q and %q, extensions %q", client.Subprotocol(), server.Subprotocol(), client.Extensions())
	}
	if r := server.Request(); r == nil || r.Get("Sec-WebSocket-Protocol") != "x, y" {
		t.Errorf("the server keeps the request %v", r)
	}
	if r := client.Response(); r == nil || r.Get("Sec-WebSocket-Protocol") != "y" {
		t.Errorf("the client keeps the response %v", r)
	}
	if client.Transport() != io.ReadWriteCloser(a) {
		t.Error("another transport")
	}
	if err := client.Handshake(context.Background()); err != nil {
		t.Errorf("Handshake again: %v", err)
	}
}

// impatient is a transport with its own time limit.
type impatient struct{ io.ReadWriteCloser }

func (impatient) Write([]byte) (int, error) { return 0, os.ErrDeadlineExceeded }

// TestTransportTimesOut: such an end is not taken for a deadline, after which the
// message would still leave.
func TestTransportTimesOut(t *testing.T) {
	c := opened(t, impatient{newScript()}, nil)
	defer c.CloseNow()
	if err := c.WriteMessage(driver.Text, []byte("a")); err == nil || isDeadline(err) {
		t.Errorf("%v", err)
	}
}
