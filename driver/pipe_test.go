package driver_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

// script is what the client of TestPipe sends and the server echoes.
var script = []wstest.Record{
	{Kind: driver.Text, Final: true, Data: "hello"},
	{Kind: driver.Text, Final: true, Data: ""},
	{Kind: driver.Ping, Data: "are you there?"},
	{Kind: driver.Binary, Final: true, Data: "\x00\xff\x80"},
	{Kind: driver.Text, Final: true, Data: strings.Repeat("Grüße, 世界 🌍 ", 4000)},
	{Kind: driver.Text, Final: true, Data: strings.Repeat("ä", 63)},
	{Kind: driver.Binary, Final: true, Data: strings.Repeat("\xc3", 125)},
	{Kind: driver.Binary, Final: true, Data: strings.Repeat("b", 126)},
	{Kind: driver.Ping},
	{Kind: driver.Text, Final: true, Data: strings.Repeat("t", 1<<16-1)},
	{Kind: driver.Text, Final: true, Data: strings.Repeat("t", 1<<16)},
	{Kind: driver.Pong, Data: "unsolicited"},
}

// send sends r, data in fragments cut anywhere if parts is above 1.
func send(d *driver.Driver, r wstest.Record, parts int) error {
	data := []byte(r.Data)
	switch {
	case r.Kind == driver.Ping:
		return d.Ping(data)
	case r.Kind == driver.Pong:
		return d.Pong(data)
	case parts > 1:
		for i := range parts {
			from, to := len(data)*i/parts, len(data)*(i+1)/parts
			if err := d.Fragment(r.Kind, data[from:to], i == parts-1); err != nil {
				return err
			}
		}
		return nil
	case r.Kind == driver.Binary:
		return d.Binary(data)
	}
	return d.Text(data)
}

// dialog is one run of TestPipe.
type dialog struct {
	t              *testing.T
	client, server *driver.Driver
	script         []wstest.Record
	streams        bool // through IO and Messages
	parts          int  // fragments of each message
	atClient       []wstest.Record
	atServer       []wstest.Record
}

// run carries bytes until both sides are silent. The client sends script and
// then closes.
func (g *dialog) run(rnd *rand.Rand) {
	g.t.Helper()
	must := func(err error) {
		if err != nil {
			g.t.Error(err)
		}
	}
	c := &wstest.Side{End: g.client, Handle: func(ev driver.Event) {
		g.atClient = append(g.atClient, wstest.Record{Kind: ev.Kind, Final: ev.Final, Code: ev.Code, Data: string(ev.Data)})
		if ev.Kind == driver.Open {
			for _, r := range g.script {
				must(send(g.client, r, g.parts))
			}
			must(g.client.Close(driver.CodeGoingAway, "tschüß"))
		}
	}}
	s := &wstest.Side{End: g.server, Handle: func(ev driver.Event) {
		g.atServer = append(g.atServer, wstest.Record{Kind: ev.Kind, Final: ev.Final, Code: ev.Code, Data: string(ev.Data)})
		switch {
		case ev.Kind == driver.Connect:
			must(g.server.Start())
		case ev.Kind == driver.Text || ev.Kind == driver.Binary:
			must(g.server.Fragment(ev.Kind, ev.Data, ev.Final)) // echo
		}
	}}
	if g.streams {
		c.Wire, c.Next = g.client.IO(), g.client.Messages().Next
		s.Wire, s.Next = g.server.IO(), g.server.Messages().Next
	}
	wstest.Pipe(c, s, rnd)
}

// expect returns the events that each side must have seen, apart from Connect.
func (g *dialog) expect() (atClient, atServer []wstest.Record) {
	v := g.client.Version()
	open := wstest.Record{Kind: driver.Open}
	closed := wstest.Record{Kind: driver.Close, Code: driver.CodeGoingAway, Data: "tschüß"}
	answer := wstest.Record{Kind: driver.Close, Code: driver.CodeGoingAway}
	if v.IsHixie() {
		closed = wstest.Record{Kind: driver.Close, Code: driver.CodeNoStatus}
		answer = closed
	}
	atClient, atServer = append(atClient, open), append(append(atServer, open), g.script...)
	for _, r := range g.script {
		switch r.Kind {
		case driver.Ping:
			r.Kind = driver.Pong
			atClient = append(atClient, r)
		case driver.Text, driver.Binary:
			atClient = append(atClient, r)
		}
	}
	if v == driver.Hixie75 { // no closing handshake
		return []wstest.Record{open, answer}, atServer
	}
	return append(atClient, answer), append(atServer, closed)
}

