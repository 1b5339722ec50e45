//go:build unix

package stream

import "syscall"

// tryRead returns a function that reads what a socket has received. If that is
// nothing, the function keeps no buffer and returns false, and RawConn.Read waits
// for more. A method value would need more stack.
func tryRead(in *input) func(fd uintptr) bool {
	return func(fd uintptr) bool {
		for {
			n, err := syscall.Read(int(fd), in.hold())
			switch err {
			case syscall.EINTR:
				continue
			case syscall.EAGAIN:
				in.release()
				return false
			}
			in.n, in.err = max(n, 0), err
			return true
		}
	}
}
