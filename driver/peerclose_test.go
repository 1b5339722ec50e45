package driver_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sans-io/websocket-driver/driver"
)

// peerClosed returns a driver of version v with HoldClose, to which the peer has
// sent a close frame with code 1001 and a reason, and what that frame says.
func peerClosed(t *testing.T, v driver.Version, server bool, c driver.Config) (d *driver.Driver, closes string, code driver.Code, reason string) {
	t.Helper()
	c.HoldClose, c.Version, c.Versions = true, v, driver.AllVersions()
	if server {
		switch v {
		case driver.Hixie76:
			d = openServer(t, &c, request76())
		default:
			d = openServer(t, &c, request13())
		}
	} else {
		d, _ = pair(t, &c, &driver.Config{Versions: driver.AllVersions()})
	}
	frame := plain
	if server {
		frame = masked
	}
	code, reason = driver.CodeGoingAway, "bye"
	in := frame(opFin|opClose, closing(1001, reason))
	if v == driver.Hixie76 {
		in, code, reason = "\xff\x00", driver.CodeNoStatus, ""
	}
	data := []byte(in + "ignored")
	n := len(data)
	for ev := range d.Events(data) {
		if ev.Kind != driver.PeerClose || ev.Code != code || string(ev.Data) != reason {
			t.Fatalf("%v %d %q, not PeerClose", ev.Kind, ev.Code, ev.Data)
		}
		n--
	}
	if n != len(data)-1 {
		t.Fatalf("%d events, not 1", len(data)-n)
	}
	for i := range data { // the reason must have been copied
		data[i] = 0xa5
	}
	if d.State() != driver.StatePeerClosed || !d.State().CanSend() || d.Needs() != driver.NeedInput || d.Buffered() != 0 || d.Err() != nil {
		t.Fatalf("%v, needs %v, %d bytes to send, %v", d.State(), d.Needs(), d.Buffered(), d.Err())
	}
	return d, in, code, reason
}

// wantClosed expects the one Close event, which has the code and reason of the
// peer, and no error.
func wantClosed(t *testing.T, d *driver.Driver, code driver.Code, reason string) {
	t.Helper()
	n := 0
	for ev := range d.Events([]byte("ignored")) {
		if n++; ev.Kind != driver.Close || ev.Code != code || string(ev.Data) != reason {
			t.Errorf("%v %d %q, not Close %d %q", ev.Kind, ev.Code, ev.Data, code, reason)
		}
	}
	if n != 1 || d.Err() != nil || d.State() != driver.StateClosed {
		t.Errorf("%d events, Err %v, %v", n, d.Err(), d.State())
	}
}

// TestHoldClose: after the peer's close frame messages, pings and fragments may be
// sent until Close answers (RFC 6455, section 5.5.1).
func TestHoldClose(t *testing.T) {
	for _, v := range []driver.Version{driver.Hybi13, driver.Hixie76} {
		for _, server := range []bool{true, false} {
			for end, do := range map[string]func(d *driver.Driver) bool{
				"Close":        func(d *driver.Driver) bool { return d.Close(driver.CodeNormal, "me too") == nil },
				"EOF":          func(d *driver.Driver) bool { d.EOF(); return true },
				"CloseTimeout": func(d *driver.Driver) bool { d.Tick(at(0)); return d.Tick(at(5 * time.Second)) },
				"never ticks late": func(d *driver.Driver) bool {
					d.Tick(at(0))
					return !d.Tick(at(5*time.Second-1)) && d.Tick(at(time.Hour))
				},
			} {
				t.Run(fmt.Sprintf("%v/server %v/%s", v, server, end), func(t *testing.T) {
					d, closes, code, reason := peerClosed(t, v, server, driver.Config{})
					if err := d.Text([]byte("more")); err != nil {
						t.Error(err)
					}
					if err := d.Fragment(driver.Text, []byte("and"), false); err != nil {
						t.Error(err)
					}
					if err := d.Fragment(driver.Text, []byte(" more"), true); err != nil {
						t.Error(err)
					}
					if v == driver.Hybi13 {
						if err := d.Ping(nil); err != nil {
							t.Error(err)
						}
					}
					d.Take(nil)
					want(t, d, closes) // a second close frame is discarded
					if !do(d) {
						t.Errorf("%s has failed", end)
					}
					wantClosed(t, d, code, reason)
					wantErr(t, d.Text(nil), driver.ErrClosed)
					wantErr(t, d.Close(driver.CodeNormal, ""), driver.ErrClosed)
					out := string(d.Take(nil))
					switch {
					case end == "EOF":
						if out != "" {
							t.Errorf("%q after the end of the transport", out)
						}
					case v == driver.Hixie76:
						if out != "\xff\x00" {
							t.Errorf("%q, not the closing handshake", out)
						}
					case server && end == "Close":
						if out != plain(opFin|opClose, closing(1000, "me too")) {
							t.Errorf("%q", out)
						}
					case server: // the peer's own code
						if out != plain(opFin|opClose, closing(1001, "")) {
							t.Errorf("%q", out)
						}
					}
					if needs := d.Needs(); server && needs != driver.NeedFinish {
						t.Errorf("needs %v", needs)
					}
				})
			}
		}
	}
}

