package main

import (
	"bytes"
	"io"
	"testing"

	"github.com/gobwas/ws"

	"github.com/sans-io/websocket-driver/driver"
)

// request is what a current Chrome sends.
const request = "GET /chat?room=1 HTTP/1.1\r\n" +
	"Host: example.com:8080\r\n" +
	"Connection: Upgrade\r\n" +
	"Pragma: no-cache\r\n" +
	"Cache-Control: no-cache\r\n" +
	"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36\r\n" +
	"Upgrade: websocket\r\n" +
	"Origin: https://example.com\r\n" +
	"Sec-WebSocket-Version: 13\r\n" +
	"Accept-Encoding: gzip, deflate, br, zstd\r\n" +
	"Accept-Language: en-US,en;q=0.9\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
	"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n"

// BenchmarkHandshake is a server's handshake in memory. That of the driver ends
// with an open connection and a request that can be read; ws.Upgrade keeps
// nothing. The limit is in BenchmarkHandshake of package driver.
func BenchmarkHandshake(b *testing.B) {
	b.Run("driver", func(b *testing.B) {
		in := []byte(request)
		c := &driver.Config{}
		b.ReportAllocs()
		for b.Loop() {
			d := driver.NewServer(c)
			d.Parse(in)
			if err := d.Start(); err != nil || len(d.Take(nil)) == 0 {
				b.Fatal(err)
			}
		}
	})
	b.Run("gobwas", func(b *testing.B) {
		in := []byte(request)
		b.ReportAllocs()
		for b.Loop() {
			rw := struct {
				io.Reader
				io.Writer
			}{bytes.NewReader(in), io.Discard}
			if _, err := ws.Upgrade(rw); err != nil {
				b.Fatal(err)
			}
		}
	})
}
