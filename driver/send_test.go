package driver_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/sans-io/websocket-driver/driver"
)

// TestMisuse: the caller's fault is an error of the call and changes nothing.
func TestMisuse(t *testing.T) {
	long := strings.Repeat("x", 126)
	for role, d := range map[string]*driver.Driver{
		"server": openServer(t, nil, request13()), "client": openClient(t, nil),
		"queue": driver.NewServer(nil), // judged like an open connection
	} {
		for name, test := range map[string]struct {
			err  error
			want error
		}{
			"text":                {d.Text([]byte("\xff")), driver.ErrInvalidUTF8},
			"cut text":            {d.Text([]byte("a\xc3")), driver.ErrInvalidUTF8},
			"text fragment":       {d.Fragment(driver.Text, []byte("\xff"), false), driver.ErrInvalidUTF8},
			"cut last fragment":   {d.Fragment(driver.Text, []byte("\xc3"), true), driver.ErrInvalidUTF8},
			"continued nothing":   {d.Fragment(driver.Continuation, nil, true), driver.ErrState},
			"fragmented ping":     {d.Fragment(driver.Ping, nil, true), driver.ErrInvalid},
			"long ping":           {d.Ping([]byte(long)), driver.ErrTooLong},
			"long pong":           {d.Pong([]byte(long)), driver.ErrTooLong},
			"long reason":         {d.Close(1000, long[2:]), driver.ErrTooLong},
			"reason without code": {d.Close(driver.CodeNoStatus, "x"), driver.ErrInvalid},
			"reason in Latin-1":   {d.Close(1000, "\xe4"), driver.ErrInvalidUTF8},
			"code 0":              {d.Close(0, ""), driver.ErrInvalid},
			"code 999":            {d.Close(999, ""), driver.ErrInvalid},
			"code 1004":           {d.Close(driver.CodeFrameTooLarge, ""), driver.ErrUnsupported},
			"code 1006":           {d.Close(driver.CodeAbnormal, ""), driver.ErrInvalid},
			"code 1015":           {d.Close(driver.CodeTLSHandshake, ""), driver.ErrInvalid},
			"code 2999":           {d.Close(2999, ""), driver.ErrInvalid},
			"code 5000":           {d.Close(5000, ""), driver.ErrInvalid},
		} {
			t.Run(role+"/"+name, func(t *testing.T) {
				wantErr(t, test.err, test.want)
			})
		}
		if d.Buffered() != 0 || d.Err() != nil {
			t.Errorf("%s: %d bytes to send, err %v", role, d.Buffered(), d.Err())
		}
		if err := d.Text([]byte("fine")); err != nil {
			t.Errorf("%s: a good text after all this: %v", role, err)
		}
	}
}

