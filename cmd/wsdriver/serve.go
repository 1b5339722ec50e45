package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sans-io/websocket-driver/adapters/hub"
	"github.com/sans-io/websocket-driver/adapters/netconn"
	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
)

const serveHelp = `Serve runs a WebSocket server that sends every message back, on any path. For
browsers there is a page on the same port, which connects to it.

Usage:

	wsdriver serve [flags]

It prints its URL and that of the page when it listens. At SIGINT or SIGTERM it
closes all connections with 1001 and exits with status 0. The exit status is 1 if
it cannot listen, and 2 if a flag is wrong.

With -tls-cert and -tls-key, or for experiments with -tls-self-signed, it serves
wss and https, and prints the SHA-256 fingerprint of the certificate. A self-signed
certificate is for localhost, the name of this host and the host of -addr. It is
valid for 14 days and is not kept when serve ends.
`

// serve is the subcommand.
func serve(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	c := newCommand("serve", serveHelp)
	addr := c.String("addr", "127.0.0.1:9001", "the `address` to listen on, with port 0 for a free port, or unix: and the path\nof a Unix socket")
	versions := c.String("versions", "13,8,7,hixie-76,hixie-75", "the `versions` to speak")
	names := c.list("subprotocol", "speak a subprotocol, by `name`, or several separated by commas; may be repeated")
	limit := c.maxMessage()
	deflate := c.deflate()
	certificate := c.serverTLS()
	ping := c.Duration("ping", 0, "send a ping after this `time` of silence; 0 for no pings")
	rest, status, ok := c.parse(args, stdout, stderr)
	if !ok {
		return status
	}
	config := &driver.Config{MaxMessage: *limit, PingInterval: *ping, Extensions: deflate.extensions()}
	if err := errors.Join(
		setServed(config, *versions, *names),
		checkMaxMessage(*limit),
		checkAddr(*addr),
		checkDuration("ping", *ping),
		certificate.load(*addr),
		checkNoArguments(rest),
	); err != nil {
		return c.usageError(stderr, err)
	}
	network, address := "tcp", *addr
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		network, address = "unix", path
	}
	inner, err := net.Listen(network, address)
	if err != nil {
		fmt.Fprintf(stderr, "wsdriver serve: flag -addr: %v\n", err)
		return exitFailed
	}
	l, err := netconn.NewListener(&meteredListener{inner, certificate.config}, config)
	if err != nil {
		fmt.Fprintf(stderr, "wsdriver serve: %v\n", err)
		return exitFailed
	}
	s := &server{ids: make(map[string]*connection)}
	l.Check = s.respond
	l.Origins = []string{"*"} // there is nothing to protect
	fmt.Fprint(stdout, announcement(l.Addr(), certificate.config))
	stop := context.AfterFunc(ctx, func() {
		s.all.Go(func() { _ = s.open.Shutdown(context.Background(), driver.CodeGoingAway, shutdownReason) })
		s.all.Go(func() { _ = l.Close() }) // removes a Unix socket
	})
	defer stop()
	s.run(ctx, l, stderr)
	return exitOK
}

// setServed sets the versions and subprotocols that clients may choose.
func setServed(c *driver.Config, versions string, names []string) (err error) {
	if c.Versions, err = parseVersions(versions); err != nil {
		return err
	}
	c.Subprotocols, err = parseSubprotocols(names)
	return err
}

// checkAddr checks the value of -addr: an empty path is a socket without a name.
func checkAddr(addr string) error {
	if addr == "unix:" {
		return errors.New("flag -addr: unix: without a path")
	}
	return nil
}

func checkNoArguments(args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("unexpected argument %q", args[0])
	}
	return nil
}

// announcement returns what serve prints when it listens at addr. c is nil without
// TLS.
func announcement(addr net.Addr, c *tls.Config) string {
	secure := ""
	if c != nil {
		secure = "s"
	}
	text := fmt.Sprintf("listening on unix:%v\n", addr)
	if tcp, ok := addr.(*net.TCPAddr); ok {
		page := tcp.String()
		if tcp.IP.IsUnspecified() { // browsers do not accept such an address
			page = net.JoinHostPort("localhost", strconv.Itoa(tcp.Port))
		}
		text = fmt.Sprintf("listening on ws%s://%v/\npage: http%s://%s/\n", secure, addr, secure, page)
	}
	if c != nil {
		text += fmt.Sprintf("SHA-256 of the certificate: %s\n", fingerprint(c.Certificates[0].Certificate[0]))
	}
	return text
}

// server holds the connections of serve.
type server struct {
	open hub.Registry
	all  sync.WaitGroup // goroutines of connections

	mu  sync.Mutex
	ids map[string]*connection // connections that have an id
}

// run accepts and echoes until l is closed. It returns when all connections have
// ended.
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
			select { // for example out of file descriptors
			case <-time.After(100 * time.Millisecond):
			case <-ctx.Done():
			}
		}
	}
}

// echo sends back the messages of conn.
func (s *server) echo(conn *stream.Conn) {
	if !s.open.Add(conn) {
		_ = conn.Close(context.Background(), driver.CodeGoingAway, shutdownReason)
		return
	}
	c := newConnection(conn)
	s.register(c)
	defer s.unregister(c)
	var buf []byte
	for {
		kind, p, err := conn.ReadMessage(buf)
		if err != nil {
			break
		}
		c.received.count(len(p))
		c.sent.count(len(p)) // first, so that a message that the peer has is counted
		if err = conn.WriteMessage(kind, p); err != nil {
			break
		}
		if buf = p; cap(buf) > 64<<10 {
			buf = nil
		}
	}
	_ = conn.Close(context.Background(), driver.CodeGoingAway, "")
}

// shutdownReason is the close reason at the end of the server.
const shutdownReason = "the server is shutting down"

// register makes c known by its id, if any.
func (s *server) register(c *connection) {
	if c.id == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ids[c.id] = c
}

func (s *server) unregister(c *connection) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ids[c.id] == c {
		delete(s.ids, c.id)
	}
}
