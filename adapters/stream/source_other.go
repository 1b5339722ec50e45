//go:build !unix

package stream

// tryRead returns nil: sockets are read like other transports.
func tryRead(*source) func(fd uintptr) bool { return nil }
