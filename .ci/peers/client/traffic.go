package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
)

// generator makes messages: about half of them short, a few long, a tenth
// incompressible; the others repeat words, and text from up to 40 KiB before. The
// same seed makes the same ones.
type generator struct {
	rand   *rand.Rand
	binary bool   // the version has binary messages
	past   []byte // what the last texts were
	buf    []byte
}

// words are the words of texts.
var words = []string{"the ", "quick ", "brown ", "fox ", "grüße ", "κόσμε ", "世界 ", "😀 ", `{"user":`, `"name":"`, `","id":`, "},"}

// next returns a message, which is valid until the next call.
func (g *generator) next() (driver.Kind, []byte) {
	size := g.rand.IntN(128)
	switch n := g.rand.IntN(1000); {
	case n < 3:
		size = g.rand.IntN(70000)
	case n < 50:
		size = g.rand.IntN(8 << 10)
	case n < 450:
		size = g.rand.IntN(1 << 10)
	}
	g.buf = g.buf[:0]
	if g.binary && g.rand.IntN(10) == 0 {
		for len(g.buf) < size {
			g.buf = append(g.buf, byte(g.rand.Uint32()))
		}
		return driver.Binary, g.buf
	}
	for len(g.buf) < size {
		switch n := g.rand.IntN(16); {
		case n < 4:
			g.buf = fmt.Appendf(g.buf, "%d ", g.rand.IntN(100000))
		case n == 4 && len(g.past) > 0:
			at := g.rand.IntN(len(g.past))
			part := g.past[at:min(at+20+g.rand.IntN(300), len(g.past))]
			g.buf = append(g.buf, bytes.ToValidUTF8(part, nil)...)
		default:
			g.buf = append(g.buf, words[g.rand.IntN(len(words))]...)
		}
	}
	g.past = append(g.past, g.buf...)
	g.past = g.past[:copy(g.past, g.past[max(0, len(g.past)-40<<10):])]
	return driver.Text, g.buf
}

// traffic sends messages over several connections at once, as fast as the server
// takes them, and compares the echoes. All connections share one Extension.
func traffic(p *peer) error {
	p.seen = counts{}
	conns, taps := make([]*stream.Conn, p.conns), make([]*tap, p.conns)
	for i := range conns {
		var err error
		if conns[i], taps[i], err = p.dialTapped("/echo"); err != nil {
			return err
		}
	}
	errs := make([]error, p.conns)
	var all sync.WaitGroup
	for i, conn := range conns {
		n := p.messages / p.conns
		if i < p.messages%p.conns {
			n++
		}
		all.Go(func() {
			if errs[i] = p.exchange(conn, n, uint64(i)); errs[i] != nil {
				errs[i] = fmt.Errorf("connection %d, seed %d: %w", i, p.seed, errs[i])
			}
		})
	}
	all.Wait()
	for _, t := range taps {
		c := t.counts()
		p.seen.in.add(c.in)
		p.seen.out.add(c.out)
	}
	out := p.seen.out
	p.note = fmt.Sprintf(": %d messages, seed %d, %d connections", p.messages, p.seed, p.conns)
	if err := cmp.Or(errs...); err != nil || p.config.Extensions == nil {
		return err
	}
	p.note += fmt.Sprintf(", %d sent compressed", out.compressed)
	if out.compressed == 0 || (out.plain == 0) != p.all {
		return fmt.Errorf("%d messages were sent compressed and %d were not", out.compressed, out.plain)
	}
	return nil
}

// exchange sends n messages over conn and compares the echoes.
func (p *peer) exchange(conn *stream.Conn, n int, sequence uint64) error {
	generate := func() *generator {
		return &generator{rand: rand.New(rand.NewPCG(p.seed, sequence)), binary: !p.config.Version.IsHixie()}
	}
	sent := make(chan error, 1)
	go func() {
		g := generate()
		for range n {
			if err := conn.WriteMessage(g.next()); err != nil {
				sent <- err
				return
			}
		}
		sent <- nil
	}()
	g := generate()
	var buf []byte
	for i := range n {
		wantKind, want := g.next()
		kind, got, err := conn.ReadMessage(buf)
		if err == nil {
			err = compare(kind, got, wantKind, want)
		}
		if err != nil {
			_ = conn.CloseNow()
			return fmt.Errorf("message %d: %w", i, errors.Join(err, <-sent))
		}
		buf = got
	}
	if err := <-sent; err != nil {
		return err
	}
	return p.finish(conn)
}

// trafficIn looks at the frames that came back.
func trafficIn(p *peer) error {
	in := p.seen.in
	p.note = fmt.Sprintf(": %d came compressed, %d did not", in.compressed, in.plain)
	if in.compressed == 0 || in.plain == 0 {
		return fmt.Errorf("%d messages came compressed and %d did not", in.compressed, in.plain)
	}
	return nil
}
