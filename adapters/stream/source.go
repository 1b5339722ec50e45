package stream

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
)

// source reads from a transport. While it waits, it holds as little as possible:
//
//   - for a *net.TCPConn or *net.UnixConn nothing: it takes a buffer only to try
//     a read, and returns it if there is no data
//   - for a *tls.Conn, which does not tell when a record arrives, a small buffer
//   - for all others a buffer from the first read on
//
// A type that embeds one of these may have its own Read, so it is one of the others.
//
// An idle connection should need no more than 2 KiB of stack, the minimum of a
// goroutine. So there are few calls between ReadMessage and the system call, and
// rare cases have functions of their own.
type source struct {
	rwc    io.ReadWriteCloser
	least  int    // bytes in a read while messages are small
	size   int    // bytes in the next read
	within bool   // the next read is inside a frame
	filled bool   // the last read filled its buffer, so there may be more
	into   []byte // where the next read goes; nil for the buffer
	input  []byte // the result of the last read; valid until the next, or release
	buffer []byte // nil while none is held

	// For sockets; raw is nil for others.
	raw syscall.RawConn
	try func(fd uintptr) bool // see tryRead
	err error                 // its error

	// For TLS; small is nil for others.
	small *[smallBuffer]byte
}

const (
	// smallBuffer is the size of the buffer of an idle TLS connection: enough for a
	// short message and its frame header.
	smallBuffer = 128

	// largeBuffer is the maximum number of bytes in a read.
	largeBuffer = 256 << 10
)

func (s *source) init(rwc io.ReadWriteCloser, size int) {
	s.rwc, s.least, s.size = rwc, size, size
	var conn syscall.Conn
	switch c := rwc.(type) {
	case *net.TCPConn:
		conn = c
	case *net.UnixConn:
		conn = c
	case *tls.Conn:
		s.small = new([smallBuffer]byte)
	}
	if conn == nil {
		return
	}
	s.try = tryRead(s)
	if raw, err := conn.SyscallConn(); err == nil && s.try != nil {
		s.raw = raw
	}
}

// aim prepares the next read. incoming is how many bytes of a frame are known to follow.
func (s *source) aim(incoming int64) {
	switch s.within = incoming > 0; {
	case !s.within:
		s.size = s.least
	case s.filled: // there is much of it already
		s.size = max(s.least, int(min(incoming, int64(4*s.size), largeBuffer)))
	}
}

// read waits for input.
func (s *source) read() error {
	s.input = nil
	if s.raw == nil {
		return s.readBuffered()
	}
	if err := s.raw.Read(s.try); err != nil || len(s.input) == 0 {
		return s.socketError(err)
	}
	return nil
}

// socketError returns the error that Read of the connection would return. err is the
// error of waiting: a deadline has passed, or the connection has been closed.
func (s *source) socketError(err error) error {
	var op *net.OpError
	switch {
	case errors.As(err, &op):
		err = op.Err
	case s.err != nil:
		err = os.NewSyscallError("read", s.err)
	default:
		return io.EOF
	}
	local, remote := s.rwc.(net.Conn).LocalAddr(), s.rwc.(net.Conn).RemoteAddr()
	return &net.OpError{Op: "read", Net: local.Network(), Source: local, Addr: remote, Err: err}
}

// readBuffered reads into a buffer that is held while waiting, so it is large only
// inside a frame.
func (s *source) readBuffered() error {
	p := s.into
	switch {
	case p != nil:
		s.release()
	case s.small != nil && !s.filled && !s.within:
		s.release()
		p = s.small[:]
	default:
		p = s.hold()
	}
	n, err := s.rwc.Read(p)
	n = min(max(n, 0), len(p))
	s.filled, s.input = n == len(p), p[:n]
	return err
}

// hold returns the buffer. It gets one if there is none of about that size.
func (s *source) hold() []byte {
	if cap(s.buffer) < s.size || cap(s.buffer) > 4*max(s.size, DefaultReadBuffer) {
		s.release()
	}
	if s.buffer == nil {
		s.buffer = buffers.Get(s.size)
	}
	return s.buffer[:s.size]
}

// release returns the buffer to the pool.
func (s *source) release() {
	if s.buffer != nil {
		buffers.Put(s.buffer)
		s.buffer = nil
	}
}
