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
	"github.com/sans-io/websocket-driver/driver"
)

// serveEcho is a handler that echoes.
func serveEcho(w http.ResponseWriter, r *http.Request) {
	conn, err := nethttp.Upgrade(w, r, &driver.Config{Subprotocols: []string{"echo"}})
	if err != nil {
		return // Upgrade has responded
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

// A net/http handler that echoes.
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
