package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/sans-io/websocket-driver/adapters/netconn"
	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
)

const connectHelp = `Connect opens a WebSocket. It sends each line of its input as a message, without
the line's end, and prints each message that comes as a line.

Usage:

	wsdriver connect [flags] URL

The URL begins with ws:// or wss://; a user name and password in it are sent as
Basic authorization. Binary messages are printed as 0x and hexadecimal digits.

At the end of the input, or at SIGINT or SIGTERM, it closes the connection, and
prints what the server sends before it answers that. The code and reason with
which the connection ended go to the standard error. The status is

	0  closed normally: with code 1000 or 1001, without code, or by this side
	1  not connected: no answer, or the handshake was refused
	2  a flag or the URL is wrong
	3  closed with another code or without closing handshake, or a line of the
	   input could not be sent
`

// closeWait is how long a hixie-75 server, which has no closing handshake, may go
// on after the end of the input.
const closeWait = 5 * time.Second

// connect is the subcommand.
func connect(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	c := newCommand("connect", connectHelp)
	fields := c.list("H", "add a header field `'Name: value'` to the request; may be repeated")
	names := c.list("subprotocol", "a subprotocol to offer: one `name` or several with commas; may be repeated")
	version := c.String("version", "13", "the `version` to speak: 13, 8, 7, hixie-76 or hixie-75")
	origin := c.String("origin", "", "the `origin` to name in the request")
	binary := c.Bool("binary", false, "send the lines as binary messages")
	suite := c.Bool("autobahn", false, "walk the cases of the Autobahn test suite, whose server is at the URL")
	timeout := c.Duration("timeout", 10*time.Second, "how long connecting and the handshake may take; 0 is any `time`")
	limit := c.maxMessage()
	deflate := c.deflate()
	trust := c.clientTLS()
	rest, status, ok := c.parse(args, stdout, stderr)
	if !ok {
		return status
	}
	config := &driver.Config{MaxMessage: *limit, HandshakeTimeout: -1, Extensions: deflate.extensions()}
	if err := errors.Join(
		setVersion(config, *version, *binary),
		setFields(config, *fields, *names, *origin),
		checkMaxMessage(*limit),
		checkTimeout(*timeout),
		trust.load(),
		checkURL(rest),
	); err != nil {
		return c.usageError(stderr, err)
	}
	dialer := &netconn.Dialer{Config: config, TLS: trust.config}
	if *suite {
		return autobahn(ctx, rest[0], dialer, stderr)
	}
	conn, err := dial(ctx, rest[0], dialer, *timeout)
	if errors.Is(err, driver.ErrInvalid) || errors.Is(err, driver.ErrUnsupported) {
		return c.usageError(stderr, err)
	}
	if err != nil {
		fmt.Fprintf(stderr, "wsdriver connect: %v\n", err)
		return exitFailed
	}
	t := &terminal{conn: conn, kind: driver.Text, stderr: stderr}
	if *binary {
		t.kind = driver.Binary
	}
	return t.run(ctx, stdin, stdout)
}

func setVersion(c *driver.Config, version string, binary bool) (err error) {
	if c.Version, err = parseVersion(version); err != nil {
		return fmt.Errorf("flag -version: %w", err)
	}
	if binary && c.Version.IsHixie() {
		return fmt.Errorf("flag -binary: %v has no binary messages", c.Version)
	}
	return nil
}

func setFields(c *driver.Config, fields, names []string, origin string) (err error) {
	if c.Fields, err = parseFields(fields); err != nil {
		return err
	}
	if origin != "" {
		f := driver.Field{Name: "Origin", Value: origin}
		if err := check("origin", &driver.Config{Fields: []driver.Field{f}}); err != nil {
			return err
		}
		c.Fields = append(c.Fields, f)
	}
	c.Subprotocols, err = parseSubprotocols(names)
	return err
}

func checkTimeout(d time.Duration) error {
	if d < 0 {
		return fmt.Errorf("flag -timeout: %v is below 0", d)
	}
	return nil
}

// checkURL checks the arguments. Its errors do not show the URL, which may hold a
// password.
func checkURL(args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("%d arguments, not 1: the URL", len(args))
	}
	if _, err := url.Parse(args[0]); err != nil {
		return errors.New("the URL can not be parsed")
	}
	return nil
}

