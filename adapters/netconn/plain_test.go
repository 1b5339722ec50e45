package netconn_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/sans-io/websocket-driver/adapters/netconn"
	"github.com/sans-io/websocket-driver/adapters/nethttp"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

// tell answers plain requests with a description of them, and echoes on /ws.
func tell(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/ws" {
		if conn, err := nethttp.Upgrade(w, r, nil); err == nil {
			echo(conn)
		}
		return
	}
	body, err := io.ReadAll(r.Body)
	fmt.Fprintf(w, "%s %s %q %v tls=%t", r.Method, r.URL, body, err, r.TLS != nil)
}

// TestHandler serves plain requests and WebSockets on one port, with and without
// TLS.
func TestHandler(t *testing.T) {
	cert, pool := certificate(t)
	for _, scheme := range []string{"", "s"} {
		t.Run("http"+scheme, func(t *testing.T) {
			wstest.NoLeaks(t)
			l := listen(t, nil)
			if scheme == "s" {
				l.Close()
				nl, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				l = newListener(t, tls.NewListener(nl, &tls.Config{Certificates: []tls.Certificate{cert}}), nil)
			}
			l.Handler = http.HandlerFunc(tell)
			l.Check = func(r *driver.Request) *driver.Response {
				if !driver.IsWebSocket(r) {
					t.Errorf("Check sees %s %s", r.Method, r.Target)
				}
				return nil
			}
			serve(t, l)
			_, port, _ := net.SplitHostPort(l.Addr().String())

			transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
			defer transport.CloseIdleConnections()
			client := &http.Client{Transport: transport}
			for i := range 3 {
				res, err := client.Post(fmt.Sprintf("http%s://localhost:%s/%d", scheme, port, i), "", strings.NewReader("body"))
				if err != nil {
					t.Fatal(err)
				}
				got, _ := io.ReadAll(res.Body)
				res.Body.Close()
				if want := fmt.Sprintf(`POST /%d "body" <nil> tls=%t`, i, scheme == "s"); string(got) != want {
					t.Errorf("got %q, want %q", got, want)
				}
			}
			d := netconn.Dialer{TLS: &tls.Config{RootCAs: pool}}
			conn, err := d.Dial(context.Background(), "ws"+scheme+"://localhost:"+port+"/")
			if err != nil {
				t.Fatal(err)
			}
			exchange(t, conn)
		})
	}
}

// TestHandlerKeepsBytes sends requests in any pieces on one connection: none is
// lost, and at the end the connection becomes a WebSocket.
func TestHandlerKeepsBytes(t *testing.T) {
	const (
		first   = "POST /first HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
		second  = "GET /second HTTP/1.1\r\nHost: x\r\n\r\n"
		upgrade = "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
	)
	hello := wstest.ClientFrame(0x81, "hello")
	all := first + second + upgrade + hello
	for _, size := range []int{1, 7, len(first) - 1, len(all)} {
		wstest.NoLeaks(t)
		l := listen(t, nil)
		l.Handler = http.HandlerFunc(tell)
		serve(t, l)
		nc, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			for rest := all; len(rest) > 0; {
				n := min(size, len(rest))
				if _, err := io.WriteString(nc, rest[:n]); err != nil {
					t.Error(err)
					return
				}
				rest = rest[n:]
			}
		}()
		br := bufio.NewReader(nc)
		for _, want := range []string{`POST /first "abc" <nil> tls=false`, `GET /second "" <nil> tls=false`} {
			res, err := http.ReadResponse(br, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(res.Body); err != nil || string(got) != want {
				t.Errorf("pieces of %d: got %q, %v, want %q", size, got, err, want)
			}
		}
		res, err := http.ReadResponse(br, nil)
		if err != nil || res.StatusCode != 101 {
			t.Fatalf("%v, %v", res, err)
		}
		var reply [7]byte
		if _, err := io.ReadFull(br, reply[:]); err != nil || string(reply[:]) != "\x81\x05hello" {
			t.Errorf("%q, %v", reply, err)
		}
		nc.Close()
	}
}

// TestHandlerClose closes the Listener while one connection rests between requests
// and another is being served.
func TestHandlerClose(t *testing.T) {
	wstest.NoLeaks(t)
	l := listen(t, nil)
	started, ended := make(chan bool), make(chan error, 1)
	l.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			close(started)
			<-r.Context().Done()
			ended <- r.Context().Err()
		}
	})
	serve(t, l)
	idle, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close()
	io.WriteString(idle, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	br := bufio.NewReader(idle)
	if res, err := http.ReadResponse(br, nil); err != nil || res.StatusCode != 200 {
		t.Fatalf("%v, %v", res, err)
	}
	slow, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	io.WriteString(slow, "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
	<-started
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; err == nil {
		t.Error("the request's context continues")
	}
	if n, err := io.Copy(io.Discard, br); n != 0 || err != nil {
		t.Errorf("the resting connection: %d bytes, %v", n, err)
	}
}
