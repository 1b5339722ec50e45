package main

import (
	"fmt"
	"runtime"
	"sync"
	"time"
)

// restTime is more than it takes this library to notice that a connection is idle: from 2 to 4 s.
const restTime = 5 * time.Second

// compareIdle prints what an idle connection holds on the heap when it has
// received and sent some messages of 1 KiB: of count connections, that share
// what their library lets them share, the mean. What is pooled has been
// collected. Stacks of goroutines do not count, though all but the bare driver need
// one that waits for input.
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
	before := heapInUse()
	servers := make([]*server, count)
	end := make(chan struct{})
	var idle, over sync.WaitGroup
	for i := range servers {
		conn := &memory{}
		if servers[i], err = open(conn); err != nil {
			return 0, err
		}
		conn.in = c.wire
		if servers[i].rest != nil {
			if _, _, err := servers[i].receive(); err != nil {
				return 0, err
			}
			continue
		}
		conn.open, conn.idle = end, idle.Done
		idle.Add(1)
		over.Go(func() { _, _, _ = servers[i].receive() })
	}
	idle.Wait()
	for _, s := range servers {
		for i := range c.count {
			if err := s.send(c.message(i)); err != nil {
				return 0, err
			}
		}
		if s.rest != nil {
			s.rest()
		}
	}
	if l.timed {
		time.Sleep(restTime)
	}
	held = (heapInUse() - before) / int64(count)
	close(end)
	over.Wait()
	runtime.KeepAlive(servers)
	return held, nil
}

// heapInUse returns the bytes of live objects, without what is pooled.
func heapInUse() int64 {
	for range 3 {
		runtime.GC()
	}
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return int64(s.HeapAlloc)
}
