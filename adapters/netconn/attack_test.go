package netconn_test

import (
	"bytes"
	"compress/flate"
	"context"
	"crypto/tls"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sans-io/websocket-driver/adapters/netconn"
	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
	"github.com/sans-io/websocket-driver/extensions/deflate"
	"github.com/sans-io/websocket-driver/hybi/frame"
)

// attackers is how many peers make the same attack at once.
const attackers = 8

// soon is the time limit that must end an attack. All other limits are long, so that
// they do not on a busy machine.
var soon = map[bool]time.Duration{false: 50 * time.Millisecond, true: 200 * time.Millisecond}[wstest.Long()]

// An attack is the behavior of a malicious peer, with the settings that end it.
type attack struct {
	name    string
	config  driver.Config
	options stream.Options
	read    time.Duration // if not 0, how long the application waits for a message
	tls     bool
	open    bool // the attack begins after the opening handshake
	attack  func(nc net.Conn)
	want    string // text in the server's error, if open
	memory  int64  // how many bytes a connection may take, at most
}

// What attackers repeat is allocated once, so that it does not count as memory of the
// server.
var (
	endlessField  = []byte("X: " + strings.Repeat("a", 1000) + "\r\n")
	endlessLine   = bytes.Repeat([]byte("a"), 1000)
	bigMessage    = wstest.ClientFrame(0x82, make([]byte, 64<<10))
	pings         = bytes.Repeat(wstest.ClientFrame(0x89, make([]byte, 125)), 100)
	pongs         = bytes.Repeat(wstest.ClientFrame(0x8a, make([]byte, 125)), 100)
	firstByte     = wstest.ClientFrame(0x02, []byte("a"))
	fragments     = bytes.Repeat(wstest.ClientFrame(0x00, []byte("a")), 100)
	firstEmpty    = wstest.ClientFrame(0x01, []byte(nil))
	emptyFrames   = bytes.Repeat(wstest.ClientFrame(0x00, []byte(nil)), 100)
	aTerabyte     = frame.Append(nil, frame.Header{Fin: true, Opcode: frame.Binary, Masked: true, Length: 1 << 40})
	zeros         = make([]byte, 1000)
	closeFrame    = wstest.ClientFrame(0x88, []byte{0x03, 0xe8})
	askForClose   = wstest.ClientFrame(0x81, []byte("close"))
	askForFlood   = wstest.ClientFrame(0x81, []byte("flood"))
	halfFrame     = bigMessage[:500]
	reservedFrame = wstest.ClientFrame(0x83, []byte(nil))
	bomb          = wstest.ClientFrame(0xc2, deflated(make([]byte, 64<<20)))
)

