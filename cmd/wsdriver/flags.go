package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/sans-io/websocket-driver/driver"
)

// command is a subcommand with its flags.
type command struct {
	*flag.FlagSet
	usage string // what help prints above the flags
}

func newCommand(name, usage string) *command {
	c := &command{flag.NewFlagSet("wsdriver "+name, flag.ContinueOnError), usage}
	c.SetOutput(io.Discard)
	return c
}

// list adds a flag that may be given more than once. What is given is judged
// later: an error from here would show the value, which may be a secret.
func (c *command) list(name, usage string) *[]string {
	var values []string
	c.Func(name, usage, func(s string) error {
		values = append(values, s)
		return nil
	})
	return &values
}

// parse parses args; flags may stand before and behind the others, which it
// returns. If ok is false the command ends with status.
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

// usageError reports a wrong use of the command and returns the exit status.
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
	return 0, fmt.Errorf("unknown version %q: 13, 8, 7, hixie-76 and hixie-75 are known", s)
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

// parseSubprotocols reads names, several of which may stand in one value.
func parseSubprotocols(values []string) ([]string, error) {
	var names []string
	for _, value := range values {
		for name := range strings.SplitSeq(value, ",") {
			names = append(names, strings.TrimSpace(name))
		}
	}
	return names, check("subprotocol", &driver.Config{Subprotocols: names})
}

// parseFields reads "Name: value". Its errors do not show values.
func parseFields(values []string) ([]driver.Field, error) {
	var fields []driver.Field
	for _, value := range values {
		name, value, found := strings.Cut(value, ":")
		if !found {
			return nil, errors.New("flag -H: not of the form \"Name: value\"")
		}
		fields = append(fields, driver.Field{Name: name, Value: strings.Trim(value, " \t")})
	}
	return fields, check("H", &driver.Config{Fields: fields})
}

// check has the driver judge what the flag called name has put into c.
func check(name string, c *driver.Config) error {
	if _, err := driver.NewClient("ws://localhost/", c); err != nil {
		return fmt.Errorf("flag -%s: %s", name, strings.TrimPrefix(strings.TrimPrefix(err.Error(), driver.ErrUnsupported.Error()+": "), driver.ErrInvalid.Error()+": "))
	}
	return nil
}

// maxMessage adds the flag -max-message.
func (c *command) maxMessage() *int {
	return c.Int("max-message", 16<<20, "the longest message that is received, in `bytes`; -1 is any")
}

// checkMaxMessage says what is wrong with its value.
func checkMaxMessage(n int) error {
	if n == 0 || n < -1 {
		return fmt.Errorf("flag -max-message: %d, neither -1 nor above 0", n)
	}
	return nil
}
