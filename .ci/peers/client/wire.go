package main

import (
	"fmt"
	"io"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
)

// wire is a driver on a TCP connection, without the adapter: for frames, and
// events of control frames.
type wire struct {
	nc  *tap
	d   *driver.Driver
	buf []byte
	in  []byte
}

// wire connects to a path.
func (p *peer) wire(path string) (*wire, error) {
	nc, d, err := p.tapped(path)
	if err != nil {
		return nil, err
	}
	w := &wire{nc: nc, d: d, buf: make([]byte, 64<<10)}
	if err := d.Start(); err != nil {
		return nil, err
	}
	for {
		switch ev, err := w.event(); {
		case err != nil:
			return nil, err
		case ev.Kind == driver.Open:
			return w, p.checkExtensions(d.Extensions())
		case ev.Kind == driver.Close:
			return nil, fmt.Errorf("connecting to %s: %w", path, w.closeError(ev))
		}
	}
}

// tapped makes a TCP connection on which frames are counted, and a driver for it.
func (p *peer) tapped(path string) (*tap, *driver.Driver, error) {
	d, err := driver.NewClient(p.url+path, &p.config)
	if err != nil {
		return nil, nil, err
	}
	nc, err := p.dialTCP()
	if err != nil {
		return nil, nil, err
	}
	return &tap{TCPConn: nc}, d, nil
}

// dialTapped is dial with a tap. All its connections share p.config.
func (p *peer) dialTapped(path string) (*stream.Conn, *tap, error) {
	nc, d, err := p.tapped(path)
	if err != nil {
		return nil, nil, err
	}
	conn := stream.New(nc, d, nil)
	if err := conn.Handshake(p.ctx); err != nil {
		return nil, nil, fmt.Errorf("connecting to %s: %w", path, err)
	}
	return conn, nc, p.checkExtensions(conn.Extensions())
}

// event sends the output and returns the next event.
func (w *wire) event() (driver.Event, error) {
	for {
		if _, err := w.nc.Write(w.d.Take(nil)); err != nil {
			return driver.Event{}, err
		}
		n, ev := w.d.Parse(w.in)
		w.in = w.in[n:]
		if ev.Kind != driver.None {
			return ev, nil
		}
		n, err := w.nc.Read(w.buf)
		w.in = w.buf[:n]
		switch {
		case err == io.EOF && w.d.State() == driver.StateClosed:
			return driver.Event{}, io.EOF
		case err == io.EOF:
			w.d.EOF()
		case err != nil:
			return driver.Event{}, err
		}
	}
}

// next returns the next event; a Close is an error.
func (w *wire) next() (driver.Event, error) {
	ev, err := w.event()
	if err == nil && ev.Kind == driver.Close {
		err = w.closeError(ev)
	}
	return ev, err
}

// closeError says how the connection has ended.
func (w *wire) closeError(ev driver.Event) error {
	if err := w.d.Err(); err != nil {
		return err
	}
	return fmt.Errorf("the server has closed with %v: %q", ev.Code, ev.Data)
}

// expect compares the next events.
func (w *wire) expect(want ...driver.Event) error {
	for _, want := range want {
		ev, err := w.next()
		if err != nil {
			return fmt.Errorf("instead of %d bytes of %v: %w", len(want.Data), want.Kind, err)
		}
		if err := compare(ev.Kind, ev.Data, want.Kind, want.Data); err != nil {
			return err
		}
	}
	return nil
}

// close closes with 1000.
func (w *wire) close() error {
	if err := w.d.Close(driver.CodeNormal, ""); err != nil {
		return err
	}
	return w.expectClose()
}

// expectClose expects the server's close frame, and then the end of TCP if that is
// the server's part, as in RFC 6455, section 7.1.1.
func (w *wire) expectClose() error {
	ev, err := w.event()
	if err != nil {
		return err
	}
	if ev.Kind != driver.Close || w.d.Err() != nil {
		return fmt.Errorf("%v of %d bytes came (%v), expected the end", ev.Kind, len(ev.Data), w.d.Err())
	}
	if w.d.Needs()&driver.NeedInput == 0 {
		return w.nc.Close()
	}
	if ev, err := w.event(); err != io.EOF {
		return fmt.Errorf("%v (%v) after the server's close frame, want the end of TCP", ev.Kind, err)
	}
	return w.nc.Close()
}
