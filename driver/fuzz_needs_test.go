package driver_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sans-io/websocket-driver/driver"
)

// needsWorld is a client and a server, what is on the way between them, and the
// time.
type needsWorld struct {
	t    *testing.T
	ends [2]*end
	now  time.Time
}

// check holds what Needs promises to what the next calls do.
func (w *needsWorld) check() {
	w.t.Helper()
	const reading = driver.NeedInput | driver.NeedFetch | driver.NeedAnswer
	for i, e := range w.ends {
		needs := e.Needs()
		if (needs&driver.NeedOutput != 0) != (e.Buffered() > 0) {
			w.t.Fatalf("end %d needs %v with %d bytes to send", i, needs, e.Buffered())
		}
		switch needs & reading {
		case driver.NeedInput, driver.NeedAnswer:
			n, ev := e.Parse(nil)
			if n != 0 || ev.Kind != driver.None || e.Needs() != needs {
				w.t.Fatalf("end %d needs %v, but Parse(nil) gives %v", i, needs, ev.Kind)
			}
		case driver.NeedFetch:
		case 0:
			if needs != driver.NeedOutput && needs != driver.NeedFinish {
				w.t.Fatalf("end %d needs %v", i, needs)
			}
		default:
			w.t.Fatalf("end %d needs %v", i, needs)
		}
		if _, ok := e.NextTick(); !ok {
			if ended := e.Tick(w.now); ended || e.Needs() != needs {
				w.t.Fatalf("end %d has no tick to come, but one makes it %v", i, e.Needs())
			}
		}
		for _, kind := range e.log[:max(len(e.log)-1, 0)] {
			if strings.HasPrefix(kind, "Close") {
				w.t.Fatalf("end %d: events %v", i, e.log)
			}
		}
	}
}

// step does what one byte of a program says.
func (w *needsWorld) step(op byte) {
	e, to := w.ends[op>>7], w.ends[1-op>>7]
	amount := 1 + int(op>>4&7)*int(op>>4&7)*9
	switch op & 15 {
	case 0, 1: // take and write
		if len(e.batch) == 0 {
			e.batch = e.Take(nil)
		}
		to.in = append(to.in, e.batch...)
		e.batch = nil
	case 2, 3: // read
		n := min(amount, len(e.in))
		if e.Needs()&driver.NeedAnswer == 0 {
			in := e.in[:n:n]
			e.in = e.in[n:]
			e.events(in)
		}
	case 4:
		e.events(nil)
	case 5:
		_ = e.Text(make([]byte, amount))
	case 6:
		_ = e.Fragment(driver.Binary, make([]byte, amount), op&16 != 0)
	case 7:
		_ = e.Ping(nil)
	case 8:
		_ = e.Close(driver.CodeNormal, "done")
	case 9:
		_ = e.Close(driver.CodeNoStatus, "")
	case 10:
		if !e.closed { // the other end has ended its transport
			to.closed = true
			e.EOF()
		}
	case 11:
		w.now = w.now.Add(time.Duration(amount) * 10 * time.Millisecond)
		e.Tick(w.now)
	case 12:
		if at, ok := e.NextTick(); ok {
			if at.After(w.now) {
				w.now = at
			}
			e.Tick(w.now)
		}
	case 13:
		_ = e.Reject(404, nil, []byte("no"))
	case 14:
		_ = e.Start()
	case 15:
		for range e.Events(e.in[:len(e.in):len(e.in)]) {
			break
		}
		e.in = nil
	}
}

// FuzzNeeds runs a program of calls on two drivers that talk to each other. After
// each call Needs, NextTick and Buffered agree with what the next calls do; at the
// end both finish within their time limits by Needs alone, whatever has happened.
func FuzzNeeds(f *testing.F) {
	f.Add(byte(0), []byte("\x8e\x00\x82\x84\x80\x02\x04\x05\x00\x82\x08\x00\x82\x80\x02"))
	f.Add(byte(1), []byte("\x8e\x00\xf2\x84\x80\x72\x04\x75\x00\xf2\x88\x80\x72\x0c\x8c\x8c\x0c"))
	f.Add(byte(0x13), []byte("\x00\xf2\xf2\xf2\x84\x8a\x8e\x80\x0c\x0c"))
	f.Add(byte(0x24), []byte("\x00\xff\x8d\x80\x72\x72"))
	f.Fuzz(func(t *testing.T, which byte, program []byte) {
		v := driver.AllVersions()[int(which&7)%len(driver.AllVersions())]
		config := driver.Config{
			Version: v, Versions: driver.AllVersions(), Rand: zeros{},
			HoldClose: which&8 != 0, Pieces: which&16 != 0, HoldPongs: which&32 != 0,
		}
		if which&64 != 0 {
			config.PingInterval, config.IdleTimeout = time.Second, 5*time.Second
		}
		client, err := driver.NewClient("ws://x/", &config)
		if err != nil {
			t.Fatal(err)
		}
		w := &needsWorld{t: t, now: at(0), ends: [2]*end{{Driver: client}, {Driver: driver.NewServer(&config)}}}
		for i, e := range w.ends {
			e.handle = func(ev driver.Event) {
				if ev.Kind == driver.Connect && which&128 == 0 {
					if err := e.Start(); err != nil {
						t.Fatalf("end %d: %v", i, err)
					}
				}
			}
		}
		if err := client.Start(); err != nil {
			t.Fatal(err)
		}
		for _, op := range program[:min(len(program), 200)] {
			w.step(op)
			w.check()
		}
		w.finish()
	})
}

// finish closes both ends and has them do what they need until both are finished.
func (w *needsWorld) finish() {
	w.t.Helper()
	limit := w.now.Add(time.Minute)
	for turns := 0; ; turns++ {
		if turns > 1e5 || w.now.After(limit) {
			w.t.Fatalf("no end: needs %v and %v", w.ends[0].Needs(), w.ends[1].Needs())
		}
		progress, finished := false, 0
		for i, e := range w.ends {
			if e.Needs()&driver.NeedAnswer != 0 {
				_ = e.Reject(503, nil, nil)
			}
			_ = e.Close(driver.CodeGoingAway, "")
			progress = e.turn(w.ends[1-i], &w.now) || progress
			w.check()
			if e.Needs() == driver.NeedFinish || e.Needs() == 0 {
				finished++
			}
		}
		if finished == len(w.ends) {
			return
		}
		if progress {
			continue
		}
		next := limit.Add(1)
		for _, e := range w.ends {
			if at, ok := e.NextTick(); ok && at.Before(next) {
				next = at
			}
		}
		w.now = next
		for _, e := range w.ends {
			e.Tick(w.now)
		}
	}
}
