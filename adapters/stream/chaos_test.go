package stream_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

// TestChaos makes random calls on many goroutines, over transports that delay, split,
// fail and block, in a bubble whose time passes by itself. All calls must return, no
// goroutine may be left, and what arrives must be what has been sent, in the order of
// each sender, without a gap.
func TestChaos(t *testing.T) {
	seeds := 100
	if wstest.Long() {
		seeds = 10_000
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { chaos(t, uint64(seed)) })
		})
		if t.Failed() {
			return
		}
	}
}

const (
	chaosSenders = 4  // on each side
	chaosSteps   = 20 // of each sender
)

func chaos(t *testing.T, seed uint64) {
	rnd := rand.New(rand.NewPCG(seed, 0))
	a, b := net.Pipe()
	config := &driver.Config{
		MaxBuffered:  []int{1 << 10, 64 << 10, -1}[rnd.IntN(3)],
		CloseTimeout: time.Second,
		HoldClose:    rnd.IntN(4) == 0,
	}
	if rnd.IntN(2) == 0 {
		config.PingInterval = 3 * time.Second
	}
	o := &stream.Options{
		ReadBuffer:   []int{16, 4096}[rnd.IntN(2)],
		Slow:         stream.Slow(rnd.IntN(3)),
		FlushTimeout: time.Second,
		OnPing:       func(c *stream.Conn, _ []byte) { _ = c.Queue(driver.Pong, nil) },
	}
	if rnd.IntN(3) == 0 {
		o.WriteTimeout = time.Minute
	}
	client, server := pair(t, newFaulty(a, rnd), newFaulty(b, rnd), config, o)
	if client == nil {
		time.Sleep(time.Minute)
		return
	}
	var all sync.WaitGroup
	for _, c := range []*stream.Conn{client, server} {
		readers := rand.New(rand.NewPCG(seed, rnd.Uint64()))
		all.Go(func() { readAll(t, c, readers) })
		for g := range chaosSenders {
			s := &chaosSender{c: c, id: byte(g), rnd: rand.New(rand.NewPCG(seed, rnd.Uint64()))}
			all.Go(func() {
				for range chaosSteps {
					s.step(t)
				}
			})
		}
	}
	time.Sleep(time.Hour)
	ctx, cancel := contextAfter(time.Minute)
	defer cancel()
	_ = client.Close(ctx, driver.CodeNormal, "")
	_ = server.CloseNow()
	<-client.Done()
	<-server.Done()
	all.Wait()
	time.Sleep(time.Minute) // the Close of a transport may take longer than it is waited for
}

// pair performs the opening handshake. It returns nil if a fault has ended that.
func pair(t *testing.T, a, b io.ReadWriteCloser, config *driver.Config, o *stream.Options) (client, server *stream.Conn) {
	d, err := driver.NewClient("ws://example.com/", config)
	if err != nil {
		t.Fatal(err)
	}
	client, server = stream.New(a, d, o), stream.New(b, driver.NewServer(config), o)
	if shakeHands(client, server) != nil {
		client.CloseNow()
		server.CloseNow()
		return nil, nil
	}
	return client, server
}

// readAll reads in different ways until the end, and checks what arrives.
func readAll(t *testing.T, c *stream.Conn, rnd *rand.Rand) {
	var last [chaosSenders]uint32
	for {
		var p []byte
		var err error
		switch rnd.IntN(4) {
		case 0:
			_, p, err = c.ReadMessage(nil)
		case 1:
			ctx, cancel := contextAfter(time.Duration(rnd.IntN(1000)) * time.Millisecond)
			_, p, err = c.ReadMessageContext(ctx, nil)
			cancel()
		case 2:
			_ = c.SetReadDeadline(time.Now().Add(time.Duration(rnd.IntN(1000)) * time.Millisecond))
			_, p, err = c.ReadMessage(make([]byte, 10))
			_ = c.SetReadDeadline(time.Time{})
		case 3:
			var r io.Reader
			if _, r, err = c.NextReader(); err == nil {
				p, err = io.ReadAll(r)
			}
		}
		switch {
		case isDeadline(err) || err == errCause:
		case err != nil:
			return
		case !follows(&last, p):
			t.Errorf("after %v came a message of %d bytes that begins with %x", last, len(p), p[:min(len(p), 8)])
			return
		}
	}
}

// follows reports whether p is the next message of its sender.
func follows(last *[chaosSenders]uint32, p []byte) bool {
	if len(p) < 5 || int(p[0]) >= chaosSenders {
		return false
	}
	n := binary.BigEndian.Uint32(p[1:])
	if n != last[p[0]]+1 || bytes.Count(p[5:], []byte{p[0]}) != len(p)-5 {
		return false
	}
	last[p[0]] = n
	return true
}

