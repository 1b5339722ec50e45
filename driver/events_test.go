package driver_test

import (
	"fmt"
	"io"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

// drain collects events through loops over Events that are broken off after
// each event, with nothing new in between.
func drain(d *driver.Driver, chunks ...[]byte) []wstest.Record {
	var records []wstest.Record
	one := func(p []byte) bool {
		for ev := range d.Events(p) {
			records = append(records, wstest.Record{Kind: ev.Kind, Final: ev.Final, Code: ev.Code, Data: string(ev.Data)})
			if ev.Kind == driver.Connect {
				_ = d.Start()
			}
			return true
		}
		return false
	}
	for _, c := range chunks {
		one(append([]byte(nil), c...))
	}
	for one(nil) {
	}
	return records
}

// TestEventsBreak: breaking out of Events loses nothing, wherever the input is
// cut, and when the connection ends in what was kept.
func TestEventsBreak(t *testing.T) {
	message := masked(opFin|opText, "one") + masked(opText, "tw") + masked(opFin|opPing, "p") + masked(opFin, "o")
	for name, test := range map[string]struct {
		in   string
		want []string
	}{
		"closing handshake": {request13() + message + masked(opFin|opClose, closing(1000, "")) + "ignored",
			[]string{"Connect", "Open", "Text one", "Ping p", "Text two", "Close 1000"}},
		"violation":         {request13() + message + plain(opFin|opText, "") + message, []string{"Connect", "Open", "Text one", "Ping p", "Text two", "Close 1002"}},
		"bad head":          {"GET / HTTP/1.1\r\nHost: x\r\n bad\r\n\r\n" + message, []string{"Close 1002"}},
		"hixie":             {request76() + hixieBody + "\x00a\xff\x00b\xff\xff\x00\x00c\xff", []string{"Connect", "Open", "Text a", "Text b", "Close 1005"}},
		"version no longer": {strings.Replace(request13(), "13", "3", 1) + message, []string{"Close 1002"}},
	} {
		wstest.Splits([]byte(test.in), func(cut string, chunks [][]byte) {
			d := driver.NewServer(&driver.Config{Versions: driver.AllVersions()})
			if diff := cmp.Diff(test.want, short(drain(d, chunks...))); diff != "" {
				t.Fatalf("%s, %s: events (-want +got):\n%s", name, cut, diff)
			}
			if n := len(drain(d, []byte("junk"))); n > 0 {
				t.Fatalf("%s, %s: %d events after the Close event", name, cut, n)
			}
		})
	}
}

// TestEventsKept: Close in what was kept, and more input with it.
func TestEventsKept(t *testing.T) {
	d := openServer(t, nil, request13())
	for range d.Events([]byte(masked(opFin|opText, "a") + masked(opFin|opClose, "") + "more")) {
		break
	}
	for ev := range d.Events([]byte("x")) {
		if ev.Kind != driver.Close {
			t.Errorf("event %v", ev.Kind)
		}
		break
	}
	want(t, d, "y")
	for range d.Events([]byte("z")) {
		t.Error("an event after the Close event")
	}
}

// TestEOF delivers what has been received before the Close event, also what was
// kept, and what is given with the end.
func TestEOF(t *testing.T) {
	d := openServer(t, nil, request13())
	in := masked(opFin|opText, "a") + masked(opFin|opText, "b")
	for range d.Events([]byte(in)) {
		break
	}
	d.EOF()
	d.EOF()
	want(t, d, masked(opFin|opText, "c")+"\x81", "Text b", "Text c", "Close 1006")
	if d.Err() != io.ErrUnexpectedEOF || !isOver(d) || d.State() != driver.StateClosed {
		t.Errorf("err %v, done %v, state %v", d.Err(), isOver(d), d.State())
	}
	d.EOF()
	want(t, d, in)

	d = openServer(t, nil, request13()) // the end of the transport after the closing handshake is no event
	want(t, d, masked(opFin|opClose, ""), "Close 1005")
	d.EOF()
	if want(t, d, ""); d.Err() != nil {
		t.Errorf("err %v", d.Err())
	}

	d = openServer(t, nil, request13()) // before the answer to our close it is
	_ = d.Close(1000, "")
	d.EOF()
	if want(t, d, "", "Close 1006"); d.Err() != io.ErrUnexpectedEOF {
		t.Errorf("err %v", d.Err())
	}
}

// TestEcho: sends do not invalidate the data of an event.
func TestEcho(t *testing.T) {
	text := strings.Repeat("echo ä ", 100)
	in := masked(opText, text[:300]) + masked(opFin|opPing, "ping") + masked(opFin, text[300:])
	for _, pieces := range []bool{false, true} {
		wstest.Splits([]byte(in), func(cut string, chunks [][]byte) {
			d := openServer(t, &driver.Config{Pieces: pieces}, request13())
			for _, c := range chunks {
				for ev := range d.Events(append([]byte(nil), c...)) {
					data := string(ev.Data)
					for range 3 {
						_ = d.Binary(ev.Data)
						_ = d.Ping(ev.Data[:min(len(ev.Data), 125)])
					}
					if string(ev.Data) != data {
						t.Fatalf("pieces %v, %s: data changed by a send", pieces, cut)
					}
				}
			}
		})
	}
}

// TestOneViolation: the first violation is the one Close event, with the close
// frame queued; what follows is ignored.
func TestOneViolation(t *testing.T) {
	for _, role := range []string{"server", "client"} {
		d, wrong, right, out := openServer(t, nil, request13()), plain, masked, plain
		if role == "client" {
			d, wrong, right, out = openClient(t, nil), masked, plain, masked
		}
		want(t, d, right(opFin|opText, "a")+wrong(opFin|opText, "b")+right(opFin|opText, "c")+wrong(opFin|opText, "d"),
			"Text a", "Close 1002")
		want(t, d, "\xff\xff")
		e := peerError(t, d)
		wantOut(t, d, out(opFin|opClose, closing(1002, e.Msg)))
		d.EOF()
		d.Tick(at(0))
		want(t, d, "")
		if peerError(t, d) != e || e.Code != 1002 || e.Status != 0 {
			t.Errorf("%s: %v", role, d.Err())
		}
	}
}

// TestLimits fails with the right code, before anything too long is stored.
func TestLimits(t *testing.T) {
	tests := []struct {
		name   string
		config driver.Config
		in     string
		want   []string
	}{
		{"MaxMessage", driver.Config{MaxMessage: 5}, masked(opFin|opText, "12345") + masked(opFin|opText, "123456")[:2], []string{"Text 12345"}},
		{"beyond MaxMessage", driver.Config{MaxMessage: 5}, promise(opFin|opText, 6), []string{"Close 1009"}},
		{"beyond MaxMessage in fragments", driver.Config{MaxMessage: 5}, masked(opText, "123") + promise(opFin, 3), []string{"Close 1009"}},
		{"a huge promise", driver.Config{}, promise(opFin|opBinary, math.MaxInt64), []string{"Close 1009"}},
		{"beyond 63 bits", driver.Config{MaxMessage: -1}, promise(opFin|opBinary, 1<<63), []string{"Close 1002"}},
		{"no MaxMessage", driver.Config{MaxMessage: -1}, promise(opFin|opBinary, math.MaxInt64) + "abc", nil},
		{"MaxFrame", driver.Config{MaxFrame: 3}, masked(opText, "123") + masked(opFin, "456") + promise(opFin|opText, 4), []string{"Text 123456", "Close 1009"}},
		{"MaxFragments", driver.Config{MaxFragments: 2}, masked(opText, "") + masked(opFin, "") + masked(opText, "") + masked(0, "") + masked(0, ""),
			[]string{"Text", "Close 1008"}},
		{"bad text inside a frame", driver.Config{}, promise(opFin|opText, 4096) + "abc\xff", []string{"Close 1007"}},
	}
	for _, test := range tests {
		d := openServer(t, &test.config, request13())
		if diff := cmp.Diff(test.want, short(parse(d, test.in))); diff != "" {
			t.Errorf("%s: events (-want +got):\n%s", test.name, diff)
		}
	}
}

// TestSetMaxMessage holds from the next message on, and before Open.
func TestSetMaxMessage(t *testing.T) {
	d := driver.NewServer(nil)
	d.SetMaxMessage(3)
	d.SetPieces(true)
	want(t, d, request13(), "Connect")
	_ = d.Start()
	want(t, d, masked(opText, "1"), "Open", "Text 1")
	d.SetMaxMessage(4)
	d.SetPieces(false)
	want(t, d, masked(0, "2")+masked(opFin, "3"), "Text 2", "Text 3")
	want(t, d, masked(opText, "1")+masked(0, "2")+masked(opFin, "34"), "Text 1234")
	d.SetMaxMessage(0)
	d.SetPieces(false) // the default
	want(t, d, masked(opFin|opBinary, strings.Repeat("x", 1000)), "Binary "+strings.Repeat("x", 1000))
	d.SetMaxMessage(2)
	d.SetPieces(false)
	want(t, d, masked(opFin|opText, "123"), "Close 1009")
	d.SetMaxMessage(1)
	d.SetPieces(false) // no effect, no panic

	d = openServer(t, &driver.Config{Versions: driver.AllVersions()}, request75())
	d.SetMaxMessage(2)
	d.SetPieces(false)
	want(t, d, "\x00ab\xff\x00abc\xff", "Text ab", "Close 1009")
}

// TestSetPieces keeps the limit of SetMaxMessage.
func TestSetPieces(t *testing.T) {
	for _, request := range []string{request13(), request75()} {
		d := driver.NewServer(&driver.Config{Versions: driver.AllVersions()})
		d.SetMaxMessage(3)
		d.SetPieces(false)
		d.SetPieces(true)
		want(t, d, request, "Connect")
		_ = d.Start()
		if request == request75() {
			want(t, d, "\x00a", "Open", "Text a")
			d.SetPieces(false)
			want(t, d, "b\xff", "Text b")
			want(t, d, "\x00a")
			want(t, d, "b\xff", "Text ab")
			want(t, d, "\x00abcd\xff", "Close 1009")
			continue
		}
		want(t, d, masked(opText, "a"), "Open", "Text a")
		d.SetPieces(false)
		want(t, d, masked(opFin, "b"), "Text b")
		want(t, d, masked(opText, "a")+masked(opFin, "b"), "Text ab")
		want(t, d, masked(opFin|opText, "1234"), "Close 1009")
		d.SetPieces(true) // no effect, no panic
	}
}

// TestCloseCodes: what is accepted from the wire and may be sent, version by
// version.
func TestCloseCodes(t *testing.T) {
	ranges := map[string][][2]int{ // the drafts end at 1004, which meant "too large"
		"13": {{1000, 1003}, {1007, 1014}, {3000, 4999}},
		"8":  {{1000, 1004}, {1007, 1007}, {3000, 4999}},
		"7":  {{1000, 1004}, {3000, 4999}},
	}
	for version, good := range ranges {
		request := strings.Replace(request13(), "Version: 13", "Version: "+version, 1)
		for code := range 5100 {
			ok := false
			for _, r := range good {
				ok = ok || code >= r[0] && code <= r[1]
			}
			if code > 1100 && code < 2900 || code > 3100 && code < 4900 {
				continue
			}
			event := "Close 1002"
			if ok {
				event = fmt.Sprintf("Close %d", code)
			}
			d := openServer(t, nil, request)
			got := parse(d, masked(opFin|opClose, closing(uint16(code), "wä")))
			if diff := cmp.Diff([]string{event}, short(got)); diff != "" {
				t.Errorf("version %s, code %d: events (-want +got):\n%s", version, code, diff)
			}
			if ok && (got[0].Data != "wä" || d.Err() != nil) {
				t.Errorf("version %s, code %d: reason %q, err %v", version, code, got[0].Data, d.Err())
			}
			d = openServer(t, nil, request)
			if err := d.Close(driver.Code(code), ""); (err == nil) != (ok || code == int(driver.CodeNoStatus)) {
				t.Errorf("version %s, sending code %d: %v", version, code, err)
			}
		}
	}
	d := openServer(t, nil, request13())
	want(t, d, masked(opFin|opClose, closing(1000, "\xff")), "Close 1007")
}

// TestMessagesWhileClosing: messages between our close and the peer's are
// delivered, and pings answered (RFC 6455, section 5.5.2).
func TestMessagesWhileClosing(t *testing.T) {
	d := openClient(t, nil)
	_ = d.Close(4000, "bye")
	want(t, d, plain(opFin|opText, "late")+plain(opFin|opPing, "p")+plain(opFin|opClose, closing(4001, "too")), "Text late", "Ping p", "Close 4001")
	wantOut(t, d, masked(opFin|opClose, closing(4000, "bye"))+masked(opFin|opPong, "p"))
}

// TestPongs answers every ping in order, until too many answers wait.
func TestPongs(t *testing.T) {
	d := openServer(t, &driver.Config{MaxPongs: 3}, request13())
	ping := func(s string) { t.Helper(); want(t, d, masked(opFin|opPing, s), strings.TrimSpace("Ping "+s)) }
	pong := func(s string) string { return plain(opFin|opPong, s) }
	for _, s := range []string{"1", "2", "3", "4", "5"} {
		ping(s)
	}
	wantOut(t, d, pong("1")+pong("2")+pong("5"))
	ping("6")
	_ = d.Text([]byte("between"))
	ping("7")
	wantOut(t, d, pong("6")+plain(opFin|opText, "between")+pong("7"))
	d = openServer(t, nil, request13())
	for range 1000 {
		ping(strings.Repeat("x", 125))
	}
	if d.Buffered() > 64*127 {
		t.Errorf("%d bytes of pongs wait", d.Buffered())
	}
}

// TestIdleBuffers: between messages nothing is held, whichever door was used.
func TestIdleBuffers(t *testing.T) {
	const size = 4 << 20
	big := masked(opFin|opBinary, strings.Repeat("x", size))
	doors := map[string]func(d *driver.Driver){
		"Parse": func(d *driver.Driver) {
			for in := []byte(big); len(in) > 0; in = in[min(len(in), 1<<16):] {
				wstest.Feed(d, in[:min(len(in), 1<<16)])
			}
		},
		"IO": func(d *driver.Driver) {
			_, _ = io.WriteString(d.IO(), big)
			for d.Messages().Next().Kind != driver.None {
			}
		},
		"Events": func(d *driver.Driver) {
			for range d.Events([]byte(masked(opFin|opPing, "") + big)) {
				break
			}
			for range d.Events(nil) {
			}
		},
		"sends": func(d *driver.Driver) {
			_ = d.Binary([]byte(big))
			d.Take(nil)
			_ = d.Binary([]byte(big))
			_, _ = d.IO().WriteTo(io.Discard)
		},
	}
	for name, door := range doors {
		d := openServer(t, nil, request13())
		before := heap()
		door(d)
		if grown := int64(heap()) - int64(before); grown > size/4 {
			t.Errorf("%s: an idle driver holds %d bytes", name, grown)
		}
		runtime.KeepAlive(d)
	}
}

// heap returns how many bytes are alive.
func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
