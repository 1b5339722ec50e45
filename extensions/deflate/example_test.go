package deflate_test

import (
	"fmt"
	"strings"

	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/extensions/deflate"
)

// A client that prefers to use less memory, and a server that limits its window.
func Example() {
	server := driver.NewServer(&driver.Config{Extensions: []driver.Extension{
		&deflate.Extension{Params: deflate.Params{ServerMaxWindowBits: 12}},
	}})
	client, err := driver.NewClient("ws://example.com/", &driver.Config{Extensions: []driver.Extension{
		&deflate.Extension{
			Params:   deflate.Params{ServerMaxWindowBits: 10, ServerNoContextTakeover: true},
			Fallback: []deflate.Params{{}},
		},
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	client.Start()
	for range server.Events(client.Take(nil)) {
		server.Start()
	}
	for range client.Events(server.Take(nil)) {
	}
	fmt.Println(client.Extensions())

	server.Text([]byte(strings.Repeat("many words ", 1000)))
	wire := server.Take(nil)
	fmt.Println(len(wire) < 100, "on the wire")
	for ev := range client.Events(wire) {
		fmt.Println(ev.Kind, len(ev.Data))
	}
	// Output:
	// permessage-deflate; server_no_context_takeover; server_max_window_bits=10
	// true on the wire
	// Text 11000
}
