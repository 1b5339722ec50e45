package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/sans-io/websocket-driver/adapters/netconn"
	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
)

const serveHelp = `Serve runs a WebSocket server that sends every message back, on any path.

Usage:

	wsdriver serve [flags]

It prints its URL when it listens. SIGINT and SIGTERM close all connections with
1001 and end it with status 0. Plain HTTP requests get status 426. The status is
1 if it can not listen, 2 if a flag is wrong.
`

// serve is the subcommand.
func serve(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	c := newCommand("serve", serveHelp)
	addr := c.String("addr", "127.0.0.1:9001", "the `address` to listen on; port 0 picks a free one")
	versions := c.String("versions", "13,8,7,hixie-76,hixie-75", "the `versions` that are spoken")
	names := c.list("subprotocol", "a subprotocol that is spoken: one `name` or several with commas; may be repeated")
	limit := c.maxMessage()
	deflate := c.deflate()
	ping := c.Duration("ping", 0, "send a ping after this `time` of silence; 0 is never")
	rest, status, ok := c.parse(args, stdout, stderr)
	if !ok {
		return status
	}
	config := &driver.Config{MaxMessage: *limit, PingInterval: *ping, Extensions: deflate.extensions()}
	var err, err2 error
	config.Versions, err = parseVersions(*versions)
	config.Subprotocols, err2 = parseSubprotocols(*names)
	if *ping < 0 {
		err2 = errors.Join(err2, fmt.Errorf("flag -ping: %v is below 0", *ping))
	}
	if len(rest) > 0 {
		err2 = errors.Join(err2, fmt.Errorf("unknown argument %q", rest[0]))
	}
	if err := errors.Join(err, err2, checkMaxMessage(*limit)); err != nil {
		return c.usageError(stderr, err)
	}
	l, err := netconn.Listen("tcp", *addr, config)
	if err != nil {
		fmt.Fprintf(stderr, "wsdriver serve: flag -addr: %v\n", err)
		return exitFailed
	}
	l.Check = explain
	fmt.Fprintf(stdout, "listening on ws://%v/\n", l.Addr())
	s := &server{conns: make(map[*stream.Conn]bool)}
	stop := context.AfterFunc(ctx, func() {
		s.shutdown()
		_ = l.Close()
	})
	defer stop()
	s.run(ctx, l, stderr)
	return exitOK
}

// explain answers plain HTTP requests.
func explain(r *driver.Request) *driver.Response {
	if driver.IsWebSocket(r) {
		return nil
	}
	return &driver.Response{
		Status: 426,
		Fields: []driver.Field{
			{Name: "Upgrade", Value: "websocket"},
			{Name: "Content-Type", Value: "text/plain; charset=utf-8"},
		},
		Body: []byte("This is \"wsdriver serve\", a WebSocket echo server.\nTry \"wsdriver connect\" with its ws URL.\n"),
	}
}

// server holds the connections of serve.
type server struct {
	mu     sync.Mutex
	conns  map[*stream.Conn]bool
	ending bool
	all    sync.WaitGroup
}

// run echoes until l is closed, and returns when all connections have ended.
func (s *server) run(ctx context.Context, l *netconn.Listener, stderr io.Writer) {
	defer s.all.Wait()
	for {
		conn, err := l.Accept()
		switch {
		case err == nil:
			s.all.Go(func() { s.echo(conn) })
		case errors.Is(err, net.ErrClosed):
			return
		default:
			fmt.Fprintf(stderr, "wsdriver serve: %v\n", err)
			select { // out of file descriptors, for example
			case <-time.After(100 * time.Millisecond):
			case <-ctx.Done():
			}
		}
	}
}

// echo sends back what comes over conn.
func (s *server) echo(conn *stream.Conn) {
	if !s.add(conn) {
		_ = conn.Close(driver.CodeGoingAway, "")
		return
	}
	defer s.remove(conn)
	var buf []byte
	for {
		kind, p, err := conn.ReadMessage(buf)
		if err == nil {
			err = conn.WriteMessage(kind, p)
		}
		if err != nil {
			break
		}
		if buf = p; cap(buf) > 64<<10 {
			buf = nil
		}
	}
	_ = conn.Close(driver.CodeGoingAway, "")
}

func (s *server) add(conn *stream.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns[conn] = !s.ending
	return !s.ending
}

func (s *server) remove(conn *stream.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, conn)
}

// shutdown begins to close all connections.
func (s *server) shutdown() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ending = true
	for conn := range s.conns {
		s.all.Go(func() { _ = conn.Close(driver.CodeGoingAway, "the server ends") })
	}
}
