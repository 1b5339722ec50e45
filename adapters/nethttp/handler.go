package nethttp

import (
	"context"
	"errors"
	"log"
	"net"
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
// serve runs on a new goroutine, so that the goroutine of net/http and its buffers
// are released. The context of r has the values of the request's context and never
// ends: ReadMessage reports the end of the connection.
//
// When serve returns, the connection is closed with 1000 unless it is closed already.
// A panic is handled as in net/http: it is logged to the ErrorLog of the server,
// unless it is http.ErrAbortHandler, and the connection is closed with 1011. The
// cause of a response with status 500 is logged there too.
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
	if err := u.Check(); err != nil {
		log.Printf("websocket: invalid Upgrader: %v", err)
	}
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
		go run(conn, r.WithContext(context.WithoutCancel(r.Context())), p.Serve)
	})
}

// run runs an application. It does not keep r, so that serve can release it.
func run(conn *stream.Conn, r *http.Request, serve func(*stream.Conn, *http.Request)) {
	defer end(conn, logger(r))
	serve(conn, r)
}

// end closes a connection whose application has returned or panicked.
func end(conn *stream.Conn, l *log.Logger) {
	code := driver.CodeNormal
	if p := recover(); p != nil {
		code = driver.CodeInternalError
		if p != http.ErrAbortHandler {
			l.Printf("websocket: panic serving %v: %v\n%s", remoteAddr(conn), p, debug.Stack())
		}
	}
	_ = conn.Close(context.Background(), code, "")
}

func remoteAddr(conn *stream.Conn) any {
	if nc, ok := conn.Transport().(net.Conn); ok {
		return nc.RemoteAddr()
	}
	return "a client"
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
