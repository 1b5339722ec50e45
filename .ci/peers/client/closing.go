package main

import (
	"fmt"

	"github.com/sans-io/websocket-driver/driver"
)

// closeClient begins the closing handshake.
func closeClient(p *peer) error {
	conn, err := p.dial("/echo")
	if err != nil {
		return err
	}
	if err := conn.WriteClose(4000, "see you"); err != nil {
		return err
	}
	if p.config.Version == driver.Hixie76 {
		return expectClose(conn, end{code: driver.CodeNoStatus})
	}
	return expectClose(conn, end{4000, "see you"}, end{4000, ""}, end{driver.CodeNormal, ""})
}

// closeClientNoCode does it without a code.
func closeClientNoCode(p *peer) error {
	conn, err := p.dial("/echo")
	if err != nil {
		return err
	}
	if err := conn.WriteClose(driver.CodeNoStatus, ""); err != nil {
		return err
	}
	return expectClose(conn, end{code: driver.CodeNoStatus}, end{code: driver.CodeNormal})
}

// closeThenMessages receives messages after it has sent its close frame.
func closeThenMessages(p *peer) error {
	w, err := p.wire("/echo")
	if err != nil {
		return err
	}
	var want []driver.Event
	for i := range 100 {
		m := fmt.Appendf(nil, "message %d", i)
		if err := w.d.Text(m); err != nil {
			return err
		}
		want = append(want, driver.Event{Kind: driver.Text, Data: m})
	}
	if err := w.d.Close(driver.CodeNormal, ""); err != nil {
		return err
	}
	if err := w.expect(want...); err != nil {
		return err
	}
	return w.expectClose()
}

// closeServer makes the server start the closing handshake.
func closeServer(p *peer) error {
	conn, err := p.dial("/close?code=4001&reason=bye")
	if err != nil {
		return err
	}
	return expectClose(conn, end{4001, "bye"})
}

// closeServerNoCode makes the server start the closing handshake without a code.
func closeServerNoCode(p *peer) error {
	conn, err := p.dial("/close")
	if err != nil {
		return err
	}
	return expectClose(conn, end{code: driver.CodeNoStatus})
}

// closeBoth begins without having seen the server's close frame: nothing is read
// before.
func closeBoth(p *peer) error {
	conn, err := p.dial("/close?code=4001&reason=bye")
	if err != nil {
		return err
	}
	if err := conn.WriteClose(4002, "me too"); err != nil {
		return err
	}
	return expectClose(conn, end{4001, "bye"})
}

// cutServer has the server vanish.
func cutServer(p *peer) error {
	conn, err := p.dial("/cut")
	if err != nil {
		return err
	}
	return expectClose(conn, end{code: driver.CodeAbnormal})
}

// cutClient vanishes: with the end of TCP, with a reset, and in the middle of a
// frame.
func cutClient(p *peer) error {
	for _, end := range []func(*wire) error{
		func(w *wire) error { return w.nc.Close() },
		func(w *wire) error {
			if err := w.nc.SetLinger(0); err != nil {
				return err
			}
			return w.nc.Close()
		},
		func(w *wire) error {
			if err := w.d.Text([]byte("only half of this")); err != nil {
				return err
			}
			b := w.d.Take(nil)
			if _, err := w.nc.Write(b[:len(b)/2]); err != nil {
				return err
			}
			return w.nc.Close()
		},
	} {
		w, err := p.wire("/echo")
		if err != nil {
			return err
		}
		if err := end(w); err != nil {
			return err
		}
	}
	conn, err := p.dial("/echo")
	if err != nil {
		return fmt.Errorf("after three clients have vanished: %w", err)
	}
	if err := echo(conn, driver.Text, []byte("anybody there?")); err != nil {
		return err
	}
	return p.finish(conn)
}
