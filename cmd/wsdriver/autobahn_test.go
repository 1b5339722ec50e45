package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"strings"
	"testing"

	"github.com/sans-io/websocket-driver/adapters/netconn"
	"github.com/sans-io/websocket-driver/driver"
)

// TestAutobahn runs the two cases of a suite that expects an echo in each. The real
// suite runs in .ci/autobahn.
func TestAutobahn(t *testing.T) {
	certificate, err := selfSigned([]string{"localhost"})
	if err != nil {
		t.Fatal(err)
	}
	inner, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{certificate}})
	if err != nil {
		t.Fatal(err)
	}
	l, err := netconn.NewListener(inner, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	walked := make(chan []string)
	go func() {
		var seen []string
		for {
			conn, err := l.Accept()
			if err != nil {
				walked <- seen
				return
			}
			target := conn.Request().Target
			switch {
			case target == "/getCaseCount":
				_ = conn.WriteMessage(driver.Text, []byte("2"))
			case strings.HasPrefix(target, "/runCase"):
				_ = conn.WriteMessage(driver.Binary, []byte("ping"))
				kind, p, _ := conn.ReadMessage(nil)
				target += " " + kind.String() + " " + string(p)
			}
			seen = append(seen, target)
			_ = conn.Close(context.Background(), driver.CodeNormal, "")
		}
	}()
	var stdout, stderr bytes.Buffer
	if status := run(context.Background(), []string{"connect", "-autobahn", "-insecure", "wss://" + l.Addr().String()}, nil, &stdout, &stderr); status != exitOK {
		t.Errorf("status %d: %s", status, &stderr)
	}
	l.Close()
	got := strings.Join(<-walked, "\n")
	want := "/getCaseCount\n/runCase?case=1&agent=wsdriver Binary ping\n/runCase?case=2&agent=wsdriver Binary ping\n/updateReports?agent=wsdriver"
	if got != want {
		t.Errorf("visited\n%s\nwant\n%s", got, want)
	}

	if status := run(context.Background(), []string{"connect", "-autobahn", "-insecure", "wss://" + l.Addr().String()}, nil, &stdout, &stderr); status != exitFailed {
		t.Errorf("status %d without a suite, want %d", status, exitFailed)
	}
}
