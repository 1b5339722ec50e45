package driver_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/sans-io/websocket-driver/driver"
)

// serveInTime echoes text and keeps the time limits of c, on a transport whose Read
// can be interrupted.
func serveInTime(transport net.Conn, c *driver.Config) error {
	d := driver.NewServer(c)
	in, out := make([]byte, 4096), []byte(nil)
	for d.Needs() != driver.NeedFinish {
		next, ok := d.NextTick()
		if ok && next.IsZero() { // a limit waits for its start
			d.Tick(time.Now())
			next, ok = d.NextTick()
		}
		if !ok {
			next = time.Time{} // no deadline
		}
		transport.SetReadDeadline(next)
		n, err := transport.Read(in)
		ended := err != nil && !errors.Is(err, os.ErrDeadlineExceeded)
		for ev := range d.Wake(in[:n], ended, time.Now) {
			switch ev.Kind {
			case driver.Connect:
				if err := d.Start(); err != nil {
					d.Refuse(err)
				}
			case driver.Text:
				d.Text(ev.Data)
			}
		}
		if out = d.Take(out); len(out) > 0 { // a pipe waits for a reader even of nothing
			transport.Write(out)
		}
	}
	return d.Err()
}

// A client that sends nothing is disconnected.
func ExampleDriver_NextTick() {
	near, far := net.Pipe()
	defer far.Close()
	fmt.Println(serveInTime(near, &driver.Config{HandshakeTimeout: time.Millisecond}))
	near.Close()
	// Output: websocket: the opening handshake took longer than 1ms
}
