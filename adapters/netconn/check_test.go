package netconn_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/sans-io/websocket-driver/adapters/netconn"
	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/head"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

// TestAcceptWith: fields and cookies of Check are in the answer, in every version.
func TestAcceptWith(t *testing.T) {
	wstest.NoLeaks(t)
	l := listen(t, &driver.Config{
		Versions: driver.AllVersions(),
		Cookies:  []driver.Field{{Name: "of", Value: "Config"}},
	})
	l.Check = func(r *driver.Request) *driver.Response {
		answer, err := netconn.AcceptWith([]driver.Field{{Name: "X-Path", Value: r.Target}},
			&http.Cookie{Name: "session", Value: "a b", HttpOnly: true}, &http.Cookie{Name: "other", Value: "1"})
		if err != nil {
			t.Error(err)
		}
		return answer
	}
	serve(t, l)
	for _, v := range driver.AllVersions() {
		conn, err := netconn.Dial(context.Background(), "ws://"+l.Addr().String()+"/path", &driver.Config{Version: v})
		if err != nil {
			t.Fatalf("%v: %v", v, err)
		}
		r := conn.Response()
		cookies := slices.Collect(head.Values(r.Fields, "Set-Cookie"))
		if r.Get("X-Path") != "/path" || strings.Join(cookies, ", ") != `of=Config, session="a b"; HttpOnly, other=1` {
			t.Errorf("%v: %q", v, r.Fields)
		}
		exchange(t, conn)
	}
}

func TestAcceptWithInvalid(t *testing.T) {
	forbidden := []string{"Sec-WebSocket-Accept", "sec-websocket-protocol", "Upgrade", "Connection", "Content-Length",
		"a b", ""}
	for _, name := range forbidden {
		if _, err := netconn.AcceptWith([]driver.Field{{Name: name, Value: "x"}}); !errors.Is(err, driver.ErrInvalid) {
			t.Errorf("field %q: %v", name, err)
		}
	}
	for _, c := range []*http.Cookie{{Name: "a b", Value: "x"}, {Name: "a", Value: "x\r\nX: injected"}, {}, nil} {
		if _, err := netconn.AcceptWith(nil, c); !errors.Is(err, driver.ErrInvalid) {
			t.Errorf("cookie %v: %v", c, err)
		}
	}
}

// TestOnRefuse: each refusal is reported with its status, which the client gets.
func TestOnRefuse(t *testing.T) {
	foreign := []driver.Field{{Name: "Origin", Value: "https://elsewhere.example"}}
	tests := []struct {
		name   string
		client driver.Config
		check  *driver.Response
		status int // 0: accepted
	}{
		{"accepted", driver.Config{}, nil, 0},
		{"accepted by status", driver.Config{}, &driver.Response{Status: 101}, 0},
		{"by Check", driver.Config{}, &driver.Response{Status: 403}, 403},
		{"by the origin", driver.Config{Fields: foreign}, nil, 403},
		{"by the origin although Check accepts", driver.Config{Fields: foreign}, &driver.Response{Status: 101}, 403},
		{"by the driver", driver.Config{Version: driver.Hybi8}, nil, 426},
		{"a field of the handshake", driver.Config{}, &driver.Response{
			Status: 101, Fields: []driver.Field{{Name: "Sec-WebSocket-Accept", Value: "x"}}}, 500},
		{"a body with 101", driver.Config{}, &driver.Response{Status: 101, Body: []byte("x")}, 500},
		{"no status", driver.Config{}, &driver.Response{}, 500},
		{"a body with 204", driver.Config{}, &driver.Response{Status: 204, Body: []byte("x")}, 500},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			wstest.NoLeaks(t)
			l := listen(t, &driver.Config{Versions: []driver.Version{driver.Hybi13}})
			l.Check = func(*driver.Request) *driver.Response { return test.check }
			reported := make(chan error, 1)
			l.OnRefuse = func(r *driver.Request, err error) {
				if r == nil || r.Target != "/path" {
					t.Errorf("%+v", r)
				}
				reported <- err
			}
			serve(t, l)
			conn, err := netconn.Dial(context.Background(), "ws://"+l.Addr().String()+"/path", &test.client)
			if test.status == 0 {
				if err != nil {
					t.Fatal(err)
				}
				exchange(t, conn)
				l.Close()
				if len(reported) > 0 {
					t.Errorf("reported: %v", <-reported)
				}
				return
			}
			var e *driver.Error
			if !errors.As(err, &e) || e.Status != test.status {
				t.Errorf("Dial: %v", err)
			}
			err, e = <-reported, nil
			if test.status == 500 && !errors.Is(err, driver.ErrInvalid) ||
				test.status != 500 && (!errors.As(err, &e) || e.Status != test.status) {
				t.Errorf("reported: %v", err)
			}
		})
	}
}

// TestOnRefuseMalformed: there is no request to report if it cannot be parsed, and a
// client that only leaves has not been refused.
func TestOnRefuseMalformed(t *testing.T) {
	wstest.NoLeaks(t)
	l := listen(t, nil)
	reported := make(chan int, 2)
	l.OnRefuse = func(r *driver.Request, err error) {
		var e *driver.Error
		if r != nil || !errors.As(err, &e) {
			t.Errorf("%+v, %v", r, err)
			return
		}
		reported <- e.Status
	}
	serve(t, l)
	for _, request := range []string{"GET / HT", "GET\r\n\r\n"} {
		nc, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(nc, request)
		nc.(*net.TCPConn).CloseWrite()
		wstest.UntilEnd(nc)
		nc.Close()
	}
	if status := <-reported; status != 400 {
		t.Errorf("status %d", status)
	}
	l.Close()
	if len(reported) > 0 {
		t.Errorf("status %d, too", <-reported)
	}
}

// TestOnOpen: every connection is passed to OnOpen before Accept returns it, and one that
// is not taken is closed with 1001.
func TestOnOpen(t *testing.T) {
	wstest.NoLeaks(t)
	l := listen(t, nil)
	var opened atomic.Int32
	l.OnOpen = func(*stream.Conn) bool { return opened.Add(1) == 1 }
	serve(t, l)
	for i := range 2 {
		conn, err := netconn.Dial(context.Background(), "ws://"+l.Addr().String(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			exchange(t, conn)
			continue
		}
		var e *stream.CloseError
		if _, _, err := conn.ReadMessage(nil); !errors.As(err, &e) || e.Code != driver.CodeGoingAway {
			t.Errorf("%v", err)
		}
	}
}
