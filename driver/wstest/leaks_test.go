//go:build !js

package wstest_test

import (
	"testing"
	"time"

	"github.com/sans-io/websocket-driver/driver/wstest"
)

// TestNoLeaks: what ends soon is waited for.
func TestNoLeaks(t *testing.T) {
	r := &recorder{TB: t}
	wstest.NoLeaks(r)
	end := make(chan bool)
	go func() { <-end }()
	time.AfterFunc(10*time.Millisecond, func() { close(end) })
	if r.cleanup(); r.failed {
		t.Error("a goroutine that has ended is taken for a leak")
	}
}
