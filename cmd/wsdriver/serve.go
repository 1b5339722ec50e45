package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/sans-io/websocket-driver/adapters/hub"
	"github.com/sans-io/websocket-driver/adapters/netconn"
	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
)

const serveHelp = `Serve runs a WebSocket server that sends every message back, on any path. For
browsers it has a page on the same port, which talks to it.

Usage:

	wsdriver serve [flags]

It prints its URL when it listens, and that of the page. SIGINT and SIGTERM close
all connections with 1001 and end it with status 0. The status is 1 if it can not
listen, 2 if a flag is wrong.

With -tls-cert and -tls-key or, to try something out, with -tls-self-signed they
are wss and https, and the SHA-256 fingerprint of the certificate is printed. A
self-signed one is for localhost, this host's name and the host of -addr. It is
valid for 14 days and gone when serve ends.
`

// serve is the subcommand.
func serve(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	c := newCommand("serve", serveHelp)
	addr := c.String("addr", "127.0.0.1:9001", "the `address` to listen on; port 0 picks a free one")
	versions := c.String("versions", "13,8,7,hixie-76,hixie-75", "the `versions` that are spoken")
	names := c.list("subprotocol", "a subprotocol that is spoken: one `name` or several with commas; may be repeated")
	limit := c.maxMessage()
	deflate := c.deflate()
	certificate := c.serverTLS()
	ping := c.Duration("ping", 0, "send a ping after this `time` of silence; 0 is never")
	rest, status, ok := c.parse(args, stdout, stderr)
	if !ok {
		return status
	}
	config := &driver.Config{MaxMessage: *limit, PingInterval: *ping, Extensions: deflate.extensions()}
	if err := errors.Join(
		setServed(config, *versions, *names),
		checkMaxMessage(*limit),
		checkPing(*ping),
		certificate.load(*addr),
		checkNoArguments(rest),
	); err != nil {
		return c.usageError(stderr, err)
	}
	inner, err := net.Listen("tcp", *addr)
	if err != nil {
		fmt.Fprintf(stderr, "wsdriver serve: flag -addr: %v\n", err)
		return exitFailed
	}
	l, err := netconn.NewListener(&meteredListener{inner.(*net.TCPListener), certificate.config}, config)
	if err != nil {
		fmt.Fprintf(stderr, "wsdriver serve: %v\n", err)
		return exitFailed
	}
	s := &server{ids: make(map[string]*connection)}
	l.Check = s.answer
	l.Origins = []string{"*"} // there is nothing to protect
	fmt.Fprint(stdout, announcement(l.Addr().(*net.TCPAddr), certificate.config))
	stop := context.AfterFunc(ctx, func() {
		s.all.Go(func() { _ = s.open.Shutdown(context.Background(), endReason) })
		_ = l.Close()
	})
	defer stop()
	s.run(ctx, l, stderr)
	return exitOK
}

// setServed sets what clients may choose from.
func setServed(c *driver.Config, versions string, names []string) (err error) {
	if c.Versions, err = parseVersions(versions); err != nil {
		return err
	}
	c.Subprotocols, err = parseSubprotocols(names)
	return err
}

func checkPing(d time.Duration) error {
	if d < 0 {
		return fmt.Errorf("flag -ping: %v is below 0", d)
	}
	return nil
}

func checkNoArguments(args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("unknown argument %q", args[0])
	}
	return nil
}

// announcement is what serve prints when it listens at addr. c is nil without TLS.
func announcement(addr *net.TCPAddr, c *tls.Config) string {
	page := addr.String()
	if addr.IP.IsUnspecified() { // browsers take no such address
		page = net.JoinHostPort("localhost", strconv.Itoa(addr.Port))
	}
	if c == nil {
		return fmt.Sprintf("listening on ws://%v/\npage: http://%s/\n", addr, page)
	}
	return fmt.Sprintf("listening on wss://%v/\npage: https://%s/\nSHA-256 of the certificate: %s\n",
		addr, page, fingerprint(c.Certificates[0].Certificate[0]))
}

// server holds the connections of serve.
type server struct {
	open hub.Registry
	all  sync.WaitGroup // goroutines of connections

	mu  sync.Mutex
	ids map[string]*connection // those that have chosen one
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
	if !s.open.Add(conn) {
		_ = conn.Close(context.Background(), driver.CodeGoingAway, endReason)
		return
	}
	c := newConnection(conn)
	s.name(c)
	defer s.forget(c)
	var buf []byte
	for {
		kind, p, err := conn.ReadMessage(buf)
		if err != nil {
			break
		}
		c.received.count(len(p))
		c.sent.count(len(p))                       // before it leaves: what the peer has is counted
		if err = conn.Queue(kind, p); err != nil { // what one read has brought is answered in one write
			break
		}
		if buf = p; cap(buf) > 64<<10 {
			buf = nil
		}
	}
	_ = conn.Close(context.Background(), driver.CodeGoingAway, "")
}

// endReason is what clients are told when the server ends.
const endReason = "the server ends"

// name makes c known by the id that it has chosen.
func (s *server) name(c *connection) {
	if c.id == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ids[c.id] = c
}

func (s *server) forget(c *connection) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ids[c.id] == c {
		delete(s.ids, c.id)
	}
}
