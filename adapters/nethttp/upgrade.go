// Package nethttp upgrades net/http requests to WebSockets, in every version.
//
// [Upgrader.Handler] and [Upgrader.Protocols] return handlers that run each connection
// on the goroutine of net/http, [Upgrader.Detached] one that releases it, for servers with
// many connections. [Upgrade] is for handlers that do more.
package nethttp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
)

// Upgrader holds the settings for Upgrade. The zero Upgrader is valid. An Upgrader
// may be used by any number of handlers and must not be modified meanwhile.
type Upgrader struct {
	// Config is the configuration of the driver.
	Config *driver.Config

	// Stream holds the options of the connections.
	Stream *stream.Options

	// Origins lists the pages of other hosts that may connect, as patterns for
	// driver.CheckOrigin: "example.com", "https://*.example.com", "*" for all.
	// Pages of the host of the request are always allowed.
	Origins []string

	// CheckOrigin, if not nil, is used instead of Origins. It is called for every
	// WebSocket request, even without an Origin field, and returns nil to allow it.
	// If the error wraps a *driver.Error with a Status, that is the response,
	// otherwise 403 without the text of the error.
	CheckOrigin func(r *http.Request) error

	// Select, if not nil, picks the subprotocol for a request, instead of Config:
	// one of those offered, or "" for none.
	Select func(r *http.Request, offered []string) string

	// OnOpen, if not nil, is called with each connection that is open, before the
	// application. If it returns false, the connection is closed with 1001 (going
	// away), and Upgrade returns an error that wraps net.ErrClosed. The Add of a
	// hub.Registry can be used as OnOpen.
	OnOpen func(conn *stream.Conn) bool

	// OnRefuse, if not nil, is called when a request is refused. err is or wraps a
	// *driver.Error with the Status. The fields that the response needs are set in
	// w.Header. OnRefuse may write a response of its own to w; if it does not, the
	// client gets the Status and the text of the *driver.Error.
	OnRefuse func(w http.ResponseWriter, r *http.Request, err error)
}

// Check returns the first mistake in Config and Origins, or nil: the error of
// Config.Check or driver.CheckOrigins. Servers should call it when they start, since
// requests that are affected by a mistake are answered with 500.
func (u *Upgrader) Check() error {
	if err := u.Config.Check(); err != nil {
		return err
	}
	return driver.CheckOrigins(u.Origins)
}

// Upgrade accepts the WebSocket request r. c may be nil. See [Upgrader.Upgrade].
func Upgrade(w http.ResponseWriter, r *http.Request, c *driver.Config) (*stream.Conn, error) {
	return (&Upgrader{Config: c}).Upgrade(w, r)
}

// Upgrade accepts the WebSocket request r, takes over the connection from net/http
// and returns when the WebSocket is open. Bytes already buffered are kept, and the
// server's deadlines are cleared. w may be wrapped any number of times if each
// wrapper has an Unwrap method: see http.ResponseController.
//
// The fields of w.Header are sent with the response, so http.SetCookie and middleware
// work as usual, and so are Config.Fields and Config.Cookies. Fields that describe a
// body or belong to the handshake are left out. Nothing may have been written to w:
// net/http does not report it, and the client would receive it instead of the
// handshake.
//
// If Upgrade refuses the request, it has responded through w: with 400, 403 for the
// origin, 405, 426, or 505 if the request is not HTTP/1. In HTTP/1 the connection
// ends with the response. The error is or wraps a *driver.Error with the Status. If
// the connection cannot be taken over, the response is 500 and the error wraps
// http.ErrNotSupported. If the connection was taken over before, there is no response
// and the error wraps http.ErrHijacked.
//
// The caller owns the connection. net/http does not close it, not even in
// Server.Shutdown. As usual, the context of r ends when the handler returns, and not with
// the connection, of whose end Conn.Done tells. A handler that passes the connection to
// another goroutine should pass neither r nor its context: see Detached.
func (u *Upgrader) Upgrade(w http.ResponseWriter, r *http.Request) (*stream.Conn, error) {
	return u.upgrade(w, r, func(*driver.Driver) error { return nil })
}

// upgrade is Upgrade with a last check by the caller.
func (u *Upgrader) upgrade(w http.ResponseWriter, r *http.Request, check func(*driver.Driver) error) (*stream.Conn, error) {
	d := u.newDriver(r)
	if err := u.checkRequest(d, r, check); err != nil {
		return nil, u.refuse(w, r, d, err)
	}
	d.Response().Fields = append(d.Response().Fields, responseFields(w.Header())...)
	nc, buffered, err := takeOver(w)
	switch {
	case errors.Is(err, http.ErrHijacked): // no response is possible
		return nil, fmt.Errorf("websocket: taking over the connection: %w", err)
	case err != nil:
		return nil, u.refuse(w, r, d, fmt.Errorf("taking over the connection: %w", err))
	}
	conn := stream.New(nc, d, u.Stream)
	conn.Unread(buffered)
	if err := conn.Handshake(r.Context()); err != nil {
		_ = conn.CloseNow()
		return nil, err
	}
	if u.OnOpen != nil && !u.OnOpen(conn) {
		_ = conn.Close(context.Background(), driver.CodeGoingAway, "")
		return nil, fmt.Errorf("websocket: closed by OnOpen: %w", net.ErrClosed)
	}
	return conn, nil
}

// newDriver returns the driver for r, which it has checked.
func (u *Upgrader) newDriver(r *http.Request) *driver.Driver {
	config := u.Config
	if u.Select != nil {
		var own driver.Config
		if config != nil {
			own = *config
		}
		own.Select = func(_ *driver.Request, offered []string) string { return u.Select(r, offered) }
		defer func() { own.Select = nil }() // it refers to r
		config = &own
	}
	return driver.FromRequest(Request(r), config)
}

// checkRequest returns the error for which r is refused, or nil.
func (u *Upgrader) checkRequest(d *driver.Driver, r *http.Request, check func(*driver.Driver) error) error {
	if r.ProtoMajor != 1 {
		return refusal(http.StatusHTTPVersionNotSupported, "WebSocket over %s is not supported", r.Proto)
	}
	if err := d.Err(); err != nil {
		return err
	}
	if err := u.checkOrigin(r, d.Request()); err != nil {
		return err
	}
	return check(d)
}

// checkOrigin returns nil if the page that sends the request is allowed to connect.
func (u *Upgrader) checkOrigin(r *http.Request, q *driver.Request) error {
	if u.CheckOrigin == nil {
		return driver.CheckOrigin(q, u.Origins)
	}
	err := u.CheckOrigin(r)
	var e *driver.Error
	if err == nil || errors.As(err, &e) && e.Status >= 400 {
		return err
	}
	return fmt.Errorf("%w: %w", refusal(http.StatusForbidden, "the origin is not allowed"), err)
}