var attacks = []attack{
	{
		name: "says nothing", config: driver.Config{HandshakeTimeout: soon},
		attack: wstest.UntilEnd, memory: 32 << 10,
	},
	{
		name: "says nothing to TLS", config: driver.Config{HandshakeTimeout: soon}, tls: true,
		attack: wstest.UntilEnd, memory: 64 << 10,
	},
	{
		name: "a record of TLS that comes byte by byte", config: driver.Config{HandshakeTimeout: soon}, tls: true,
		attack: func(nc net.Conn) { drip(nc, append([]byte{22, 3, 1, 0x3f, 0xff}, endlessLine...)) }, memory: 64 << 10,
	},
	{
		name: "a head that comes byte by byte", config: driver.Config{HandshakeTimeout: soon},
		attack: func(nc net.Conn) { drip(nc, append([]byte("GET / HTTP/1.1\r\n"), endlessField...)) }, memory: 32 << 10,
	},
	{
		name: "a head without end", options: stream.Options{FlushTimeout: soon},
		attack: func(nc net.Conn) {
			io.WriteString(nc, "GET / HTTP/1.1\r\n")
			wstest.Repeat(nc, endlessField)
		},
		memory: 64 << 10,
	},
	{
		name: "a line without end", options: stream.Options{FlushTimeout: soon},
		attack: func(nc net.Conn) { wstest.Repeat(nc, endlessLine) }, memory: 64 << 10,
	},
	{
		name: "never reads", options: stream.Options{WriteTimeout: soon}, open: true,
		attack: func(nc net.Conn) { wstest.Repeat(nc, bigMessage) },
		want:   "has taken nothing for " + soon.String(), memory: 512 << 10,
	},
	{
		name: "never reads what it has asked for", options: stream.Options{WriteTimeout: soon}, open: true,
		attack: func(nc net.Conn) { wstest.Repeat(nc, askForFlood) },
		want:   "has taken nothing for " + soon.String(), memory: 512 << 10,
	},
	{
		name: "floods with pings and never reads", options: stream.Options{WriteTimeout: soon}, open: true,
		attack: func(nc net.Conn) { wstest.Repeat(nc, pings) },
		want:   "has taken nothing for " + soon.String(), memory: 128 << 10,
	},
	{
		name: "floods with pings", open: true,
		attack: func(nc net.Conn) {
			go wstest.UntilEnd(nc)
			times(20, nc, pings)
			nc.Write(closeFrame)
			wstest.UntilEnd(nc)
		},
		want: "closed with 1000", memory: 128 << 10,
	},
	{
		name: "floods with pongs", config: driver.Config{PingInterval: soon}, open: true,
		attack: func(nc net.Conn) {
			times(20, nc, pongs)
			wstest.UntilEnd(nc)
		},
		want: "no sign of life", memory: 64 << 10,
	},
	{
		name: "half-open", config: driver.Config{PingInterval: soon}, open: true,
		attack: wstest.UntilEnd, want: "no sign of life", memory: 32 << 10,
	},
	{
		name: "half a frame", config: driver.Config{PingInterval: soon}, open: true,
		attack: func(nc net.Conn) {
			nc.Write(halfFrame)
			wstest.UntilEnd(nc)
		},
		want: "no sign of life", memory: 64 << 10,
	},
	{
		name: "a frame that comes byte by byte", config: driver.Config{CloseTimeout: soon}, read: soon, open: true,
		attack: func(nc net.Conn) {
			nc.Write(halfFrame)
			drip(nc, zeros)
		},
		want: "i/o timeout", memory: 64 << 10,
	},
	{
		name: "fragments of one byte", config: driver.Config{MaxFragments: 1000}, options: stream.Options{FlushTimeout: soon}, open: true,
		attack: func(nc net.Conn) {
			nc.Write(firstByte)
			wstest.Repeat(nc, fragments)
		},
		want: "more than 1000 fragments", memory: 64 << 10,
	},
	{
		name: "fragments of no byte", config: driver.Config{MaxFragments: 1000}, options: stream.Options{FlushTimeout: soon}, open: true,
		attack: func(nc net.Conn) {
			nc.Write(firstEmpty)
			wstest.Repeat(nc, emptyFrames)
		},
		want: "more than 1000 fragments", memory: 64 << 10,
	},
	{
		name: "promises a terabyte", options: stream.Options{FlushTimeout: soon}, open: true,
		attack: func(nc net.Conn) {
			nc.Write(aTerabyte)
			wstest.Repeat(nc, zeros)
		},
		want: "the limit is 16777216", memory: 64 << 10,
	},
	{
		name:   "a bomb",
		config: driver.Config{MaxMessage: 64 << 10, Extensions: []driver.Extension{&deflate.Extension{}}}, open: true,
		attack: func(nc net.Conn) {
			nc.Write(bomb)
			wstest.UntilEnd(nc)
		},
		want: "more than 65536 bytes after decoding", memory: 512 << 10,
	},
	{
		name: "does not answer the close frame", config: driver.Config{CloseTimeout: soon}, open: true,
		attack: func(nc net.Conn) {
			nc.Write(askForClose)
			drip(nc, wstest.ClientFrame(0x8a, []byte(nil)))
		},
		want: "the closing handshake took longer than " + soon.String(), memory: 64 << 10,
	},
	{
		name: "never closes", open: true,
		attack: func(nc net.Conn) {
			nc.Write(askForClose)
			nc.Write(closeFrame)
			wstest.UntilEnd(nc)
		},
		want: "closed with 1000", memory: 64 << 10,
	},
	{
		name: "never closes after a violation", options: stream.Options{FlushTimeout: soon}, open: true,
		attack: func(nc net.Conn) {
			nc.Write(reservedFrame)
			wstest.Repeat(nc, pings)
		},
		want: "closed with 1002", memory: 64 << 10,
	},
	{
		name: "goes away with a reset", open: true,
		attack: func(nc net.Conn) { nc.(*net.TCPConn).SetLinger(0) },
		want:   "reset", memory: 64 << 10,
	},
}

