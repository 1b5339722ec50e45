package proxy_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/proxy"
)

// A tunnel, followed by a client through it, over one transport.
func Example() {
	transport, far := net.Pipe()
	go serveProxy(far)

	const target = "ws://example.com/"
	p, err := proxy.New("http://user:password@proxy.example:3128", target, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	p.Start()
	rest, err := connect(transport, p)
	if err != nil {
		fmt.Println(err, p.Response())
		return
	}
	fmt.Println("tunnel to", p.Target())

	d, err := driver.NewClient(target, nil) // for a wss URL, TLS comes between
	if err != nil {
		fmt.Println(err)
		return
	}
	d.Start()
	d.Text([]byte("hello"))
	in := make([]byte, 4096)
	for d.Needs() != driver.NeedFinish {
		n := copy(in, rest) // input that arrived with the proxy's answer
		rest = rest[n:]
		d.IO().WriteTo(transport)
		if n == 0 && d.Needs()&driver.NeedInput != 0 {
			if n, err = transport.Read(in); err != nil {
				d.EOF()
			}
		}
		for ev := range d.Events(in[:n]) {
			fmt.Printf("%v %q\n", ev.Kind, ev.Data)
			if ev.Kind == driver.Text {
				d.Close(driver.CodeNormal, "")
			}
		}
	}
	// Output:
	// tunnel to example.com:80
	// Open ""
	// Text "hello"
	// Close ""
}

// connect runs the exchange and returns input that belongs to the target.
func connect(transport io.ReadWriter, p *proxy.Exchange) (rest []byte, err error) {
	in := make([]byte, 4096)
	for {
		if _, err := p.IO().WriteTo(transport); err != nil {
			return nil, err
		}
		n, err := transport.Read(in)
		if err != nil {
			p.EOF()
		}
		used, ev := p.Parse(in[:n])
		switch ev.Kind {
		case ws.Open:
			return in[used:n], nil
		case ws.Close:
			return nil, p.Err()
		}
	}
}

// serveProxy is a proxy in front of an echo server.
func serveProxy(transport net.Conn) {
	defer transport.Close()
	r := bufio.NewReader(transport)
	if request, err := http.ReadRequest(r); err != nil || request.Method != http.MethodConnect {
		return
	}
	io.WriteString(transport, "HTTP/1.1 200 Connection established\r\n\r\n")
	d := driver.NewServer(nil)
	in := make([]byte, 4096)
	for d.Needs() != driver.NeedFinish {
		n, err := r.Read(in)
		if err != nil {
			d.EOF()
		}
		for ev := range d.Events(in[:n]) {
			switch ev.Kind {
			case driver.Connect:
				d.Start()
			case driver.Text:
				d.Text(ev.Data)
			}
		}
		d.IO().WriteTo(transport)
	}
}

// Answer the strongest challenge that can be answered: Digest if the proxy offers
// it, and Basic otherwise.
func ExampleConfig() {
	digest, basic := proxy.Digest("user", "password"), proxy.Basic("user", "password")
	c := &proxy.Config{Challenge: func(c *proxy.Challenge) (string, error) {
		fmt.Println("asked for", c.Scheme, c.Param("realm"))
		if answer, err := digest(c); answer != "" || err != nil {
			return answer, err
		}
		return basic(c)
	}}
	p, err := proxy.New("http://proxy.example:3128", "wss://example.com/", c)
	if err != nil {
		fmt.Println(err)
		return
	}
	p.Start()
	p.Take(nil)
	p.Parse([]byte("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n" +
		"Proxy-Authenticate: Digest realm=\"office\", nonce=\"x\", algorithm=SHA-512-256\r\n" +
		"Proxy-Authenticate: Basic realm=\"office\"\r\n\r\n"))
	fmt.Print(strings.ReplaceAll(string(p.Take(nil)), "\r\n", "\n"))
	// Output:
	// asked for Digest office
	// asked for Basic office
	// CONNECT example.com:443 HTTP/1.1
	// Host: example.com:443
	// Proxy-Authorization: Basic dXNlcjpwYXNzd29yZA==
}

// A proxy may close the connection after its challenge. Retry continues over a new
// connection.
func ExampleExchange_Retry() {
	p, err := proxy.New("http://proxy.example", "ws://example.com/", &proxy.Config{Challenge: proxy.Basic("user", "password")})
	if err != nil {
		fmt.Println(err)
		return
	}
	p.Start()
	p.Parse([]byte("HTTP/1.1 407 Proxy Authentication Required\r\nConnection: close\r\nProxy-Authenticate: Basic realm=x\r\n\r\n"))
	fmt.Println(p.Err())
	if p = p.Retry(); p != nil {
		p.Start() // on a new connection to the proxy
		_, ev := p.Parse([]byte("HTTP/1.1 200 OK\r\n\r\n"))
		fmt.Println(ev.Kind)
	}
	// Output:
	// websocket: proxy requires a new connection for the answer to its challenge (status 407)
	// Open
}

// IO and Detach do the same over streams.
func ExampleExchange_Detach() {
	p, err := proxy.New("http://proxy.example", "ws://example.com/", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	p.Start()
	io.WriteString(p.IO(), "HTTP/1.0 200 OK\r\n\r\nfrom the target")
	_, ev := p.Parse(nil)
	fmt.Println(ev.Kind, string(p.Detach()))
	// Output: Open from the target
}
