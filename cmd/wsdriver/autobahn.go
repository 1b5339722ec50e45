package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"

	"github.com/sans-io/websocket-driver/adapters/netconn"
	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
)

// autobahn runs the cases of the Autobahn test suite, whose server is at base. It
// asks for the number of cases, echoes in each of them, and has the reports written.
// The suite judges the result of a case.
func autobahn(ctx context.Context, base string, dialer *netconn.Dialer, stderr io.Writer) int {
	base = strings.TrimSuffix(base, "/")
	agent := "agent=" + url.QueryEscape("wsdriver")
	count := ""
	err := visit(ctx, base+"/getCaseCount", dialer, func(_ *stream.Conn, _ driver.Kind, p []byte) error {
		count = string(p)
		return nil
	})
	n, bad := strconv.Atoi(count)
	if err == nil && bad != nil {
		err = fmt.Errorf("the number of cases is %q", count)
	}
	for i := 1; i <= n && err == nil; i++ {
		err = visit(ctx, fmt.Sprintf("%s/runCase?case=%d&%s", base, i, agent), dialer, func(c *stream.Conn, k driver.Kind, p []byte) error {
			return c.WriteMessage(k, p)
		})
	}
	if err == nil {
		err = visit(ctx, base+"/updateReports?"+agent, dialer, func(*stream.Conn, driver.Kind, []byte) error { return nil })
	}
	if err != nil {
		fmt.Fprintf(stderr, "wsdriver connect: %s\n", visible(err.Error()))
		return exitFailed
	}
	return exitOK
}

// visit connects to a URL of the suite and calls f with each message until the
// connection ends. It returns an error if it cannot connect.
func visit(ctx context.Context, rawURL string, dialer *netconn.Dialer, f func(*stream.Conn, driver.Kind, []byte) error) error {
	conn, err := dialer.Dial(ctx, rawURL)
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { _ = conn.CloseNow() })()
	var p []byte
	for kind := driver.None; err == nil; {
		if kind, p, err = conn.ReadMessage(p); err == nil {
			err = f(conn, kind, p)
		}
	}
	_ = conn.Close(ctx, driver.CodeNormal, "")
	return ctx.Err()
}
