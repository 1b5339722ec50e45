//go:build unix

package stream

import "syscall"

// tryWrite returns a function that writes what a socket takes at once.
func tryWrite(a *attempt) func(fd uintptr) bool {
	return func(fd uintptr) bool {
		for {
			n, err := syscall.Write(int(fd), a.p)
			if err != syscall.EINTR {
				a.n = max(n, 0) // the writer that follows gets the error
				return true
			}
		}
	}
}

// tryRead returns a function that reads what a socket has received. If that is
// nothing, the function keeps no buffer and returns false, and RawConn.Read waits
// for more. A method value would need more stack.
func tryRead(s *source) func(fd uintptr) bool {
	return func(fd uintptr) bool {
		for {
			p := s.into
			if p == nil {
				p = s.hold()
			}
			n, err := syscall.Read(int(fd), p)
			switch err {
			case syscall.EINTR:
				continue
			case syscall.EAGAIN:
				s.release()
				return false
			}
			s.input, s.err = p[:max(n, 0)], err
			s.filled = n == len(p)
			return true
		}
	}
}
