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

// plan holds the values of the flags.
type plan struct {
	peer          peer
	only, without []string // names of steps
	refused       int      // the status with which the handshake has to be refused; 0 is not at all
}

// run is the program.
func run(args []string, stdout io.Writer) error {
	p, err := parse(args)
	if err != nil {
		return err
	}
	steps, err := p.steps()
	if err != nil {
		return err
	}
	for _, s := range steps {
		if err := within(stepTimeout, func(ctx context.Context) error { return s.run(p.peer.until(ctx)) }); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		fmt.Fprintf(stdout, "ok %s%s\n", s.name, p.peer.note)
		p.peer.note = ""
	}
	return nil
}

// steps returns the steps to run.
func (p *plan) steps() (steps []step, err error) {
	if p.refused > 0 {
		return []step{{name: "refused", run: func(peer *peer) error { return refusal(peer, "/echo", p.refused) }}}, nil
	}
	for _, name := range slices.Concat(p.only, p.without) {
		if !slices.ContainsFunc(allSteps, func(s step) bool { return s.name == name }) {
			return nil, fmt.Errorf("there is no step %q", name)
		}
	}
	for _, s := range allSteps {
		wanted := p.only == nil || slices.Contains(p.only, s.name)
		if wanted && !slices.Contains(p.without, s.name) && s.fits(&p.peer) {
			steps = append(steps, s)
		}
	}
	return steps, nil
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
func parse(args []string) (*plan, error) {
	f := flag.NewFlagSet("client", flag.ContinueOnError)
	p, e := &plan{}, &deflate.Extension{}
	p.peer.config.HandshakeTimeout, p.peer.config.CloseTimeout = stepTimeout, stepTimeout // the peer may be slow
	f.StringVar(&p.peer.url, "url", "", "the `URL` of the server, without a path")
	f.Func("only", "the `steps` to run, with commas between; all unless said", list(&p.only))
	f.Func("without", "the `steps` that the server does not support, separated by commas", list(&p.without))
	f.Func("version", "the `version` to speak: 13, 8, 7, hixie-76 or hixie-75; 13 unless said", func(s string) (err error) {
		p.peer.config.Version, err = parseVersion(s)
		return err
	})
	f.Func("deflate", "offer permessage-deflate with these `parameters`", func(s string) (err error) {
		p.peer.config.Extensions = []driver.Extension{e}
		e.Params, err = parseParams(s)
		return err
	})
	f.BoolVar(&p.peer.all, "all", false, "compress all messages, also short ones")
	f.StringVar(&p.peer.agreed, "agreed", "", "the `extensions` that have to be agreed on")
	f.IntVar(&p.peer.messages, "messages", 1000, "how many messages \"traffic\" sends")
	f.Uint64Var(&p.peer.seed, "seed", 1, "for their sizes and contents")
	f.IntVar(&p.peer.conns, "conns", 1, "over how many connections at once")
	f.BoolVar(&p.peer.hangsUp, "hangs-up", false, "the server answers a close frame with the end of TCP")
	f.IntVar(&p.refused, "refused", 0, "the handshake has to be refused with this HTTP `status`")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if f.NArg() > 0 {
		return nil, fmt.Errorf("unknown argument %q", f.Arg(0))
	}
	u, err := url.Parse(p.peer.url)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("flag -url: %q is no URL", p.peer.url)
	}
	p.peer.url = strings.TrimSuffix(p.peer.url, "/")
	if p.peer.all {
		e.Threshold = -1
	}
	if p.peer.messages < 1 || p.peer.conns < 1 {
		return nil, fmt.Errorf("%d messages over %d connections", p.peer.messages, p.peer.conns)
	}
	return p, nil
}

// list reads names with commas between; "" is none.
func list(names *[]string) func(string) error {
	return func(s string) error {
		*names = strings.FieldsFunc(s, func(r rune) bool { return r == ',' })
		return nil
	}
}

// parseVersion reads the value of -version.
func parseVersion(s string) (driver.Version, error) {
	for _, v := range driver.AllVersions() {
		if s == v.String() || "hybi-"+s == v.String() {
			return v, nil
		}
	}
	return 0, errors.New("not known")
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
			return p, fmt.Errorf("parameter %q: %w", parameter, err)
		}
	}
	return p, nil
}
