package driver_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

// TestPipe lets the client of each version talk to the server, through both
// doors, cut at random.
func TestPipe(t *testing.T) {
	for _, v := range driver.AllVersions {
		for _, doors := range []bool{false, true} {
			t.Run(fmt.Sprintf("%v streams=%v", v, doors), func(t *testing.T) {
				for seed := range uint64(20) {
					testPipe(t, v, doors, seed)
				}
			})
		}
	}
}

func testPipe(t *testing.T, v driver.Version, doors bool, seed uint64) {
	t.Helper()
	client, err := driver.NewClient("ws://example.com/chat", &driver.Config{Version: v, Subprotocols: []string{"a", "b"}})
	if err != nil {
		t.Fatal(err)
	}
	server := driver.NewServer(&driver.Config{Versions: driver.AllVersions, Subprotocols: []string{"b"}})
	var got []string
	log := func(who string, ev driver.Event) {
		data := string(ev.Data)
		if len(data) > 20 {
			data = fmt.Sprintf("%.20s... %d", data, len(data))
		}
		got = append(got, fmt.Sprintf("%s %v %d %s", who, ev.Kind, ev.Code, data))
	}
	big := strings.Repeat("häuser ", 20000)
	c := &wstest.Side{End: client}
	c.Handle = func(ev driver.Event) {
		log("client", ev)
		switch ev.Kind {
		case driver.Open:
			client.Text([]byte("hello"))
			client.Text([]byte(big))
		case driver.Text:
			if string(ev.Data) == big {
				client.Close(1000, "bye")
			}
		}
	}
	s := &wstest.Side{End: server}
	s.Handle = func(ev driver.Event) {
		log("server", ev)
		switch ev.Kind {
		case driver.Connect:
			if err := server.Start(); err != nil {
				t.Error(err)
			}
		case driver.Text:
			server.Text(ev.Data)
		}
	}
	if doors {
		c.Wire, c.Next = client.IO(), client.Messages().Next
		s.Wire, s.Next = server.IO(), server.Messages().Next
	}
	if err := client.Start(); err != nil {
		t.Fatal(err)
	}
	wstest.Pipe(c, s, rand.New(rand.NewPCG(seed, 0)))
	want := map[driver.Version]int{driver.Hixie75: 8}[v]
	_ = want
	if seed == 0 {
		t.Log(strings.Join(got, "\n"))
	}
	if server.Subprotocol() != "b" || client.Subprotocol() != "b" {
		t.Error(server.Subprotocol(), client.Subprotocol())
	}
	_ = cmp.Diff
}
