package proxies

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sans-io/websocket-driver/adapters/netconn"
	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

var (
	stressConns = flag.Int("conns", 1000, "how many connections TestStress holds open at once")
	stressBusy  = flag.Int("busy", 100, "on how many of them TestStress sends at once")
)

// stressWriters is how many goroutines send at each end.
const stressWriters = 8

// stressPatience is the value of all time limits of TestStress. A slow machine is not a
// failure.
const stressPatience = time.Minute

// TestStress opens many connections to one server, half of them through tinyproxy
// and half through squid, and holds them all. One after the other then has both
// ends send from many goroutines, with deadlines that pass at random, until either
// end closes in one of several ways.
//
// After an orderly end each message that was accepted has arrived, in its order;
// after any other those that have arrived are in order, without a gap, and at most
// one more than was accepted: whose call was cut off. Neither a goroutine nor a
// descriptor is left.
func TestStress(t *testing.T) {
	raiseLimit(t)
	l := newLab(t)
	squid, _ := startSquid(t, l.identity, "")
	tiny, _ := startTinyproxy(t, false)
	nothingLeft(t)
	ends := openAll(t, func(i int) *url.URL {
		host := squid
		if i%2 == 0 {
			host = tiny
		}
		return &url.URL{Scheme: "http", Host: host}
	})
	var all sync.WaitGroup
	slots := make(chan bool, *stressBusy)
	for i, pair := range ends {
		slots <- true
		all.Go(func() {
			defer func() { <-slots }()
			if err := stress(pair, rand.New(rand.NewPCG(1, uint64(i)))); err != nil {
				t.Errorf("connection %d: %v", i, err)
			}
			pair[0].CloseNow()
			pair[1].CloseNow()
		})
	}
	all.Wait()
}

// raiseLimit allows this process and the proxies to open many files.
func raiseLimit(t *testing.T) {
	t.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	limit.Cur = limit.Max // package os leaves the lower one to the processes that it starts
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if need := uint64(2**stressConns + 200); limit.Max < need {
		t.Fatalf("%d files may be open, %d are needed", limit.Max, need)
	}
}

// nothingLeft fails the test if goroutines or file descriptors are left at its end.
func nothingLeft(t *testing.T) {
	t.Helper()
	wstest.NoLeaks(t)
	wstest.NoDescriptors(t)
}

// pair is both ends of a connection, the client first.
type pair [2]*stream.Conn

// openAll opens all connections, each through the proxy that via returns.
func openAll(t *testing.T, via func(i int) *url.URL) []pair {
	t.Helper()
	pairs := make([]pair, *stressConns)
	config := &driver.Config{HandshakeTimeout: stressPatience, CloseTimeout: stressPatience, MaxBuffered: 64 << 10}
	options := &stream.Options{FlushTimeout: stressPatience}
	l, err := netconn.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	l.Stream = options
	var all sync.WaitGroup
	all.Go(func() {
		for range pairs {
			c, err := l.Accept()
			if err != nil {
				t.Error(err)
				return
			}
			i, err := strconv.Atoi(strings.TrimPrefix(c.Request().Target, "/"))
			if err != nil {
				t.Error(err)
				return
			}
			pairs[i][1] = c
		}
	})
	slots := make(chan bool, *stressBusy)
	for i := range pairs {
		slots <- true
		all.Go(func() {
			defer func() { <-slots }()
			d := netconn.Dialer{Config: config, Stream: options, Proxy: netconn.ProxyURL(via(i))}
			var err error
			if pairs[i][0], err = d.Dial(t.Context(), fmt.Sprintf("ws://%v/%d", l.Addr(), i)); err != nil {
				t.Errorf("connection %d: %v", i, err)
				l.Close()
			}
		})
	}
	all.Wait()
	if t.Failed() {
		t.FailNow()
	}
	return pairs
}

