package deflate

import (
	"runtime"
	"sync"

	"github.com/klauspost/compress/flate"

	"github.com/sans-io/websocket-driver/driver/ws"
)

// form is how messages are compressed. It does not change.
type form struct {
	level     uint8 // 1 to 9; 0 if bits < 15
	bits      uint8 // the window, 8 to 15
	threshold int   // shorter messages are not compressed
}

// compressor is a flate.Writer and where it writes to. It is big and slow to
// make, so it is borrowed: see form.borrow.
//
// In the pool a compressor holds no text. Reset alone would not see to that,
// since it applies the dictionary of the previous owner again, and the next
// connection's messages would refer to the text of another.
type compressor struct {
	w    *flate.Writer
	out  output
	pool *sync.Pool
	lost runtime.Cleanup // of the place among those kept, if its connection is dropped
}

// output collects what a flate.Writer writes.
type output struct{ buf []byte }

// Write appends p.
func (o *output) Write(p []byte) (int, error) {
	o.buf = append(o.buf, p...)
	return len(p), nil
}

// pools hold compressors that nobody uses: by level those with the full window,
// by bits the others.
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

// borrow returns a compressor that has history behind it.
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

// compressor makes one.
func (f *form) compressor() *compressor {
	c := &compressor{}
	var err error
	if f.bits == maxBits {
		c.w, err = flate.NewWriter(&c.out, int(f.level))
	} else {
		c.w, err = flate.NewWriterWindow(&c.out, 1<<f.bits)
	}
	if err != nil {
		panic(err) // level and window are within their limits
	}
	return c
}

// giveBack forgets all text and puts c into its pool.
func (c *compressor) giveBack() {
	c.w.ResetDict(&c.out, nil)
	c.pool.Put(c)
}

// tail is what each call of compress ends with: an empty block without
// compression (RFC 7692, section 7.2.1).
const tail = "\x00\x00\xff\xff"

// compress appends to dst what src becomes, up to a byte boundary.
func (c *compressor) compress(dst, src []byte) ([]byte, error) {
	c.out.buf = dst
	_, err := c.w.Write(src)
	if err == nil {
		err = c.w.Flush()
	}
	dst, c.out.buf = c.out.buf, nil
	return dst, err
}

// flate.Writer compresses blocks of blockSize bytes. In one of less than smallest
// it does not look for repeated text at levels 1 to 6, and forgets the text
// before: for whole messages of that length there is compressSmall.
const (
	blockSize = 65535
	smallest  = 128
)

// forgetful reports whether the compressor forgets with a block of n bytes.
func (f *form) forgetful(n int) bool { return n < smallest && f.level < 7 }

// compressSmall appends to dst what src becomes with history before it. It
// needs no compressor, and brings none up to date.
func (f *form) compressSmall(dst, src, history []byte) ([]byte, error) {
	history = history[max(0, len(history)-(1<<f.bits-smallest)):] // so that nothing refers too far back
	out := outputs.Get().(*output)
	out.buf = dst
	err := flate.StatelessDeflate(out, src, false, history)
	dst, out.buf = out.buf, nil
	outputs.Put(out)
	return dst, err
}

var outputs = sync.Pool{New: func() any { return new(output) }}

// Encode compresses a whole message for any connection with the same form: it
// refers to no other message. It is safe for concurrent use.
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
