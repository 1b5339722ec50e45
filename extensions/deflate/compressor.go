package deflate

import (
	"runtime"
	"sync"

	"github.com/klauspost/compress/flate"

	"github.com/sans-io/websocket-driver/driver/ws"
)

// form is how messages are compressed. It is immutable.
type form struct {
	level     uint8 // 1 to 9; 0 if bits < 15
	bits      uint8 // the window, 8 to 15
	threshold int   // shorter messages are not compressed
}

// compressor is a flate.Writer with its output. It is large and slow to create, so it
// comes from a pool: see form.borrow.
//
// A pooled compressor contains no text. Reset does not ensure that: it applies the
// dictionary of the previous owner again, and messages of one connection would refer
// to the text of another.
type compressor struct {
	w    *flate.Writer
	out  output
	pool *sync.Pool
	lost runtime.Cleanup // gives up the place among those kept if the connection is dropped
}

// output collects the output of a flate.Writer.
type output struct{ buf []byte }

// Write appends p.
func (o *output) Write(p []byte) (int, error) {
	o.buf = append(o.buf, p...)
	return len(p), nil
}

// pools holds unused compressors: by level those with the full window, by bits the
// others.
var pools struct {
	level [maxLevel + 1]sync.Pool
	bits  [maxBits]sync.Pool
}

func (f *form) pool() *sync.Pool {
	if f.bits == maxBits {
		return &pools.level[f.level]
	}
	return &pools.bits[f.bits]
}

// borrow returns a compressor primed with history.
func (f *form) borrow(history []byte) *compressor {
	pool := f.pool()
	c, ok := pool.Get().(*compressor)
	if !ok {
		c = f.compressor()
		c.pool = pool
	}
	if len(history) > 0 {
		c.w.ResetDict(&c.out, history)
	}
	return c
}

// compressor returns a new compressor.
func (f *form) compressor() *compressor {
	c := &compressor{}
	var err error
	if f.bits == maxBits {
		c.w, err = flate.NewWriter(&c.out, int(f.level))
	} else {
		c.w, err = flate.NewWriterWindow(&c.out, 1<<f.bits)
	}
	if err != nil {
		panic(err) // unreachable: level and window are in range
	}
	return c
}

// giveBack clears all text and puts c into its pool.
func (c *compressor) giveBack() {
	c.w.ResetDict(&c.out, nil)
	c.pool.Put(c)
}

// tail is the end of the output of each call of compress: an empty block without
// compression (RFC 7692, section 7.2.1).
const tail = "\x00\x00\xff\xff"

// compress appends the compressed form of src to dst, up to a byte boundary.
func (c *compressor) compress(dst, src []byte) ([]byte, error) {
	c.out.buf = dst
	_, err := c.w.Write(src)
	if err == nil {
		err = c.w.Flush()
	}
	dst, c.out.buf = c.out.buf, nil
	return dst, err
}

// A flate.Writer compresses blocks of blockSize bytes. At levels 1 to 6, in a block of
// less than smallest bytes, it does not look for repeated text and drops its history.
// compressSmall handles whole messages of that length.
const (
	blockSize = 65535
	smallest  = 128
)

// dropsHistory reports whether the compressor drops its history with a block of n
// bytes.
func (f *form) dropsHistory(n int) bool { return n < smallest && f.level < 7 }

// compressSmall appends the compressed form of src to dst, with references to history.
// It uses no compressor and updates none.
func (f *form) compressSmall(dst, src, history []byte) ([]byte, error) {
	history = history[max(0, len(history)-(1<<f.bits-smallest)):] // limits how far back the output refers
	out := outputs.Get().(*output)
	out.buf = dst
	err := flate.StatelessDeflate(out, src, false, history)
	dst, out.buf = out.buf, nil
	outputs.Put(out)
	return dst, err
}

var outputs = sync.Pool{New: func() any { return new(output) }}

// Encode compresses a whole message for any connection with the same form. The result
// refers to no other message. Encode is safe for concurrent use.
func (f *form) Encode(dst []byte, _ ws.Kind, p []byte) (out []byte, ok bool, err error) {
	if len(p) < f.threshold {
		return dst, false, nil
	}
	c := f.borrow(nil)
	out, err = c.compress(dst, p)
	if err != nil {
		return dst, false, err
	}
	c.giveBack()
	return out[:len(out)-len(tail)], true, nil
}
