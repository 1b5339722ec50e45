// Wsdriver is a WebSocket echo server, with a page for browsers, and a WebSocket
// client for the terminal, for every version of the protocol. Run "wsdriver help".
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

// The exit statuses.
const (
	exitOK     = 0
	exitFailed = 1 // no connection
	exitUsage  = 2
	exitClosed = 3 // the connection was not closed normally
)

const help = `Wsdriver speaks WebSocket, RFC 6455 and the versions before it.

Usage:

	wsdriver serve [flags]          echo server, with a page for browsers
	wsdriver connect [flags] URL    client for the terminal and for pipes
	wsdriver version                print the version
	wsdriver help [command]         print this help, or that of a command
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run runs wsdriver with its arguments and returns the exit status. ctx ends at a
// signal.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		fmt.Fprint(stderr, help)
		return exitUsage
	}
	name, args := args[0], args[1:]
	switch name {
	case "help", "-h", "-help", "--help":
		if len(args) == 0 {
			fmt.Fprint(stdout, help)
			return exitOK
		}
		name, args = args[0], []string{"-h"}
	}
	switch name {
	case "serve":
		return serve(ctx, args, stdout, stderr)
	case "connect":
		return connect(ctx, args, stdin, stdout, stderr)
	case "version", "-version", "--version":
		fmt.Fprintln(stdout, "wsdriver", version())
		return exitOK
	}
	fmt.Fprintf(stderr, "wsdriver: unknown command %q\n\n%s", name, help)
	return exitUsage
}

// version returns the version of the module, or "(devel)" if it is not known.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
