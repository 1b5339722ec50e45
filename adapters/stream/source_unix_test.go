//go:build unix

package stream_test

import (
	"errors"
	"net"
	"syscall"
	"testing"

	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

// TestReset: the error is the one that Read of the connection gives.
func TestReset(t *testing.T) {
	a, b := wstest.TCP(t)
	c := opened(t, b, nil)
	defer c.CloseNow()
	a.(*net.TCPConn).SetLinger(0)
	a.Close()
	e := wantClose(t, c, driver.CodeAbnormal, "")
	var op *net.OpError
	if !errors.As(e, &op) || op.Op != "read" || op.Net != "tcp" || op.Addr.String() != b.RemoteAddr().String() ||
		op.Source.String() != b.LocalAddr().String() {
		t.Errorf("%v", e)
	}
	if !errors.Is(e, syscall.ECONNRESET) {
		t.Errorf("%v is no reset", e)
	}
}
