package driver_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/sans-io/websocket-driver/driver"
)

// TestIdleTimeout: a silent peer is closed with 1001, in hixie-76 with FF 00; the
// event is 1006, and Err says why.
func TestIdleTimeout(t *testing.T) {
	for _, test := range []struct{ request, out string }{
		{request13(), plain(opFin|opClose, closing(1001, ""))},
		{request76(), "\xff\x00"},
		{request75(), ""},
	} {
		d := openServer(t, &driver.Config{IdleTimeout: time.Minute, Versions: driver.AllVersions()}, test.request)
		wantNext(t, d, atOnce)
		d.Tick(at(0))
		wantNext(t, d, at(time.Minute))
		if d.Tick(at(time.Minute - 1)) {
			t.Error("early")
		}
		if !d.Tick(at(time.Minute)) {
			t.Error("Tick does not say that it has ended the connection")
		}
		wantNext(t, d, never)
		want(t, d, "", "Close 1006")
		if e := peerError(t, d); !strings.Contains(e.Msg, "no input for 1m0s") {
			t.Errorf("%v", e)
		}
		wantOut(t, d, test.out)
		if d.Needs() != driver.NeedFinish {
			t.Errorf("needs %v", d.Needs())
		}
	}
}

// TestIdleTimeoutNeverEarly: input counts at the next Tick, so the limit takes up to
// twice as long; output that waits is no sign of life.
func TestIdleTimeoutNeverEarly(t *testing.T) {
	d := openServer(t, &driver.Config{IdleTimeout: 10 * time.Second}, request13())
	d.Tick(at(0))
	want(t, d, masked(opFin|opText, "in second 1"), "Text in second 1")
	_ = d.Text([]byte("waits"))
	if d.Tick(at(10 * time.Second)) {
		t.Error("early: the input was 9 s ago")
	}
	wantNext(t, d, at(20*time.Second))
	if !d.Tick(at(20 * time.Second)) {
		t.Error("late")
	}
}

// TestIdleTimeoutBesidePings: both limits run, and NextTick is the earlier; a pong is
// a sign of life.
func TestIdleTimeoutBesidePings(t *testing.T) {
	d := openServer(t, &driver.Config{PingInterval: 10 * time.Second, PongTimeout: -1, IdleTimeout: 15 * time.Second}, request13())
	d.Tick(at(0))
	wantNext(t, d, at(10*time.Second))
	d.Tick(at(10 * time.Second))
	wantOut(t, d, plain(opFin|opPing, ""))
	d.Tick(at(11 * time.Second))
	wantNext(t, d, at(15*time.Second))
	want(t, d, masked(opFin|opPong, ""), "Pong")
	if d.Tick(at(15 * time.Second)) {
		t.Error("the pong does not count")
	}
	d.Tick(at(25 * time.Second))
	if !d.Tick(at(30 * time.Second)) {
		t.Error("a peer that answers no ping stays")
	}
}

// TestCheck: a mistake in the settings is found when they are given.
func TestCheck(t *testing.T) {
	for name, test := range map[string]struct {
		c    *driver.Config
		want error
	}{
		"nil":                        {nil, nil},
		"zero":                       {&driver.Config{}, nil},
		"all versions":               {&driver.Config{Versions: driver.AllVersions()}, nil},
		"idle beside pings":          {&driver.Config{PingInterval: time.Second, IdleTimeout: time.Second + 1}, nil},
		"idle without pings":         {&driver.Config{IdleTimeout: 1}, nil},
		"attributes of a cookie":     {&driver.Config{Cookies: []driver.Field{{Name: "a", Value: "1; Path=/"}}}, nil},
		"idle at the ping":           {&driver.Config{PingInterval: time.Second, IdleTimeout: time.Second}, driver.ErrInvalid},
		"idle before the ping":       {&driver.Config{PingInterval: time.Second, IdleTimeout: 1}, driver.ErrInvalid},
		"unknown version":            {&driver.Config{Version: 12}, driver.ErrUnsupported},
		"unknown served version":     {&driver.Config{Versions: []driver.Version{13, 9}}, driver.ErrUnsupported},
		"a draft over HTTP/2":        {&driver.Config{ExtendedConnect: true, Version: driver.Hybi8}, driver.ErrUnsupported},
		"subprotocol":                {&driver.Config{Subprotocols: []string{"a b"}}, driver.ErrInvalid},
		"subprotocol twice":          {&driver.Config{Subprotocols: []string{"a", "a"}}, driver.ErrInvalid},
		"field":                      {&driver.Config{Fields: []driver.Field{{Name: "X", Value: "a\nb"}}}, driver.ErrInvalid},
		"field of the handshake":     {&driver.Config{Fields: []driver.Field{{Name: "upgrade", Value: "x"}}}, driver.ErrInvalid},
		"cookie":                     {&driver.Config{Cookies: []driver.Field{{Name: "a b", Value: "x"}}}, driver.ErrInvalid},
		"an extension appears twice": {&driver.Config{Extensions: []driver.Extension{both[0], both[0]}}, driver.ErrInvalid},
	} {
		if err := test.c.Check(); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
}

// TestRefuse: one place makes the response for an error, and tells the
// client nothing of a mistake of the server's.
func TestRefuse(t *testing.T) {
	for _, test := range []struct {
		err    error
		status int
		body   string
	}{
		{&driver.Error{Status: 403, Msg: "not you"}, 403, "not you\n"},
		{errors.Join(errors.New("context"), &driver.Error{Status: 426, Msg: "version"}), 426, "version\n"},
		{&driver.Error{Status: 405, Msg: "method"}, 405, "method\n"},
		{errors.New("the password is secret"), 500, "the server is misconfigured\n"},
		{&driver.Error{Msg: "no status"}, 500, "the server is misconfigured\n"},
	} {
		d := driver.NewServer(nil)
		want(t, d, request13(), "Connect")
		if err := d.Refuse(test.err); err != nil {
			t.Fatal(err)
		}
		want(t, d, "", "Close 1006")
		r := d.Response()
		if r.Status != test.status || string(r.Body) != test.body || d.Err() != test.err {
			t.Errorf("%v: status %d, body %q, Err %v", test.err, r.Status, r.Body, d.Err())
		}
		if (r.Get("Sec-WebSocket-Version") == "13, 8, 7") != (test.status == 426) || (r.Get("Allow") == "GET") != (test.status == 405) {
			t.Errorf("%v: fields %v", test.err, r.Fields)
		}
		if out := string(d.Take(nil)); !strings.HasSuffix(out, "\r\n\r\n"+test.body) {
			t.Errorf("%q", out)
		}
		wantErr(t, d.Refuse(test.err), driver.ErrState)
	}
	// A plain request: what Start says is what Refuse answers.
	d := driver.NewServer(nil)
	want(t, d, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "Connect")
	err := d.Start()
	var e *driver.Error
	if !errors.As(err, &e) || e.Status != 426 {
		t.Fatalf("Start of a plain request: %v", err)
	}
	if err := d.Refuse(err); err != nil || d.Response().Get("Upgrade") != "websocket" {
		t.Errorf("%v, %v", err, d.Response())
	}
}
