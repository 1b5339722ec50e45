package wstest

import (
	"io"
	"net"
)

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