// TestHoldCloseStopsLimits: a peer that has closed is not asked for a sign of life;
// only CloseTimeout runs.
func TestHoldCloseStopsLimits(t *testing.T) {
	d, _, _, _ := peerClosed(t, driver.Hybi13, true,
		driver.Config{PingInterval: time.Second, PongTimeout: time.Second, IdleTimeout: 2 * time.Second, CloseTimeout: time.Hour})
	d.Tick(at(0))
	wantNext(t, d, at(time.Hour))
	for s := range 100 {
		if d.Tick(at(time.Duration(s)*time.Second)) || d.Buffered() > 0 {
			t.Fatalf("after %d s: %v, %d bytes to send", s, d.State(), d.Buffered())
		}
	}
}

// TestHoldCloseLate: a close frame that answers ours is no PeerClose, and one that
// breaks a rule fails the connection as always (section 7.4.1, 8.1).
func TestHoldCloseLate(t *testing.T) {
	d := openServer(t, &driver.Config{HoldClose: true}, request13())
	_ = d.Close(driver.CodeNormal, "")
	want(t, d, masked(opFin|opClose, closing(1000, "")), "Close 1000")
	for _, body := range []string{"x", closing(1005, ""), closing(1000, "\xff")} {
		d := openServer(t, &driver.Config{HoldClose: true}, request13())
		events := short(parse(d, masked(opFin|opClose, body)))
		if len(events) != 1 || !strings.HasPrefix(events[0], "Close 100") || d.Err() == nil {
			t.Errorf("%q: %v, %v", body, events, d.Err())
		}
	}
	d = openServer(t, &driver.Config{HoldClose: true, Versions: driver.AllVersions()}, request75())
	_ = d.Close(driver.CodeNormal, "")
	want(t, d, "", "Close 1005") // hixie-75 has no closing handshake
}

// TestHoldCloseInMessage: Close may come in the middle of our fragments (section
// 5.5.1); the rest of them is ErrClosed.
func TestHoldCloseInMessage(t *testing.T) {
	d, _, code, reason := peerClosed(t, driver.Hybi13, true, driver.Config{})
	_ = d.Fragment(driver.Text, []byte("a"), false)
	if err := d.Close(code, reason); err != nil {
		t.Fatal(err)
	}
	wantErr(t, d.Fragment(driver.Text, []byte("b"), true), driver.ErrClosed)
	wantClosed(t, d, code, reason)
	wantOut(t, d, plain(opText, "a")+plain(opFin|opClose, closing(1001, "bye")))
}

