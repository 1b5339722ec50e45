//go:build unix

package stream

import "syscall"

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
