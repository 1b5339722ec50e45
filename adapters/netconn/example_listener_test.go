package netconn_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"

	"github.com/sans-io/websocket-driver/adapters/netconn"
	"github.com/sans-io/websocket-driver/driver"
)

// One port for a page, by net/http, and for WebSockets.
func ExampleListener() {
	l, err := netconn.Listen("tcp", "127.0.0.1:0", nil)
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	l.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "the page %s", r.URL.Path)
	})
	go func() {
		for {
			conn, err := l.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err != nil { // it may pass, as too many open files do
				log.Print(err)
				continue
			}
			go func() {
				defer conn.CloseNow()
				kind, p, err := conn.ReadMessage(nil)
				if err == nil {
					conn.WriteMessage(kind, p)
				}
				conn.ReadMessage(nil) // until the client closes
			}()
		}
	}()

	res, err := http.Get("http://" + l.Addr().String() + "/index.html")
	if err != nil {
		log.Fatal(err)
	}
	defer res.Body.Close()
	page, err := io.ReadAll(res.Body)
	fmt.Printf("%s %v\n", page, err)
	conn, err := netconn.Dial(context.Background(), "ws://"+l.Addr().String()+"/chat", nil)
	if err != nil {
		log.Fatal(err)
	}
	if err := conn.WriteMessage(driver.Text, []byte("hello")); err != nil {
		log.Fatal(err)
	}
	_, reply, err := conn.ReadMessage(nil)
	fmt.Printf("%s %v\n", reply, err)
	conn.Close(context.Background(), driver.CodeNormal, "")
	// Output:
	// the page /index.html <nil>
	// hello <nil>
}
