package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sans-io/websocket-driver/driver"
)

// The lengths at which the form of a frame's length changes, and around: those that
// come in one read, and longer ones.
var (
	shortLengths = []int{1, 124, 125, 126, 127, 128}
	longLengths  = []int{4096, 65535, 65536, 65537}
)

// texts echoes texts that come in one read.
func texts(p *peer) error {
	return echoTexts(p, append([]string{"hello", "grüße, κόσμε, 世界", "😀"}, textsOf(shortLengths)...))
}

// edgesOfUTF8 echoes the first and the last character of each length in UTF-8.
func edgesOfUTF8(p *peer) error {
	return echoTexts(p, []string{"\u0000\u007f\u0080\u07ff\u0800\uffff\U00010000\U0010ffff"})
}

// emptyText echoes texts without content, and one after them.
func emptyText(p *peer) error { return echoTexts(p, []string{"", "", "not empty", ""}) }

// longTexts echoes texts that may come in several reads.
func longTexts(p *peer) error { return echoTexts(p, textsOf(longLengths)) }

// textsOf returns texts of these lengths, in characters of one byte and of four.
func textsOf(lengths []int) (all []string) {
	for _, n := range lengths {
		all = append(all, strings.Repeat("x", n), strings.Repeat("😀", (n+3)/4))
	}
	return all
}

func echoTexts(p *peer, all []string) error {
	conn, err := p.dial("/echo")
	if err != nil {
		return err
	}
	for _, s := range all {
		if err := echo(conn, driver.Text, []byte(s)); err != nil {
			return err
		}
	}
	return p.finish(conn)
}

// bytesOf returns n bytes, among them all values.
func bytesOf(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i + i>>8)
	}
	return b
}

// binaries echoes bytes.
func binaries(p *peer) error {
	conn, err := p.dial("/echo")
	if err != nil {
		return err
	}
	for _, n := range slices.Concat([]int{0}, shortLengths, longLengths) {
		if err := echo(conn, driver.Binary, bytesOf(n)); err != nil {
			return err
		}
	}
	return p.finish(conn)
}

// large echoes 1 MiB.
func large(p *peer) error {
	conn, err := p.dial("/echo")
	if err != nil {
		return err
	}
	if err := echo(conn, driver.Text, []byte(strings.Repeat("é😀xy", 1<<17))); err != nil {
		return err
	}
	if !p.config.Version.IsHixie() {
		if err := echo(conn, driver.Binary, bytesOf(1<<20)); err != nil {
			return err
		}
	}
	return p.finish(conn)
}

// parted is a message in several frames.
type parted struct {
	kind  driver.Kind
	parts []string
}

// fragments sends messages in several frames, with pings between.
func fragments(p *peer) error {
	return sendParts(p, []parted{
		{driver.Text, []string{"one ", "two"}},
		{driver.Text, []string{"", "grü", "ß", "", "e 😀", ""}},
		{driver.Binary, []string{"\x00", strings.Repeat("\xff", 70000), "\x01"}},
		{driver.Binary, []string{"", ""}},
	})
}

// fragmentsInside sends texts that are cut inside a character.
func fragmentsInside(p *peer) error {
	return sendParts(p, []parted{
		{driver.Text, []string{"\xf0", "\x9f\x98", "\x80"}},    // 😀
		{driver.Text, []string{"gr\xc3", "\xbc\xc3", "\x9fe"}}, // grüße
	})
}

func sendParts(p *peer, messages []parted) error {
	w, err := p.wire("/echo")
	if err != nil {
		return err
	}
	for _, m := range messages {
		for i, part := range m.parts {
			if err := w.d.Fragment(m.kind, []byte(part), i == len(m.parts)-1); err != nil {
				return err
			}
			if i > 0 {
				continue
			}
			if err := w.d.Ping([]byte("between")); err != nil {
				return err
			}
		}
		if err := w.expect(
			driver.Event{Kind: driver.Pong, Data: []byte("between")},
			driver.Event{Kind: m.kind, Data: []byte(strings.Join(m.parts, ""))},
		); err != nil {
			return fmt.Errorf("%q: %w", m.parts, err)
		}
	}
	return w.close()
}

// fragmentsIn receives such messages. That there were several frames and a ping
// is seen in the frames.
func fragmentsIn(p *peer) error {
	w, err := p.wire("/fragments")
	if err != nil {
		return err
	}
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	// A ping may appear between the frames of either.
	var pings int
	for _, want := range []driver.Event{{Kind: driver.Text, Data: []byte("grüße 😀")}, {Kind: driver.Binary, Data: all}} {
		ev, err := w.next()
		for ; err == nil && ev.Kind == driver.Ping; ev, err = w.next() {
			pings++
		}
		if err != nil {
			return err
		}
		if err := compare(ev.Kind, ev.Data, want.Kind, want.Data); err != nil {
			return err
		}
	}
	if pings == 0 {
		return errors.New("no ping came between the frames")
	}
	if c := w.nc.counts(); c.in.continued < 2 {
		return fmt.Errorf("%d continuation frames came, expected at least one for each message", c.in.continued)
	}
	return w.close()
}

// ping expects its pings to be answered in order.
func ping(p *peer) error {
	w, err := p.wire("/echo")
	if err != nil {
		return err
	}
	var want []driver.Event
	for i := range 10 {
		payload := []byte("ping " + strconv.Itoa(i))
		if i == 9 {
			payload = slices.Repeat([]byte("y"), 125)
		}
		if err := w.d.Ping(payload); err != nil {
			return err
		}
		want = append(want, driver.Event{Kind: driver.Pong, Data: payload})
	}
	if err := w.expect(want...); err != nil {
		return err
	}
	return w.close()
}

// pingIn answers a ping.
func pingIn(p *peer) error {
	conn, err := p.dial("/ping")
	if err != nil {
		return err
	}
	if err := expect(conn, driver.Text, []byte("ponged")); err != nil {
		return err
	}
	return p.finish(conn)
}
