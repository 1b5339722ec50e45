package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
)

// terminal connects a WebSocket with the standard streams.
type terminal struct {
	conn   *stream.Conn
	kind   driver.Kind   // of the messages that are sent
	wait   time.Duration // for messages after the end of the input
	escape bool          // the standard output is a terminal
	stderr io.Writer
}

// run sends the lines of stdin and prints the messages of the server until the
// connection ends. It returns the exit status.
func (t *terminal) run(ctx context.Context, stdin io.Reader, stdout io.Writer) int {
	unsent := make(chan bool, 1)
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		unsent <- t.send(stdin)
		select {
		case <-time.After(t.wait):
			t.close()
		case <-ended:
		}
	}()
	stop := context.AfterFunc(ctx, t.close)
	defer stop()
	err := t.print(stdout)
	_ = t.conn.Close(context.Background(), driver.CodeNormal, "")
	status := t.report(err)
	select {
	case bad := <-unsent:
		if bad && status == exitOK {
			return exitClosed
		}
	default: // the server closed first, and stdin is still open
	}
	return status
}

// send sends the lines of r. It reports whether some could not be sent.
func (t *terminal) send(r io.Reader) (unsent bool) {
	lines := bufio.NewReader(r)
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
			werr := t.conn.WriteMessage(t.kind, line)
			switch {
			case errors.Is(werr, driver.ErrInvalidUTF8):
				fmt.Fprintf(t.stderr, "wsdriver connect: line %d is not valid UTF-8 and was not sent; see -binary\n", n)
				unsent = true
			case werr != nil: // the connection has ended, as print finds
				return unsent
			}
		}
		if err != nil && err != io.EOF {
			fmt.Fprintf(t.stderr, "wsdriver connect: reading the input: %v\n", err)
			return true
		}
		if err == io.EOF {
			return unsent
		}
	}
}

// close starts to close the connection. A hixie-75 server sees only that this side
// ends the transport, and may still send messages.
func (t *terminal) close() {
	if t.conn.Version() == driver.Hixie75 {
		_ = t.conn.Flush()
		if w, ok := t.conn.Transport().(interface{ CloseWrite() error }); ok && w.CloseWrite() == nil {
			time.AfterFunc(closeWait, func() { _ = t.conn.CloseNow() })
			return
		}
	}
	_ = t.conn.WriteClose(driver.CodeNormal, "")
}

// print prints messages until the connection ends, and returns the reason.
func (t *terminal) print(w io.Writer) error {
	var buf, line []byte
	for {
		kind, p, err := t.conn.ReadMessage(buf)
		if err != nil {
			return err
		}
		buf, line = p, line[:0]
		switch {
		case kind == driver.Binary:
			line = fmt.Appendf(line, "0x%x\n", p)
		case t.escape:
			line = append(append(line, visible(string(p))...), '\n')
		default:
			line = append(append(line, p...), '\n')
		}
		if _, err := w.Write(line); err != nil {
			return fmt.Errorf("printing: %w", err)
		}
	}
}

// report prints how the connection ended, and returns the exit status.
func (t *terminal) report(err error) int {
	var end *stream.CloseError
	switch {
	case t.conn.Version() == driver.Hixie75 && (errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)):
		fmt.Fprintln(t.stderr, "closed")
		return exitOK
	case !errors.As(err, &end):
		fmt.Fprintf(t.stderr, "wsdriver connect: %s\n", visible(err.Error()))
		return exitClosed
	}
	fmt.Fprintln(t.stderr, visible(strings.TrimPrefix(end.Error(), "websocket: ")))
	if end.Unwrap() == nil {
		switch end.Code {
		case driver.CodeNormal, driver.CodeGoingAway, driver.CodeNoStatus:
			return exitOK
		}
	}
	return exitClosed
}

// isTerminal reports whether w is a terminal, or another device.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// visible returns s for a terminal. Control characters other than tabs and line
// feeds, which could change what the terminal shows or does, are escaped as in Go, and
// so are those that change the direction of text.
func visible(s string) string {
	if !strings.ContainsFunc(s, isHidden) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if isHidden(r) {
			quoted := strconv.QuoteRuneToASCII(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func isHidden(r rune) bool {
	return unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.Is(unicode.Bidi_Control, r)
}
