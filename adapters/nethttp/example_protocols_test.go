package nethttp_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/sans-io/websocket-driver/adapters/netconn"
	"github.com/sans-io/websocket-driver/adapters/nethttp"
	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
)

// say connects to url and prints the first message of the server.
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

// Several applications on one path, chosen by subprotocol.
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