// TestBetweenFragments allows control frames and a close, and no message.
func TestBetweenFragments(t *testing.T) {
	m, err := driver.NewPrepared(driver.Text, []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	d := openServer(t, nil, request13())
	_ = d.Fragment(driver.Text, []byte("a\xc3"), false)
	wantErr(t, d.Text(nil), driver.ErrState)
	wantErr(t, d.SendPrepared(m), driver.ErrState)
	wantErr(t, d.Fragment(driver.Binary, nil, true), driver.ErrState)
	wantErr(t, d.Fragment(driver.Text, []byte("x"), false), driver.ErrInvalidUTF8)
	_ = d.Ping([]byte("p"))
	wantErr(t, d.Fragment(driver.Continuation, []byte("x"), false), driver.ErrInvalidUTF8)
	_ = d.Fragment(driver.Continuation, []byte("\xa4"), false)
	_ = d.Close(1001, "")
	wantErr(t, d.Fragment(driver.Text, nil, true), driver.ErrClosed)
	wantOut(t, d, plain(opText, "a\xc3")+plain(opFin|opPing, "p")+plain(0, "\xa4")+plain(opFin|opClose, closing(1001, "")))
}

// TestClosed: after Close and after the Close event sends fail.
func TestClosed(t *testing.T) {
	closed := openServer(t, nil, request13())
	want(t, closed, masked(opFin|opClose, ""), "Close 1005")
	wantOut(t, closed, plain(opFin|opClose, ""))
	closing := openServer(t, nil, request13())
	_ = closing.Close(driver.CodeNoStatus, "")
	wantOut(t, closing, plain(opFin|opClose, ""))
	if closed.State() != driver.StateClosed || closing.State() != driver.StateClosing {
		t.Errorf("states %v and %v", closed.State(), closing.State())
	}
	m, _ := driver.NewPrepared(driver.Text, nil)
	for _, d := range []*driver.Driver{closed, closing} {
		_, err := d.Messages().Write(nil)
		for i, err := range []error{d.Text(nil), d.Binary(nil), d.Ping(nil), d.Pong(nil), d.Fragment(driver.Text, nil, true),
			d.SendPrepared(m), d.Close(1000, ""), err} {
			if err != driver.ErrClosed {
				t.Errorf("send %d: %v, want ErrClosed", i, err)
			}
		}
		wantOut(t, d, "")
	}
}

func TestMaxQueued(t *testing.T) {
	d := driver.NewServer(&driver.Config{MaxQueued: 10})
	wantErr(t, d.Text(make([]byte, 11)), driver.ErrTooLong)
	if err := d.Text([]byte("123456")); err != nil {
		t.Fatal(err)
	}
	wantErr(t, d.Text([]byte("12345")), driver.ErrFull)
	if err := d.Text([]byte("1234")); err != nil {
		t.Fatal(err)
	}
	wantErr(t, d.Ping([]byte("x")), driver.ErrFull)
	want(t, d, request13(), "Connect")
	_ = d.Start()
	wantOut(t, d, response13()+plain(opFin|opText, "123456")+plain(opFin|opText, "1234"))

	d = driver.NewServer(nil)
	big := make([]byte, 1<<20)
	if err := d.Binary(big); err != nil {
		t.Error(err)
	}
	wantErr(t, d.Binary(big[:1]), driver.ErrFull)
	d = driver.NewServer(&driver.Config{MaxQueued: -1})
	for range 3 {
		if err := d.Binary(big); err != nil {
			t.Error(err)
		}
	}
}

// TestMaxBuffered: while MaxBuffered bytes wait messages are refused; control frames
// pass, and so does the end of a message.
func TestMaxBuffered(t *testing.T) {
	m, _ := driver.NewPrepared(driver.Binary, make([]byte, 5))
	d := openServer(t, &driver.Config{MaxBuffered: 10}, request13())
	for _, err := range []error{
		d.Text(make([]byte, 7)), // 9 bytes as a frame
		d.Fragment(driver.Text, make([]byte, 1000), false),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	wantErr(t, d.Fragment(driver.Text, []byte("x"), false), driver.ErrFull)
	if err := d.Fragment(driver.Text, nil, true); err != nil {
		t.Error(err)
	}
	wantErr(t, d.Text(nil), driver.ErrFull)
	wantErr(t, d.SendPrepared(m), driver.ErrFull)
	for _, err := range []error{d.Ping([]byte("ping")), d.Pong(nil)} {
		if err != nil {
			t.Error(err)
		}
	}
	want(t, d, masked(opFin|opPing, "p"), "Ping p")
	if err := d.Close(1000, "still"); err != nil {
		t.Error(err)
	}
	d.Take(nil)
	d = openServer(t, &driver.Config{MaxBuffered: 1}, request13())
	d.SetMaxBuffered(-1)
	for range 100 {
		if err := d.Binary(make([]byte, 1<<16)); err != nil {
			t.Fatal(err)
		}
	}
}

// TestSendsCopy: what was given to a send may change at once.
func TestSendsCopy(t *testing.T) {
	p := []byte("abc")
	d := driver.NewServer(nil)
	_ = d.Text(p)
	copy(p, "xyz")
	want(t, d, request13(), "Connect")
	_ = d.Start()
	_ = d.Text(p)
	clear(p)
	m, _ := driver.NewPrepared(driver.Text, p)
	copy(p, "xyz")
	_ = d.SendPrepared(m)
	wantOut(t, d, response13()+plain(opFin|opText, "abc")+plain(opFin|opText, "xyz")+plain(opFin|opText, "\x00\x00\x00"))
}

// TestMaskFailure: a client without randomness sends nothing.
func TestMaskFailure(t *testing.T) {
	c := &driver.Config{}
	d := startClient(t, c)
	want(t, d, response13(), "Open")
	rand := c.Rand.(*fixedKey)
	rand.broken = true
	for _, err := range []error{d.Text([]byte("a")), d.Fragment(driver.Text, []byte("a"), false), d.Ping(nil), d.Close(1000, "")} {
		if err == nil || d.Buffered() != 0 {
			t.Errorf("error %v, %d bytes to send", err, d.Buffered())
		}
	}
	if d.State() != driver.StateOpen {
		t.Errorf("state %v", d.State())
	}
	rand.broken = false
	_ = d.Text([]byte("b"))
	wantOut(t, d, masked(opFin|opText, "b"))
}

// TestMasking: a client uses a fresh key for each frame, and none twice.
func TestMasking(t *testing.T) {
	c, _ := pair(t, nil, nil)
	keys := map[string]bool{}
	for range 200 {
		_ = c.Text([]byte("same"))
		out := c.Take(nil)
		if len(out) != 10 || out[1] != 0x84 {
			t.Fatalf("frame %x", out)
		}
		keys[string(out[2:6])] = true
		if bytes.HasSuffix(out, []byte("same")) {
			t.Error("the payload is not masked")
		}
	}
	if len(keys) < 195 {
		t.Errorf("%d keys in 200 frames", len(keys))
	}
}

// TestFragmentSize cuts outgoing messages, not the control frames.
func TestFragmentSize(t *testing.T) {
	d := openServer(t, &driver.Config{FragmentSize: 3}, request13())
	_ = d.Text([]byte("abcdefgh"))
	_ = d.Binary([]byte("abc"))
	_ = d.Text(nil)
	_ = d.Ping([]byte("longer"))
	wantOut(t, d, plain(opText, "abc")+plain(0, "def")+plain(opFin, "gh")+plain(opFin|opBinary, "abc")+plain(opFin|opText, "")+
		plain(opFin|opPing, "longer"))
}

// TestTake hands the bytes over, with the spare buffer in exchange.
func TestTake(t *testing.T) {
	d := openServer(t, nil, request13())
	_ = d.Text([]byte("one"))
	one := d.Take(make([]byte, 5, 100))
	_ = d.Text([]byte("two"))
	two := d.Take(nil)
	if string(one) != plain(opFin|opText, "one") || string(two) != plain(opFin|opText, "two") {
		t.Errorf("taken %q and %q", one, two)
	}
	if cap(two) < 100 {
		t.Errorf("the spare buffer was not used: %d bytes", cap(two))
	}
	if rest := d.Take(two); len(rest) != 0 || d.Buffered() != 0 {
		t.Errorf("taken %q of nothing", rest)
	}
}

// pool is a driver.Buffers that counts what is lent.
type pool struct {
	lent map[*byte]bool // by the first byte
}

func (p *pool) Get(n int) []byte {
	b := make([]byte, n)
	if p.lent == nil {
		p.lent = map[*byte]bool{}
	}
	p.lent[&b[0]] = true
	return b[:0]
}

func (p *pool) Put(b []byte) {
	b = b[:cap(b)]
	if len(b) == 0 {
		return
	}
	delete(p.lent, &b[0])
	for i := range b {
		b[i] = 0xa5
	}
}

// TestBuffers: output is gathered in a buffer of Config.Buffers, which Take hands
// to the caller; what is given to Take goes back, and so does a buffer of which
// nothing was sent.
func TestBuffers(t *testing.T) {
	p := &pool{}
	d := openServer(t, &driver.Config{Buffers: p}, request13())
	p.Put(d.Take(nil))
	if len(p.lent) != 0 {
		t.Fatalf("%d buffers are lent to a driver at rest", len(p.lent))
	}
	for range 2 {
		if err := d.Text([]byte("hello")); err != nil {
			t.Fatal(err)
		}
		out := d.Take(nil)
		if string(out) != "\x81\x05hello" || !p.lent[&out[0]] {
			t.Errorf("%q, or not in a buffer of the pool", out)
		}
		if spare := d.Take(out); len(spare) != 0 || cap(spare) == 0 {
			t.Errorf("Take gave %d bytes of nothing, capacity %d", len(spare), cap(spare))
		}
		_ = d.Text([]byte("again"))
		again := d.Take(out)
		if p.Put(again); len(p.lent) != 0 {
			t.Errorf("%d buffers are lent to a driver at rest", len(p.lent))
		}
	}
}
