package netconn_test

import (
	"bufio"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sans-io/websocket-driver/adapters/netconn"
	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
	"github.com/sans-io/websocket-driver/extensions/deflate"
	"github.com/sans-io/websocket-driver/hybi/frame"
)

// clientMemory is how many bytes a connection may take, with the attacker's end
// and with garbage that is made during a collection.
const clientMemory = 512 << 10

// What servers repeat.
var (
	interims    = []byte(strings.Repeat("HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n", 100))
	serverPings = serverFrames(pings, 125)
	serverBomb  = serverFrames(bomb, 0)
)

// serverFrames makes frames of a server of frames of a client that have payloads
// of size bytes, or of a single one if size is 0.
func serverFrames(client []byte, size int) (all []byte) {
	for len(client) > 0 {
		n := size
		head := 2
		switch {
		case client[1] == 0xff:
			head = 10
		case client[1] == 0xfe:
			head = 4
		}
		if size == 0 {
			n = len(client) - head - 4
		}
		all = append(append(all, client[0], client[1]&0x7f), client[2:head]...)
		all = append(all, client[head+4:][:n]...)
		client = client[head+4+n:]
	}
	return all
}

// TestAttacksOnClients: the behavior of malicious servers. Each attack is ended by the
// setting given. Until then the clients hold little memory, and afterwards none.
func TestAttacksOnClients(t *testing.T) {
	hasty := driver.Config{HandshakeTimeout: soon}
	tests := []struct {
		name    string
		config  driver.Config
		options stream.Options
		open    bool // the attack begins after the opening handshake
		attack  func(nc net.Conn)
		want    string
		status  int // of the refusal
	}{
		{name: "never answers", config: hasty, attack: wstest.UntilEnd, want: "took longer than " + soon.String()},
		{name: "answers byte by byte", config: hasty, want: "took longer than " + soon.String(), attack: func(nc net.Conn) {
			drip(nc, append([]byte("HTTP/1.1 101 Switching Protocols\r\n"), endlessField...))
		}},
		{name: "a head without end", want: "head longer than 16384 bytes", attack: func(nc net.Conn) {
			io.WriteString(nc, "HTTP/1.1 101 Switching Protocols\r\n")
			wstest.Repeat(nc, endlessField)
		}},
		{name: "a line without end", want: "head longer than 16384 bytes", attack: func(nc net.Conn) {
			io.WriteString(nc, "HTTP/1.1 101 ")
			wstest.Repeat(nc, endlessLine)
		}},
		{name: "interim answers without end", attack: func(nc net.Conn) { wstest.Repeat(nc, interims) }, want: "head longer than"},
		{name: "a refusal without end", want: "refused with status 403", status: 403, attack: func(nc net.Conn) {
			io.WriteString(nc, "HTTP/1.1 403 Forbidden\r\n\r\n")
			wstest.Repeat(nc, endlessLine)
		}},
		{name: "closes in its answer", want: "unexpected EOF", attack: func(nc net.Conn) {
			io.WriteString(nc, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: webso")
		}},
		{name: "masks", config: driver.Config{CloseTimeout: soon}, open: true, attack: func(nc net.Conn) { wstest.Repeat(nc, pings) }, want: "closed with 1002"},
		{name: "a bomb", open: true, want: "more than 65536 bytes after decoding",
			config: driver.Config{CloseTimeout: soon, MaxMessage: 64 << 10, Extensions: []driver.Extension{&deflate.Extension{}}},
			attack: func(nc net.Conn) {
				nc.Write(serverBomb)
				wstest.UntilEnd(nc)
			}},
		{name: "promises a terabyte", config: driver.Config{CloseTimeout: soon}, open: true, want: "the limit is 16777216", attack: func(nc net.Conn) {
			nc.Write(frame.Append(nil, frame.Header{Fin: true, Opcode: frame.Binary, Length: 1 << 40}))
			wstest.UntilEnd(nc)
		}},
		{name: "floods with pings and never reads", options: stream.Options{WriteTimeout: soon}, open: true,
			attack: func(nc net.Conn) { wstest.Repeat(nc, serverPings) }, want: "has taken nothing for " + soon.String()},
		{name: "half-open", config: driver.Config{PingInterval: soon}, open: true, attack: wstest.UntilEnd, want: "no sign of life"},
		{name: "never closes", config: driver.Config{CloseTimeout: soon}, open: true, want: "closed with 1000",
			attack: func(nc net.Conn) {
				nc.Write(wstest.ServerFrame(0x88, []byte{0x03, 0xe8}))
				wstest.UntilEnd(nc)
			}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			wstest.NoLeaks(t)
			wstest.NoDescriptors(t)
			addr := serveTCP(t, nil, func(nc net.Conn) {
				nc.(*net.TCPConn).SetReadBuffer(smallBuffer)
				if err := answerHandshake(nc, test.open, test.config.Extensions != nil); err != nil {
					t.Error(err)
				}
				test.attack(nc)
			})
			d := &netconn.Dialer{Config: &test.config, Stream: &test.options, DialContext: dialSmall}
			each := wstest.Least(clientMemory, func() int64 {
				wstest.InUse() // a second collection empties pools
				before := wstest.InUse()
				var clients sync.WaitGroup
				for range attackers {
					clients.Go(func() {
						err := dialAndRead(d, addr)
						var he *netconn.HandshakeError
						switch he, _ = err.(*netconn.HandshakeError); {
						case !strings.Contains(err.Error(), test.want), (he == nil) != test.open:
							t.Errorf("the client says %q, not %q", err, test.want)
						case test.status != 0 && (he.Response.Status != test.status || len(he.Response.Body) > 1<<10):
							t.Errorf("status %d, a body of %d bytes", he.Response.Status, len(he.Response.Body))
						}
					})
				}
				return (wstest.Peak(t, &clients) - before) / attackers
			})
			if each > clientMemory {
				t.Errorf("a connection takes %d bytes", each)
			}
		})
	}
}

