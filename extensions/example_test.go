package extensions_test

import (
	"fmt"

	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/extensions"
)

// rot13 is the configuration of an extension that rotates the letters of text
// messages by 13 places. It marks these messages with RSV2.
type rot13 struct{}

func (rot13) Name() string { return "x-rot13" }

func (rot13) RSV() byte { return extensions.RSV2 }

// Offer makes one offer, without parameters.
func (rot13) Offer() []extensions.Offer {
	return []extensions.Offer{{Name: "x-rot13"}}
}

// Accept declines offers with parameters, since it knows none.
func (rot13) Accept(offer []extensions.Param) (answer []extensions.Param, s extensions.Session, ok bool) {
	if len(offer) > 0 {
		return nil, nil, false
	}
	return nil, session{}, true
}

// Activate checks the answer of the server.
func (rot13) Activate(answer []extensions.Param) (extensions.Session, error) {
	if len(answer) > 0 {
		return nil, fmt.Errorf("has the unknown parameter %s", answer[0].Name)
	}
	return session{}, nil
}

// session is the extension in use on a connection. It needs no state.
type session struct{}

// Begin leaves binary messages unchanged.
func (session) Begin(k driver.Kind, size int) bool { return k == driver.Text }

func (session) Encode(dst, src []byte, fin bool) ([]byte, error) {
	for _, c := range src {
		dst = append(dst, rotate(c))
	}
	return dst, nil
}

func (session) Decode(dst, src []byte, fin bool) (nd, ns int, err error) {
	n := min(len(dst), len(src))
	for i, c := range src[:n] {
		dst[i] = rotate(c)
	}
	return n, n, nil
}

func rotate(c byte) byte {
	switch {
	case c >= 'a' && c <= 'z':
		return 'a' + (c-'a'+13)%26
	case c >= 'A' && c <= 'Z':
		return 'A' + (c-'A'+13)%26
	}
	return c
}

// An extension of a third party, on both sides of a connection.
func Example() {
	config := &driver.Config{Extensions: []driver.Extension{rot13{}}}
	server := driver.NewServer(config)
	client, err := driver.NewClient("ws://example.com/", config)
	if err != nil {
		fmt.Println(err)
		return
	}
	client.Start()
	for range server.Events(client.Take(nil)) { // Connect
		server.Start()
	}
	for range client.Events(server.Take(nil)) { // Open
	}
	fmt.Println(client.Extensions())

	server.Text([]byte("Hello"))
	wire := server.Take(nil)
	fmt.Printf("%#x %q\n", wire[0], wire[2:])
	for ev := range client.Events(wire) {
		fmt.Printf("%v %q\n", ev.Kind, ev.Data)
	}
	// Output:
	// x-rot13
	// 0xa1 "Uryyb"
	// Text "Hello"
}
