package frame_test

import (
	"bytes"
	"testing"

	"github.com/sans-io/websocket-driver/driver/wstest"
	"github.com/sans-io/websocket-driver/hybi/frame"
)

func TestNoAllocs(t *testing.T) {
	dst, p := make([]byte, 0, frame.MaxHeader), []byte("\x81\x85\x37\xfa\x21\x3d")
	wstest.NoAllocs(t, func() {
		h, _, _ := frame.Parse(p)
		dst = frame.Append(dst[:0], h)
	})
	if !bytes.Equal(dst, p) {
		t.Errorf("got % x", dst)
	}
}
