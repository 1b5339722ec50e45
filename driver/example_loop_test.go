package driver_test

import (
	"fmt"
	"io"

	"github.com/sans-io/websocket-driver/driver"
)

// run drives d over a transport that blocks, on one goroutine, and does what Needs
// says. It has no time limits, and two peers that run it must not both send more
// than the transport holds.
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

// serve echoes text.
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

// ask sends one question and returns the answer.
func ask(transport io.ReadWriter, question string) (answer string, err error) {
	d, err := driver.NewClient("ws://localhost/", nil)
	if err != nil {
		return "", err
	}
	d.Start()
	d.Text([]byte(question)) // leaves when the connection is open
	err = run(transport, d, func(ev driver.Event) {
		if ev.Kind == driver.Text {
			answer = string(ev.Data)
			d.Close(driver.CodeNormal, "")
		}
	})
	return answer, err
}

// The loop for a transport that blocks: here two pipes, one for each direction.
// Package adapters/stream has a better one, which also keeps time limits.
func ExampleDriver_Needs() {
	type end struct {
		io.Reader
		io.WriteCloser
	}
	toServer, fromClient := io.Pipe()
	toClient, fromServer := io.Pipe()
	go func() {
		serve(end{toServer, fromServer})
		fromServer.Close() // the server closes first
	}()
	fmt.Println(ask(end{toClient, fromClient}, "over pipes"))
	// Output: over pipes <nil>
}