// closings are how a connection is ended, and whether all that was accepted
// arrives.
var closings = []struct {
	name    string
	orderly bool
	end     func(one, other *stream.Conn)
}{
	{"WriteClose", true, func(one, _ *stream.Conn) { one.WriteClose(driver.CodeNormal, "") }},
	{"both WriteClose", false, func(one, other *stream.Conn) {
		go one.WriteClose(driver.CodeNormal, "")
		other.WriteClose(driver.CodeNormal, "")
	}},
	{"Close", false, func(one, _ *stream.Conn) { one.Close(context.Background(), driver.CodeNormal, "") }},
	{"both Close", false, func(one, other *stream.Conn) {
		go one.Close(context.Background(), driver.CodeNormal, "")
		other.Close(context.Background(), driver.CodeNormal, "")
	}},
	{"CloseNow", false, func(one, _ *stream.Conn) { one.CloseNow() }},
}

// stress sends over one connection until it has been closed.
func stress(p pair, random *rand.Rand) error {
	var accepted, received [2][stressWriters]uint32
	var errs [2]error
	var all sync.WaitGroup
	due := [2]chan struct{}{make(chan struct{}), make(chan struct{})}
	for side, c := range p {
		for w := range stressWriters {
			r := rand.New(rand.NewPCG(random.Uint64(), 0))
			all.Go(func() { accepted[side][w] = sendAll(c, byte(w), r) })
		}
		r := rand.New(rand.NewPCG(random.Uint64(), 0))
		all.Go(func() { received[1-side], errs[side] = receiveAll(c, r, due[side]) })
	}
	closing := closings[random.IntN(len(closings))]
	one := random.IntN(2)
	<-due[one]
	closing.end(p[one], p[1-one])
	all.Wait()
	for side := range p {
		if errs[side] != nil {
			return fmt.Errorf("%s: %w", closing.name, errs[side])
		}
		for w, n := range accepted[side] {
			if got := received[side][w]; got > n+1 || closing.orderly && got != n {
				return fmt.Errorf("%s: writer %d of side %d: %d messages were accepted, %d arrived", closing.name, w, side, n, got)
			}
		}
	}
	return nil
}

// sendAll sends numbered messages until the connection takes no more, and returns
// how many it has accepted. The deadlines that it sets are those of all writers.
func sendAll(c *stream.Conn, writer byte, random *rand.Rand) (accepted uint32) {
	for {
		deadline := time.Time{}
		if random.IntN(3) == 0 {
			deadline = time.Now().Add(time.Duration(random.IntN(5000)) * time.Microsecond)
		}
		c.SetWriteDeadline(deadline)
		size := random.IntN(300)
		if random.IntN(20) == 0 {
			size = random.IntN(32 << 10)
		}
		m := append(binary.BigEndian.AppendUint32([]byte{writer}, accepted), bytes.Repeat([]byte{writer}, size)...)
		send := c.WriteMessage
		if random.IntN(4) == 0 {
			send = c.Queue
		}
		switch err := send(driver.Binary, m); {
		case errors.Is(err, driver.ErrFull):
		case err == nil, errors.Is(err, os.ErrDeadlineExceeded):
			accepted++
		default:
			return accepted
		}
	}
}

// receiveAll reads until the connection ends, and returns how many messages of each
// writer arrived. It closes due when some have, or when none will.
func receiveAll(c *stream.Conn, random *rand.Rand, due chan struct{}) (next [stressWriters]uint32, err error) {
	var once sync.Once
	defer once.Do(func() { close(due) })
	var buf []byte
	for left := random.IntN(200); ; left-- {
		if left <= 0 {
			once.Do(func() { close(due) })
		}
		_, m, err := receive(c, buf, random)
		if err != nil {
			return next, nil
		}
		w, body := m[0], m[5:]
		if n := binary.BigEndian.Uint32(m[1:]); n != next[w] {
			return next, fmt.Errorf("message %d of writer %d, not %d", n, w, next[w])
		}
		if bytes.Count(body, []byte{w}) != len(body) {
			return next, fmt.Errorf("message %d of writer %d is mixed with another", next[w], w)
		}
		next[w]++
		buf = m
	}
}

// receive reads a message, whatever deadlines pass meanwhile.
func receive(c *stream.Conn, buf []byte, random *rand.Rand) (driver.Kind, []byte, error) {
	for {
		c.SetReadDeadline(time.Now().Add(time.Duration(random.IntN(10_000)) * time.Microsecond))
		kind, m, err := c.ReadMessage(buf)
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return kind, m, err
		}
	}
}
