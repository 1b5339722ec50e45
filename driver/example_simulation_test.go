package driver_test

import (
	"fmt"
	"time"

	"github.com/sans-io/websocket-driver/driver"
)

// simulation runs a client and a server on a clock of its own, which jumps to
// the next thing that happens: hours pass in a moment, always in the same way.
type simulation struct {
	now   time.Time
	sides [2]*side
	delay func(now time.Time) time.Duration // of what is sent now
}

type side struct {
	*driver.Driver
	handle func(driver.Event)
	way    []packet // what is on the way to it, in order
	ended  bool     // it has closed the transport
}

type packet struct {
	due  time.Time
	data []byte // nil is the end of the transport
}

// run returns when nothing more will happen.
func (s *simulation) run() {
	for next := s.now; !next.IsZero(); next = s.next() {
		if next.After(s.now) {
			s.now = next
		}
		for i, to := range s.sides {
			for len(to.way) > 0 && !to.way[0].due.After(s.now) {
				if to.way[0].data == nil {
					to.EOF()
				}
				s.receive(to, to.way[0].data)
				to.way = to.way[1:]
			}
			s.receive(to, nil) // a tick that is due, and events that calls have caused
			if out := to.Take(nil); len(out) > 0 {
				s.send(s.sides[1-i], out)
			}
			if to.Needs() == driver.NeedFinish && !to.ended {
				to.ended = true
				s.send(s.sides[1-i], nil)
			}
		}
	}
}

func (s *simulation) receive(to *side, data []byte) {
	for ev := range to.Wake(data, false, func() time.Time { return s.now }) {
		to.handle(ev)
	}
}

// send puts data on the way. It does not overtake what has been sent before.
func (s *simulation) send(to *side, data []byte) {
	due := s.now.Add(s.delay(s.now))
	if n := len(to.way); n > 0 && due.Before(to.way[n-1].due) {
		due = to.way[n-1].due
	}
	to.way = append(to.way, packet{due, data})
}

// next returns when something happens next, or the zero Time.
func (s *simulation) next() time.Time {
	var next time.Time
	for _, to := range s.sides {
		if t, ok := to.NextTick(); ok && (next.IsZero() || t.Before(next)) {
			next = t
		}
		if len(to.way) > 0 && (next.IsZero() || to.way[0].due.Before(next)) {
			next = to.way[0].due
		}
	}
	return next
}

// A test without a network and without waiting: the link stalls for a minute,
// which the server's keep-alive survives, and then for an hour.
func Example_simulation() {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	s := &simulation{now: start}
	say := func(who string, ev driver.Event, err error) {
		fmt.Printf("%v %s: %v %q, %v\n", s.now.Sub(start), who, ev.Kind, ev.Data, err)
	}
	s.delay = func(now time.Time) time.Duration {
		switch at := now.Sub(start); {
		case at > 10*time.Minute:
			return time.Hour
		case at > 5*time.Minute:
			return time.Minute
		}
		return 20 * time.Millisecond
	}
	client, err := driver.NewClient("ws://example.com/", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	server := driver.NewServer(&driver.Config{PingInterval: 4 * time.Minute, PongTimeout: 3 * time.Minute})
	s.sides[0] = &side{Driver: client, handle: func(ev driver.Event) {
		say("client", ev, client.Err())
		if ev.Kind == driver.Open {
			client.Text([]byte("hello"))
		}
	}}
	s.sides[1] = &side{Driver: server, handle: func(ev driver.Event) {
		say("server", ev, server.Err())
		if ev.Kind == driver.Connect {
			server.Start()
		}
	}}
	client.Start()
	s.run()
	// Output:
	// 20ms server: Connect "", <nil>
	// 20ms server: Open "", <nil>
	// 40ms client: Open "", <nil>
	// 60ms server: Text "hello", <nil>
	// 9m0.02s client: Ping "", <nil>
	// 10m0.02s server: Pong "", <nil>
	// 18m0.02s server: Close "no sign of life for 3m0s after a ping", websocket: no sign of life for 3m0s after a ping
	// 1h15m0.02s client: Ping "", <nil>
	// 1h18m0.02s client: Close "", unexpected EOF
}
