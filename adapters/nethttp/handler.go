package nethttp

import (
	"context"
	"errors"
	"log"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
)

// Protocol is an application for a subprotocol.
type Protocol struct {
	// Name is the subprotocol, or "" for clients that offer none of the others.
	Name string

	// Serve serves a connection, as in Upgrader.Handler.
	Serve func(conn *stream.Conn, r *http.Request)
}

// Handler returns a handler that upgrades each request and calls serve with the
// connection, or refuses the request as Upgrade does.
//
// serve runs on the goroutine of net/http, inside all middleware, so values of a router,
// deferred calls and limiters count for the whole session. r is the request with a
// context that ends when the connection does or serve returns; the end is noticed while
// the connection is read. Each connection keeps the stack of that goroutine and what
// net/http and the middleware hold, about 10 KB: Detached is for servers with many.
//
// When serve returns, the connection is closed with 1000 unless it is closed already. If
// it panics, the connection is closed with 1011 and the panic continues to the middleware
// and to net/http, which logs it. The cause of a response with status 500 is logged to the
// ErrorLog of the server.
//
// Middleware does not see the status 101, which net/http does not send, and usually
// records 200.
//
// Handler calls Check. If that returns an error, Handler logs it with package log,
// and requests that are affected by it are answered with 500. To exit instead, call
// Check first.
func (u *Upgrader) Handler(serve func(conn *stream.Conn, r *http.Request)) http.Handler {
	return u.handler(func(string) (Protocol, error) { return Protocol{Serve: serve}, nil })
}

// Protocols returns a handler like that of Handler for several applications on one
// path. It chooses the first of the list whose subprotocol the client offers.
// Config.Subprotocols, Config.Select and Select are ignored. A client that offers
// none of the subprotocols gets the application with the name "", or 400 if there is
// none. Protocols calls Check as Handler does.
func (u *Upgrader) Protocols(list ...Protocol) http.Handler {
	own, config := *u, driver.Config{}
	if u.Config != nil {
		config = *u.Config
	}
	own.Config, own.Select = &config, nil
	config.Select, config.Subprotocols = nil, nil
	for _, p := range list {
		if p.Name != "" {
			config.Subprotocols = append(config.Subprotocols, p.Name)
		}
	}
	return own.handler(func(name string) (Protocol, error) {
		i := slices.IndexFunc(list, func(p Protocol) bool { return p.Name == name })
		if i < 0 {
			return Protocol{}, refusal(http.StatusBadRequest, "none of the subprotocols %s is offered", strings.Join(config.Subprotocols, ", "))
		}
		return list[i], nil
	})
}

// handler returns a handler for the applications that choose returns.
func (u *Upgrader) handler(choose func(subprotocol string) (Protocol, error)) http.Handler {
	u.logCheck()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var p Protocol
		conn, err := u.upgrade(w, r, func(d *driver.Driver) (err error) {
			p, err = choose(d.Subprotocol())
			return err
		})
		if err != nil {
			logFault(r, err)
			return
		}
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		conn.AfterDone(cancel)
		code := driver.CodeInternalError
		defer func() { _ = conn.Close(context.Background(), code, "") }()
		p.Serve(conn, r.WithContext(ctx))
		code = driver.CodeNormal
	})
}

// Detached returns a handler like that of Handler for servers with many connections: the
// application runs on a goroutine of its own, and that of net/http is released with its
// buffers, its stack and what middleware holds.
//
// accept runs before the upgrade, on the goroutine of net/http. It authenticates the
// client, takes what the application needs out of r, and returns the application. An error
// refuses the request: see OnRefuse. accept may set fields of w.Header, for a 101 too, and
// must not write to w.
//
// serve must not use w, r, the context of r, or anything that a router keeps in it: other
// requests use them by then. Middleware and deferred calls have ended. Conn.Done tells the
// end of the connection. When serve returns, the connection is closed with 1000 unless it
// is closed already. A panic is logged to the ErrorLog of the server, unless it is
// http.ErrAbortHandler, and the connection is closed with 1011.
func (u *Upgrader) Detached(accept func(w http.ResponseWriter, r *http.Request) (serve func(conn *stream.Conn), err error)) http.Handler {
	u.logCheck()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var serve func(*stream.Conn)
		conn, err := u.upgrade(w, r, func(*driver.Driver) (err error) {
			serve, err = accept(w, r)
			return err
		})
		if err != nil {
			logFault(r, err)
			return
		}
		go run(conn, serve, logger(r))
	})
}

// run runs a detached application.
func run(conn *stream.Conn, serve func(*stream.Conn), l *log.Logger) {
	defer end(conn, l)
	serve(conn)
}

// end closes a connection whose detached application has returned or panicked.
func end(conn *stream.Conn, l *log.Logger) {
	code := driver.CodeNormal
	if p := recover(); p != nil {
		code = driver.CodeInternalError
		if p != http.ErrAbortHandler {
			l.Printf("websocket: panic serving %v: %v\n%s", conn.RemoteAddr(), p, debug.Stack())
		}
	}
	_ = conn.Close(context.Background(), code, "")
}

// logCheck logs a mistake in the settings.
func (u *Upgrader) logCheck() {
	if err := u.Check(); err != nil {
		log.Printf("websocket: invalid Upgrader: %v", err)
	}
}

// logFault logs why r was refused if the server is at fault.
func logFault(r *http.Request, err error) {
	var e *driver.Error
	if errors.As(err, &e) && e.Status == http.StatusInternalServerError {
		logger(r).Printf("websocket: refusing %v: %v", r.RemoteAddr, err)
	}
}

// logger returns the logger for errors of the server of r.
func logger(r *http.Request) *log.Logger {
	if s, ok := r.Context().Value(http.ServerContextKey).(*http.Server); ok && s.ErrorLog != nil {
		return s.ErrorLog
	}
	return log.Default()
}
