package metrics

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sans-io/websocket-driver/adapters/netconn"
	"github.com/sans-io/websocket-driver/adapters/nethttp"
	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
)

// useConnection traces a connection whose server sends and receives one message and a
// ping, and one that is refused.
func useConnection(t *testing.T, trace *stream.Trace) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	done := make(chan error, 1)
	u := &nethttp.Upgrader{Stream: &stream.Options{Trace: trace}}
	server := httptest.NewServer(u.Handler(func(conn *stream.Conn, _ *http.Request) {
		kind, p, err := conn.ReadMessage(nil)
		if err == nil {
			err = conn.WriteMessage(kind, p)
		}
		go conn.ReadMessage(nil) // for the pong, and the end
		if err == nil {
			_, err = conn.Ping(ctx)
		}
		done <- err
		<-conn.Done()
	}))
	defer server.Close()
	url := "ws" + strings.TrimPrefix(server.URL, "http")
	conn, err := netconn.Dial(ctx, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.WriteMessage(driver.Text, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := conn.ReadMessage(nil); err != nil {
		t.Fatal(err)
	}
	conn.CloseRead() // answers the ping
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(ctx, 4000, "bye"); err != nil {
		t.Fatal(err)
	}
	refusing := httptest.NewServer(http.NotFoundHandler())
	defer refusing.Close()
	_, err = (&netconn.Dialer{Stream: &stream.Options{Trace: trace}}).Dial(ctx, "ws"+strings.TrimPrefix(refusing.URL, "http"))
	if err == nil {
		t.Error("404 was accepted")
	}
}
