package main

import (
	"fmt"
	"io"

	"github.com/gorilla/websocket"
	"github.com/lxzan/gws"

	"github.com/sans-io/websocket-driver/driver"
)

func checkCount(got, want int) error {
	if got != want {
		return fmt.Errorf("%d messages, not %d", got, want)
	}
	return nil
}

// openDriver returns an open server; c may be nil and offer "".
func openDriver(c *driver.Config, offer string) (*driver.Driver, error) {
	fields := []driver.Field{
		{Name: "Host", Value: "example.com"}, {Name: "Upgrade", Value: "websocket"}, {Name: "Connection", Value: "Upgrade"},
		{Name: "Sec-WebSocket-Key", Value: "dGhlIHNhbXBsZSBub25jZQ=="}, {Name: "Sec-WebSocket-Version", Value: "13"},
	}
	if offer != "" {
		fields = append(fields, driver.Field{Name: "Sec-WebSocket-Extensions", Value: offer})
	}
	d := driver.FromRequest(&driver.Request{Method: "GET", Target: "/", Major: 1, Minor: 1, Fields: fields}, c)
	if err := d.Start(); err != nil {
		return nil, err
	}
	d.Take(nil)
	d.Parse(nil)
	return d, nil
}

func receiveDriver(wire []byte, count int) error {
	d, err := openDriver(nil, "")
	if err != nil {
		return err
	}
	conn := &memory{in: wire}
	got := 0
	for buf := make([]byte, 4096); ; {
		n, err := conn.Read(buf)
		for ev := range d.Events(buf[:n]) {
			if ev.Kind == driver.Text {
				got++
			}
		}
		if err == io.EOF {
			return checkCount(got, count)
		}
	}
}

// sendDriver writes after each message, as the others do.
func sendDriver(payload []byte, count int) error {
	d, err := openDriver(nil, "")
	if err != nil {
		return err
	}
	conn := &memory{}
	var out []byte
	for range count {
		if err := d.Text(payload); err != nil {
			return err
		}
		out = d.Take(out)
		conn.Write(out)
	}
	return nil
}

type gwsHandler struct {
	gws.BuiltinEventHandler
	got *int
}

func (h gwsHandler) OnMessage(_ *gws.Conn, m *gws.Message) {
	*h.got++
	m.Close()
}

func openGWS(conn *memory, got *int) (*gws.Conn, error) {
	u := gws.NewUpgrader(gwsHandler{got: got}, &gws.ServerOption{CheckUtf8Enabled: true, ReadMaxPayloadSize: 16 << 20})
	return u.Upgrade(hijacked{conn: conn}, upgradeRequest(""))
}

func receiveGWS(wire []byte, count int) error {
	got := 0
	conn, err := openGWS(&memory{in: wire}, &got)
	if err != nil {
		return err
	}
	conn.ReadLoop()
	return checkCount(got, count)
}

func sendGWS(payload []byte, count int) error {
	conn, err := openGWS(&memory{}, new(int))
	if err != nil {
		return err
	}
	for range count {
		if err := conn.WriteMessage(gws.OpcodeText, payload); err != nil {
			return err
		}
	}
	return nil
}

func openGorilla(conn *memory) (*websocket.Conn, error) {
	return new(websocket.Upgrader).Upgrade(hijacked{conn: conn}, upgradeRequest(""), nil)
}

func receiveGorilla(wire []byte, count int) error {
	conn, err := openGorilla(&memory{in: wire})
	if err != nil {
		return err
	}
	for got := 0; ; got++ {
		if _, _, err := conn.ReadMessage(); err != nil {
			return checkCount(got, count)
		}
	}
}

func sendGorilla(payload []byte, count int) error {
	conn, err := openGorilla(&memory{})
	if err != nil {
		return err
	}
	for range count {
		if err := conn.WriteMessage(websocket.TextMessage, payload); err != nil {
			return err
		}
	}
	return nil
}
