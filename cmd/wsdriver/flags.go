package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/sans-io/websocket-driver/driver"
)

// command is a subcommand with its flags.
type command struct {
	*flag.FlagSet
	usage string // printed before the flags
}

func newCommand(name, usage string) *command {
	c := &command{flag.NewFlagSet("wsdriver "+name, flag.ContinueOnError), usage}
	c.SetOutput(io.Discard)
	return c
}

// list adds a flag that may be repeated. Its values are checked later: an error here
// would contain the value, which may be a secret.
func (c *command) list(name, usage string) *[]string {
	var values []string
	c.Func(name, usage, func(s string) error {
		values = append(values, s)
		return nil
	})
	return &values
}

// parse parses args and returns the arguments that are not flags, which may appear in
// any order. If ok is false, the command exits with status.
func (c *command) parse(args []string, stdout, stderr io.Writer) (rest []string, status int, ok bool) {
	for {
		err := c.FlagSet.Parse(args)
		switch {
		case errors.Is(err, flag.ErrHelp):
			fmt.Fprint(stdout, c.usage, "\nFlags:\n\n")
			c.SetOutput(stdout)
			c.PrintDefaults()
			return nil, exitOK, false
		case err != nil:
			return nil, c.usageError(stderr, err), false
		case c.NArg() == 0:
			return rest, exitOK, true
		}
		rest, args = append(rest, c.Arg(0)), c.Args()[1:]
	}
}

// usageError reports incorrect usage and returns the exit status.
func (c *command) usageError(stderr io.Writer, err error) int {
	fmt.Fprintf(stderr, "%s: %v\nRun \"%s -h\" for help.\n", c.Name(), err, c.Name())
	return exitUsage
}

// parseVersion reads 13, hybi-13, hixie-76 and so on.
func parseVersion(s string) (driver.Version, error) {
	for _, v := range driver.AllVersions() {
		if s == v.String() || !v.IsHixie() && s == strings.TrimPrefix(v.String(), "hybi-") {
			return v, nil
		}
	}
	return 0, fmt.Errorf("unknown version %q, want 13, 8, 7, hixie-76 or hixie-75", s)
}

// parseVersions reads a list of versions.
func parseVersions(s string) ([]driver.Version, error) {
	var versions []driver.Version
	for part := range strings.SplitSeq(s, ",") {
		v, err := parseVersion(strings.TrimSpace(part))
		if err != nil {
			return nil, fmt.Errorf("flag -versions: %w", err)
		}
		versions = append(versions, v)
	}
	return versions, nil
}

// parseSubprotocols reads names. A value may contain several, separated by commas.
func parseSubprotocols(values []string) ([]string, error) {
	var names []string
	for _, value := range values {
		for name := range strings.SplitSeq(value, ",") {
			names = append(names, strings.TrimSpace(name))
		}
	}
	return names, check("subprotocol", &driver.Config{Subprotocols: names})
}

// parseFields reads "Name: value". Its errors do not contain values.
func parseFields(values []string) ([]driver.Field, error) {
	var fields []driver.Field
	for _, value := range values {
		name, value, found := strings.Cut(value, ":")
		if !found {
			return nil, errors.New("flag -H: want \"Name: value\"")
		}
		fields = append(fields, driver.Field{Name: name, Value: strings.Trim(value, " \t")})
	}
	return fields, check("H", &driver.Config{Fields: fields})
}

// check reports whether the setting that the flag called name has made is valid.
func check(name string, c *driver.Config) error {
	if _, err := driver.NewClient("ws://localhost/", c); err != nil {
		return fmt.Errorf("flag -%s: %w", name, withoutPrefix(err))
	}
	return nil
}

// withoutPrefix returns an error with the text of err without the prefix of the
// driver's errors for incorrect usage.
func withoutPrefix(err error) error {
	text := err.Error()
	for _, prefix := range []error{driver.ErrInvalid, driver.ErrUnsupported} {
		text = strings.TrimPrefix(text, prefix.Error()+": ")
	}
	return errors.New(text)
}

// maxMessage adds the flag -max-message.
func (c *command) maxMessage() *int {
	return c.Int("max-message", driver.DefaultMaxMessage, "the maximum length of a received message in `bytes`; -1 for no limit")
}

// checkMaxMessage checks the value of -max-message.
func checkMaxMessage(n int) error {
	if n == 0 || n < -1 {
		return fmt.Errorf("flag -max-message: %d, want -1 or a number above 0", n)
	}
	return nil
}

// checkDuration checks the value of a flag.
func checkDuration(name string, d time.Duration) error {
	if d < 0 {
		return fmt.Errorf("flag -%s: %v is negative", name, d)
	}
	return nil
}
