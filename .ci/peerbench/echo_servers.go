package main

import (
	"bufio"
	"net"
	"net/http"

	"github.com/sans-io/websocket-driver/adapters/nethttp"
	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/hybi/frame"
)

// echoServers are the servers of -echo. The first is what the others are compared to.
var echoServers = []idleLibrary{
	{"limit", false, serveLimit},
	{"this, netconn", false, serveNetconn(echoReadme)},
	{"this, nethttp", false, serveHTTP((&nethttp.Upgrader{}).Handler(func(c *stream.Conn, _ *http.Request) { echoReadme(c) }))},
	{"this, detached", false, serveHTTP((&nethttp.Upgrader{}).Detached(acceptReadme))},
	{"gws", false, serveHTTP(http.HandlerFunc(handleGWS))},
	{"gobwas", false, serveGobwas},
	{"gorilla", false, serveHTTP(http.HandlerFunc(handleGorilla))},
	{"coder", false, serveHTTP(http.HandlerFunc(handleCoder))},
}

func acceptReadme(http.ResponseWriter, *http.Request) (func(*stream.Conn), error) {
	return echoReadme, nil
}

// echoReadme is the loop of the README.
func echoReadme(conn *stream.Conn) {
	defer conn.CloseNow()
	for m, err := range conn.Messages() {
		if err != nil || conn.WriteMessage(m.Kind, m.Data) != nil {
			return
		}
	}
}

// serveLimit is the bare limit: one read, unmasking in place, and one write for all
// frames of the read. It checks nothing, and answers only what is sent here.
func serveLimit(l net.Listener) error {
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer conn.Close()
			r := bufio.NewReaderSize(conn, 4096)
			req, err := http.ReadRequest(r)
			if err != nil {
				return
			}
			answer, err := answerTo(req)
			if err != nil {
				return
			}
			if _, err := conn.Write(answer); err == nil {
				echoLimit(conn)
			}
		}()
	}
}

// answerTo returns the answer to the request of a client.
func answerTo(r *http.Request) ([]byte, error) {
	var fields []driver.Field
	for name, values := range r.Header {
		fields = append(fields, driver.Field{Name: name, Value: values[0]})
	}
	fields = append(fields, driver.Field{Name: "Host", Value: r.Host})
	d := driver.FromRequest(&driver.Request{Method: "GET", Target: "/", Major: 1, Minor: 1, Fields: fields}, nil)
	err := d.Start()
	return d.Take(nil), err
}

func echoLimit(conn net.Conn) {
	in := make([]byte, 128<<10)
	out := make([]byte, 0, 128<<10)
	have := 0
	for {
		n, err := conn.Read(in[have:])
		if err != nil {
			return
		}
		have += n
		p := in[:have]
		for {
			h, size, err := frame.Parse(p)
			if err != nil {
				return
			}
			if size == 0 || uint64(len(p)-size) < h.Length {
				break
			}
			payload := p[size : size+int(h.Length)]
			frame.Mask(payload, h.Key)
			out = frame.AppendStart(out, p[0], 0, h.Length)
			out = append(out, payload...)
			p = p[size+int(h.Length):]
		}
		have = copy(in, p)
		if len(out) > 0 {
			if _, err := conn.Write(out); err != nil {
				return
			}
			out = out[:0]
		}
	}
}
