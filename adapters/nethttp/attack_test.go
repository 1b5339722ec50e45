package nethttp_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sans-io/websocket-driver/adapters/nethttp"
	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

// attackers is how many peers make the same attack at once.
const attackers = 8

// soon is the time limit that must end an attack. All others are long.
var soon = map[bool]time.Duration{false: 50 * time.Millisecond, true: 200 * time.Millisecond}[wstest.Long()]

// memoryLimit is the maximum memory of an attacked connection in bytes, including that
// of net/http.
const memoryLimit = 128 << 10

// Frames of a client, with masking keys of zeros. They are made once, so that they
// do not count as the server's memory.
var (
	pings       = bytes.Repeat(wstest.ClientFrame(0x89, make([]byte, 125)), 100)
	message     = wstest.ClientFrame(0x82, make([]byte, 16<<10))
	askForClose = wstest.ClientFrame(0x81, []byte("close"))
	closeFrame  = wstest.ClientFrame(0x88, []byte{0x03, 0xe8})
)

// TestAttacks: the behavior of malicious peers after the upgrade. Each attack is ended
// by the setting given. Until then all peers together hold little memory, and
// afterwards none.
func TestAttacks(t *testing.T) {
	tests := []struct {
		name     string
		upgrader nethttp.Upgrader
		attack   func(nc net.Conn)
		want     string // text in the server's error
	}{
		{"never reads", nethttp.Upgrader{Stream: &stream.Options{WriteTimeout: soon}},
			func(nc net.Conn) { wstest.Repeat(nc, message) }, "has taken nothing for " + soon.String()},
		{"floods with pings and never reads", nethttp.Upgrader{Stream: &stream.Options{WriteTimeout: soon}},
			func(nc net.Conn) { wstest.Repeat(nc, pings) }, "has taken nothing for " + soon.String()},
		{"half-open", nethttp.Upgrader{Config: &driver.Config{PingInterval: soon}}, wstest.UntilEnd, "no sign of life"},
		{"does not answer the close frame", nethttp.Upgrader{Config: &driver.Config{CloseTimeout: soon}}, func(nc net.Conn) {
			nc.Write(askForClose)
			wstest.UntilEnd(nc)
		}, "the closing handshake took longer than " + soon.String()},
		{"never closes", nethttp.Upgrader{}, func(nc net.Conn) {
			nc.Write(askForClose)
			nc.Write(closeFrame)
			wstest.UntilEnd(nc)
		}, "closed with 1000"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			wstest.NoDescriptors(t)
			errs := make(chan error, attackers)
			s := newServer(t, test.upgrader.Handler(func(c *stream.Conn, _ *http.Request) {
				nc := c.Transport().(*net.TCPConn)
				nc.SetWriteBuffer(4 << 10) // so that a peer that does not read is noticed soon
				errs <- obey(c)
			}))
			each := wstest.Least(memoryLimit, func() int64 {
				each := attackAll(t, s, test.attack)
				for range attackers {
					if err := <-errs; !strings.Contains(err.Error(), test.want) {
						t.Errorf("the server says %q, not %q", err, test.want)
					}
				}
				return each
			})
			if each > memoryLimit {
				t.Errorf("a connection takes %d bytes, more than %d", each, memoryLimit)
			}
		})
	}
}

// obey echoes, and closes on command, until the end.
func obey(c *stream.Conn) error {
	var buf []byte
	for {
		kind, p, err := c.ReadMessage(buf)
		switch {
		case err != nil:
			return err
		case string(p) == "close":
			err = c.WriteClose(driver.CodeNormal, "")
		default:
			err = c.WriteMessage(kind, p)
		}
		if err != nil {
			return err
		}
		buf = p
	}
}

// attackAll has all peers make the attack on open connections, and returns how
// many bytes a connection has taken.
func attackAll(t *testing.T, s *httptest.Server, attack func(net.Conn)) int64 {
	t.Helper()
	wstest.InUse() // a second collection empties pools
	before := wstest.InUse()
	var peers sync.WaitGroup
	for range attackers {
		nc, err := net.Dial("tcp", s.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		nc.(*net.TCPConn).SetReadBuffer(4 << 10)
		peers.Go(func() {
			defer nc.Close()
			io.WriteString(nc, request13)
			head := make([]byte, len("HTTP/1.1 101"))
			if _, err := io.ReadFull(nc, head); err != nil || string(head) != "HTTP/1.1 101" {
				t.Errorf("%q, %v", head, err)
				return
			}
			attack(nc)
		})
	}
	return (wstest.Peak(t, &peers) - before) / attackers
}

// unhijacked fails the test if the connection is taken over.
type unhijacked struct {
	http.ResponseWriter
	t *testing.T
}

func (w unhijacked) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.t.Error("a request that is refused takes the connection over")
	return nil, nil, http.ErrHijacked
}

// TestRefusedEnds: a refusal does not take over the connection, and is the last response
// on it. A proxy that ignores the status forwards what follows as frames, which must
// not be served as a request.
func TestRefusedEnds(t *testing.T) {
	const hidden = "GET /hidden HTTP/1.1\r\nHost: example.com\r\n\r\n"
	replace := func(old, new string) string { return strings.Replace(request13, old, new, 1) }
	tests := []struct {
		name, request string
		status        int
	}{
		{"no WebSocket", replace("Upgrade: websocket\r\n", ""), 426},
		{"a wrong version", replace("Version: 13", "Version: 14"), 426},
		{"another page", replace("Upgrade:", "Origin: http://evil.test\r\nUpgrade:"), 403},
		{"a body", replace("Upgrade:", fmt.Sprintf("Content-Length: %d\r\nUpgrade:", len(hidden))), 400},
		{"a chunked body", replace("Upgrade:", "Transfer-Encoding: chunked\r\nUpgrade:") + "0\r\n\r\n", 400},
		{"another method", replace("GET", "POST"), 405},
		{"a wrong key", replace("dGhlIHNhbXBsZSBub25jZQ==", "*"), 400},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/" {
					t.Errorf("%s is served", r.URL)
				}
				if _, err := nethttp.Upgrade(unhijacked{w, t}, r, nil); err == nil {
					t.Error("accepted")
				}
			}))
			nc, err := net.Dial("tcp", s.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer nc.Close()
			io.WriteString(nc, test.request+hidden)
			nc.(*net.TCPConn).CloseWrite()
			br := bufio.NewReader(nc)
			res, err := http.ReadResponse(br, nil)
			if err != nil {
				t.Fatal(err)
			}
			io.Copy(io.Discard, res.Body)
			if res.StatusCode != test.status || !res.Close {
				t.Errorf("%s, %v", res.Status, res.Header)
			}
			if rest, _ := io.ReadAll(br); len(rest) > 0 {
				t.Errorf("%q after it", rest)
			}
		})
	}
}
