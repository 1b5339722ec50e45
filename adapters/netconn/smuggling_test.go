package netconn_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sans-io/websocket-driver/adapters/nethttp"
	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

// seen is what the server has seen of a connection.
type seen struct {
	Statuses []int    // of the answers, as the client reads them
	Requests []string // plain ones, with their bodies
	Messages []string
}

// smuggler is a server for plain requests and WebSockets on one port. It records what
// it sees.
type smuggler struct {
	mu sync.Mutex
	seen
}

// ServeHTTP records plain requests. It accepts a WebSocket on /ws unless it comes from
// another page.
func (s *smuggler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/ws" {
		if conn, err := nethttp.Upgrade(w, r, nil); err == nil {
			s.note(conn)
		}
		return
	}
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Requests = append(s.Requests, r.Method+" "+r.URL.Path+" "+string(body))
}

// note notes the messages of c.
func (s *smuggler) note(c *stream.Conn) {
	defer c.CloseNow()
	for {
		_, p, err := c.ReadMessage(nil)
		if err != nil {
			return
		}
		s.mu.Lock()
		s.Messages = append(s.Messages, string(p))
		s.mu.Unlock()
	}
}

// Parts of the input from a client.
const (
	start  = "GET /ws HTTP/1.1\r\nHost: x\r\n"
	ask    = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
	v13    = "Sec-WebSocket-Version: 13\r\n"
	hidden = "GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n"
	plain  = "GET /plain HTTP/1.1\r\nHost: x\r\n\r\n"
)

// TestSmuggling: bytes after a head have one meaning. Frames never become a request,
// and a request or its body never become frames. Nothing is served after an upgrade
// that was refused: a proxy that ignores the status takes it for frames.
func TestSmuggling(t *testing.T) {
	wstest.NoLeaks(t)
	wstest.NoDescriptors(t)
	message := wstest.ClientFrame(0x81, hidden)
	length := fmt.Sprintf("Content-Length: %d\r\n", len(hidden))
	post := fmt.Sprintf("POST /plain HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", len(start+ask+v13+"\r\n"))
	tests := []struct {
		name string
		send string
		want seen
	}{
		{"a request in a frame", start + ask + v13 + "\r\n" + message, seen{Statuses: []int{101}, Messages: []string{hidden}}},
		{"a request for frames", start + ask + v13 + "\r\n" + hidden, seen{Statuses: []int{101}}},
		{"a request for the body", start + ask + v13 + length + "\r\n" + hidden, seen{Statuses: []int{400}}},
		{"frames for the body", start + ask + v13 + "Content-Length: 5\r\n\r\n" + message, seen{Statuses: []int{400}}},
		{"a request for a chunked body", start + ask + v13 + "Transfer-Encoding: chunked\r\n\r\n" + hidden, seen{Statuses: []int{400}}},
		{"no body", start + ask + v13 + "Content-Length: 0\r\n\r\n" + message, seen{Statuses: []int{101}, Messages: []string{hidden}}},
		{"a wrong version", start + ask + "Sec-WebSocket-Version: 99\r\n\r\n" + hidden, seen{Statuses: []int{426}}},
		{"another page", start + ask + v13 + "Origin: http://evil.test\r\n\r\n" + hidden, seen{Statuses: []int{403}}},
		{"another method", "POST" + start[3:] + ask + v13 + length + "\r\n" + hidden, seen{Statuses: []int{405}}},
		{"an old version of HTTP", strings.Replace(start, "1.1", "1.0", 1) + ask + v13 + "\r\n" + hidden, seen{Statuses: []int{400}}},
		{"two hosts", start + "Host: y\r\n" + ask + v13 + "\r\n" + hidden, seen{Statuses: []int{400}}},
		{"a handshake for the body", post + start + ask + v13 + "\r\n" + hidden,
			seen{Statuses: []int{200, 200}, Requests: []string{"POST /plain " + start + ask + v13 + "\r\n", "GET /hidden "}}},
		{"plain, length and coding", start + length + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden, seen{Statuses: []int{400}}},
		{"plain, two lengths", start + length + "Content-Length: 0\r\n\r\n" + hidden, seen{Statuses: []int{400}}},
		{"plain, a blank before the colon", start + "Content-Length : 0\r\n\r\n" + hidden, seen{Statuses: []int{400}}},
		{"plain, a folded line", start + "X: a\r\n Content-Length: 0\r\n\r\n" + hidden, seen{Statuses: []int{400}}},
		{"plain, an unknown coding", start + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + hidden, seen{Statuses: []int{501}}},
		{"plain, then frames", plain + start + ask + v13 + "\r\n" + message,
			seen{Statuses: []int{200, 101}, Requests: []string{"GET /plain "}, Messages: []string{hidden}}},
		{"plain, then a request for frames", plain + start + ask + v13 + "\r\n" + hidden,
			seen{Statuses: []int{200, 101}, Requests: []string{"GET /plain "}}},
		{"plain, then a request for the body", plain + start + ask + v13 + length + "\r\n" + hidden,
			seen{Statuses: []int{200, 400}, Requests: []string{"GET /plain "}}},
		{"plain, then a wrong version", plain + start + ask + "Sec-WebSocket-Version: 99\r\n\r\n" + hidden,
			seen{Statuses: []int{200, 426}, Requests: []string{"GET /plain "}}},
		{"plain, then another page", plain + start + ask + v13 + "Origin: http://evil.test\r\n\r\n" + hidden,
			seen{Statuses: []int{200, 403}, Requests: []string{"GET /plain "}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, size := range []int{1, 50, len(test.send)} {
				if diff := cmp.Diff(test.want, smuggle(t, test.send, size, len(test.want.Statuses))); diff != "" {
					t.Errorf("in portions of %d bytes (-want +got):\n%s", size, diff)
				}
			}
		})
	}
}

// smuggle sends in portions of size bytes, waits for that many responses, and returns
// what the server has seen when it has closed the connection.
func smuggle(t *testing.T, send string, size, answers int) seen {
	t.Helper()
	s := &smuggler{}
	l := listen(t, nil)
	l.Handler = s
	var served sync.WaitGroup
	served.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			served.Go(func() { s.note(c) })
		}
	})
	nc, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	var sent sync.WaitGroup
	sent.Go(func() {
		for rest := send; rest != ""; {
			n, err := io.WriteString(nc, rest[:min(size, len(rest))])
			if err != nil { // refused before all was sent
				return
			}
			rest = rest[n:]
		}
	})
	br := bufio.NewReader(nc)
	statuses := readStatuses(br, answers)
	sent.Wait()
	nc.(*net.TCPConn).CloseWrite() // not before: net/http takes it for the end of the client
	if len(statuses) > 0 && statuses[len(statuses)-1] == http.StatusSwitchingProtocols {
		io.Copy(io.Discard, br)
	} else {
		statuses = append(statuses, readStatuses(br, len(send))...)
	}
	l.Close()
	served.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Statuses = statuses
	return s.seen
}

// readStatuses reads n answers, or less if there are less.
func readStatuses(br *bufio.Reader, n int) (all []int) {
	for len(all) < n {
		res, err := http.ReadResponse(br, nil)
		if err != nil {
			break
		}
		io.Copy(io.Discard, res.Body)
		all = append(all, res.StatusCode)
	}
	return all
}
