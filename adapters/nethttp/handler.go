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

// Protocol is an application that speaks a subprotocol.
type Protocol struct {
	// Name is the subprotocol, or "" for clients that offer none of the others.
	Name string

	// Serve is as in Upgrader.Handler.
	Serve func(conn *stream.Conn, r *http.Request)
}

// Handler returns a handler that upgrades each request, or refuses it as Upgrade
// does, and calls serve with the connection.
//
// serve runs on a goroutine of its own, so the handler of net/http and all its
// buffers are let go. The context of r has the values of the request's, and no
// end: ReadMessage tells when the connection is over.
//
// When serve returns the connection is closed with 1000 if it is not yet. A panic
// is dealt with as in net/http: it goes to the ErrorLog of the server, unless it is
// http.ErrAbortHandler, and the connection is closed with 1011. Why a request was
// answered with 500 goes to the ErrorLog too.
//
// Handler checks the settings at once: a mistake is logged by package log, and
// every request is answered with 500. To stop the program instead, call Check.
func (u *Upgrader) Handler(serve func(conn *stream.Conn, r *http.Request)) http.Handler {
	return u.handler(func(string) (Protocol, error) { return Protocol{Serve: serve}, nil })
}

// Protocols returns a Handler for several applications on one path, of which the
// subprotocol decides: the first of the list that the client offers. It stands in
// place of Config.Subprotocols, Config.Select and Select. A client that offers none
// of them gets the one that is called "", or 400 if there is no such. The
// settings are checked as in Handler.
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

// handler returns a handler; choose knows which application speaks a subprotocol.
func (u *Upgrader) handler(choose func(subprotocol string) (Protocol, error)) http.Handler {
	if err := u.Check(); err != nil {
		log.Printf("websocket: settings of an Upgrader: %v", err)
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

// run runs an application. r is let go as soon as serve does not need it.
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

// logFault logs why r has been refused if that is a fault of the server's.
func logFault(r *http.Request, err error) {
	var e *driver.Error
	if errors.As(err, &e) && e.Status == http.StatusInternalServerError {
		logger(r).Printf("websocket: refusing %v: %v", r.RemoteAddr, err)
	}
}

// logger is where the server of r logs errors.
func logger(r *http.Request) *log.Logger {
	if s, ok := r.Context().Value(http.ServerContextKey).(*http.Server); ok && s.ErrorLog != nil {
		return s.ErrorLog
	}
	return log.Default()
}
