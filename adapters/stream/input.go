package stream

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
)

// input reads from a transport, and holds as little as it can while it waits:
//
//   - for a *net.TCPConn or *net.UnixConn nothing: it takes a buffer only to try
//     to read, and gives it back if there is nothing yet
//   - for a *tls.Conn, whose records nobody can see coming, a small buffer
//   - for all others a buffer from the first read on
//
// A type that embeds one of these may have a Read of its own, so it is one of the
// others.
//
// An idle connection should get along with 2 KiB of stack, the least that a
// goroutine has. So the way from ReadMessage to the system call is short, and
// what is rare has a function of its own.
type input struct {
	rwc    io.ReadWriteCloser
	size   int    // bytes that are read at once
	buffer []byte // nil while none is held

	// Of a socket; raw is nil for others.
	raw syscall.RawConn
	try func(fd uintptr) bool // see tryRead
	n   int                   // what it has come to: 0 is the end
	err error

	// Of TLS; small is nil for others.
	small *[smallBuffer]byte
	more  bool // the last read has filled its buffer, so there may be more
}

// smallBuffer is what a TLS connection waits with, in bytes: enough for a short
// message and its frame.
const smallBuffer = 128

func (in *input) init(rwc io.ReadWriteCloser, size int) {
	in.rwc, in.size = rwc, size
	var conn syscall.Conn
	switch c := rwc.(type) {
	case *net.TCPConn:
		conn = c
	case *net.UnixConn:
		conn = c
	case *tls.Conn:
		in.small = new([smallBuffer]byte)
	}
	if conn == nil {
		return
	}
	in.try = tryRead(in)
	if raw, err := conn.SyscallConn(); err == nil && in.try != nil {
		in.raw = raw
	}
}

// read waits for input and returns it, valid until the next call or release.
func (in *input) read() ([]byte, error) {
	if in.raw == nil {
		return in.readBuffered()
	}
	if err := in.raw.Read(in.try); err != nil || in.err != nil || in.n == 0 {
		return nil, in.socketError(err)
	}
	return in.buffer[:in.n], nil
}

// socketError is the error as Read of the connection gives it. err is that of the
// waiting: a deadline, or the connection has been closed.
func (in *input) socketError(err error) error {
	var op *net.OpError
	switch {
	case errors.As(err, &op):
		err = op.Err
	case in.err != nil:
		err = os.NewSyscallError("read", in.err)
	default:
		return io.EOF
	}
	local, remote := in.rwc.(net.Conn).LocalAddr(), in.rwc.(net.Conn).RemoteAddr()
	return &net.OpError{Op: "read", Net: local.Network(), Source: local, Addr: remote, Err: err}
}

// readBuffered is read with a buffer in the hand.
func (in *input) readBuffered() ([]byte, error) {
	var p []byte
	if in.small == nil || in.more {
		p = in.hold()
	} else {
		in.release()
		p = in.small[:]
	}
	n, err := in.rwc.Read(p)
	n = min(max(n, 0), len(p))
	in.more = n == len(p)
	return p[:n], err
}

// hold returns the buffer, and takes one if there is none.
func (in *input) hold() []byte {
	if in.buffer == nil {
		in.buffer = buffers.Get(in.size)
	}
	return in.buffer[:in.size]
}

// release gives the buffer back.
func (in *input) release() {
	if in.buffer != nil {
		buffers.Put(in.buffer)
		in.buffer = nil
	}
}
