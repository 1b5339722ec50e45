package wstest

import (
	"cmp"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"testing"
	"time"
)

// tries is how many times a measurement that finds too much is made.
const tries = 5

// Least calls f until it returns at most enough, 5 times at most, and returns the
// least result. It is for measurements that include what else happens in the
// process: that adds to a result, and takes nothing from it.
func Least[N cmp.Ordered](enough N, f func() N) N {
	least := f()
	for i := 1; i < tries && least > enough; i++ {
		least = min(least, f())
	}
	return least
}

// Allocs returns how many allocations a call of f makes, rounded down to a whole
// number: the least average of several series of runs calls. It depends neither
// on how busy the machine is nor on when memory is collected: meanwhile the
// collector is held off, so that it does not empty pools. In each series f runs
// once before it is measured. As testing.AllocsPerRun, which it calls, it must
// not be called in parallel tests.
func Allocs(runs int, f func()) float64 {
	defer holdCollector()()
	return Least(0, func() float64 { return testing.AllocsPerRun(runs, f) })
}

// NoAllocs fails the test if f allocates. It measures as Allocs does.
func NoAllocs(t testing.TB, f func()) {
	t.Helper()
	if n := Allocs(100, f); n > 0 {
		t.Errorf("%v allocations, not 0", n)
	}
}

// AllocBytes calls f once, with the collector held off, and returns how many
// bytes the process has allocated meanwhile, whether or not they are in use
// afterwards.
func AllocBytes(f func()) int64 {
	defer holdCollector()()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc)
}

// holdCollector completes a collection that may be under way and starts no other
// until the function that it returns is called.
func holdCollector() (restore func()) {
	percent := debug.SetGCPercent(-1)
	runtime.GC()
	return func() { debug.SetGCPercent(percent) }
}

// InUse collects garbage and returns how many bytes the heap and the stacks take
// after that. What other goroutines allocate during the collection counts, and
// what a sync.Pool holds does until the next collection.
func InUse() int64 {
	runtime.GC()
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}}
	metrics.Read(sample)
	return int64(sample[0].Value.Uint64() + sample[1].Value.Uint64())
}

// Peak waits until busy is done, and returns the most bytes that InUse has
// returned meanwhile. It fails the test if busy is not done after two minutes.
func Peak(t testing.TB, busy *sync.WaitGroup) (most int64) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		busy.Wait()
		close(done)
	}()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	limit := time.After(patience)
	for {
		select {
		case <-done:
			return most
		case <-again.C:
			most = max(most, InUse())
		case <-limit:
			t.Fatalf("not done after %v:\n%s", patience, stacks())
		}
	}
}

// Long reports whether the environment variable WSDRIVER_LONG is set and not
// empty: tests take more time then, to test more of the same.
func Long() bool { return os.Getenv("WSDRIVER_LONG") != "" }
