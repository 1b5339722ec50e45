package stream_test

import (
	"fmt"
	"io"
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

// BenchmarkRead reads messages of which many come at once.
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
