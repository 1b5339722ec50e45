package stream_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
	"github.com/sans-io/websocket-driver/extensions/deflate"
)

// wantFrame reads a frame.
func wantFrame(t *testing.T, c *stream.Conn, kind driver.Kind, payload string, final bool) {
	t.Helper()
	k, p, f, err := c.ReadFrame(nil)
	if err != nil || k != kind || string(p) != payload || f != final {
		t.Errorf("%v %q final %v, %v; not %v %q final %v", k, p, f, err, kind, payload, final)
	}
}

// TestReadFrame: RFC 6455, section 5.4, frame by frame, mixed with whole messages.
func TestReadFrame(t *testing.T) {
	wstest.NoLeaks(t)
	fragmented := frame(0x01, "a\xc3") + frame(0x89, "ping") + frame(0x00, "\xa9") + frame(0x80, "b")
	var whole []string
	c := stream.New(newScript(frame(0x81, "one"), fragmented, fragmented, fragmented, fragmented, frame(0x82, ""), frame(0x88, "\x03\xe8")),
		openDriver(t, &driver.Config{Frames: true}),
		&stream.Options{Trace: &stream.Trace{Received: func(_ *stream.Conn, kind driver.Kind, n int) {
			if kind.IsMessage() {
				whole = append(whole, fmt.Sprint(kind, n))
			}
		}}})
	defer c.CloseNow()
	wantFrame(t, c, driver.Text, "one", true)
	wantFrame(t, c, driver.Text, "a\xc3", false)
	wantFrame(t, c, driver.Continuation, "\xa9", false)
	wantFrame(t, c, driver.Continuation, "b", true)
	wantMessage(t, c, driver.Text, "aéb")
	wantFrame(t, c, driver.Text, "a\xc3", false)
	wantMessage(t, c, driver.Text, "\xa9b")
	kind, r, err := c.NextReader()
	if err != nil || kind != driver.Text {
		t.Fatal(kind, err)
	}
	if _, err := io.ReadFull(r, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	wantFrame(t, c, driver.Binary, "", true)
	if _, err := r.Read(make([]byte, 1)); !errors.Is(err, driver.ErrState) {
		t.Errorf("the reader of a message that ReadFrame has skipped: %v", err)
	}
	if want := []string{"Text 3", "Text 4", "Text 4", "Text 4", "Text 4", "Binary 0"}; !slices.Equal(whole, want) {
		t.Errorf("Trace.Received: %v, not %v", whole, want)
	}
	if kind, p, final, err := c.ReadFrame([]byte("old")); kind != driver.None || len(p) > 0 || final || !isClose(err, driver.CodeNormal) {
		t.Errorf("at the end: %v %q %v, %v", kind, p, final, err)
	}
}

// isClose reports whether err is a *CloseError with this code.
func isClose(err error, code driver.Code) bool {
	var e *stream.CloseError
	return errors.As(err, &e) && e.Code == code
}

// TestReadFrameDeadline: a deadline loses nothing, in ReadFrame and in ReadMessage
// before it.
func TestReadFrameDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		c := opened(t, b, &driver.Config{Frames: true})
		first, rest := frame(0x02, "ab"), frame(0x00, "cdef")+frame(0x80, "g")
		go io.WriteString(a, first+rest[:8])
		c.SetReadDeadline(time.Now().Add(time.Second))
		if _, _, err := c.ReadMessage(nil); !isDeadline(err) {
			t.Fatal(err)
		}
		if _, _, _, err := c.ReadFrame(nil); !isDeadline(err) {
			t.Fatal(err)
		}
		c.SetReadDeadline(time.Time{})
		go io.WriteString(a, rest[8:])
		wantFrame(t, c, driver.Binary, "abcdef", false)
		wantFrame(t, c, driver.Continuation, "g", true)
		c.CloseNow()
	})
}

// TestReadFrameConfig: without Frames, and in hixie.
func TestReadFrameConfig(t *testing.T) {
	wstest.NoLeaks(t)
	c := opened(t, newScript(frame(0x81, "one")), nil)
	if _, _, _, err := c.ReadFrame(nil); !errors.Is(err, driver.ErrInvalid) || !strings.Contains(err.Error(), "Frames") {
		t.Error(err)
	}
	wantMessage(t, c, driver.Text, "one")
	c.CloseNow()
	for _, v := range driver.AllVersions() {
		a, b := wstest.TCP(t)
		client, server := open(t, a, b, &driver.Config{Version: v}, &driver.Config{Versions: driver.AllVersions(), Frames: true})
		if err := client.WriteMessage(driver.Text, []byte("grüße")); err != nil {
			t.Fatal(err)
		}
		wantFrame(t, server, driver.Text, "grüße", true)
	}
}

// TestReadFrameLarge: frames that come in many reads, compressed ones too.
func TestReadFrameLarge(t *testing.T) {
	wstest.NoLeaks(t)
	part := bytes.Repeat([]byte("0123456789abcdef"), 20<<10)
	for name, cfg := range map[string]driver.Config{
		"plain":      {},
		"compressed": {Extensions: []driver.Extension{&deflate.Extension{}}},
	} {
		a, b := wstest.TCP(t)
		receives := cfg
		receives.Frames = true
		client, server := open(t, a, b, &cfg, &receives)
		go client.Raw(func(d *driver.Driver) {
			for i := range 3 {
				d.Fragment([]driver.Kind{driver.Binary, driver.Continuation, driver.Continuation}[i], part, i == 2)
			}
		})
		var got []byte
		for i := range 3 {
			kind, p, final, err := server.ReadFrame(nil)
			if err != nil || final != (i == 2) || kind != []driver.Kind{driver.Binary, driver.Continuation, driver.Continuation}[i] {
				t.Fatalf("%s: %v, final %v, %v", name, kind, final, err)
			}
			got = append(got, p...)
		}
		if !bytes.Equal(got, bytes.Repeat(part, 3)) {
			t.Errorf("%s: %d bytes differ", name, len(got))
		}
	}
}
