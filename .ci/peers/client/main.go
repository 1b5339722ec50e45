// Command client is this library's client against a server in another language.
// README.md, one folder up, says what the server serves and what is checked.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/extensions/deflate"
)

// stepTimeout is how long one step may take: so long that only a connection that
// hangs gets there.
const stepTimeout = 2 * time.Minute

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "client: %v\n", err)
		os.Exit(1)
	}
}

// run is the program.
func run(args []string, stdout io.Writer) error {
	p, without, refused, err := parse(args)
	if err != nil {
		return err
	}
	steps := allSteps
	if refused > 0 {
		steps = []step{{name: "refused", run: func(p *peer) error { return refusal(p, "/echo", refused) }}}
	}
	for _, name := range without {
		if !slices.ContainsFunc(steps, func(s step) bool { return s.name == name }) {
			return fmt.Errorf("flag -without: there is no step %q", name)
		}
	}
	for _, s := range steps {
		if slices.Contains(without, s.name) || !s.fits(p) {
			continue
		}
		if err := within(stepTimeout, func(ctx context.Context) error { return s.run(p.until(ctx)) }); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		note := p.note
		p.note = ""
		fmt.Fprintf(stdout, "ok %s%s\n", s.name, note)
	}
	return nil
}

// within calls f, whose connections end with its context.
func within(limit time.Duration, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(context.Background(), limit, fmt.Errorf("not done within %v", limit))
	defer cancel()
	err := f(ctx)
	if ctx.Err() != nil {
		return errors.Join(context.Cause(ctx), err)
	}
	return err
}

// parse reads the flags.
func parse(args []string) (p *peer, without []string, refused int, err error) {
	f := flag.NewFlagSet("client", flag.ContinueOnError)
	base := f.String("url", "", "the `URL` of the server, without a path")
	missing := f.String("without", "", "the `steps` that the server can not do, with commas between")
	version := f.String("version", "13", "the `version` to speak: 13, 8, 7, hixie-76 or hixie-75")
	params := f.String("deflate", "none", "offer permessage-deflate with these `parameters`")
	agreed := f.String("agreed", "", "the `extensions` that have to be agreed on")
	messages := f.Int("messages", 1000, "how many messages \"traffic\" sends")
	seed := f.Uint64("seed", 1, "for their sizes and contents")
	conns := f.Int("conns", 1, "over how many connections at once")
	status := f.Int("refused", 0, "the handshake has to be refused with this HTTP `status`")
	if err := f.Parse(args); err != nil {
		return nil, nil, 0, err
	}
	if f.NArg() > 0 {
		return nil, nil, 0, fmt.Errorf("unknown argument %q", f.Arg(0))
	}
	u, err := url.Parse(*base)
	if err != nil || u.Host == "" {
		return nil, nil, 0, fmt.Errorf("flag -url: %q is no URL", *base)
	}
	if *messages < 1 || *conns < 1 {
		return nil, nil, 0, fmt.Errorf("%d messages over %d connections", *messages, *conns)
	}
	p = &peer{url: strings.TrimSuffix(*base, "/"), agreed: *agreed, messages: *messages, seed: *seed, conns: *conns}
	if p.config.Version, err = parseVersion(*version); err != nil {
		return nil, nil, 0, err
	}
	if *params != "none" {
		e := &deflate.Extension{}
		if e.Params, err = parseParams(*params); err != nil {
			return nil, nil, 0, err
		}
		p.config.Extensions = []driver.Extension{e}
	}
	if *missing != "" {
		without = strings.Split(*missing, ",")
	}
	return p, without, *status, nil
}

// parseVersion reads the value of -version.
func parseVersion(s string) (driver.Version, error) {
	for _, v := range driver.AllVersions {
		if s == v.String() || "hybi-"+s == v.String() {
			return v, nil
		}
	}
	return 0, fmt.Errorf("flag -version: unknown version %q", s)
}

// parseParams reads the value of -deflate.
func parseParams(s string) (p deflate.Params, err error) {
	if s == "" {
		return p, nil
	}
	for parameter := range strings.SplitSeq(s, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(parameter), "=")
		switch name {
		case "server_no_context_takeover":
			p.ServerNoContextTakeover = true
		case "client_no_context_takeover":
			p.ClientNoContextTakeover = true
		case "server_max_window_bits":
			_, err = fmt.Sscan(value, &p.ServerMaxWindowBits)
		case "client_max_window_bits":
			_, err = fmt.Sscan(value, &p.ClientMaxWindowBits)
		default:
			err = errors.New("not known")
		}
		if err != nil {
			return p, fmt.Errorf("flag -deflate: parameter %q: %w", parameter, err)
		}
	}
	return p, nil
}
