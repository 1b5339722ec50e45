//go:build unix

package stream

import (
	"io"
	"syscall"
)

// tryRead returns a function that reads what a socket has. If that is nothing, it
// keeps no buffer and reports false, and RawConn.Read waits until there is more.
// A method value would need more stack.
func tryRead(in *input) func(fd uintptr) bool {
	return func(fd uintptr) bool {
		for {
			n, err := syscall.Read(int(fd), in.hold())
			switch {
			case err == syscall.EINTR:
				continue
			case err == syscall.EAGAIN:
				in.release()
				return false
			case err != nil:
				in.err = err
			case n == 0:
				in.err = io.EOF
			}
			in.n = n
			return true
		}
	}
}
