package main

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"time"
)

// memory is a connection in memory: reads give the bytes of in, then io.EOF;
// writes are counted and forgotten.
type memory struct {
	in  []byte
	out int

	// If reached is set it is called, once, when all but the last mark bytes of in
	// have been read and more is wanted.
	mark    int
	reached func()

	keep bool // collect in kept what is written
	kept []byte

	// If open is set the end of in is not the end of the connection: reads call
	// idle, once, and wait for open to be closed.
	open chan struct{}
	idle func()
}

func (m *memory) Read(p []byte) (int, error) {
	in := m.in
	if m.reached != nil {
		if in = in[:max(len(in)-m.mark, 0)]; len(in) == 0 {
			m.reached()
			m.reached, in = nil, m.in
		}
	}
	if len(in) == 0 {
		if m.open != nil {
			m.idle()
			<-m.open
		}
		return 0, io.EOF
	}
	n := copy(p, in)
	m.in = m.in[n:]
	return n, nil
}

func (m *memory) Write(p []byte) (int, error) {
	m.out += len(p)
	if m.keep {
		m.kept = append(m.kept, p...)
	}
	return len(p), nil
}

func (m *memory) Close() error                     { return nil }
func (m *memory) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (m *memory) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (m *memory) SetDeadline(time.Time) error      { return nil }
func (m *memory) SetReadDeadline(time.Time) error  { return nil }
func (m *memory) SetWriteDeadline(time.Time) error { return nil }

// hijacked is an http.ResponseWriter that gives away a memory.
type hijacked struct {
	http.ResponseWriter
	conn *memory
}

func (h hijacked) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.conn, bufio.NewReadWriter(bufio.NewReader(h.conn), bufio.NewWriter(h.conn)), nil
}

func (h hijacked) Header() http.Header { return http.Header{} }
func (h hijacked) WriteHeader(int)     {}

// upgradeRequest is a good handshake, with the extensions offered, if any.
func upgradeRequest(extensions string) *http.Request {
	r := &http.Request{
		Method: "GET", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Host: "example.com",
		Header: http.Header{
			"Upgrade":               {"websocket"},
			"Connection":            {"Upgrade"},
			"Sec-Websocket-Key":     {"dGhlIHNhbXBsZSBub25jZQ=="},
			"Sec-Websocket-Version": {"13"},
		},
	}
	if extensions != "" {
		r.Header.Set("Sec-Websocket-Extensions", extensions)
	}
	return r
}
