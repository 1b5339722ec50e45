//go:build !unix

package stream

// tryWrite returns nil: nothing has a syscall.RawConn here.
func tryWrite(*attempt) func(fd uintptr) bool { return nil }

// tryRead returns nil: sockets are read like other transports.
func tryRead(*source) func(fd uintptr) bool { return nil }
