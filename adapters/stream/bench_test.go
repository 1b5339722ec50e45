package stream_test

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
)

func newBenchConn(b *testing.B, rwc io.ReadWriteCloser) *stream.Conn {
	b.Helper()
	d := driver.NewServer(nil)
	d.Parse([]byte(request))
	if err := d.Start(); err != nil {
		b.Fatal(err)
	}
	d.Parse(nil)
	d.Take(nil)
	return stream.New(rwc, d, nil)
}

// BenchmarkRead reads messages of which many arrive at once.
func BenchmarkRead(b *testing.B) {
	c := newBenchConn(b, &loop{in: []byte(strings.Repeat(frame(0x82, strings.Repeat("x", 100)), 100))})
	buf := make([]byte, 0, 128)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := c.ReadMessage(buf); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkWrite writes messages from several goroutines.
func BenchmarkWrite(b *testing.B) {
	for _, writers := range []int{1, 16} {
		b.Run(fmt.Sprint(writers), func(b *testing.B) {
			c := newBenchConn(b, &loop{})
			p := make([]byte, 100)
			b.ReportAllocs()
			b.SetParallelism(writers)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := c.WriteMessage(driver.Binary, p); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}

// BenchmarkEcho sends 64 messages at a time to a server that sends each back over
// TCP, and waits for all.
func BenchmarkEcho(b *testing.B) {
	sends := map[string]func(*stream.Conn, driver.Kind, []byte) error{
		"WriteMessage": (*stream.Conn).WriteMessage,
		"Queue":        (*stream.Conn).Queue,
	}
	for name, send := range sends {
		b.Run(name, func(b *testing.B) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				b.Fatal(err)
			}
			defer l.Close()
			peer, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				b.Fatal(err)
			}
			defer peer.Close()
			nc, err := l.Accept()
			if err != nil {
				b.Fatal(err)
			}
			c := newBenchConn(b, nc)
			defer c.CloseNow()
			go func() {
				for m, err := range c.Messages() {
					if err != nil || send(c, m.Kind, m.Data) != nil {
						return
					}
				}
			}()
			in := []byte(strings.Repeat(frame(0x82, strings.Repeat("x", 100)), 64))
			out := make([]byte, 64*102)
			b.SetBytes(64 * 100)
			for b.Loop() {
				if _, err := peer.Write(in); err != nil {
					b.Fatal(err)
				}
				if _, err := io.ReadFull(peer, out); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
