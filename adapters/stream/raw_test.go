package stream_test

import (
	"errors"
	"testing"

	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

func TestRaw(t *testing.T) {
	wstest.NoLeaks(t)
	a, b := wstest.TCP(t)
	client, server := open(t, a, b, nil, nil)
	var err error
	client.Raw(func(d *driver.Driver) {
		err = errors.Join(d.Fragment(driver.Text, []byte("in "), false), d.Ping(nil), d.Fragment(driver.Text, []byte("parts"), true))
	})
	if err != nil {
		t.Fatal(err)
	}
	wantMessage(t, server, driver.Text, "in parts")
	client.Raw(func(d *driver.Driver) { err = d.Close(4000, "raw") })
	if err != nil {
		t.Fatal(err)
	}
	wantClose(t, server, 4000, "raw")
	wantClose(t, client, 4000, "")
}

// TestRawClose ends a connection that has no closing handshake.
func TestRawClose(t *testing.T) {
	wstest.NoLeaks(t)
	a, b := wstest.TCP(t)
	client, server := open(t, a, b, &driver.Config{Version: driver.Hixie75}, &driver.Config{Versions: driver.AllVersions()})
	server.Raw(func(d *driver.Driver) { d.Close(driver.CodeNormal, "") })
	wantClose(t, client, driver.CodeAbnormal, "")
}
