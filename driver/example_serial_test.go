package driver_test

import (
	"bytes"
	"fmt"
	"io"
	"time"

	"github.com/sans-io/websocket-driver/driver"
)

// serialLine is one end of a line like an RS-232: Read returns what has arrived, at
// most 4 bytes and sometimes none, and Write takes at most 16.
type serialLine struct{ in, out *bytes.Buffer }

func (l serialLine) Read(p []byte) (int, error) {
	n, _ := l.in.Read(p[:min(len(p), 4)])
	return n, nil // a line has no end
}

func (l serialLine) Write(p []byte) (int, error) {
	if len(p) > 16 {
		n, _ := l.out.Write(p[:16])
		return n, io.ErrShortWrite
	}
	return l.out.Write(p)
}

// poll moves what can be moved between line and d at the moment. Call it whenever
// the line may be ready.
func poll(line io.ReadWriter, d *driver.Driver, buf []byte, handle func(driver.Event)) error {
	n, err := line.Read(buf)
	if err != nil {
		return err
	}
	for ev := range d.Wake(buf[:n], false, time.Now) {
		handle(ev)
	}
	if _, err := d.IO().WriteTo(line); err != nil && err != io.ErrShortWrite {
		return err
	}
	return nil
}

// A serial line that one goroutine polls. Nothing blocks, and what the line does
// not take remains queued.
func Example_serialLine() {
	var there, back bytes.Buffer
	device, host := serialLine{&there, &back}, serialLine{&back, &there}

	server := driver.NewServer(nil)
	client, err := driver.NewClient("ws://device/", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	client.Start()
	client.Text([]byte("temperature?"))

	buf := make([]byte, 64)
	for server.Needs() != driver.NeedFinish {
		err := poll(device, server, buf, func(ev driver.Event) {
			switch ev.Kind {
			case driver.Connect:
				server.Start()
			case driver.Text:
				server.Text([]byte("21.5 °C"))
			}
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		err = poll(host, client, buf, func(ev driver.Event) {
			fmt.Printf("%v %q\n", ev.Kind, ev.Data)
			if ev.Kind == driver.Text {
				client.Close(driver.CodeNormal, "")
			}
		})
		if err != nil {
			fmt.Println(err)
			return
		}
	}
	// Output:
	// Open ""
	// Text "21.5 °C"
	// Close ""
}
