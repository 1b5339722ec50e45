package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/sans-io/websocket-driver/adapters/netconn"
	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
)

// peer is the server and how to talk to it.
type peer struct {
	url      string
	config   driver.Config
	agreed   string // the extensions that have to be agreed on; "" is any
	all      bool   // all messages are sent compressed
	messages int
	conns    int
	seed     uint64
	hangsUp  bool // the server answers a close frame with the end of TCP

	ctx  context.Context // of the step
	note string          // what the step has to say
	seen counts          // the frames of traffic
}

// until sets the context of the next step.
func (p *peer) until(ctx context.Context) *peer {
	p.ctx = ctx
	return p
}

// canClose reports whether the version has a closing handshake.
func (p *peer) canClose() bool { return p.config.Version != driver.Hixie75 }

// dial connects to a path; the connection ends with the step. Callers change
// their copy of the Config.
func (p *peer) dial(path string, change ...func(*driver.Config)) (*stream.Conn, error) {
	c := p.config
	for _, f := range change {
		f(&c)
	}
	conn, err := netconn.Dial(p.ctx, p.url+path, &c)
	if err != nil {
		return nil, fmt.Errorf("connecting to %s: %w", path, err)
	}
	context.AfterFunc(p.ctx, func() { _ = conn.CloseNow() })
	return conn, p.checkExtensions(conn.Extensions())
}

// checkExtensions checks the negotiated extensions. The order of the parameters does
// not matter.
func (p *peer) checkExtensions(got string) error {
	switch {
	case p.agreed != "" && !slices.Equal(parameters(got), parameters(p.agreed)):
		return fmt.Errorf("agreed on %q, expected %q", got, p.agreed)
	case p.config.Extensions != nil && got == "":
		return errors.New("permessage-deflate was offered and not accepted")
	}
	return nil
}

// parameters returns the parts of a single extension as in the handshake, in a fixed
// order.
func parameters(extension string) []string {
	parts := strings.Split(extension, ";")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	slices.Sort(parts)
	return parts
}

// dialTCP makes the TCP connection alone.
func (p *peer) dialTCP() (*net.TCPConn, error) {
	u, err := url.Parse(p.url)
	if err != nil {
		return nil, err
	}
	nc, err := (&net.Dialer{}).DialContext(p.ctx, "tcp", u.Host)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(p.ctx, func() { _ = nc.Close() })
	return nc.(*net.TCPConn), nil
}

// echo sends a message and expects it back.
func echo(conn *stream.Conn, kind driver.Kind, p []byte) error {
	if err := conn.WriteMessage(kind, p); err != nil {
		return err
	}
	return expect(conn, kind, p)
}

// expect reads a message and compares it.
func expect(conn *stream.Conn, kind driver.Kind, want []byte) error {
	k, got, err := conn.ReadMessage(nil)
	if err != nil {
		return fmt.Errorf("instead of %d bytes of %v came: %w", len(want), kind, err)
	}
	return compare(k, got, kind, want)
}

// compare returns how a message differs from the expected one.
func compare(kind driver.Kind, got []byte, wantKind driver.Kind, want []byte) error {
	if kind != wantKind {
		return fmt.Errorf("%v of %d bytes came, expected %v of %d", kind, len(got), wantKind, len(want))
	}
	if bytes.Equal(got, want) {
		return nil
	}
	at := 0
	for at < min(len(got), len(want)) && got[at] == want[at] {
		at++
	}
	return fmt.Errorf("%v of %d bytes came, expected %d; they differ from byte %d on: %q, expected %q", kind, len(got), len(want),
		at, got[at:min(at+20, len(got))], want[at:min(at+20, len(want))])
}

// end is how a connection may end.
type end struct {
	code   driver.Code
	reason string
}

// String returns both.
func (e end) String() string { return fmt.Sprintf("%d %q", e.code, e.reason) }

// expectClose expects the end, in one of several ways: with a closing handshake,
// unless the code is 1006.
func expectClose(conn *stream.Conn, ways ...end) error {
	kind, data, err := conn.ReadMessage(nil)
	var closed *stream.CloseError
	if !errors.As(err, &closed) {
		return fmt.Errorf("%v of %d bytes came (%v), expected the end with %v", kind, len(data), err, ways)
	}
	for _, way := range ways {
		clean := closed.Unwrap() == nil
		if way == (end{closed.Code, closed.Reason}) && clean == (way.code != driver.CodeAbnormal) {
			_ = conn.Close(context.Background(), driver.CodeNormal, "") // returns when the transport is closed
			return nil
		}
	}
	return fmt.Errorf("%w, expected %v", err, ways)
}

// finish closes conn properly.
func (p *peer) finish(conn *stream.Conn) error {
	if !p.canClose() {
		return conn.CloseNow()
	}
	err := conn.Close(context.Background(), driver.CodeNormal, "")
	if p.hangsUp {
		return expectClose(conn, end{code: driver.CodeAbnormal})
	}
	return err
}
