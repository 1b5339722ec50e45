package driver_test

import (
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sans-io/websocket-driver/driver"
)

// run drives d over a transport that blocks, on one goroutine.
func run(transport io.ReadWriter, d *driver.Driver, handle func(driver.Event)) error {
	in, out := make([]byte, 4096), []byte(nil)
	for {
		n := 0
		switch needs := d.Needs(); {
		case needs&driver.NeedFetch != 0: // before output: what one read causes leaves in one write
		case needs&driver.NeedOutput != 0:
			out = d.Take(out)
			if _, err := transport.Write(out); err != nil {
				d.EOF()
			}
		case needs&driver.NeedInput != 0:
			var err error
			if n, err = transport.Read(in); err != nil {
				d.EOF() // after in[:n]
			}
		default: // finished, or handle has not answered the request
			return d.Err()
		}
		for ev := range d.Events(in[:n]) {
			handle(ev)
		}
	}
}

// serve echoes text over any transport.
func serve(transport io.ReadWriter) error {
	d := driver.NewServer(nil)
	return run(transport, d, func(ev driver.Event) {
		switch ev.Kind {
		case driver.Connect:
			if err := d.Start(); err != nil {
				d.Refuse(err)
			}
		case driver.Text:
			d.Text(ev.Data)
		}
	})
}

// A transport of one's own: here a pipe in memory.
func Example_transport() {
	near, far := net.Pipe()
	go func() {
		far.Write([]byte("GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
			"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"))
		far.Read(make([]byte, 1000))
		far.Write([]byte("\x88\x82\x00\x00\x00\x00\x03\xe8")) // close, 1000
		io.Copy(io.Discard, far)
	}()
	fmt.Println(serve(near))
	near.Close()
	// Output: <nil>
}

// TestDocuments: every Go snippet in README.md and docs appears in a test, so it
// compiles and runs.
func TestDocuments(t *testing.T) {
	var tests strings.Builder
	err := filepath.WalkDir("..", func(path string, _ fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, "_test.go") {
			b, err := os.ReadFile(path)
			tests.WriteString(unindented(string(b)))
			return err
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	documents, _ := filepath.Glob("../docs/*.md")
	snippets := 0
	for _, path := range append(documents, "../README.md") {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range strings.Split(string(b), "```go\n")[1:] {
			snippet, _, _ := strings.Cut(part, "```")
			if snippets++; !strings.Contains(tests.String(), unindented(snippet)) {
				t.Errorf("%s: this snippet appears in no test:\n%s", path, snippet)
			}
		}
	}
	if snippets == 0 {
		t.Error("there are no snippets")
	}
}

// unindented takes away what differs between a snippet and its place in a file.
func unindented(code string) string {
	var b strings.Builder
	for line := range strings.Lines(code) {
		b.WriteString(strings.TrimSpace(line) + "\n")
	}
	return b.String()
}
