// Package wstest holds helpers for tests of drivers: input at every split, two
// drivers that talk to each other, and what a test takes of memory, goroutines and
// descriptors, counted so that a busy machine does not change the result.
package wstest

import (
	"bytes"
	"math/rand/v2"
	"strconv"

	"github.com/sans-io/websocket-driver/driver/ws"
)

// Parser is what takes input: a driver, or the connection below it.
type Parser interface {
	Parse(p []byte) (n int, ev ws.Event)
}

// Record is an event with data of its own.
type Record struct {
	Kind  ws.Kind
	Final bool
	Code  ws.Code
	Data  string
}

// Feed gives the chunks, one after the other, to d and records the events. It
// checks the contract of Parse on the way, and panics where it is broken:
// with None all input is used up, unless paused says that it may be left. Before
// each call it scribbles over the data of the last event and over the input that
// has been used: d may rely on neither. The chunks themselves stay as they are.
func Feed(d Parser, chunks ...[]byte) []Record {
	var records []Record
	var last []byte
	for _, chunk := range append(chunks, nil) {
		own := bytes.Clone(chunk)
		for p := own; ; {
			scribble(last)
			n, ev := d.Parse(p)
			if n < 0 || n > len(p) {
				panic("Parse used " + strconv.Itoa(n) + " of " + strconv.Itoa(len(p)) + " bytes")
			}
			if ev.Kind == ws.None {
				if n < len(p) && !isPaused(d) {
					panic("Parse left input without an event")
				}
				last = own
				break
			}
			records = append(records, Record{ev.Kind, ev.Final, ev.Code, string(ev.Data)})
			last, p = ev.Data, p[n:]
		}
	}
	return records
}

func isPaused(d Parser) bool {
	p, ok := d.(interface{ Needs() ws.Need })
	return ok && p.Needs()&ws.NeedAnswer != 0
}

func scribble(p []byte) {
	for i := range p {
		p[i] = 0xa5
	}
}

// Join joins adjacent pieces of a message: what is left is the same for any
// split. A message that has not ended stays without Final.
func Join(records []Record) []Record {
	var joined []Record
	open := -1 // the message under way
	for _, r := range records {
		data := r.Kind == ws.Text || r.Kind == ws.Binary
		switch {
		case data && open >= 0:
			joined[open].Data += r.Data
			joined[open].Final = r.Final
		default:
			joined = append(joined, r)
			if data {
				open = len(joined) - 1
			}
		}
		if data && r.Final {
			open = -1
		}
	}
	return joined
}

// Splits calls f with in as a whole, split in two at every place, byte by byte,
// and cut at random. name says which.
func Splits(in []byte, f func(name string, chunks [][]byte)) {
	f("whole", [][]byte{in})
	for i := 1; i < len(in); i++ {
		f("split at "+strconv.Itoa(i), [][]byte{in[:i], in[i:]})
	}
	f("byte by byte", Cut(in, func() int { return 1 }))
	rnd := rand.New(rand.NewPCG(uint64(len(in)), 1))
	for i := range 8 {
		f("random "+strconv.Itoa(i), Cut(in, func() int { return 1 + rnd.IntN(1+len(in)/3) }))
	}
}

// Cut cuts in into chunks whose lengths size returns.
func Cut(in []byte, size func() int) [][]byte {
	var chunks [][]byte
	for len(in) > 0 {
		n := min(max(size(), 1), len(in))
		chunks, in = append(chunks, in[:n]), in[n:]
	}
	return chunks
}
