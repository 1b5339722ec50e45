package wstest

import (
	"io"
	"math/rand/v2"

	"github.com/sans-io/websocket-driver/driver/ws"
)

// End is one of two drivers that talk to each other.
type End interface {
	Parser
	Take(spare []byte) []byte
	Buffered() int
}

// Side is an End with what happens to its events. Handle is called with each of
// them, and may call the End.
type Side struct {
	End
	Handle func(ev ws.Event)

	// Wire and Next, if set, are used in place of Take and Parse: the wire side
	// and the application side of the driver as streams.
	Wire io.ReadWriter
	Next func() ws.Event
}

// Pipe carries bytes between two sides, in chunks cut at random, until both are
// silent. It stores nothing but what is under way.
func Pipe(a, b *Side, rnd *rand.Rand) {
	a.settle()
	b.settle()
	for {
		moved := carry(a, b, rnd)
		moved = carry(b, a, rnd) || moved
		if !moved {
			return
		}
	}
}

// carry moves what from has queued to to.
func carry(from, to *Side, rnd *rand.Rand) bool {
	out := from.take(rnd)
	if len(out) == 0 {
		return false
	}
	for _, chunk := range Cut(out, func() int { return 1 + rnd.IntN(len(out)) }) {
		to.give(chunk)
	}
	return true
}

func (s *Side) take(rnd *rand.Rand) []byte {
	if s.Wire == nil {
		return s.Take(nil)
	}
	buf := make([]byte, 1+rnd.IntN(1<<16))
	n, _ := s.Wire.Read(buf)
	return buf[:n]
}

func (s *Side) give(chunk []byte) {
	if s.Wire == nil {
		for len(chunk) > 0 {
			n, ev := s.Parse(chunk)
			if ev.Kind != ws.None {
				s.Handle(ev)
			} else if n == 0 {
				panic("Parse takes no input: is the driver paused?")
			}
			chunk = chunk[n:]
		}
	}
	for s.Wire != nil && len(chunk) > 0 {
		n, _ := s.Wire.Write(chunk)
		chunk = chunk[n:]
		s.settle()
	}
	s.settle()
}

// settle fetches the events that need no more input.
func (s *Side) settle() {
	for {
		var ev ws.Event
		if s.Next != nil {
			ev = s.Next()
		} else {
			_, ev = s.Parse(nil)
		}
		if ev.Kind == ws.None {
			return
		}
		s.Handle(ev)
	}
}
