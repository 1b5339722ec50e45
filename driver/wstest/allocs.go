package wstest

import "testing"

// NoAllocs fails the test if f allocates. f runs once before it is measured.
func NoAllocs(t *testing.T, f func()) {
	t.Helper()
	if n := testing.AllocsPerRun(100, f); n > 0 {
		t.Errorf("%v allocations, not 0", n)
	}
}
