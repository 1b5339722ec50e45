package hybi

import (
	"fmt"
	"testing"

	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/extensions"
	"github.com/sans-io/websocket-driver/hybi/frame"
)

// messageSizes are the payloads of the benchmarks of whole messages.
var messageSizes = []int{16, 125, 1 << 10, 64 << 10, 1 << 20}

// benchMessages calls f for each role, kind and size. p is the payload.
func benchMessages(b *testing.B, f func(b *testing.B, server bool, k ws.Kind, p []byte)) {
	for _, server := range []bool{true, false} {
		for _, k := range payloadKinds {
			for _, n := range messageSizes {
				role := map[bool]string{true: "server", false: "client"}[server]
				b.Run(fmt.Sprintf("%s/%s/%d", role, k.name, n), func(b *testing.B) {
					b.SetBytes(int64(n))
					b.ReportAllocs()
					f(b, server, k.kind, payload(k.word, n))
				})
			}
		}
	}
}

// BenchmarkReceive gives a message in one chunk. A server's input is unmasked in
// place, and would have to be masked again for each round; so its masking key is
// 0: the work is the same, for the code does not look at the key, and the input
// stays as it is.
func BenchmarkReceive(b *testing.B) {
	benchMessages(b, func(b *testing.B, server bool, k ws.Kind, p []byte) {
		c, _ := newConn(plain(server))
		in := zeroMasked(server, k, p)
		for b.Loop() {
			if n, ev := c.Parse(in); n != len(in) || ev.Kind != k {
				b.Fatal(n, ev.Kind, c.Err())
			}
		}
	})
}

// BenchmarkReceiveSplit gives the message in chunks of 4 KiB that end inside it,
// so that it is gathered or, with pieces, delivered in parts.
func BenchmarkReceiveSplit(b *testing.B) {
	for _, pieces := range []bool{false, true} {
		b.Run(fmt.Sprintf("pieces=%v", pieces), func(b *testing.B) {
			p := payload(payloadKinds[1].word, 64<<10)
			cfg := plain(true)
			cfg.Pieces = pieces
			c, _ := newConn(cfg)
			in := zeroMasked(true, ws.Text, p)
			b.SetBytes(int64(len(p)))
			b.ReportAllocs()
			for b.Loop() {
				for rest := in; len(rest) > 0; {
					chunk := rest[:min(4096, len(rest))]
					n, _ := c.Parse(chunk)
					rest = rest[n:]
				}
			}
		})
	}
}

// zeroMasked is a frame, masked with the key 0 if it goes to a server.
func zeroMasked(server bool, k ws.Kind, p []byte) []byte {
	return frame.Encode(frame.Header{Fin: true, Opcode: opcodeOf(k), Masked: server}, p)
}

// BenchmarkSend sends a message and takes the bytes.
func BenchmarkSend(b *testing.B) {
	benchMessages(b, func(b *testing.B, server bool, k ws.Kind, p []byte) {
		cfg := plain(server)
		cfg.Rand = nil // crypto/rand
		c, q := newConn(cfg)
		var spare []byte
		for b.Loop() {
			if err := c.Message(k, p); err != nil {
				b.Fatal(err)
			}
			spare = q.Take(spare)
		}
	})
}

// BenchmarkPing receives a ping and takes the pong.
func BenchmarkPing(b *testing.B) {
	for _, server := range []bool{true, false} {
		b.Run(fmt.Sprintf("server=%v", server), func(b *testing.B) {
			cfg := plain(server)
			cfg.Rand = nil
			c, q := newConn(cfg)
			in := zeroMasked(server, ws.Ping, []byte("12345678"))
			var spare []byte
			b.ReportAllocs()
			for b.Loop() {
				c.Parse(in)
				spare = q.Take(spare)
			}
		})
	}
}

// BenchmarkExtension is what the way of a message through an extension costs,
// beside the work of the extension: this one does next to nothing.
func BenchmarkExtension(b *testing.B) {
	_, pipe, err := extensions.Accept([]extensions.Extension{&repeat{}}, request("Sec-WebSocket-Extensions", "repeat").Fields)
	if err != nil {
		b.Fatal(err)
	}
	cfg := plain(true)
	cfg.Pipeline = pipe
	c, q := newConn(cfg)
	p := payload("\xffa", 64)
	var spare []byte
	b.Run("send", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := c.Message(ws.Binary, p); err != nil {
				b.Fatal(err)
			}
			spare = q.Take(spare)
		}
	})
	b.Run("receive", func(b *testing.B) {
		in := zeroMasked(true, ws.Binary, p)
		in[0] |= extensions.RSV2
		b.ReportAllocs()
		for b.Loop() {
			if _, ev := c.Parse(in); len(ev.Data) != 32*255 {
				b.Fatal(len(ev.Data))
			}
		}
	})
}