// chaosSender makes random calls.
type chaosSender struct {
	c    *stream.Conn
	id   byte
	sent uint32 // messages that have been queued
	rnd  *rand.Rand
}

func (s *chaosSender) step(t *testing.T) {
	c, rnd := s.c, s.rnd
	if rnd.IntN(2) == 0 {
		time.Sleep(time.Duration(rnd.IntN(100)) * time.Millisecond)
	}
	p := bytes.Repeat([]byte{s.id}, 5+rnd.IntN([]int{10, 1000, 100_000}[rnd.IntN(3)]))
	binary.BigEndian.PutUint32(p[1:], s.sent+1)
	ctx, cancel := contextAfter(time.Duration(rnd.IntN(2000)) * time.Millisecond)
	defer cancel()
	switch n := rnd.IntN(100); {
	case n < 30:
		s.queued(c.WriteMessage(driver.Binary, p))
	case n < 50:
		s.queued(c.Queue(driver.Binary, p))
	case n < 65:
		s.queued(c.WriteMessageContext(ctx, driver.Binary, p))
	case n < 72:
		m, err := driver.NewPrepared(driver.Binary, p)
		if err != nil {
			t.Error(err)
		}
		s.queued(c.Post(m))
	case n < 78:
		s.stream(p)
	case n < 83:
		_, _ = c.Ping(ctx)
	case n < 87:
		_ = c.SetWriteDeadline(time.Now().Add(time.Duration(rnd.IntN(1000)) * time.Millisecond))
	case n < 91:
		_ = c.SetWriteDeadline(time.Time{})
	case n < 94:
		_ = c.Flush()
	case n < 96:
		_, _, _ = c.State(), c.Buffered(), c.RemoteAddr()
	case n < 97:
		_ = c.WriteClose(driver.CodeNormal, "")
	case n < 98:
		_ = c.Close(ctx, driver.CodeNormal, "")
	case n < 99:
		c.CloseRead()
	default:
		_ = c.CloseNow()
	}
}

// queued notes the result of a send.
func (s *chaosSender) queued(err error) {
	if err == nil || (isDeadline(err) || errors.Is(err, errCause)) && !errors.Is(err, driver.ErrFull) {
		s.sent++
	}
}

// stream sends p as a stream.
func (s *chaosSender) stream(p []byte) {
	w, err := s.c.NextWriter(driver.Binary)
	if err != nil {
		return
	}
	for err == nil && len(p) > 0 {
		n := 0
		n, err = w.Write(p[:min(len(p), 1+s.rnd.IntN(20_000))])
		if p = p[n:]; isDeadline(err) {
			_ = s.c.SetWriteDeadline(time.Time{})
			err = nil
		}
	}
	if err != nil { // the connection has ended
		return
	}
	for isDeadline(w.Close()) {
		_ = s.c.SetWriteDeadline(time.Time{})
	}
	s.sent++
}

// newFaulty returns a transport with random faults over nc.
func newFaulty(nc net.Conn, rnd *rand.Rand) io.ReadWriteCloser {
	f := &faulty{Conn: nc, rnd: rand.New(rand.NewPCG(rnd.Uint64(), 0)), left: 1 << 40}
	if rnd.IntN(2) == 0 {
		f.left = rnd.IntN(1 << 20)
	}
	f.short = rnd.IntN(2) == 0
	if rnd.IntN(3) == 0 {
		return bare{f}
	}
	return f
}

// faulty is a transport that delays and splits what passes through it, and that fails
// when left bytes have passed.
type faulty struct {
	net.Conn
	mu    sync.Mutex
	rnd   *rand.Rand
	left  int
	short bool // a Write that fails returns no error
}

var errFault = errors.New("a fault")

// pass returns how many of n bytes pass, whether that is a fault, and a delay.
func (f *faulty) pass(n int) (pass int, fault bool, delay time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.rnd.IntN(4) == 0 {
		delay = time.Duration(f.rnd.IntN(50)) * time.Millisecond
	}
	pass = min(n, f.left)
	f.left -= pass
	return pass, pass < n, delay
}

func (f *faulty) Read(p []byte) (int, error) {
	_, fault, delay := f.pass(1)
	time.Sleep(delay)
	if fault {
		return 0, errFault
	}
	if delay > 40*time.Millisecond {
		return 0, nil
	}
	n, err := f.Conn.Read(p)
	if _, fault, _ := f.pass(n); fault {
		err = errFault // with bytes
	}
	return n, err
}

func (f *faulty) Write(p []byte) (int, error) {
	n, fault, delay := f.pass(len(p))
	time.Sleep(delay)
	n, err := f.Conn.Write(p[:n])
	if fault && !f.short && err == nil {
		err = errFault
	}
	return n, err
}

func (f *faulty) Close() error {
	_, _, delay := f.pass(0)
	err := f.Conn.Close()
	time.Sleep(100 * delay)
	return err
}