func (g *dialog) check() {
	g.t.Helper()
	atClient, atServer := g.expect()
	if diff := cmp.Diff(atClient, wstest.Join(g.atClient)); diff != "" {
		g.t.Errorf("events at the client (-want +got):\n%s", diff)
	}
	got := slices.DeleteFunc(wstest.Join(g.atServer), func(r wstest.Record) bool { return r.Kind == driver.Connect })
	if diff := cmp.Diff(atServer, got); diff != "" {
		g.t.Errorf("events at the server (-want +got):\n%s", diff)
	}
}

// scriptFor leaves out what v does not have.
func scriptFor(v driver.Version) []wstest.Record {
	return slices.DeleteFunc(slices.Clone(script), func(r wstest.Record) bool { return v.IsHixie() && r.Kind != driver.Text })
}

// TestPipe lets the client of each version talk to the server: through both
// doors, cut at random, whole and in pieces, in one frame and in several.
func TestPipe(t *testing.T) {
	for _, v := range driver.AllVersions() {
		for mode := range 4 {
			streams, pieces := mode&1 != 0, mode&2 != 0
			t.Run(fmt.Sprintf("%v/streams=%v/pieces=%v", v, streams, pieces), func(t *testing.T) {
				for seed := range uint64(4) {
					config := driver.Config{Version: v, Versions: driver.AllVersions(), Pieces: pieces,
						Subprotocols: []string{"b"}, FragmentSize: []int{0, 1000}[seed%2]}
					offer := config
					offer.Subprotocols = []string{"a", "b"}
					client, err := driver.NewClient("ws://example.com/chat", &offer)
					if err != nil {
						t.Fatal(err)
					}
					if err := client.Start(); err != nil {
						t.Fatal(err)
					}
					g := &dialog{t: t, client: client, server: driver.NewServer(&config), script: scriptFor(v),
						streams: streams, parts: 1 + int(seed)/2*4}
					g.run(rand.New(rand.NewPCG(seed, 0)))
					g.check()
					if got := g.atServer[0].Kind; got != driver.Connect {
						t.Errorf("first event at the server is %v, not Connect", got)
					}
					if g.server.Subprotocol() != "b" || client.Subprotocol() != "b" {
						t.Errorf("subprotocols %q and %q, want b", g.server.Subprotocol(), client.Subprotocol())
					}
					if g.server.Version() != v {
						t.Errorf("the server speaks %v, not %v", g.server.Version(), v)
					}
					if v != driver.Hixie75 && !isOver(g.server) {
						t.Error("the server is not done")
					}
				}
			})
		}
	}
}

// TestPipeConnect is TestPipe over extended CONNECT: adapters carry the heads.
func TestPipeConnect(t *testing.T) {
	for seed := range uint64(4) {
		client, err := driver.NewClient("wss://example.com/chat?x=1", &driver.Config{ExtendedConnect: true, Subprotocols: []string{"b"}})
		if err != nil {
			t.Fatal(err)
		}
		if err := client.Start(); err != nil {
			t.Fatal(err)
		}
		r := client.Request()
		got := []string{r.Method, r.Protocol, r.Scheme, r.Authority, r.Target}
		if diff := cmp.Diff([]string{"CONNECT", "websocket", "https", "example.com", "/chat?x=1"}, got); diff != "" {
			t.Errorf("request (-want +got):\n%s", diff)
		}
		fields := []driver.Field{{Name: "Sec-WebSocket-Version", Value: "13"}, {Name: "Sec-WebSocket-Protocol", Value: "b"}}
		if diff := cmp.Diff(fields, r.Fields); diff != "" {
			t.Errorf("fields of the request (-want +got):\n%s", diff)
		}
		server := driver.FromRequest(r, &driver.Config{Subprotocols: []string{"b"}})
		if err := server.Err(); err != nil {
			t.Fatal(err)
		}
		answer := server.Response()
		want := &driver.Response{Major: r.Major, Minor: r.Minor, Status: 200,
			Fields: []driver.Field{{Name: "Sec-WebSocket-Protocol", Value: "b"}}}
		if diff := cmp.Diff(want, answer); diff != "" {
			t.Errorf("response (-want +got):\n%s", diff)
		}
		if err := server.Start(); err != nil {
			t.Fatal(err)
		}
		if err := client.Respond(answer); err != nil {
			t.Fatal(err)
		}
		if n := client.Buffered() + server.Buffered(); n != 0 {
			t.Errorf("%d bytes of handshake, want 0", n)
		}
		g := &dialog{t: t, client: client, server: server, script: script, streams: seed%2 == 1, parts: 1}
		g.run(rand.New(rand.NewPCG(seed, 0)))
		g.check()
	}
}
