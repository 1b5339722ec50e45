package stream_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

var stressConns = flag.Int("conns", 60, "how many connections TestStress makes")

// stressWriters is how many goroutines send at each end.
const stressWriters = 8

// TestStress: both ends of many connections send by all methods at once, with random
// deadlines, until the connection ends in one of several ways.
//
// After an orderly end, each message that was accepted has arrived, in order. After any
// other end, those that arrived are in order without gaps, and at most one more than was
// accepted: the one whose call was interrupted. No goroutine is left.
func TestStress(t *testing.T) {
	wstest.NoLeaks(t)
	config := &driver.Config{CloseTimeout: time.Minute, MaxBuffered: 64 << 10}
	options := &stream.Options{FlushTimeout: time.Minute}
	var all sync.WaitGroup
	slots := make(chan bool, 8)
	for i := range *stressConns {
		slots <- true
		var a, b net.Conn
		if i%2 == 0 {
			a, b = wstest.TCP(t)
		} else {
			a, b = net.Pipe()
		}
		all.Go(func() {
			defer func() { <-slots }()
			random := rand.New(rand.NewPCG(1, uint64(i)))
			d, err := driver.NewClient("ws://example.com/", config)
			if err != nil {
				t.Error(err)
				return
			}
			client, server := stream.New(a, d, options), stream.New(b, driver.NewServer(config), options)
			if err := errors.Join(shakeHands(client, server), stress(client, server, random)); err != nil {
				t.Errorf("connection %d: %v", i, err)
			}
			client.CloseNow()
			server.CloseNow()
		})
	}
	all.Wait()
}

// ends are how a connection is ended, and whether all that was accepted arrives.
var ends = []struct {
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

// stress runs one connection.
func stress(client, server *stream.Conn, random *rand.Rand) error {
	conns := [2]*stream.Conn{client, server}
	var accepted, received [2][stressWriters]uint32
	var errs [2]error
	var writers, readers sync.WaitGroup
	due := [2]chan struct{}{make(chan struct{}), make(chan struct{})}
	for side, c := range conns {
		for w := range stressWriters {
			r := rand.New(rand.NewPCG(random.Uint64(), 0))
			writers.Go(func() { accepted[side][w] = sendAll(c, byte(w), r) })
		}
		r := rand.New(rand.NewPCG(random.Uint64(), 0))
		readers.Go(func() { received[1-side], errs[side] = receiveAll(c, r, due[side]) })
	}
	ending := ends[random.IntN(len(ends))]
	one := random.IntN(2)
	<-due[one]
	ending.end(conns[one], conns[1-one])
	writers.Wait()
	readers.Wait()
	for side := range conns {
		if errs[side] != nil {
			return fmt.Errorf("%s: %w", ending.name, errs[side])
		}
		for w, n := range accepted[side] {
			if got := received[side][w]; got > n+1 || ending.orderly && got != n {
				return fmt.Errorf("%s: writer %d of side %d: %d messages were accepted, %d arrived", ending.name, w, side, n, got)
			}
		}
	}
	return nil
}

// sendAll sends numbered messages until the connection takes no more, and returns
// how many it has accepted. The deadlines that it sets are those of all writers.
func sendAll(c *stream.Conn, writer byte, random *rand.Rand) (accepted uint32) {
	defer c.SetWriteDeadline(time.Time{}) // a close frame may wait for it
	for {
		deadline := time.Time{}
		if random.IntN(3) == 0 {
			deadline = time.Now().Add(time.Duration(random.IntN(5000)) * time.Microsecond)
		}
		c.SetWriteDeadline(deadline)
		size := random.IntN(300)
		if random.IntN(20) == 0 {
			size = random.IntN(100 << 10)
		}
		p := append(binary.BigEndian.AppendUint32([]byte{writer}, accepted), bytes.Repeat([]byte{writer}, size)...)
		var err error
		switch random.IntN(5) {
		case 0:
			err = c.Queue(driver.Binary, p)
		case 1:
			err = sendStream(c, p, random)
		case 2:
			var m *driver.Prepared
			if m, err = driver.NewPrepared(driver.Binary, p); err == nil {
				err = c.WritePrepared(m)
			}
		default:
			err = c.WriteMessage(driver.Binary, p)
		}
		switch {
		case errors.Is(err, driver.ErrFull):
		case err == nil, isDeadline(err):
			accepted++
		default:
			return accepted
		}
	}
}

// sendStream sends p by NextWriter. Its error means the same as that of
// WriteMessage.
func sendStream(c *stream.Conn, p []byte, random *rand.Rand) error {
	w, err := c.NextWriter(driver.Binary)
	if err != nil {
		return err
	}
	for len(p) > 0 {
		n, err := w.Write(p[:random.IntN(len(p)+1)])
		if p = p[n:]; isDeadline(err) {
			c.SetWriteDeadline(time.Time{})
		} else if err != nil {
			return err
		}
	}
	return w.Close()
}

// receiveAll reads until the connection ends, and returns how many messages of each
// writer arrived. It closes due when some have.
func receiveAll(c *stream.Conn, random *rand.Rand, due chan struct{}) (next [stressWriters]uint32, err error) {
	var buf []byte
	left := random.IntN(400)
	for {
		if left == 0 {
			close(due)
			left--
		}
		c.SetReadDeadline(time.Now().Add(time.Duration(random.IntN(3000)) * time.Microsecond))
		p, err := receive(c, buf, random.IntN(2) == 0)
		switch {
		case isDeadline(err):
			continue
		case err != nil:
			return next, nil
		}
		w, body := p[0], p[5:]
		if n := binary.BigEndian.Uint32(p[1:]); n != next[w] {
			return next, fmt.Errorf("message %d of writer %d, not %d", n, w, next[w])
		}
		if bytes.Count(body, []byte{w}) != len(body) {
			return next, fmt.Errorf("message %d of writer %d is mixed with another", next[w], w)
		}
		next[w]++
		left--
		buf = p
	}
}

// receive reads a message in one of two ways.
func receive(c *stream.Conn, buf []byte, whole bool) ([]byte, error) {
	if whole {
		_, p, err := c.ReadMessage(buf)
		return p, err
	}
	_, r, err := c.NextReader()
	if err != nil {
		return nil, err
	}
	buf = buf[:0]
	for part := make([]byte, 1000); ; {
		n, err := r.Read(part)
		buf = append(buf, part[:n]...)
		switch {
		case err == io.EOF:
			return buf, nil
		case isDeadline(err):
			c.SetReadDeadline(time.Time{})
		case err != nil:
			return nil, err
		}
	}
}
