package netconn_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/sans-io/websocket-driver/adapters/netconn"
	"github.com/sans-io/websocket-driver/driver"
)

// A server and a client on a Unix socket.
func ExampleListen_unix() {
	dir, err := os.MkdirTemp("", "ws")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "s")

	l, err := netconn.Listen("unix", path, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.CloseNow()
		conn.WriteMessage(driver.Text, []byte("hello from "+conn.Version().String()))
		conn.ReadMessage(nil) // until the client closes
	}()

	ctx := context.Background()
	d := &netconn.Dialer{Unix: path}
	conn, err := d.Dial(ctx, "ws://localhost/chat") // the Host and the path of the request
	if err != nil {
		log.Fatal(err)
	}
	_, p, err := conn.ReadMessage(nil)
	fmt.Printf("%s, %v\n", p, err)
	fmt.Println(conn.Close(ctx, driver.CodeNormal, ""))
	// Output:
	// hello from hybi-13, <nil>
	// <nil>
}
