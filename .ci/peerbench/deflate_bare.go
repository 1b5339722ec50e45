package main

import (
	"bytes"
	stdlib "compress/flate"
	"fmt"
	"io"

	klauspost "github.com/klauspost/compress/flate"
)

// bare is a compressor without a WebSocket library, the lower bound. It neither frames
// nor masks nor checks UTF-8, and what it needs is allocated before.
type bare struct {
	title     string
	newWriter func(w io.Writer) (flateWriter, error)
	newReader func(r io.Reader) io.ReadCloser
}

type flateWriter interface {
	io.Writer
	Flush() error
	Reset(w io.Writer)
}

var bares = []contestant{
	bare{"bare klauspost",
		func(w io.Writer) (flateWriter, error) { return klauspost.NewWriter(w, 1) }, klauspost.NewReader},
	bare{"bare compress/flate",
		func(w io.Writer) (flateWriter, error) { return stdlib.NewWriter(w, 1) }, stdlib.NewReader},
}

func (b bare) name() string  { return b.title }
func (b bare) can(bool) bool { return true }

func (b bare) deflate(c *deflateCase, conn *memory, m *meter) error {
	w, err := b.newWriter(conn)
	if err != nil {
		return err
	}
	for i := range c.warm + c.count {
		if i == c.warm {
			conn.out = 0
			m.start()
		}
		if !c.takeover {
			w.Reset(conn)
		}
		if _, err := w.Write(c.message(i)); err != nil {
			return err
		}
		if err := w.Flush(); err != nil {
			return err
		}
		conn.out -= len(tail)
	}
	m.stop()
	return nil
}

func (b bare) inflate(c *deflateCase, _ *memory, m *meter) error {
	return c.readAll(b.newReader, c.compressed, func(i int, _ []byte) error {
		if i == c.warm-1 {
			m.start()
		} else if i == c.warm+c.count-1 {
			m.stop()
		}
		return nil
	})
}

// readAll decompresses all messages of c and calls each after each of them. With context
// takeover they are one stream, otherwise each is one.
func (c *deflateCase) readAll(newReader func(io.Reader) io.ReadCloser, compressed [][]byte, each func(i int, got []byte) error) error {
	var streams [][]byte
	for i, p := range compressed {
		if i == 0 || !c.takeover {
			streams = append(streams, nil)
		}
		at := &streams[len(streams)-1]
		*at = append(append(*at, p...), tail...)
	}
	src := &bytes.Reader{}
	r := newReader(src)
	got := make([]byte, c.size)
	for i := range compressed {
		if i < len(streams) {
			src.Reset(streams[i])
			if err := r.(stdlib.Resetter).Reset(src, nil); err != nil {
				return err
			}
		}
		if _, err := io.ReadFull(r, got); err != nil {
			return fmt.Errorf("message %d: %w", i, err)
		}
		if err := each(i, got); err != nil {
			return err
		}
	}
	return nil
}
