//go:build !js

package driver_test

import (
	"os"
	"testing"
)

// TestMain makes this program the child of Example_process if the environment says
// so.
func TestMain(m *testing.M) {
	if os.Getenv(asServer) == "" {
		os.Exit(m.Run())
	}
	if err := serveStdio(); err != nil {
		os.Exit(1)
	}
}
