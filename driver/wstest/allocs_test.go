package wstest_test

import (
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/sans-io/websocket-driver/driver/wstest"
)

var sink []byte

func TestLeast(t *testing.T) {
	tests := []struct{ enough, want, calls int }{{9, 9, 1}, {7, 7, 3}, {0, 5, 5}}
	for _, tt := range tests {
		calls := 0
		got := wstest.Least(tt.enough, func() int {
			calls++
			return 10 - calls
		})
		if got != tt.want || calls != tt.calls {
			t.Errorf("enough %d: %d after %d calls, not %d after %d", tt.enough, got, calls, tt.want, tt.calls)
		}
	}
}

func TestAllocs(t *testing.T) {
	if n := wstest.Allocs(10, func() { sink = make([]byte, 10) }); n != 1 {
		t.Errorf("%v allocations, not 1", n)
	}
	if n := wstest.AllocBytes(func() { sink = make([]byte, 1<<20) }); n < 1<<20 || n > 2<<20 {
		t.Errorf("%d bytes for 1 MiB", n)
	}
	before := collections()
	wstest.AllocBytes(func() {
		for range 100 {
			sink = make([]byte, 1<<20)
		}
	})
	if n := collections() - before; n > 2 { // one under way, and that of AllocBytes
		t.Errorf("%d collections", n)
	}
}

// collections returns how many there have been.
func collections() uint32 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.NumGC
}

// TestPeak holds memory during several collections, most of which Peak makes.
func TestPeak(t *testing.T) {
	before := wstest.InUse()
	var busy sync.WaitGroup
	busy.Go(func() {
		p := make([]byte, 8<<20)
		for end := collections() + 6; collections() < end; {
			time.Sleep(time.Millisecond)
		}
		runtime.KeepAlive(p)
	})
	if n := wstest.Peak(t, &busy) - before; n < 7<<20 || n > 9<<20 {
		t.Errorf("%d bytes, not 8 MiB within 1", n)
	}
}

// recorder notes whether a test has failed.
type recorder struct {
	testing.TB
	cleanup func()
	failed  bool
}

func (r *recorder) Helper()               {}
func (r *recorder) Cleanup(f func())      { r.cleanup = f }
func (r *recorder) Errorf(string, ...any) { r.failed = true }

// TestNoAllocs notices an allocation.
func TestNoAllocs(t *testing.T) {
	r := &recorder{TB: t}
	if wstest.NoAllocs(r, func() { sink = make([]byte, 10) }); !r.failed {
		t.Error("an allocation was not noticed")
	}
}
