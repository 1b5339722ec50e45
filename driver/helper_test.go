package driver_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/head"
	"github.com/sans-io/websocket-driver/driver/wstest"
	"github.com/sans-io/websocket-driver/hybi/frame"
)

// sampleKey and sampleAccept are the example of RFC 6455, section 1.3.
const (
	sampleKey    = "dGhlIHNhbXBsZSBub25jZQ=="
	sampleAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
)

// zeros is a Config.Rand: all masking keys are 0, so masking changes nothing.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// failing is a Config.Rand that has run dry.
type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("no entropy") }

// lines makes a head of its lines.
func lines(s ...string) string { return strings.Join(s, "\r\n") + "\r\n\r\n" }

// request13 is a request of RFC 6455 with more fields.
func request13(fields ...string) string {
	return lines(append([]string{"GET /chat HTTP/1.1", "Host: example.com", "Upgrade: websocket", "Connection: Upgrade",
		"Sec-WebSocket-Key: " + sampleKey, "Sec-WebSocket-Version: 13"}, fields...)...)
}

// response13 is the answer to request13.
func response13(fields ...string) string {
	return lines(append([]string{"HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
		"Sec-WebSocket-Accept: " + sampleAccept}, fields...)...)
}

// The example of draft-76, section 1.2.
const (
	hixieBody   = "^n:ds[4U"
	hixieDigest = "8jKS'y:G*Co,Wxa-"
)

// request76 is a request of hixie-76 without the 8 bytes after it.
func request76(fields ...string) string {
	return lines(append([]string{"GET /demo HTTP/1.1", "Host: example.com", "Connection: Upgrade",
		"Sec-WebSocket-Key2: 12998 5 Y3 1  .P00", "Upgrade: WebSocket", "Sec-WebSocket-Key1: 4 @1  46546xW%0l 1 5",
		"Origin: http://example.com"}, fields...)...)
}

// request75 is a request of hixie-75.
func request75(fields ...string) string {
	return lines(append([]string{"GET /demo HTTP/1.1", "Upgrade: WebSocket", "Connection: Upgrade", "Host: example.com",
		"Origin: http://example.com"}, fields...)...)
}

// The first byte of a header: FIN and the opcode.
const (
	opFin    = frame.FinBit
	opText   = byte(frame.Text)
	opBinary = byte(frame.Binary)
	opClose  = byte(frame.Close)
	opPing   = byte(frame.Ping)
	opPong   = byte(frame.Pong)
)

// plain is a frame from a server.
func plain(b0 byte, payload string) string { return wstest.ServerFrame(b0, payload) }

// masked is a frame from a client, with the key 0.
func masked(b0 byte, payload string) string { return wstest.ClientFrame(b0, payload) }

// promise returns the header of a frame of a client whose payload of n bytes does not
// follow.
func promise(b0 byte, n uint64) string {
	return frame.Encode(frame.Header{
		Fin: b0&opFin != 0, Opcode: frame.Opcode(b0 &^ opFin), Masked: true, Length: n,
	}, "")
}

// closing is the body of a close frame.
func closing(code uint16, reason string) string {
	return string(binary.BigEndian.AppendUint16(nil, code)) + reason
}

// parse gives in to d as one chunk and returns the events.
func parse(d *driver.Driver, in string) []wstest.Record { return wstest.Feed(d, []byte(in)) }

// parsed returns the request in in, as another parser would hand it over.
func parsed(t *testing.T, in string) *driver.Request {
	t.Helper()
	p := head.NewRequestParser(0, 0)
	if _, done, err := p.Parse([]byte(in)); !done || err != nil {
		t.Fatalf("parsing the request: %v, %v", done, err)
	}
	return p.Request()
}

// short shortens records to what most tests compare: kind, and data if any.
func short(records []wstest.Record) []string {
	var s []string
	for _, r := range records {
		text := r.Kind.String()
		isClose := r.Kind == driver.Close || r.Kind == driver.PeerClose
		if isClose {
			text += fmt.Sprintf(" %d", r.Code)
		}
		if r.Data != "" && !isClose {
			text += " " + r.Data
		}
		s = append(s, text)
	}
	return s
}

