package netconn_test

import (
	"context"
	"fmt"
	"log"
	"net/http"

	"github.com/sans-io/websocket-driver/adapters/netconn"
	"github.com/sans-io/websocket-driver/driver"
)

// authorize is for Listener.Check. It refuses requests without a token, and gives the
// others a cookie.
func authorize(r *driver.Request) *driver.Response {
	if r.Get("Authorization") != "Bearer secret" {
		return &driver.Response{Status: 401, Body: []byte("who are you?\n")}
	}
	answer, err := netconn.AcceptWith(
		[]driver.Field{{Name: "X-Server", Value: "one"}},
		&http.Cookie{Name: "session", Value: "42", HttpOnly: true})
	if err != nil { // a field or cookie cannot be sent
		log.Print(err)
		return &driver.Response{Status: 500}
	}
	return answer
}

// A listener that refuses some requests and adds to the answer to others.
func ExampleListener_check() {
	l, err := netconn.Listen("tcp", "127.0.0.1:0", nil)
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	l.Check = authorize
	l.OnRefuse = func(r *driver.Request, err error) { fmt.Println("server:", err) }
	go l.Accept()

	url := "ws://" + l.Addr().String()
	_, err = netconn.Dial(context.Background(), url, nil)
	fmt.Println("client:", err)
	conn, err := netconn.Dial(context.Background(), url, &driver.Config{
		Fields: []driver.Field{{Name: "Authorization", Value: "Bearer secret"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer conn.CloseNow()
	fmt.Println(conn.Response().Get("X-Server"), conn.Response().Get("Set-Cookie"))
	// Unordered output:
	// server: websocket: rejected with status 401
	// client: websocket: handshake refused with status 401 (Unauthorized)
	// one session=42; HttpOnly
}
