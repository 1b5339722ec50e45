package stream_test

import (
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
	"github.com/sans-io/websocket-driver/extensions"
)

// holder is an extension that changes nothing. It holds memory from the first message
// on, until it has to release it.
type holder struct {
	holds atomic.Bool
	fail  error // of Encode
}

func (*holder) Name() string              { return "x-holder" }
func (*holder) RSV() byte                 { return extensions.RSV2 }
func (*holder) Offer() []extensions.Offer { return []extensions.Offer{{Name: "x-holder"}} }

func (h *holder) Accept([]extensions.Param) ([]extensions.Param, extensions.Session, bool) {
	return nil, h, true
}

func (h *holder) Activate([]extensions.Param) (extensions.Session, error) { return h, nil }

func (*holder) Begin(driver.Kind, int) bool { return true }

func (h *holder) Encode(dst, src []byte, _ bool) ([]byte, error) {
	h.holds.Store(true)
	return append(dst, src...), h.fail
}

func (*holder) Decode(dst, src []byte, _ bool) (nd, ns int, err error) {
	n := copy(dst, src)
	return n, n, nil
}

func (h *holder) Release() { h.holds.Store(false) }

// TestReleased: extensions release their memory when a connection that only sends,
// without a reader, is idle or ends.
func TestReleased(t *testing.T) {
	tests := map[string]struct {
		ping time.Duration
		end  func(c *stream.Conn)
	}{
		"CloseNow": {0, func(c *stream.Conn) { c.CloseNow() }},
		"no pong":  {time.Second, func(*stream.Conn) { time.Sleep(1500 * time.Millisecond) }}, // in a bubble
		"idle":     {0, func(*stream.Conn) { time.Sleep(3 * time.Second) }},
	}
	for name, test := range tests {
		synctest.Test(t, func(t *testing.T) {
			h := &holder{}
			with := &driver.Config{Extensions: []driver.Extension{h}, PingInterval: test.ping, PongTimeout: test.ping / 10}
			a, b := net.Pipe()
			client, server := open(t, a, b, &driver.Config{Extensions: []driver.Extension{&holder{}}}, with)
			go func() { // reads everything and answers nothing
				for p := make([]byte, 100); ; {
					if _, err := a.Read(p); err != nil {
						return
					}
				}
			}()
			if err := server.WriteMessage(driver.Text, []byte("a")); err != nil || !h.holds.Load() {
				t.Fatal(err, h.holds.Load())
			}
			test.end(server)
			synctest.Wait()
			if h.holds.Load() {
				t.Errorf("%s: the extension has not released its memory", name)
			}
			client.CloseNow()
		})
	}
}

// TestEncodeFails: an extension fails. The caller gets its error, and both ends get a
// close.
func TestEncodeFails(t *testing.T) {
	wstest.NoLeaks(t)
	mistake := errors.New("mistake")
	a, b := wstest.TCP(t)
	client, server := open(t, a, b, &driver.Config{Extensions: []driver.Extension{&holder{}}},
		&driver.Config{Extensions: []driver.Extension{&holder{fail: mistake}}})
	if err := server.WriteMessage(driver.Text, []byte("a")); err != mistake {
		t.Errorf("error %v", err)
	}
	wantClose(t, client, driver.CodeInternalError, "")
	wantClose(t, server, driver.CodeInternalError, "")
}
