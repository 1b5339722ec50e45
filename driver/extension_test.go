package driver_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/extensions"
)

// flip is an extension that changes bit 0 of every byte.
type flip struct {
	name string
	rsv  byte
	fail error // of Encode
}

func (f flip) Name() string              { return f.name }
func (f flip) RSV() byte                 { return f.rsv }
func (f flip) Offer() []extensions.Offer { return []extensions.Offer{{Name: f.name}} }

func (f flip) Accept(offer []extensions.Param) ([]extensions.Param, extensions.Session, bool) {
	return nil, f, len(offer) == 0
}

func (f flip) Activate(answer []extensions.Param) (extensions.Session, error) {
	if len(answer) > 0 {
		return nil, errors.New("a parameter")
	}
	return f, nil
}

func (f flip) Begin(driver.Kind, int) bool { return true }

func (f flip) Encode(dst, src []byte, _ bool) ([]byte, error) {
	for _, b := range src {
		dst = append(dst, b^1)
	}
	return dst, f.fail
}

func (f flip) Decode(dst, src []byte, _ bool) (nd, ns int, err error) {
	n := copy(dst, src)
	for i := range dst[:n] {
		dst[i] ^= 1
	}
	return n, n, nil
}

var (
	flip1 = flip{"flip1", extensions.RSV1, nil}
	flip2 = flip{"flip2", extensions.RSV2, nil}
	both  = []driver.Extension{flip1, flip2}
)

const (
	rsv1 = 0x40
	rsv2 = 0x20
)

// TestExtensions sends through what was agreed on, and uses no prepared form.
func TestExtensions(t *testing.T) {
	c, s := pair(t, &driver.Config{Extensions: []driver.Extension{flip1}}, &driver.Config{Extensions: both})
	if c.Extensions() != "flip1" || s.Extensions() != "flip1" {
		t.Errorf("extensions %q and %q", c.Extensions(), s.Extensions())
	}
	m, err := driver.NewPrepared(driver.Text, []byte("aä"), s.Variant())
	if err != nil {
		t.Fatal(err)
	}
	_ = s.Text([]byte("aä"))
	_ = s.SendPrepared(m)
	_ = s.Ping([]byte("a")) // control frames pass untouched
	flipped := plain(opFin|rsv1|opText, "`\xc2\xa5")
	out := s.Take(nil)
	if diff := cmp.Diff(flipped+flipped+plain(opFin|opPing, "a"), string(out)); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
	want(t, c, string(out), "Text aä", "Text aä", "Ping a")
	_ = c.Binary(bytes.Repeat([]byte("x"), 10000))
	want(t, s, string(c.Take(nil)), "Pong a", "Binary "+strings.Repeat("x", 10000))
}

// TestExtensionsOrder: the client's offers in its order, the server's answer in
// the server's (RFC 6455, section 9.1).
func TestExtensionsOrder(t *testing.T) {
	reverse := slices.Clone(both)
	slices.Reverse(reverse)
	c, s := pair(t, &driver.Config{Extensions: both}, &driver.Config{Extensions: reverse})
	if got := s.Request().Get("Sec-WebSocket-Extensions"); got != "flip1, flip2" {
		t.Errorf("offer %q", got)
	}
	if c.Extensions() != "flip2, flip1" || s.Extensions() != "flip2, flip1" {
		t.Errorf("extensions %q and %q", c.Extensions(), s.Extensions())
	}
	_ = c.Text([]byte("hello"))
	out := c.Take(nil)
	if out[0] != opFin|rsv1|rsv2|opText {
		t.Errorf("first byte %#x", out[0])
	}
	want(t, s, string(out), "Text hello")
}

// TestExtensionsBad: a bad header fails the handshake in both roles, a bit that
// has not been negotiated fails the connection.
func TestExtensionsBad(t *testing.T) {
	d := driver.NewServer(&driver.Config{Extensions: both})
	want(t, d, request13("Sec-WebSocket-Extensions: flip1; =x"), "Close 1002")
	if e := peerError(t, d); e.Status != 400 {
		t.Errorf("status %d, want 400", e.Status)
	}
	for _, test := range []struct{ answer, want string }{
		{"flip1; =x", "Close 1002"},
		{"flip1, flip1", "Close 1010"},
		{"flip1; x=1", "Close 1010"},
		{"flip3", "Close 1010"},
	} {
		want(t, startClient(t, &driver.Config{Extensions: both}), response13("Sec-WebSocket-Extensions: "+test.answer), test.want)
	}
	d = openServer(t, &driver.Config{Extensions: both}, request13("Sec-WebSocket-Extensions: flip1"))
	want(t, d, masked(opFin|rsv1|opText, "`")+masked(opFin|rsv2|opText, "`"), "Text a", "Close 1002")
	if _, err := driver.NewClient("ws://example.com/", &driver.Config{Extensions: []driver.Extension{flip1, flip1}}); err == nil {
		t.Error("an extension twice: no error")
	}
}

// TestExtensionFails: a message that cannot be encoded ends the connection, for
// both sides to see.
func TestExtensionFails(t *testing.T) {
	mistake := errors.New("mistake")
	c, s := pair(t, &driver.Config{Extensions: both}, &driver.Config{Extensions: []driver.Extension{flip{"flip1", extensions.RSV1, mistake}}})
	if err := s.Text([]byte("a")); err != mistake {
		t.Errorf("error %v", err)
	}
	if err := s.Text([]byte("a")); err != driver.ErrClosed || s.State() != driver.StateClosed || !isPending(s) {
		t.Errorf("error %v, %v, pending %v", err, s.State(), isPending(s))
	}
	out := string(s.Take(nil))
	want(t, s, "", "Close 1011")
	if e := peerError(t, s); e.Code != 1011 || isPending(s) || !isOver(s) {
		t.Errorf("%v, pending %v, done %v", e, isPending(s), isOver(s))
	}
	want(t, c, out, "Close 1011")
}
