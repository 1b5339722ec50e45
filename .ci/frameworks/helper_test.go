package frameworks

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sans-io/websocket-driver/adapters/netconn"
	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
)

// echo sends messages back until the connection ends.
func echo(conn *stream.Conn) {
	for m, err := range conn.Messages() {
		if err != nil || conn.WriteMessage(m.Kind, m.Data) != nil {
			return
		}
	}
}

// serveHTTP serves h, and returns the address.
func serveHTTP(t *testing.T, h http.Handler) string {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

// listen returns a listener on loopback.
func listen(t *testing.T) net.Listener {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// ask sends question to path, and fails the test unless answer comes back.
func ask(t *testing.T, addr, path, question, answer string) {
	t.Helper()
	ctx := context.Background()
	conn, err := netconn.Dial(ctx, "ws://"+addr+path, nil)
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.CloseNow()
	conn.WriteMessage(driver.Text, []byte(question))
	if _, p, err := conn.ReadMessage(nil); string(p) != answer || err != nil {
		t.Errorf("%s: %q, %v, not %q", path, p, err, answer)
	}
	if err := conn.Close(ctx, driver.CodeNormal, ""); err != nil {
		t.Errorf("%s: %v", path, err)
	}
}
