package driver_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/sans-io/websocket-driver/driver"
)

// TestFrames relays frames as they come, by Fragment and by Messages.
func TestFrames(t *testing.T) {
	in := masked(opText, "gr\xc3") + masked(opFin|opPing, "p") + masked(0, "\xbc") + masked(opFin, "\xc3\x9fe") +
		masked(opFin|opBinary, "whole") + masked(opBinary, "") + masked(opFin, "")
	want := plain(opText, "gr\xc3") + plain(0, "\xbc") + plain(opFin, "\xc3\x9fe") +
		plain(opFin|opBinary, "whole") + plain(opBinary, "") + plain(opFin, "")
	for name, relay := range map[string]func(from, to *driver.Driver) error{
		"Fragment": func(from, to *driver.Driver) error {
			var err error
			for ev := range from.Events([]byte(in)) {
				if ev.Kind.IsMessage() {
					err = errors.Join(err, to.Fragment(ev.Kind, ev.Data, ev.Final))
				}
			}
			return err
		},
		"Messages": func(from, to *driver.Driver) error {
			if _, err := from.IO().Write([]byte(in)); err != nil {
				return err
			}
			var err error
			for ev := from.Messages().Next(); ev.Kind != driver.None; ev = from.Messages().Next() {
				if ev.Kind.IsMessage() {
					_, e := io.Copy(to.Messages(), from.Messages())
					err = errors.Join(err, e)
				}
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			from, to := openServer(t, &driver.Config{Frames: true}, request13()), openServer(t, nil, request13())
			if err := relay(from, to); err != nil {
				t.Error(err)
			}
			wantOut(t, to, want)
		})
	}
}

// TestFramesQueued: a message in fragments waits for Open, in hixie too.
func TestFramesQueued(t *testing.T) {
	for request, want := range map[string]string{
		request13(): plain(opText, "a") + plain(0, "b") + plain(opFin, "c"),
		request75(): "\x00abc\xff",
	} {
		for _, before := range []bool{true, false} {
			d := driver.NewServer(&driver.Config{Versions: driver.AllVersions()})
			send := func() {
				t.Helper()
				err := errors.Join(d.Fragment(driver.Text, []byte("a"), false), d.Fragment(driver.Continuation, []byte("b"), false),
					d.Fragment(driver.Continuation, []byte("c"), true))
				if err != nil {
					t.Error(err)
				}
				wantErr(t, d.Fragment(driver.Continuation, nil, true), driver.ErrState)
			}
			if before {
				send()
			}
			d.Parse([]byte(request))
			if err := d.Start(); err != nil {
				t.Fatal(err)
			}
			if !before {
				send()
			}
			if out := string(d.Take(nil)); !strings.HasSuffix(out, "\r\n\r\n"+want) {
				t.Errorf("%q does not end in %q", out, want)
			}
		}
	}
}

// TestFramesConfig: Frames excludes Pieces.
func TestFramesConfig(t *testing.T) {
	err := (&driver.Config{Frames: true, Pieces: true}).Check()
	if wantErr(t, err, driver.ErrInvalid); err != nil && !strings.Contains(err.Error(), "Frames") {
		t.Error(err)
	}
}