// TestHoldPongs: pings are the application's to answer.
func TestHoldPongs(t *testing.T) {
	d := openServer(t, &driver.Config{HoldPongs: true}, request13())
	want(t, d, masked(opFin|opPing, "p"), "Ping p")
	wantOut(t, d, "")
	if err := d.Pong([]byte("p")); err != nil {
		t.Fatal(err)
	}
	wantOut(t, d, plain(opFin|opPong, "p"))
}

// TestRelayCode: every code that an event can have becomes one that Close sends.
func TestRelayCode(t *testing.T) {
	open := func(v driver.Version, server bool) *driver.Driver {
		c, s := pair(t, &driver.Config{Version: v}, &driver.Config{Versions: driver.AllVersions()})
		if server {
			return s
		}
		return c
	}
	for _, test := range []struct {
		v          driver.Version
		server     bool
		code, want driver.Code
	}{
		{driver.Hybi13, true, 1000, 1000},
		{driver.Hybi13, true, 4999, 4999},
		{driver.Hybi13, true, 1005, 1005},
		{driver.Hybi13, true, 1006, 1011},
		{driver.Hybi13, false, 1006, 1001},
		{driver.Hybi13, true, 1015, 1011},
		{driver.Hybi13, false, 1015, 1001},
		{driver.Hybi13, true, 1004, 1009},
		{driver.Hybi13, true, 5000, 1002},
		{driver.Hybi8, true, 1009, 1004},
		{driver.Hybi8, true, 1007, 1007},
		{driver.Hybi7, true, 1007, 1002},
		{driver.Hybi7, true, 1006, 1002}, // which has no 1011
		{driver.Hybi7, false, 1006, 1001},
		{driver.Hybi7, true, 1012, 1002},
		{driver.Hixie76, true, 1006, 1006}, // no code is sent
	} {
		d := open(test.v, test.server)
		got := d.RelayCode(test.code)
		if got != test.want {
			t.Errorf("%v, server %v: %d becomes %d, not %d", test.v, test.server, test.code, got, test.want)
		}
		if err := d.Close(got, ""); err != nil {
			t.Errorf("%v: %v", test.v, err)
		}
	}
}

// Two drivers that pass everything on, a close included: what the one end still has
// to say arrives though the other has closed.
func Example_relay() {
	config := &driver.Config{HoldClose: true}
	pass := func(from, to *driver.Driver, ev driver.Event) {
		switch ev.Kind {
		case driver.Connect:
			from.Start()
		case driver.Text:
			to.Text(ev.Data)
		case driver.Binary:
			to.Binary(ev.Data)
		case driver.PeerClose:
			to.Close(to.RelayCode(ev.Code), string(ev.Data))
		case driver.Close: // the other side of the relay has said everything
			to.Close(to.RelayCode(ev.Code), string(ev.Data))
		}
	}
	outside, err := driver.NewClient("ws://relay/", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	near := driver.NewServer(config) // towards outside
	far, err := driver.NewClient("ws://inside/", config)
	if err != nil {
		fmt.Println(err)
		return
	}
	inside := driver.NewServer(nil)

	outside.Start()
	far.Start()
	outside.Text([]byte("question"))
	outside.Close(driver.CodeNormal, "that is all")
	for range 10 {
		for ev := range near.Events(outside.Take(nil)) {
			pass(near, far, ev)
		}
		for ev := range inside.Events(far.Take(nil)) {
			switch ev.Kind {
			case driver.Connect:
				inside.Start()
			case driver.Text:
				inside.Text([]byte("late answer"))
			case driver.Close:
				fmt.Printf("inside: %v %q\n", ev.Code, ev.Data)
			}
		}
		for ev := range far.Events(inside.Take(nil)) {
			pass(far, near, ev)
		}
		for ev := range outside.Events(near.Take(nil)) {
			if ev.Kind == driver.Text || ev.Kind == driver.Close {
				fmt.Printf("outside: %v %q\n", ev.Kind, ev.Data)
			}
		}
	}
	// Output:
	// inside: 1000 (normal closure) "that is all"
	// outside: Text "late answer"
	// outside: Close ""
}
