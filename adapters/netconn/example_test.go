package netconn_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"

	"github.com/sans-io/websocket-driver/adapters/netconn"
	"github.com/sans-io/websocket-driver/driver"
)

func hello(ctx context.Context, url string) error {
	conn, err := netconn.Dial(ctx, url, nil)
	if err != nil {
		return err
	}
	defer conn.CloseNow()
	if err := conn.WriteMessage(driver.Text, []byte("hello")); err != nil {
		return err
	}
	_, reply, err := conn.ReadMessage(nil)
	if err != nil {
		return err
	}
	fmt.Printf("%s\n", reply)
	return conn.Close(ctx, driver.CodeNormal, "")
}

// A server on bare TCP that echoes, and a client that talks to it.
func Example() {
	l, err := netconn.Listen("tcp", "127.0.0.1:0", nil)
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.CloseNow()
				for {
					kind, p, err := conn.ReadMessage(nil)
					if err != nil {
						return
					}
					if err := conn.WriteMessage(kind, p); err != nil {
						return
					}
				}
			}()
		}
	}()

	if err := hello(context.Background(), "ws://"+l.Addr().String()+"/"); err != nil {
		log.Fatal(err)
	}
	// Output: hello
}

// A client that offers subprotocols, sends fields of its own and is told why it
// was refused.
func ExampleDialer() {
	l, err := netconn.Listen("tcp", "127.0.0.1:0", nil)
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	l.Check = func(r *driver.Request) *driver.Response {
		return &driver.Response{Status: 403, Body: []byte("not from " + r.Get("Origin"))}
	}
	go l.Accept()

	d := netconn.Dialer{Config: &driver.Config{
		Subprotocols: []string{"chat", "superchat"},
		Fields:       []driver.Field{{Name: "Origin", Value: "http://example.com"}},
	}}
	_, err = d.Dial(context.Background(), "ws://"+l.Addr().String()+"/chat")
	fmt.Println(err)
	if refused, ok := err.(*netconn.HandshakeError); ok {
		fmt.Printf("%d %s\n", refused.Response.Status, refused.Response.Body)
	}
	// Output:
	// websocket: handshake refused with status 403 (Forbidden)
	// 403 not from http://example.com
}

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
			if err != nil {
				return
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
	if err := hello(context.Background(), "ws://"+l.Addr().String()+"/chat"); err != nil {
		log.Fatal(err)
	}
	// Output:
	// the page /index.html <nil>
	// hello
}
