// Package muxers tests package stream over the streams of multiplexers, whose deadlines
// and ends differ from those of TCP.
package muxers

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/hashicorp/yamux"
	"github.com/xtaci/smux"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

// muxers return the ends of a stream over a TCP connection.
var muxers = map[string]func(t *testing.T, a, b net.Conn) (x, y net.Conn){
	"yamux": func(t *testing.T, a, b net.Conn) (x, y net.Conn) {
		config := yamux.DefaultConfig()
		config.LogOutput = io.Discard
		client, err := yamux.Client(a, config)
		check(t, err)
		server, err := yamux.Server(b, config)
		check(t, err)
		t.Cleanup(func() {
			client.Close()
			server.Close()
		})
		x, err = client.Open()
		check(t, err)
		y, err = server.Accept()
		check(t, err)
		return x, y
	},
	"smux": func(t *testing.T, a, b net.Conn) (x, y net.Conn) {
		client, err := smux.Client(a, nil)
		check(t, err)
		server, err := smux.Server(b, nil)
		check(t, err)
		t.Cleanup(func() {
			client.Close()
			server.Close()
		})
		x, err = client.OpenStream()
		check(t, err)
		y, err = server.AcceptStream()
		check(t, err)
		return x, y
	},
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// open returns two Conns whose opening handshake is complete.
func open(t *testing.T, x, y net.Conn) (client, server *stream.Conn) {
	t.Helper()
	d, err := driver.NewClient("ws://example.com/", nil)
	check(t, err)
	client, server = stream.New(x, d, nil), stream.New(y, driver.NewServer(nil), nil)
	done := make(chan error, 1)
	go func() { done <- server.Handshake(context.Background()) }()
	check(t, errors.Join(client.Handshake(context.Background()), <-done))
	return client, server
}

// each runs f over a stream of each multiplexer.
func each(t *testing.T, f func(t *testing.T, client, server *stream.Conn)) {
	for name, mux := range muxers {
		t.Run(name, func(t *testing.T) {
			wstest.NoLeaks(t)
			a, b := wstest.TCP(t)
			x, y := mux(t, a, b)
			client, server := open(t, x, y)
			f(t, client, server)
			client.CloseNow()
			server.CloseNow()
		})
	}
}

func TestEcho(t *testing.T) {
	each(t, func(t *testing.T, client, server *stream.Conn) {
		go func() {
			for m, err := range server.Messages() {
				if err != nil || server.WriteMessage(m.Kind, m.Data) != nil {
					return
				}
			}
		}()
		for _, n := range []int{0, 1, 125, 4 << 10, 64 << 10, 1 << 20} {
			sent := bytes.Repeat([]byte("x"), n)
			go client.WriteMessage(driver.Binary, sent)
			if _, p, err := client.ReadMessage(nil); err != nil || !bytes.Equal(p, sent) {
				t.Fatalf("%d bytes: %d bytes, %v", n, len(p), err)
			}
		}
		if err := client.Close(context.Background(), driver.CodeNormal, ""); err != nil {
			t.Error(err)
		}
	})
}

// TestDeadlines: a deadline and a context end a read and leave the connection usable.
// (The connection was lost: the error of such a stream is a timeout, but not
// os.ErrDeadlineExceeded.)
func TestDeadlines(t *testing.T) {
	each(t, func(t *testing.T, client, server *stream.Conn) {
		check(t, client.SetReadDeadline(time.Now().Add(10*time.Millisecond)))
		if _, _, err := client.ReadMessage(nil); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("a deadline: %v", err)
		}
		check(t, client.SetReadDeadline(time.Time{}))
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
		defer cancel()
		if _, _, err := client.ReadMessageContext(ctx, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("a context: %v", err)
		}
		check(t, server.WriteMessage(driver.Text, []byte("alive")))
		if _, p, err := client.ReadMessage(nil); string(p) != "alive" || err != nil {
			t.Errorf("%q, %v", p, err)
		}
	})
}

// TestWriteDeadline: a peer that reads nothing ends the waiting of a send alone.
func TestWriteDeadline(t *testing.T) {
	each(t, func(t *testing.T, client, server *stream.Conn) {
		check(t, server.SetWriteDeadline(time.Now().Add(10*time.Millisecond)))
		p := make([]byte, 8<<20) // more than the window of the stream
		if err := server.WriteMessage(driver.Binary, p); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("%v", err)
		}
		if _, got, err := client.ReadMessage(nil); len(got) != len(p) || err != nil {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	})
}

// TestEnd: the end of the stream is the end of the connection.
func TestEnd(t *testing.T) {
	each(t, func(t *testing.T, client, server *stream.Conn) {
		_ = client.CloseNow()
		_, _, err := server.ReadMessage(nil)
		var e *stream.CloseError
		if !errors.As(err, &e) || e.Code != driver.CodeAbnormal {
			t.Errorf("%v", err)
		}
		<-server.Done()
	})
}