// TestAttacks: each attack ends by itself, for the reason given; until then all
// peers together hold little memory, and afterwards nothing is left of them.
func TestAttacks(t *testing.T) {
	for _, a := range attacks {
		t.Run(a.name, a.run)
	}
}

func (a *attack) run(t *testing.T) {
	wstest.NoLeaks(t)
	wstest.NoDescriptors(t)
	each := wstest.Least(a.memory, func() int64 { return a.once(t) })
	if each > a.memory {
		t.Errorf("a connection takes %d bytes, more than %d", each, a.memory)
	} else {
		t.Logf("a connection takes %d of %d KiB", each>>10, a.memory>>10)
	}
}

// once makes the attack, and returns how many bytes a connection has taken.
func (a *attack) once(t *testing.T) int64 {
	t.Helper()
	l, errs := a.serve(t)
	wstest.InUse() // a second collection empties pools
	before := wstest.InUse()
	var peers sync.WaitGroup
	for range attackers {
		nc, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		nc.(*net.TCPConn).SetReadBuffer(smallBuffer)
		peers.Go(func() {
			defer nc.Close()
			if a.open {
				if err := upgrade(nc); err != nil {
					t.Errorf("opening handshake: %v", err)
					return
				}
			}
			a.attack(nc)
		})
	}
	most := wstest.Peak(t, &peers)
	for range attackers {
		if !a.open || t.Failed() {
			break
		}
		if err := <-errs; !strings.Contains(err.Error(), a.want) {
			t.Errorf("the server says %q, not %q", err, a.want)
		}
	}
	return (most - before) / attackers
}

// serve starts a server for the attack. The errors of its connections go to the
// channel.
func (a *attack) serve(t *testing.T) (*netconn.Listener, <-chan error) {
	t.Helper()
	nl, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nl = smallListener{nl}
	if a.tls {
		cert, _ := certificate(t)
		nl = tls.NewListener(nl, &tls.Config{Certificates: []tls.Certificate{cert}})
	}
	l := newListener(t, nl, &a.config)
	l.Stream = &a.options
	errs := make(chan error, attackers)
	var served sync.WaitGroup
	served.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			served.Go(func() {
				errs <- a.answer(c)
				c.Close(context.Background(), driver.CodeNormal, "")
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		served.Wait()
	})
	return l, errs
}

// smallBuffer is how many bytes the kernel is asked to hold in each direction, so
// that a peer which does not read is noticed early.
const smallBuffer = 4 << 10

type smallListener struct{ net.Listener }

func (l smallListener) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	if err == nil {
		nc.(*net.TCPConn).SetWriteBuffer(smallBuffer)
	}
	return nc, err
}

// answer echoes, and obeys commands in messages, until the end.
func (a *attack) answer(c *stream.Conn) error {
	var buf []byte
	for {
		if a.read > 0 {
			c.SetReadDeadline(time.Now().Add(a.read))
		}
		kind, p, err := c.ReadMessage(buf)
		if err != nil {
			return err
		}
		switch buf = p; string(p) {
		case "close":
			err = c.WriteClose(driver.CodeNormal, "")
		case "flood":
			for err == nil {
				err = c.WriteMessage(driver.Binary, zeros)
			}
		default:
			err = c.WriteMessage(kind, p)
		}
		if err != nil {
			return err
		}
	}
}

// upgrade makes the opening handshake of a client, and offers compression.
func upgrade(nc net.Conn) error {
	_, err := io.WriteString(nc, "GET / HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"+
		"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n")
	var answer []byte
	for err == nil && !bytes.HasSuffix(answer, []byte("\r\n\r\n")) {
		answer = append(answer, 0)
		_, err = nc.Read(answer[len(answer)-1:])
	}
	return err
}

// deflated returns p as permessage-deflate sends it, near enough.
func deflated(p []byte) []byte {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestSpeed)
	if err != nil {
		panic(err)
	}
	w.Write(p)
	w.Close()
	return b.Bytes()
}

// times writes b n times.
func times(n int, nc net.Conn, b []byte) {
	for range n {
		if _, err := nc.Write(b); err != nil {
			return
		}
	}
}

// drip writes the bytes of b one by one, with pauses, until that fails.
func drip(nc net.Conn, b []byte) {
	pause := time.NewTicker(time.Millisecond)
	defer pause.Stop()
	for i := 0; ; i++ {
		if _, err := nc.Write(b[i%len(b):][:1]); err != nil {
			return
		}
		<-pause.C
	}
}
