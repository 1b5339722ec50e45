package main

import (
	"bytes"
	"fmt"
	"os"
	"runtime"

	klauspost "github.com/klauspost/compress/flate"

	"github.com/sans-io/websocket-driver/hybi/frame"
)

// contestant is a subject of the measurement: a library, or a compressor without one.
type contestant interface {
	name() string
	can(takeover bool) bool

	// deflate writes the messages of c to conn, inflate reads them. Both start m
	// after the first c.warm of them.
	deflate(c *deflateCase, conn *memory, m *meter) error
	inflate(c *deflateCase, conn *memory, m *meter) error
}

// deflateCase is a series of messages of one size.
type deflateCase struct {
	size, warm, count int
	takeover          bool
	messages          [][]byte // which differ; they are sent again and again
	compressed        [][]byte // all, without 00 00 ff ff at the end
	wire              []byte   // compressed, as frames of a client
	warmWire          int      // bytes of the first warm frames
}

func (c *deflateCase) message(i int) []byte { return c.messages[i%len(c.messages)] }

func newDeflateCase(size, budget int, takeover bool) (*deflateCase, error) {
	c := &deflateCase{size: size, takeover: takeover, warm: max(4, 128<<10/size), count: max(budget/size, 16)}
	c.messages = makeMessages(size, max(256<<10/size, 16)) // more than a window
	var out bytes.Buffer
	w, err := klauspost.NewWriter(&out, 1)
	if err != nil {
		return nil, err
	}
	for i := range c.warm + c.count {
		if i == c.warm {
			c.warmWire = len(c.wire)
		}
		if out.Reset(); !takeover {
			w.Reset(&out)
		}
		if _, err := w.Write(c.message(i)); err != nil {
			return nil, err
		}
		if err := w.Flush(); err != nil {
			return nil, err
		}
		p := bytes.TrimSuffix(bytes.Clone(out.Bytes()), []byte(tail))
		c.compressed = append(c.compressed, p)
		f := maskedFrame(p)
		f[0] |= 0x40
		c.wire = append(c.wire, f...)
	}
	return c, nil
}

// tail is the end of a compressed message, which is not sent (RFC 7692, section 7.2.1).
const tail = "\x00\x00\xff\xff"

// compareDeflate prints the cost of messages by size, direction and parameters.
func compareDeflate(rounds, budget int) error {
	fmt.Printf("%-30s %-18s %10s %6s %8s %9s %6s\n", "case", "", "µs/message", "ratio", "allocs", "B", "size")
	for _, size := range []int{1 << 10, 64 << 10} {
		for _, takeover := range []bool{false, true} {
			c, err := newDeflateCase(size, budget, takeover)
			if err != nil {
				return err
			}
			all := []contestant{this}
			for _, l := range others {
				all = append(all, l)
			}
			all = append(all, bares...)
			terms := map[bool]string{false: "alone", true: "takeover"}[takeover]
			title := fmt.Sprintf("inflate %d KiB, %s", size>>10, terms)
			if err := measure(title, c, all, rounds, contestant.inflate); err != nil {
				return err
			}
			if takeover {
				all = append(all, reprimed)
			}
			for _, one := range all {
				if l, ok := one.(library); ok && one.can(takeover) {
					if err := verify(c, l); err != nil {
						return fmt.Errorf("%s: %w", one.name(), err)
					}
				}
			}
			title = fmt.Sprintf("deflate %d KiB, %s", size>>10, terms)
			if err := measure(title, c, all, rounds, contestant.deflate); err != nil {
				return err
			}
		}
	}
	return nil
}

// measure runs a case, with all contestants in each round, and prints medians: the CPU
// time of a message, its ratio to that of the first contestant, allocations, bytes
// allocated, and the size on the wire, with the header, in percent of the text.
func measure(title string, c *deflateCase, all []contestant, rounds int, run func(contestant, *deflateCase, *memory, *meter) error) error {
	type series struct{ cpu, ratio, allocs, bytes, size []float64 }
	results := make([]series, len(all))
	for range rounds {
		first := 0.0
		for i, one := range all {
			if !one.can(c.takeover) {
				continue
			}
			runtime.GC() // of the memory of the others
			var conn memory
			var m meter
			if err := run(one, c, &conn, &m); err != nil {
				return fmt.Errorf("%s: %s: %w", title, one.name(), err)
			}
			n := float64(c.count)
			cpu := float64(m.cpu.Nanoseconds()) / 1000 / n
			if i == 0 {
				first = cpu
			}
			r := &results[i]
			r.cpu = append(r.cpu, cpu)
			r.ratio = append(r.ratio, cpu/first)
			r.allocs = append(r.allocs, float64(m.allocs)/n)
			r.bytes = append(r.bytes, float64(m.bytes)/n)
			r.size = append(r.size, 100*float64(conn.out)/n/float64(c.size))
		}
	}
	for i, one := range all {
		r := &results[i]
		if len(r.cpu) == 0 {
			fmt.Printf("%-30s %-18s %10s %6s %8s %9s %6s\n", title, one.name(), "-", "-", "-", "-", "-")
			continue
		}
		size := "-"
		if v := median(r.size); v > 0 {
			size = fmt.Sprintf("%.1f%%", v)
		}
		fmt.Printf("%-30s %-18s %10.2f %6.2f %8.1f %9.0f %6s\n", title, one.name(),
			median(r.cpu), median(r.ratio), median(r.allocs), median(r.bytes), size)
	}
	return nil
}

// verify makes l send the messages of c, and decompresses them with another library.
func verify(c *deflateCase, l library) error {
	conn := &memory{keep: true}
	if err := l.deflate(c, conn, &meter{}); err != nil {
		return err
	}
	var payloads [][]byte
	for range c.warm + c.count {
		payload, rest, err := cutMessage(conn.kept)
		if err != nil {
			return err
		}
		payloads, conn.kept = append(payloads, payload), rest
	}
	return c.readAll(klauspost.NewReader, payloads, func(i int, got []byte) error {
		if !bytes.Equal(got, c.message(i)) {
			return fmt.Errorf("message %d is not the same", i)
		}
		return nil
	})
}

// cutMessage returns the payload of the compressed text message at the beginning of p,
// in one frame or several, and the bytes after it.
func cutMessage(p []byte) (payload, rest []byte, err error) {
	want := frame.Header{RSV: frame.RSV1, Opcode: frame.Text}
	for {
		h, n, err := frame.Parse(p)
		if err != nil || n == 0 || h.Opcode != want.Opcode || h.RSV != want.RSV {
			return nil, nil, fmt.Errorf("% x is no frame of a compressed message", p[:min(len(p), 10)])
		}
		payload, p = append(payload, p[n:][:h.Length]...), p[n:][h.Length:]
		if h.Fin {
			return payload, p, nil
		}
		want = frame.Header{}
	}
}

// fatal prints err, if there is one, and ends the program.
func fatal(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
