package main

import (
	"runtime"
	"syscall"
	"time"
)

// meter measures what a run costs, from start to stop: on all threads, so the
// garbage collector counts too. It needs a Unix system.
type meter struct {
	cpu           time.Duration
	allocs, bytes uint64
}

func (m *meter) start() {
	m.read(^uint64(0))
	m.cpu = -cpuTime()
}

func (m *meter) stop() {
	m.cpu += cpuTime()
	m.read(1)
}

// read adds the counts of the heap, times sign.
func (m *meter) read(sign uint64) {
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	m.allocs += sign * s.Mallocs
	m.bytes += sign * s.TotalAlloc
}

// cpuTime returns the time that the process has computed.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // a pointer of ours, a constant of the system
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
