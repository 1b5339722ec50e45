package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/gobwas/ws"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/hybi/frame"
)

var coreOnly = flag.String("core", "", "measure driver and stream in memory against gobwas and the limit instead: the rows whose name contains this, or all")

// row is a comparison: CPU time for a message, relative to the last contender.
type row struct {
	name  string
	size  int
	tries []contender
}

type contender struct {
	name string
	run  func(count int) error
}

// inbound is a message that is received again and again, in reads of at most read bytes.
type inbound struct {
	kind driver.Kind
	text string
	size int
	read int
}

func (in inbound) String() string {
	kind := "binary"
	if in.kind == driver.Text {
		kind = in.text
	}
	return fmt.Sprintf("driver receives %s %d B, reads of %d B", kind, in.size, in.read)
}

func (in inbound) wire(count int) []byte {
	op := frame.Binary
	if in.kind == driver.Text {
		op = frame.Text
	}
	one := frame.Encode(frame.Header{Fin: true, Opcode: op, Masked: true, Key: 0x3d21fa37}, makePayload(in.text, in.size))
	return bytes.Repeat(one, count)
}

var inbounds = []inbound{
	{driver.Binary, "ascii", 1 << 20, 64 << 10},
	{driver.Text, "ascii", 1 << 20, 64 << 10},
	{driver.Text, "multi-byte", 1 << 20, 64 << 10},
	{driver.Binary, "ascii", 64 << 10, 4 << 10},
	{driver.Binary, "ascii", 64 << 10, 1460},
	{driver.Binary, "ascii", 64 << 10, 64},
	{driver.Binary, "ascii", 125, 1},
	{driver.Binary, "ascii", 125, 7},
	{driver.Binary, "ascii", 1 << 10, 1},
	{driver.Binary, "ascii", 1 << 10, 7},
	{driver.Binary, "ascii", 1 << 10, 64 << 10},
	{driver.Binary, "ascii", 64 << 10, 128 << 10},
	{driver.Text, "multi-byte", 1 << 10, 64 << 10},
	{driver.Text, "multi-byte", 64 << 10, 128 << 10},
}

func allRows() (rows []row) {
	for _, in := range inbounds {
		rows = append(rows, row{in.String(), in.size, []contender{
			{"this", func(count int) error { return driverReceives(in, count) }},
			{"gobwas", func(count int) error { return gobwasReceives(in, count) }},
		}})
	}
	for _, size := range []int{125, 1 << 10} {
		in := inbound{driver.Binary, "ascii", size, 4 << 10}
		rows = append(rows, row{fmt.Sprintf("stream receives binary %d B", size), size, []contender{
			{"this", func(count int) error { return streamReceives(in, count) }},
			{"limit", func(count int) error { return limitReceives(in, count) }},
		}})
	}
	rows = append(rows, row{"driver sends 125 B as a server", 125, []contender{
		{"this", func(count int) error { return sendDriver(makePayload("ascii", 125), count) }},
		{"limit", func(count int) error { return limitSends(125, count) }},
	}})
	for _, size := range []int{125, 64 << 10, 1 << 20} {
		rows = append(rows, row{fmt.Sprintf("stream sends %d B as a server", size), size, []contender{
			{"this", func(count int) error { return streamSends(size, count) }},
			{"limit", func(count int) error { return limitSends(size, count) }},
		}})
	}
	return rows
}

func measureRows(only string, rounds int) error {
	fmt.Printf("%-56s %-8s %10s %8s %8s\n", "row", "", "ns/message", "allocs", "ratio")
	for _, r := range allRows() {
		if only != "all" && !strings.Contains(r.name, only) {
			continue
		}
		count := min(max(8<<20/r.size, 8), 50_000)
		costs := make([][]float64, len(r.tries))
		allocs := make([]float64, len(r.tries))
		for round := range rounds + 1 {
			for i, c := range r.tries {
				var m meter
				m.start()
				if err := c.run(count); err != nil {
					return fmt.Errorf("%s: %s: %w", r.name, c.name, err)
				}
				m.stop()
				if round > 0 { // the first warms up
					costs[i] = append(costs[i], float64(m.cpu)/float64(count))
					allocs[i] = float64(m.allocs) / float64(count)
				}
			}
		}
		last := costs[len(costs)-1]
		for i, c := range r.tries {
			var ratios []float64
			for j, cost := range costs[i] {
				ratios = append(ratios, cost/last[j])
			}
			fmt.Printf("%-56s %-8s %10.0f %8.1f %8.2f\n", r.name, c.name, median(append([]float64(nil), costs[i]...)), allocs[i], median(ratios))
		}
	}
	return nil
}

