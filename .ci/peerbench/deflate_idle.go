package main

import (
	"fmt"
	"runtime"
	"sync"
	"time"
)

// restTime is more than it takes this library to notice that a connection is
// idle, which is from 2 to 4 s.
const restTime = 5 * time.Second

// compareIdle prints the heap memory of an idle connection that has received and sent
// some messages of 1 KiB, as the mean of count connections. It does not include what
// they share and what is pooled, nor the stacks of goroutines, though all but the bare
// driver need one that waits for input.
func compareIdle(count int) error {
	fmt.Printf("\n%-30s %-18s %10s\n", "case", "", "bytes held")
	for _, takeover := range []bool{false, true} {
		c, err := newDeflateCase(1<<10, 1, takeover)
		if err != nil {
			return err
		}
		title := map[bool]string{false: "idle, alone", true: "idle, takeover"}[takeover]
		for _, l := range append([]library{this, throughIO}, others...) {
			if !l.can(takeover) {
				fmt.Printf("%-30s %-18s %10s\n", title, l.title, "-")
				continue
			}
			held, err := measureHeld(c, l, count)
			if err != nil {
				return fmt.Errorf("%s: %s: %w", title, l.title, err)
			}
			fmt.Printf("%-30s %-18s %10d\n", title, l.title, held)
		}
	}
	return nil
}

func measureHeld(c *deflateCase, l library, count int) (held int64, err error) {
	open := l.listen(c.takeover)
	end := make(chan struct{})
	var over sync.WaitGroup
	defer over.Wait()
	defer close(end)
	servers := make([]*server, count+1)
	var before int64
	for i := range servers {
		if servers[i], err = exchange(c, open, end, &over); err != nil {
			return 0, err
		}
		if i == 0 { // what is shared has been made
			before = l.heapAtRest()
		}
	}
	held = (l.heapAtRest() - before) / int64(count)
	runtime.KeepAlive(servers)
	return held, nil
}

// exchange opens a connection that receives the messages of c, sends them, and
// stays until end is closed.
func exchange(c *deflateCase, open func(*memory) (*server, error), end chan struct{}, over *sync.WaitGroup) (*server, error) {
	conn := &memory{}
	s, err := open(conn)
	if err != nil {
		return nil, err
	}
	conn.in = c.wire
	if s.rest != nil {
		if _, _, err := s.receive(); err != nil {
			return nil, err
		}
	} else {
		idle := make(chan struct{})
		conn.open, conn.idle = end, func() { close(idle) }
		over.Go(func() { _, _, _ = s.receive() })
		<-idle
	}
	for i := range c.count {
		if err := s.send(c.message(i)); err != nil {
			return nil, err
		}
	}
	if s.rest != nil {
		s.rest()
	}
	return s, nil
}

// heapAtRest returns the bytes of live objects, without pooled ones, when all connections
// are idle.
func (l library) heapAtRest() int64 {
	if l.timed {
		time.Sleep(restTime)
	}
	for range 3 {
		runtime.GC()
	}
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return int64(s.HeapAlloc)
}