// want compares the events of in, as short tells them.
func want(t *testing.T, d *driver.Driver, in string, events ...string) {
	t.Helper()
	if diff := cmp.Diff(events, short(parse(d, in))); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// wantOut compares the bytes to send, and takes them.
func wantOut(t *testing.T, d *driver.Driver, out string) {
	t.Helper()
	if diff := cmp.Diff(out, string(d.Take(nil))); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
}

// wantErr checks the error of a call.
func wantErr(t *testing.T, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Errorf("error %v, want %v", err, target)
	}
}

// peerError returns d.Err as an *Error.
func peerError(t *testing.T, d *driver.Driver) *driver.Error {
	t.Helper()
	var e *driver.Error
	if !errors.As(d.Err(), &e) {
		t.Fatalf("Err is %v, not an *Error", d.Err())
	}
	return e
}

// openServer returns an open server to which in, a request, has been given. Its
// answer has been taken.
func openServer(t testing.TB, c *driver.Config, in string) *driver.Driver {
	t.Helper()
	d := driver.NewServer(c)
	if got := short(parse(d, in)); !slices.Equal(got, []string{"Connect"}) {
		t.Fatalf("events %v, want Connect; %v", got, d.Err())
	}
	if err := d.Start(); err != nil {
		t.Fatal(err)
	}
	body := ""
	if d.Version() == driver.Hixie76 {
		body = hixieBody
	}
	if got := short(parse(d, body)); !slices.Equal(got, []string{"Open"}) {
		t.Fatalf("events %v, want Open; %v", got, d.Err())
	}
	if out := d.Take(nil); c != nil && c.Buffers != nil {
		c.Buffers.Put(out)
	}
	return d
}

// pair returns a client and a server that have opened a connection.
func pair(t testing.TB, client, server *driver.Config) (c, s *driver.Driver) {
	t.Helper()
	c, err := driver.NewClient("ws://example.com/chat", client)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	s = driver.NewServer(server)
	got := wstest.Feed(starter{s}, c.Take(nil))
	got = append(got, wstest.Feed(c, s.Take(nil))...)
	if diff := cmp.Diff([]string{"Connect", "Open", "Open"}, short(got)); diff != "" {
		t.Fatalf("events (-want +got):\n%s", diff)
	}
	return c, s
}

// fixedKey is a Config.Rand that gives sampleKey to handshakes and zeros to
// masking keys, or an error.
type fixedKey struct{ broken bool }

func (f *fixedKey) Read(p []byte) (int, error) {
	if f.broken {
		return 0, errors.New("no entropy")
	}
	clear(p)
	if len(p) == len("the sample nonce") {
		copy(p, "the sample nonce")
	}
	return len(p), nil
}

// startClient returns a client of version 13 that waits for the answer to
// request13. c.Rand is set if it is nil.
func startClient(t testing.TB, c *driver.Config) *driver.Driver {
	t.Helper()
	if c == nil {
		c = &driver.Config{}
	}
	if c.Rand == nil {
		c.Rand = &fixedKey{}
	}
	d, err := driver.NewClient("ws://example.com/chat", c)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Start(); err != nil {
		t.Fatal(err)
	}
	d.Take(nil)
	return d
}

// openClient returns an open client of version 13 with the masking key 0.
func openClient(t testing.TB, c *driver.Config) *driver.Driver {
	t.Helper()
	d := startClient(t, c)
	if got := short(parse(d, response13())); !slices.Equal(got, []string{"Open"}) {
		t.Fatalf("events %v, want Open; %v", got, d.Err())
	}
	return d
}

// at is a moment of the virtual clock.
func at(d time.Duration) time.Time { return time.Unix(1000, 0).Add(d) }

// isOver reports whether d has nothing left to do but to hand over its output.
func isOver(d *driver.Driver) bool {
	needs := d.Needs()
	return needs != 0 && needs&(driver.NeedInput|driver.NeedFetch|driver.NeedAnswer) == 0
}

// isPaused reports whether d waits for a call, and takes no input meanwhile.
func isPaused(d *driver.Driver) bool { return d.Needs()&driver.NeedAnswer != 0 }

// isPending reports whether d has an event that needs no input.
func isPending(d *driver.Driver) bool { return d.Needs()&driver.NeedFetch != 0 }
