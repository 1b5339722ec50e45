package wstest

import (
	"os"
	"runtime"
	"testing"
	"time"
)

// patience is how long helpers wait for what should happen at once. It is long
// for machines that are busy.
const patience = 2 * time.Minute

// NoLeaks fails the test if more goroutines run at its end than at the call. It
// waits for those that are about to end. It must not be called in parallel tests
// or in a bubble of testing/synctest. It does not count under js, whose runtime
// starts goroutines for events.
func NoLeaks(t testing.TB) {
	t.Helper()
	if runtime.GOOS == "js" {
		return
	}
	before := runtime.NumGoroutine()
	t.Cleanup(func() {
		if n := settle(before, runtime.NumGoroutine); n > before {
			t.Errorf("%d goroutines before, %d after:\n%s", before, n, stacks())
		}
	})
}

// NoDescriptors fails the test if more file descriptors are open at its end than
// at the call. It waits for those that are about to be closed. It counts on Linux
// only, and must not be called in parallel tests.
func NoDescriptors(t testing.TB) {
	t.Helper()
	if runtime.GOOS != "linux" {
		return
	}
	count := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	if r, w, err := os.Pipe(); err == nil { // the first opens what the runtime polls with
		r.Close()
		w.Close()
	}
	before := count()
	t.Cleanup(func() {
		n := settle(before, func() int {
			n := count()
			if n > before {
				runtime.GC() // io.Copy keeps pipes of the kernel in a pool, and the collector closes them
			}
			return n
		})
		if n > before {
			t.Errorf("%d descriptors before, %d after", before, n)
		}
	})
}

// settle waits until count returns at most most, and returns its last result.
func settle(most int, count func() int) int {
	n := count()
	for began := time.Now(); n > most && time.Since(began) < patience; n = count() {
		time.Sleep(100 * time.Microsecond)
	}
	return n
}

// stacks returns the stacks of all goroutines, as far as they fit 64 KiB.
func stacks() []byte {
	buf := make([]byte, 1<<16)
	return buf[:runtime.Stack(buf, true)]
}
