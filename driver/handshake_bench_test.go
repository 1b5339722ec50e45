package driver_test

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"testing"

	"github.com/sans-io/websocket-driver/driver"
)

// requestChrome is the request of a current Chrome.
var requestChrome = lines(
	"GET /chat?room=1 HTTP/1.1",
	"Host: example.com:8080",
	"Connection: Upgrade",
	"Pragma: no-cache",
	"Cache-Control: no-cache",
	"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
	"Upgrade: websocket",
	"Origin: https://example.com",
	"Sec-WebSocket-Version: 13",
	"Accept-Encoding: gzip, deflate, br, zstd",
	"Accept-Language: en-US,en;q=0.9",
	"Sec-WebSocket-Key: "+sampleKey,
	"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
)

// handshakeServer is a server from nothing to Open.
func handshakeServer(tb testing.TB, c *driver.Config, in []byte) []byte {
	d := driver.NewServer(c)
	d.Parse(in)
	if err := d.Start(); err != nil {
		tb.Fatal(err)
	}
	if _, ev := d.Parse(nil); ev.Kind != driver.Open {
		tb.Fatal(ev.Kind, d.Err())
	}
	return d.Take(nil)
}

// handshakeClient is a client from nothing to Open.
func handshakeClient(tb testing.TB, c *driver.Config, in []byte) []byte {
	d, err := driver.NewClient("ws://example.com/chat", c)
	if err != nil {
		tb.Fatal(err)
	}
	if err := d.Start(); err != nil {
		tb.Fatal(err)
	}
	out := d.Take(nil)
	if _, ev := d.Parse(in); ev.Kind != driver.Open {
		tb.Fatal(ev.Kind, d.Err())
	}
	return out
}

// BenchmarkHandshake is what a driver makes of the head of the peer, against the
// limit: what a server cannot leave out.
func BenchmarkHandshake(b *testing.B) {
	in := []byte(requestChrome)
	b.Run("limit", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if leastHandshake(in) == nil {
				b.Fatal("no key")
			}
		}
	})
	b.Run("server", func(b *testing.B) {
		c := &driver.Config{}
		b.ReportAllocs()
		for b.Loop() {
			handshakeServer(b, c, in)
		}
	})
	b.Run("client", func(b *testing.B) {
		c := &driver.Config{Rand: &fixedKey{}}
		in := []byte(response13())
		b.ReportAllocs()
		for b.Loop() {
			handshakeClient(b, c, in)
		}
	})
}

// leastHandshake finds the end of the head and the key, computes the accept key
// and writes the response. It checks nothing.
func leastHandshake(in []byte) []byte {
	const name, guid = "\r\nSec-WebSocket-Key: ", "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
	end := bytes.Index(in, []byte("\r\n\r\n"))
	if end < 0 {
		return nil
	}
	at := bytes.Index(in[:end], []byte(name))
	if at < 0 {
		return nil
	}
	var challenge [len(sampleKey) + len(guid)]byte
	copy(challenge[:], in[at+len(name):])
	copy(challenge[len(sampleKey):], guid)
	sum := sha1.Sum(challenge[:])
	out := make([]byte, 0, 256)
	out = append(out, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"+
		"Connection: Upgrade\r\nSec-WebSocket-Accept: "...)
	out = base64.StdEncoding.AppendEncode(out, sum[:])
	return append(out, "\r\n\r\n"...)
}