// wires keeps what is received, which no run changes.
var wires = map[string][]byte{}

func wireOf(in inbound, count int) []byte {
	key := fmt.Sprint(in, count)
	if wires[key] == nil {
		clear(wires) // one is large enough
		wires[key] = in.wire(count)
	}
	return wires[key]
}

// limited gives at most n bytes in a read.
type limited struct {
	memory
	n int
}

func (l *limited) Read(p []byte) (int, error) { return l.memory.Read(p[:min(len(p), l.n)]) }

// oneBuffer lends the same few buffers again and again.
type oneBuffer struct{ free [][]byte }

func (o *oneBuffer) Get(n int) []byte {
	for i, b := range o.free {
		if cap(b) >= n {
			o.free = append(o.free[:i], o.free[i+1:]...)
			return b[:0]
		}
	}
	return make([]byte, 0, n)
}

func (o *oneBuffer) Put(b []byte) {
	if len(o.free) < 4 {
		o.free = append(o.free, b)
	}
}

func driverReceives(in inbound, count int) error {
	d, err := openDriver(&driver.Config{Buffers: new(oneBuffer)}, "")
	if err != nil {
		return err
	}
	conn := &limited{memory{in: wireOf(in, count)}, in.read}
	got := 0
	for buf := make([]byte, max(in.read, 4096)); ; {
		n, err := conn.Read(buf)
		for p := buf[:n]; ; {
			used, ev := d.Parse(p)
			if p = p[used:]; ev.Kind == driver.None {
				break
			}
			if ev.Kind == in.kind {
				got++
			}
		}
		if err == io.EOF {
			return checkCount(got, count)
		}
	}
}

func gobwasReceives(in inbound, count int) error {
	conn := &limited{memory{in: wireOf(in, count)}, in.read}
	buffered := bufio.NewReaderSize(conn, max(in.read, 4096))
	payload := make([]byte, in.size)
	for range count {
		h, err := ws.ReadHeader(buffered)
		if err != nil {
			return err
		}
		p := payload[:h.Length]
		if _, err := io.ReadFull(buffered, p); err != nil {
			return err
		}
		ws.Cipher(p, h.Mask, 0)
		if h.OpCode == ws.OpText && !utf8.Valid(p) {
			return errors.New("bad text")
		}
	}
	return nil
}

// limitReceives is what no library can do without: reads, headers and unmasking.
func limitReceives(in inbound, count int) error {
	conn := &limited{memory{in: wireOf(in, count)}, in.read}
	buf := make([]byte, 2*in.read)
	from, to := 0, 0
	for range count {
		for {
			p := buf[from:to]
			if h, n, err := frame.Parse(p); err != nil {
				return err
			} else if n > 0 && len(p) >= n+int(h.Length) {
				frame.Mask(p[n:n+int(h.Length)], h.Key)
				from += n + int(h.Length)
				break
			}
			from, to = 0, copy(buf, p)
			n, err := conn.Read(buf[to:])
			if to += n; err != nil {
				return err
			}
		}
	}
	return nil
}

func limitSends(size, count int) error {
	payload := makePayload("ascii", size)
	conn := &memory{}
	out := make([]byte, 0, size+frame.MaxHeader)
	for range count {
		out = append(out[:0], frame.FinBit|byte(frame.Text))
		switch {
		case size < 126:
			out = append(out, byte(size))
		case size < 1<<16:
			out = binary.BigEndian.AppendUint16(append(out, 126), uint16(size))
		default:
			out = binary.BigEndian.AppendUint64(append(out, 127), uint64(size))
		}
		if !utf8.Valid(payload) {
			return errors.New("bad text")
		}
		out = append(out, payload...)
		conn.Write(out)
	}
	return nil
}

// openStream returns an open server over conn.
func openStream(conn io.ReadWriteCloser) (*stream.Conn, error) {
	d, err := openDriver(nil, "")
	if err != nil {
		return nil, err
	}
	return stream.New(conn, d, nil), nil
}

func streamReceives(in inbound, count int) error {
	conn, err := openStream(&limited{memory{in: wireOf(in, count)}, in.read})
	if err != nil {
		return err
	}
	defer conn.CloseNow()
	var buf []byte
	for range count {
		if _, buf, err = conn.ReadMessage(buf); err != nil {
			return err
		}
	}
	return nil
}

func streamSends(size, count int) error {
	payload := makePayload("ascii", size)
	conn, err := openStream(&memory{})
	if err != nil {
		return err
	}
	defer conn.CloseNow()
	for range count {
		if err := conn.WriteMessage(driver.Text, payload); err != nil {
			return err
		}
	}
	return nil
}
