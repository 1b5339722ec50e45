package driver_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/sans-io/websocket-driver/driver"
)

var benchSizes = []int{16, 125, 1 << 10, 16 << 10, 64 << 10, 1 << 20}

// benchRoles runs f for both roles and all sizes.
func benchRoles(b *testing.B, f func(b *testing.B, d *driver.Driver, frame func(byte, string) string, size int)) {
	for _, size := range benchSizes {
		b.Run(fmt.Sprintf("server/%d", size), func(b *testing.B) { f(b, openServer(b, nil, request13()), masked, size) })
		b.Run(fmt.Sprintf("client/%d", size), func(b *testing.B) { f(b, openClient(b, nil), plain, size) })
	}
}

// BenchmarkReceive parses one message that lies whole in the input. The masking
// key 0 keeps the input as it is.
func BenchmarkReceive(b *testing.B) {
	for _, op := range []byte{opText, opBinary} {
		b.Run(map[byte]string{opText: "text", opBinary: "binary"}[op], func(b *testing.B) {
			benchRoles(b, func(b *testing.B, d *driver.Driver, frame func(byte, string) string, size int) {
				in := []byte(frame(opFin|op, strings.Repeat("x", size)))
				b.SetBytes(int64(len(in)))
				b.ReportAllocs()
				for b.Loop() {
					if n, ev := d.Parse(in); n != len(in) || len(ev.Data) != size {
						b.Fatal(n, ev.Kind)
					}
				}
			})
		})
	}
}

// BenchmarkReceiveMany takes what one read of 64 KiB holds, through Events.
func BenchmarkReceiveMany(b *testing.B) {
	for _, size := range []int{16, 125, 1 << 10} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			d := openServer(b, nil, request13())
			one := masked(opFin|opBinary, strings.Repeat("x", size))
			many := 64 << 10 / len(one)
			in := []byte(strings.Repeat(one, many))
			b.SetBytes(int64(len(in)))
			b.ReportAllocs()
			messages := 0
			for b.Loop() {
				for range d.Events(in) {
					messages++
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(messages), "ns/message")
		})
	}
}

// BenchmarkSend encodes one message, and takes it.
func BenchmarkSend(b *testing.B) {
	benchRoles(b, func(b *testing.B, d *driver.Driver, _ func(byte, string) string, size int) {
		p := []byte(strings.Repeat("x", size))
		var out []byte
		b.SetBytes(int64(size))
		b.ReportAllocs()
		for b.Loop() {
			if err := d.Binary(p); err != nil {
				b.Fatal(err)
			}
			out = d.Take(out)
		}
	})
}

// BenchmarkEcho is what an echo server does with a read full of messages.
func BenchmarkEcho(b *testing.B) {
	d := openServer(b, nil, request13())
	in := []byte(strings.Repeat(masked(opFin|opText, strings.Repeat("x", 125)), 100))
	var out []byte
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		for ev := range d.Events(in) {
			if err := d.Text(ev.Data); err != nil {
				b.Fatal(err)
			}
		}
		out = d.Take(out)
	}
}

// BenchmarkIdle reports what an idle open driver holds, as B/driver.
func BenchmarkIdle(b *testing.B) {
	for _, role := range []string{"server", "client"} {
		b.Run(role, func(b *testing.B) {
			const many = 1000
			held := make([]*driver.Driver, many)
			c := &driver.Config{Rand: &fixedKey{}}
			request := request13()
			var grown uint64
			for b.Loop() {
				clear(held)
				before := heap()
				for i := range held {
					if role == "server" {
						held[i] = openServer(b, c, request)
					} else {
						held[i] = openClient(b, c)
					}
					_ = held[i].Text([]byte("a"))
					held[i].Take(nil)
				}
				grown = heap() - before
			}
			runtime.KeepAlive(held)
			b.ReportMetric(float64(grown)/many, "B/driver")
		})
	}
}