// dial connects. Errors of the Config and the URL are ErrInvalid or ErrUnsupported; what the server has
// answered is added to a refusal.
func dial(ctx context.Context, rawURL string, d *netconn.Dialer, timeout time.Duration) (*stream.Conn, error) {
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, timeout, fmt.Errorf("no connection within %v (flag -timeout)", timeout))
		defer cancel()
	}
	conn, err := d.Dial(ctx, rawURL)
	var refused *netconn.HandshakeError
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case errors.As(err, &refused) && refused.Response != nil && len(refused.Response.Body) > 0:
		return nil, fmt.Errorf("%s\n%s", err, strings.TrimSpace(strings.Map(printable, string(refused.Response.Body))))
	case errors.As(err, &refused):
		return nil, errors.New(err.Error())
	}
	return conn, err
}

// printable keeps control characters away from the terminal.
func printable(r rune) rune {
	if unicode.IsPrint(r) || r == '\n' || r == '\t' {
		return r
	}
	return -1
}

// terminal connects a WebSocket with the standard streams.
type terminal struct {
	conn   *stream.Conn
	kind   driver.Kind
	stderr io.Writer
}

// run sends what comes from stdin and prints what comes from the server until
// the connection ends, and returns the exit status.
func (t *terminal) run(ctx context.Context, stdin io.Reader, stdout io.Writer) int {
	lost := make(chan bool, 1)
	go func() {
		lost <- t.send(stdin)
		t.close()
	}()
	stop := context.AfterFunc(ctx, t.close)
	defer stop()
	err := t.print(stdout)
	_ = t.conn.Close(context.Background(), driver.CodeNormal, "")
	status := t.report(err)
	select {
	case bad := <-lost:
		if bad && status == exitOK {
			return exitClosed
		}
	default: // the server was first, and stdin is still open
	}
	return status
}

// send sends the lines of r. It reports whether some of them could not be sent.
func (t *terminal) send(r io.Reader) (lost bool) {
	lines := bufio.NewReader(r)
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
			werr := t.conn.WriteMessage(t.kind, line)
			switch {
			case errors.Is(werr, driver.ErrInvalidUTF8):
				fmt.Fprintf(t.stderr, "wsdriver connect: line %d is not valid UTF-8 and was not sent; see -binary\n", n)
				lost = true
			case werr != nil: // the connection has ended, which print notices
				return lost
			}
		}
		if err != nil && err != io.EOF {
			fmt.Fprintf(t.stderr, "wsdriver connect: reading the input: %v\n", err)
			return true
		}
		if err == io.EOF {
			return lost
		}
	}
}

// close begins to close the connection. A hixie-75 server only notices that this
// side of the transport ends; then it may still answer.
func (t *terminal) close() {
	if t.conn.Version() == driver.Hixie75 {
		if w, ok := t.conn.Transport().(interface{ CloseWrite() error }); ok && w.CloseWrite() == nil {
			time.AfterFunc(closeWait, func() { _ = t.conn.CloseNow() })
			return
		}
	}
	_ = t.conn.WriteClose(driver.CodeNormal, "")
}

// print prints messages until the connection ends, and returns why.
func (t *terminal) print(w io.Writer) error {
	var buf, line []byte
	for {
		kind, p, err := t.conn.ReadMessage(buf)
		if err != nil {
			return err
		}
		buf, line = p, line[:0]
		if kind == driver.Binary {
			line = fmt.Appendf(line, "0x%x\n", p)
		} else {
			line = append(append(line, p...), '\n')
		}
		if _, err := w.Write(line); err != nil {
			return fmt.Errorf("printing: %w", err)
		}
	}
}

// report says how the connection has ended, and returns the exit status.
func (t *terminal) report(err error) int {
	var end *stream.CloseError
	switch {
	case t.conn.Version() == driver.Hixie75 && (errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)):
		fmt.Fprintln(t.stderr, "closed")
		return exitOK
	case !errors.As(err, &end):
		fmt.Fprintf(t.stderr, "wsdriver connect: %v\n", err)
		return exitClosed
	}
	fmt.Fprintln(t.stderr, strings.TrimPrefix(end.Error(), "websocket: "))
	if end.Unwrap() == nil {
		switch end.Code {
		case driver.CodeNormal, driver.CodeGoingAway, driver.CodeNoStatus:
			return exitOK
		}
	}
	return exitClosed
}
