package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/sans-io/websocket-driver/adapters/netconn"
	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
)

const connectHelp = `Connect opens a WebSocket. It sends each line of its input as a message, without
the end of the line, and prints each message that it receives as a line.

Usage:

	wsdriver connect [flags] URL

The URL begins with ws:// or wss://. A user name and password in it are sent as
Basic authorization. Binary messages are printed as 0x and hexadecimal digits.
If the output is a terminal, control characters are escaped as in \x1b.

After the end of the input it waits for messages (flag -wait), then closes the
connection. At SIGINT or SIGTERM it closes at once. It prints messages until the
server has closed, too. The code and reason of the close go to the standard error.
The exit status is

	0  closed normally: with code 1000 or 1001, without a code, or by this side
	1  not connected: no response, or the handshake was refused
	2  a flag or the URL is wrong
	3  closed with another code or without a closing handshake, or a line of the
	   input could not be sent
`

// closeWait is how long a hixie-75 server, which has no closing handshake, may
// continue after this side has closed.
const closeWait = 5 * time.Second

// connect is the subcommand.
func connect(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	c := newCommand("connect", connectHelp)
	fields := c.list("H", "add a header field `'Name: value'` to the request; may be repeated")
	names := c.list("subprotocol", "offer a subprotocol, by `name`, or several separated by commas; may be repeated")
	version := c.String("version", "13", "the `version` to speak: 13, 8, 7, hixie-76 or hixie-75")
	origin := c.String("origin", "", "the `origin` in the request")
	binary := c.Bool("binary", false, "send the lines as binary messages")
	suite := c.Bool("autobahn", false, "run the cases of the Autobahn test suite, whose server is at the URL")
	timeout := c.Duration("timeout", 10*time.Second, "the `time` that connecting and the handshake may take; 0 for no limit")
	wait := c.Duration("wait", time.Second, "the `time` to wait for messages after the end of the input")
	unix := c.String("unix", "", "connect to the Unix socket at a `path`; the URL is for the request")
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
		checkDuration("timeout", *timeout),
		checkDuration("wait", *wait),
		trust.load(),
		checkURL(rest),
	); err != nil {
		return c.usageError(stderr, err)
	}
	dialer := &netconn.Dialer{Config: config, TLS: trust.config, Unix: *unix}
	if *suite {
		return autobahn(ctx, rest[0], dialer, stderr)
	}
	conn, err := dial(ctx, rest[0], dialer, *timeout)
	if errors.Is(err, driver.ErrInvalid) || errors.Is(err, driver.ErrUnsupported) {
		return c.usageError(stderr, withoutPrefix(err))
	}
	if err != nil {
		fmt.Fprintf(stderr, "wsdriver connect: %s\n", visible(err.Error()))
		return exitFailed
	}
	t := &terminal{conn: conn, kind: driver.Text, wait: *wait, escape: isTerminal(stdout), stderr: stderr}
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

// checkURL checks the number of arguments. Its error does not contain them, since a
// URL may hold a password.
func checkURL(args []string) error {
	switch len(args) {
	case 0:
		return errors.New("the URL is missing")
	case 1:
		return nil
	}
	return fmt.Errorf("%d arguments, want one URL", len(args))
}

// dial connects. A mistake in the Config or the URL is ErrInvalid or ErrUnsupported.
// The error of a refusal contains the body of the response.
func dial(ctx context.Context, rawURL string, d *netconn.Dialer, timeout time.Duration) (*stream.Conn, error) {
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, timeout, fmt.Errorf("no connection within %v (flag -timeout)", timeout))
		defer cancel()
	}
	conn, err := d.Dial(ctx, rawURL)
	if deadline, ok := ctx.Deadline(); err != nil && ok && !time.Now().Before(deadline) {
		<-ctx.Done() // the timeout of the network may be a little earlier
	}
	var refused *netconn.HandshakeError
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case errors.As(err, &refused) && refused.Response != nil && len(refused.Response.Body) > 0:
		return nil, fmt.Errorf("%s\n%s", err, strings.TrimSpace(string(refused.Response.Body)))
	case errors.As(err, &refused):
		return nil, errors.New(err.Error())
	}
	return conn, err
}
