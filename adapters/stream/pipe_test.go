package stream_test

import (
	"bytes"
	"context"
	"io"
	"testing"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

// TestPipe connects two Conns by io.Copy over TCP.
func TestPipe(t *testing.T) {
	wstest.NoLeaks(t)
	a, b := wstest.TCP(t)
	d, err := driver.NewClient("ws://example.com/", nil)
	if err != nil {
		t.Fatal(err)
	}
	client, clientWire := stream.Pipe(d, nil)
	server, serverWire := stream.Pipe(driver.NewServer(nil), nil)
	for transport, wire := range map[io.ReadWriteCloser]io.ReadWriteCloser{a: clientWire, b: serverWire} {
		go func() {
			io.Copy(wire, transport)
			wire.Close()
		}()
		go func() {
			io.Copy(transport, wire)
			transport.Close()
		}()
	}
	if err := shakeHands(client, server); err != nil {
		t.Fatal(err)
	}
	go echo(server)
	large := randomBytes(1 << 20)
	go client.WriteMessage(driver.Binary, large)
	if _, p, err := client.ReadMessage(nil); err != nil || !bytes.Equal(p, large) {
		t.Errorf("%d bytes, %v", len(p), err)
	}
	if err := client.Close(context.Background(), driver.CodeNormal, ""); err != nil {
		t.Error(err)
	}
	<-server.Done()
}
