package nethttp_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/sans-io/websocket-driver/adapters/hub"
	"github.com/sans-io/websocket-driver/adapters/netconn"
	"github.com/sans-io/websocket-driver/adapters/nethttp"
	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
)

func serveEcho(w http.ResponseWriter, r *http.Request) {
	conn, err := nethttp.Upgrade(w, r, &driver.Config{Subprotocols: []string{"echo"}})
	if err != nil {
		return // the client has been told
	}
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
}

// A handler of net/http that echoes.
func Example() {
	server := httptest.NewServer(http.HandlerFunc(serveEcho))
	defer server.Close()

	url := "ws" + strings.TrimPrefix(server.URL, "http")
	conn, err := netconn.Dial(context.Background(), url, &driver.Config{Subprotocols: []string{"echo"}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("subprotocol", conn.Subprotocol())
	if err := conn.WriteMessage(driver.Text, []byte("hello")); err != nil {
		log.Fatal(err)
	}
	_, p, err := conn.ReadMessage(nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", p)
	conn.Close(context.Background(), driver.CodeNormal, "")
	// Output:
	// subprotocol echo
	// hello
}

// echoAll serves a connection of a Handler.
func echoAll(conn *stream.Conn, r *http.Request) {
	for {
		kind, p, err := conn.ReadMessage(nil)
		if err != nil {
			return
		}
		if err := conn.WriteMessage(kind, p); err != nil {
			return
		}
	}
}

// say connects and prints the first message of the server.
func say(url string, subprotocols ...string) {
	conn, err := netconn.Dial(context.Background(), url, &driver.Config{Subprotocols: subprotocols})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.CloseNow()
	_, p, err := conn.ReadMessage(nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", p)
}

// Applications by path: each is a http.Handler, so http.ServeMux knows the way.
func ExampleUpgrader_Handler() {
	u := &nethttp.Upgrader{Origins: []string{"https://*.example.com"}} // beside those of the same host
	mux := http.NewServeMux()
	mux.Handle("GET /echo", u.Handler(echoAll))
	mux.Handle("GET /rooms/{room}", u.Handler(func(conn *stream.Conn, r *http.Request) {
		conn.WriteMessage(driver.Text, []byte("welcome to "+r.PathValue("room")))
	}))
	server := httptest.NewServer(mux)
	defer server.Close()

	url := "ws" + strings.TrimPrefix(server.URL, "http")
	say(url + "/rooms/kitchen")
	say(url + "/attic")
	// Output:
	// welcome to kitchen
	// websocket: handshake refused with status 404 (Not Found)
}

// Several applications on one path: the subprotocol decides.
func ExampleUpgrader_Protocols() {
	speak := func(text string) func(*stream.Conn, *http.Request) {
		return func(conn *stream.Conn, _ *http.Request) { conn.WriteMessage(driver.Text, []byte(text)) }
	}
	u := &nethttp.Upgrader{}
	server := httptest.NewServer(u.Protocols(
		nethttp.Protocol{Name: "v2.chat", Serve: speak("the new chat")}, // preferred
		nethttp.Protocol{Name: "v1.chat", Serve: speak("the old chat")},
		nethttp.Protocol{Serve: speak("no subprotocol")},
	))
	defer server.Close()

	url := "ws" + strings.TrimPrefix(server.URL, "http")
	say(url, "v1.chat", "v2.chat")
	say(url, "v1.chat")
	say(url)
	// Output:
	// the new chat
	// the old chat
	// no subprotocol
}

// A server that is shut down closes its WebSockets too.
func ExampleUpgrader_Handler_shutdown() {
	var open hub.Registry
	u := &nethttp.Upgrader{}
	server := httptest.NewServer(u.Handler(func(conn *stream.Conn, r *http.Request) {
		if !open.Add(conn) {
			conn.Close(context.Background(), driver.CodeGoingAway, "restarting")
			return
		}
		echoAll(conn, r)
	}))
	conn, err := netconn.Dial(context.Background(), "ws"+strings.TrimPrefix(server.URL, "http"), nil)
	if err != nil {
		log.Fatal(err)
	}
	if err := conn.WriteMessage(driver.Text, []byte("hello")); err != nil {
		log.Fatal(err)
	}
	if _, _, err := conn.ReadMessage(nil); err != nil {
		log.Fatal(err)
	}

	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		server.Config.Shutdown(ctx) // does not know WebSockets
		open.Shutdown(ctx, "restarting")
	}()
	_, _, err = conn.ReadMessage(nil)
	fmt.Println(err)
	conn.CloseNow()
	server.Close()
	// Output:
	// websocket: closed with 1001 (going away): restarting
}
