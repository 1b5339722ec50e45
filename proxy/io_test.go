package proxy_test

import (
	"bytes"
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/driver/wstest"
	"github.com/sans-io/websocket-driver/proxy"
)

// TestIO runs an exchange over streams, at every split. Detach returns what followed
// the answer.
func TestIO(t *testing.T) {
	in := lines("HTTP/1.1 407 No", askBasic, "Content-Length: 2") + "no" + opened + "for the target"
	wstest.Splits([]byte(in), func(cut string, chunks [][]byte) {
		p := start(t, basic())
		var out bytes.Buffer
		if n, err := p.IO().WriteTo(&out); err != nil || n != int64(len(request())) {
			t.Fatalf("WriteTo: %d, %v", n, err)
		}
		events := 0
		for _, chunk := range chunks {
			own := bytes.Clone(chunk)
			if n, err := p.IO().Write(own); n != len(chunk) || err != nil {
				t.Fatalf("%s: Write: %d, %v", cut, n, err)
			}
			clear(own) // Write has copied it
			n, ev := p.Parse(nil)
			if n != 0 {
				t.Fatalf("%s: Parse(nil) has used %d bytes", cut, n)
			}
			if ev.Kind == ws.Open {
				events++
			}
		}
		rest, err := io.ReadAll(p.IO())
		if err != nil || out.String()+string(rest) != request()+request(sentBasic) || events != 1 {
			t.Errorf("%s: %q and %q, %v, %d events", cut, out.String(), rest, err, events)
		}
		if n, ev := p.Parse([]byte("more")); n != 0 || ev.Kind != ws.None || !isPaused(p) {
			t.Errorf("%s: after Open: %d, %v", cut, n, ev.Kind)
		}
		if got := p.Detach(); string(got) != "for the target" {
			t.Errorf("%s: Detach: %q", cut, got)
		}
		if _, err := p.IO().Write([]byte("x")); !errors.Is(err, ws.ErrClosed) {
			t.Errorf("%s: Write after Detach: %v", cut, err)
		}
		if p.Detach() != nil || p.State() != ws.StateOpen || p.Needs() != 0 {
			t.Errorf("%s: after Detach: %v, needs %v", cut, p.State(), p.Needs())
		}
	})
}

// TestWriteBeforeStart: input before Start is kept.
func TestWriteBeforeStart(t *testing.T) {
	p := mustNew(t, "http://proxy", "ws://example.com/", nil)
	if _, err := io.WriteString(p.IO(), opened+"x"); err != nil {
		t.Fatal(err)
	}
	if _, ev := p.Parse(nil); ev.Kind != ws.None || p.Detach() != nil {
		t.Errorf("before Start: %v", ev.Kind)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	if n, ev := p.Parse([]byte("y")); n != 0 || ev.Kind != ws.Open || string(p.Detach()) != "x" {
		t.Errorf("%d, %v", n, ev.Kind)
	}
}

// TestWriteFull: the input kept is bounded, before the answer and after it.
func TestWriteFull(t *testing.T) {
	const most = 100 + 64<<10
	big := make([]byte, 1<<20)
	for _, opened := range []string{"", opened} {
		p := start(t, &proxy.Config{MaxHead: 100})
		if _, err := io.WriteString(p.IO(), opened); err != nil {
			t.Fatal(err)
		}
		p.Parse(nil)
		for range 2 {
			n, err := p.IO().Write(big)
			if !errors.Is(err, ws.ErrFull) || n != most && n != 0 {
				t.Errorf("Write: %d, %v", n, err)
			}
		}
		if opened != "" && len(p.Detach()) != most {
			t.Errorf("not %d bytes", most)
		}
	}
	p := start(t, &proxy.Config{MaxHead: math.MaxInt})
	if n, err := p.IO().Write(big); n != len(big) || err != nil {
		t.Errorf("without a limit: %d, %v", n, err)
	}
}

// TestWriteAfterClose: input after Close is ignored and not kept.
func TestWriteAfterClose(t *testing.T) {
	p := start(t, nil)
	big := strings.Repeat("x", 10000)
	if n, err := io.WriteString(p.IO(), lines("HTTP/1.1 403 No", "Content-Length: 0")+big); n == 0 || err != nil {
		t.Fatal(n, err)
	}
	if _, ev := p.Parse(nil); ev.Kind != ws.Close {
		t.Fatal(ev.Kind)
	}
	for range 100 {
		if n, err := io.WriteString(p.IO(), big); n != len(big) || err != nil {
			t.Fatal(n, err)
		}
	}
	if n, ev := p.Parse([]byte(big)); n != len(big) || ev.Kind != ws.None || p.Detach() != nil {
		t.Errorf("after Close: %d, %v", n, ev.Kind)
	}
	if n, err := p.IO().Read(make([]byte, 10)); n != 0 || err != io.EOF {
		t.Errorf("Read: %d, %v", n, err)
	}
}
