package stream_test

import (
	"bytes"
	"crypto/sha256"
	"io"
	"math/rand/v2"
	"net"
	"testing"
	"time"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
	"github.com/sans-io/websocket-driver/extensions/deflate"
)

// randomBytes returns n bytes.
func randomBytes(n int) []byte {
	p := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{}).Read(p)
	return p
}

// TestLarge: messages around the sizes at which other ways are taken arrive unchanged,
// in both directions, with and without extensions and fragmenting.
func TestLarge(t *testing.T) {
	configs := map[string]driver.Config{
		"plain":      {},
		"fragmented": {FragmentSize: 40_000},
		"deflate":    {Extensions: []driver.Extension{&deflate.Extension{}}},
	}
	for name, config := range configs {
		for _, tr := range transports {
			t.Run(name+" "+tr.name, func(t *testing.T) {
				wstest.NoLeaks(t)
				a, b := tr.pair(t)
				client, server := open(t, a, b, &config, &config)
				go echo(server)
				data := randomBytes(1 << 20)
				for _, n := range []int{4 << 10, 64<<10 - 1, 64 << 10, 64<<10 + 1, 256 << 10, 1 << 20} {
					sent := make(chan error, 1)
					go func() { sent <- client.WriteMessage(driver.Binary, data[:n]) }()
					_, p, err := client.ReadMessage(nil)
					if err != nil || !bytes.Equal(p, data[:n]) {
						t.Fatalf("%d bytes: %d bytes, %v", n, len(p), err)
					}
					if err := <-sent; err != nil {
						t.Fatal(err)
					}
				}
			})
		}
	}
}

// TestLargeDeadline: a deadline in the middle of a large message leaves the payload to
// its owner, and the message arrives whole.
func TestLargeDeadline(t *testing.T) {
	wstest.NoLeaks(t)
	a, b := wstest.TCP(t)
	client, server := open(t, a, b, &driver.Config{MaxMessage: -1}, nil)
	p := randomBytes(32 << 20) // more than the kernel takes
	want := sha256.Sum256(p)
	sent := make(chan error)
	go func() { sent <- server.WriteMessage(driver.Binary, p) }()
	server.WaitWriting()
	server.SetWriteDeadline(time.Now().Add(-time.Second))
	if err := <-sent; !isDeadline(err) {
		t.Fatalf("%v", err)
	}
	if n := server.Buffered(); n == 0 || n > len(p)+10 {
		t.Errorf("%d bytes wait", n)
	}
	clear(p)
	server.SetWriteDeadline(time.Time{})
	go server.WriteMessage(driver.Text, []byte("after"))
	if _, got, err := client.ReadMessage(nil); sha256.Sum256(got) != want || err != nil {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	wantMessage(t, client, driver.Text, "after")
}

// TestLargeOrder: large messages and control frames of several goroutines do not mix.
func TestLargeOrder(t *testing.T) {
	wstest.NoLeaks(t)
	a, b := wstest.TCP(t)
	client, server := open(t, a, b, nil, nil)
	const each = 20
	for i := range 4 {
		go func() {
			p := bytes.Repeat([]byte{byte(i)}, 100_000)
			for range each {
				_ = server.WriteMessage(driver.Binary, p)
				_ = server.WriteMessage(driver.Ping, []byte("p"))
			}
		}()
	}
	var got [4]int
	for range 4 * each {
		_, p, err := client.ReadMessage(nil)
		if err != nil || len(p) != 100_000 || bytes.Count(p, p[:1]) != len(p) {
			t.Fatalf("%d bytes, %v", len(p), err)
		}
		got[p[0]]++
	}
	if got != [4]int{each, each, each, each} {
		t.Errorf("%v", got)
	}
}

// masked is a transport that changes what it writes, as encryption does, and embeds a
// *net.TCPConn, whose own vectored write would not.
type masked struct{ *net.TCPConn }

func (m masked) Write(p []byte) (int, error) {
	q := bytes.Clone(p)
	for i := range q {
		q[i] ^= 0x55
	}
	return m.TCPConn.Write(q)
}

// TestLargeWrapper: a transport's own Write is not bypassed.
func TestLargeWrapper(t *testing.T) {
	wstest.NoLeaks(t)
	a, b := wstest.TCP(t)
	c := stream.New(masked{b.(*net.TCPConn)}, openDriver(t, nil), nil)
	defer c.CloseNow()
	go c.WriteMessage(driver.Binary, make([]byte, 100_000))
	got := make([]byte, 100_000)
	if _, err := io.ReadFull(a, got); err != nil {
		t.Fatal(err)
	}
	for i, b := range got[10:] {
		if b != 0x55 {
			t.Fatalf("byte %d is %#x: the wrapper has been bypassed", i, b)
		}
	}
}