// TestSlowRefusal: the time limit ends a refusal whose body arrives byte by byte. It
// runs in a bubble, so that the head arrives before.
func TestSlowRefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		var served sync.WaitGroup
		defer served.Wait()
		served.Go(func() {
			defer server.Close()
			http.ReadRequest(bufio.NewReader(server))
			io.WriteString(server, "HTTP/1.1 403 Forbidden\r\nContent-Length: 1000000\r\n\r\n")
			drip(server, endlessLine[:100])
		})
		d := &netconn.Dialer{
			Config:      &driver.Config{HandshakeTimeout: soon},
			DialContext: func(context.Context, string, string) (net.Conn, error) { return client, nil },
		}
		began := time.Now()
		_, err := d.Dial(context.Background(), "ws://server.test/")
		var he *netconn.HandshakeError
		if !errors.As(err, &he) || he.Response.Status != 403 || len(he.Response.Body) > 1<<10 {
			t.Errorf("%v", err)
		}
		if took := time.Since(began); took != soon {
			t.Errorf("refused after %v, not %v", took, soon)
		}
	})
}

// dialSmall connects with a small buffer for sending.
func dialSmall(ctx context.Context, network, addr string) (net.Conn, error) {
	nc, err := (&net.Dialer{}).DialContext(ctx, network, addr)
	if err == nil {
		err = nc.(*net.TCPConn).SetWriteBuffer(smallBuffer)
	}
	return nc, err
}

// answerHandshake reads the request on nc, and accepts it if open is set.
func answerHandshake(nc net.Conn, open, compress bool) error {
	r, err := http.ReadRequest(bufio.NewReader(nc))
	if err != nil || !open {
		return err
	}
	hash := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	extension := ""
	if compress {
		extension = "Sec-WebSocket-Extensions: permessage-deflate\r\n"
	}
	_, err = fmt.Fprintf(nc, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Accept: %s\r\n%s\r\n", base64.StdEncoding.EncodeToString(hash[:]), extension)
	return err
}

// dialAndRead connects, and reads until the end.
func dialAndRead(d *netconn.Dialer, addr string) error {
	c, err := d.Dial(context.Background(), "ws://"+addr)
	if err != nil {
		return err
	}
	defer c.Close(context.Background(), driver.CodeNormal, "")
	for {
		if _, _, err := c.ReadMessage(nil); err != nil {
			return err
		}
	}
}
