package driver_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

// TestHeader: Header queues what Text or Binary would, without the payload (RFC 6455,
// section 5.2), or nothing.
func TestHeader(t *testing.T) {
	for _, n := range []int{0, 125, 126, 65535, 65536} {
		p := []byte(strings.Repeat("x", n))
		whole, header := openServer(t, nil, request13()), openServer(t, nil, request13())
		if err := whole.Binary(p); err != nil {
			t.Fatal(err)
		}
		ok, err := header.Header(driver.Binary, p)
		if got := string(header.Take(nil)) + string(p); !ok || err != nil || got != string(whole.Take(nil)) {
			t.Errorf("%d bytes: %t, %v, or other bytes", n, ok, err)
		}
	}
	client, server := driver.NewServer(nil), openServer(t, nil, request13())
	tests := map[string]struct {
		d    *driver.Driver
		kind driver.Kind
		p    string
		want error
	}{
		"before Open": {client, driver.Text, "", nil},
		"a ping":      {server, driver.Ping, "", nil},
		"fragments":   {openServer(t, &driver.Config{FragmentSize: 3}, request13()), driver.Text, "long", nil},
		"not UTF-8":   {server, driver.Text, "\xff", driver.ErrInvalidUTF8},
		"MaxBuffered": {fullServer(t), driver.Text, "", driver.ErrFull},
	}
	for name, test := range tests {
		before := test.d.Buffered()
		ok, err := test.d.Header(test.kind, []byte(test.p))
		if ok || !errors.Is(err, test.want) || test.d.Buffered() != before {
			t.Errorf("%s: %t, %v, %d bytes queued", name, ok, err, test.d.Buffered()-before)
		}
	}
}

// fullServer returns a server with as many bytes as MaxBuffered allows.
func fullServer(t *testing.T) *driver.Driver {
	d := openServer(t, &driver.Config{MaxBuffered: 2}, request13())
	if err := d.Text(nil); err != nil {
		t.Fatal(err)
	}
	return d
}

// TestIncoming: what is left of a data frame, and whether it becomes events in place.
func TestIncoming(t *testing.T) {
	d := openServer(t, &driver.Config{Pieces: true}, request13())
	in := []byte(wstest.ClientFrame(0x81, "12\u00fc45"))
	for i, want := range []int64{0, 0, 0, 0, 0, 0, 6, 5, 4, 3, 2, 1} {
		if n, inPlace := d.Incoming(); n != want || inPlace != (want > 0 && want != 3) {
			t.Errorf("before byte %d: %d, %t", i, n, inPlace)
		}
		d.Parse(in[i : i+1])
	}
	if n, inPlace := d.Incoming(); n != 0 || inPlace {
		t.Errorf("between frames: %d, %t", n, inPlace)
	}
}
