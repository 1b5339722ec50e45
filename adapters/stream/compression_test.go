package stream_test

import (
	"net"
	"strings"
	"testing"

	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
	"github.com/sans-io/websocket-driver/extensions/deflate"
)

// counter is a transport that counts what is written.
type counter struct {
	net.Conn
	n int
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.n += n
	return n, err
}

// TestCompression: messages are compressed or not as the connection and the call say
// (RFC 7692, section 6), and all arrive.
func TestCompression(t *testing.T) {
	wstest.NoLeaks(t)
	config := &driver.Config{Extensions: []driver.Extension{&deflate.Extension{}}}
	a, b := wstest.TCP(t)
	wire := &counter{Conn: a}
	client, server := open(t, wire, b, config, config)
	text := strings.Repeat("again and ", 1000)
	size := func(send func() error) int {
		t.Helper()
		before := wire.n
		if err := send(); err != nil {
			t.Fatal(err)
		}
		wantMessage(t, server, driver.Text, text)
		return wire.n - before
	}
	write := func() error { return client.WriteMessage(driver.Text, []byte(text)) }
	plain := func() error { return client.WriteUncompressed(driver.Text, []byte(text)) }
	if n := size(write); n > 1000 {
		t.Errorf("%d bytes compressed", n)
	}
	if n := size(plain); n < len(text) {
		t.Errorf("%d bytes uncompressed", n)
	}
	if n := size(write); n > 1000 {
		t.Errorf("%d bytes after an uncompressed message", n)
	}
	client.SetCompression(false)
	for range 2 {
		if n := size(write); n < len(text) {
			t.Errorf("%d bytes without compression", n)
		}
		if n := size(plain); n < len(text) {
			t.Errorf("%d bytes uncompressed, without compression", n)
		}
	}
	client.SetCompression(true)
	if n := size(write); n > 1000 {
		t.Errorf("%d bytes with compression again", n)
	}
	if err := client.WriteUncompressed(driver.Ping, nil); err != nil {
		t.Errorf("a ping: %v", err)
	}
}

// TestCompressionPrepared: a message that has been prepared leaves in the form that the
// connection has chosen.
func TestCompressionPrepared(t *testing.T) {
	wstest.NoLeaks(t)
	config := &driver.Config{Extensions: []driver.Extension{&deflate.Extension{}}}
	a, b := wstest.TCP(t)
	wire := &counter{Conn: b}
	client, server := open(t, a, wire, config, config)
	text := strings.Repeat("again and ", 1000)
	m, err := driver.NewPrepared(driver.Text, []byte(text), server.Variant())
	if err != nil {
		t.Fatal(err)
	}
	for _, on := range []bool{true, false, true} {
		server.SetCompression(on)
		before := wire.n
		if err := server.WritePrepared(m); err != nil {
			t.Fatal(err)
		}
		wantMessage(t, client, driver.Text, text)
		if n := wire.n - before; on != (n < 1000) {
			t.Errorf("compression %t: %d bytes", on, n)
		}
	}
}

// TestCompressionNone: without an extension there is nothing to choose.
func TestCompressionNone(t *testing.T) {
	wstest.NoLeaks(t)
	rw := newScript()
	c := opened(t, rw, nil)
	c.SetCompression(false)
	if err := c.WriteUncompressed(driver.Text, []byte("text")); err != nil {
		t.Error(err)
	}
	if err := c.Flush(); err != nil || rw.written() != "\x81\x04text" {
		t.Errorf("%q, %v", rw.written(), err)
	}
	c.CloseNow()
}
