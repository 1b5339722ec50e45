package hijack_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/sans-io/websocket-driver/adapters/hijack"
	"github.com/sans-io/websocket-driver/adapters/netconn"
	"github.com/sans-io/websocket-driver/driver"
)

// A handler of net/http that echoes.
func Example() {
	config := &driver.Config{Subprotocols: []string{"echo"}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := hijack.Upgrade(w, r, config)
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
	}))
	defer server.Close()

	url := "ws" + strings.TrimPrefix(server.URL, "http")
	conn, err := netconn.Dial(context.Background(), url, config)
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
	conn.Close(driver.CodeNormal, "")
	// Output:
	// subprotocol echo
	// hello
}
