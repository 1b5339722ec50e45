// Command peerbench compares this library with others in one run. Every library receives
// or sends the same messages over the same in-memory connection. The libraries take
// turns, and the median of the ratios within the rounds is printed, so a machine whose
// speed changes has little influence.
//
// With -deflate the messages are compressed, and CPU time is compared.
//
// It is a separate module, so importing the driver does not require the others.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/sans-io/websocket-driver/hybi/frame"
)

// peer is a library under test. Both functions handle all messages of a case
// and fail if they don't see or send count of them.
type peer struct {
	name    string
	receive func(wire []byte, count int) error
	send    func(payload []byte, count int) error
}

var peers = []peer{
	{"this", receiveDriver, sendDriver},
	{"gws", receiveGWS, sendGWS},
	{"gorilla (no UTF-8 check)", receiveGorilla, sendGorilla},
}

func main() {
	rounds := flag.Int("rounds", 21, "rounds of each case")
	budget := flag.Int("bytes", 8<<20, "bytes of payload in a round, about")
	deflate := flag.Bool("deflate", false, "compare permessage-deflate")
	conns := flag.Int("conns", 200, "with -deflate: connections for what an idle one holds")
	flag.Parse()
	idleMode() // exits if a flag asks for it
	if *deflate {
		fatal(compareDeflate(*rounds, *budget))
		fatal(compareIdle(*conns))
		return
	}
	fmt.Printf("%-28s %-26s %10s %8s\n", "case", "library", "ns/message", "ratio")
	for _, text := range []string{"ascii", "multi-byte"} {
		for _, size := range []int{16, 125, 1 << 10, 64 << 10} {
			payload := makePayload(text, size)
			count := min(max(*budget/size, 16), 100_000)
			wire := bytes.Repeat(maskedFrame(payload), count)
			compare(fmt.Sprintf("receive %s %d B", text, size), *rounds, count, func(p peer) error {
				return p.receive(wire, count)
			})
			compare(fmt.Sprintf("send %s %d B", text, size), *rounds, count, func(p peer) error {
				return p.send(payload, count)
			})
		}
	}
}

// compare runs a case, all libraries in each round, and prints a line for each:
// its median time and the median of its ratio to the first.
func compare(name string, rounds, count int, run func(peer) error) {
	times := make([][]float64, len(peers))
	ratios := make([][]float64, len(peers))
	for round := range rounds + 1 {
		var first float64
		for i, p := range peers {
			start := time.Now()
			if err := run(p); err != nil {
				fmt.Fprintf(os.Stderr, "%s: %s: %v\n", name, p.name, err)
				os.Exit(1)
			}
			t := float64(time.Since(start).Nanoseconds()) / float64(count)
			if i == 0 {
				first = t
			}
			if round > 0 { // the first round warms up
				times[i] = append(times[i], t)
				ratios[i] = append(ratios[i], t/first)
			}
		}
	}
	for i, p := range peers {
		fmt.Printf("%-28s %-26s %10.1f %8.2f\n", name, p.name, median(times[i]), median(ratios[i]))
	}
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

func makePayload(text string, size int) []byte {
	sample := "the quick brown fox jumps over the lazy dog "
	if text == "multi-byte" {
		sample = "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία 世界 "
	}
	p := []byte(strings.Repeat(sample, size/len(sample)+2))[:size]
	for len(p) > 0 && !bytes.HasSuffix(p, []byte(" ")) { // end at a whole word
		p = p[:len(p)-1]
	}
	return append(p, strings.Repeat(".", size-len(p))...)
}

// maskedFrame is a text message as a client sends it.
func maskedFrame(payload []byte) []byte {
	return frame.Encode(frame.Header{Fin: true, Opcode: frame.Text, Masked: true, Key: 0x3d21fa37}, payload)
}
