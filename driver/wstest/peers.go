package wstest

import (
	"io"
	"net"
	"testing"
)

// TCP returns both ends of a TCP connection on the loopback interface.
func TCP(t testing.TB) (a, b net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	a, err = net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if b, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	return a, b
}

// Repeat writes p to nc again and again, until that fails: a peer that sends
// without end.
func Repeat(nc net.Conn, p []byte) {
	for {
		if _, err := nc.Write(p); err != nil {
			return
		}
	}
}

// UntilEnd reads from nc until that fails, and drops what it reads: a peer that
// says nothing.
func UntilEnd(nc net.Conn) { _, _ = io.Copy(io.Discard, nc) }
