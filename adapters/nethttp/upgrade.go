// Package nethttp makes WebSockets of net/http requests, in every version.
//
// [Upgrader.Handler] and [Upgrader.Protocols] are the short way: they run each
// connection on a goroutine of its own, so that net/http's handler and its buffers
// are let go. [Upgrade] is for handlers that do more.
package nethttp

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
)

// Upgrader holds the settings for Upgrade. The zero Upgrader works. It may be
// used by any number of handlers, and must not be changed meanwhile.
type Upgrader struct {
	// Config is for the driver.
	Config *driver.Config

	// Stream is for the connections.
	Stream *stream.Options

	// Origins lists from where pages of other hosts may connect, as patterns for
	// driver.CheckOrigin: "example.com", "https://*.example.com", "*" for all.
	// Pages of the request's own host always may.
	Origins []string

	// CheckOrigin, if set, decides in place of Origins. It sees every request for
	// a WebSocket, those without Origin too; nil lets it pass. An error that wraps a
	// *driver.Error with a Status is answered with that, any other with 403 and
	// without its text.
	CheckOrigin func(r *http.Request) error

	// Select, if set, picks the subprotocol for this request in place of Config:
	// one of those offered, or "" for none.
	Select func(r *http.Request, offered []string) string
}

// Check returns the first mistake in the settings, or nil. Call it when the program
// starts: a request that meets a mistake is answered with 500.
func (u *Upgrader) Check() error { return u.Config.Check() }

// Upgrade accepts the WebSocket request r. c may be nil. See Upgrader.Upgrade.
func Upgrade(w http.ResponseWriter, r *http.Request, c *driver.Config) (*stream.Conn, error) {
	return (&Upgrader{Config: c}).Upgrade(w, r)
}

// Upgrade accepts the WebSocket request r, takes the connection over from net/http
// and returns when it is open. Bytes that the server has already read do not get
// lost, and its deadlines end. w may be wrapped any number of times, if each
// wrapper has Unwrap, see http.ResponseController.
//
// The fields of w.Header are sent with the answer, so http.SetCookie and what
// middleware adds work as always; so are Config.Fields and Config.Cookies. Those
// that describe a body or belong to the handshake are left out. Nothing may have
// been written to w: net/http does not tell, and the client would see that instead
// of the handshake.
//
// A request that is refused has been answered through w: 400, 403 for its origin,
// 405, 426, or 505 if it is not in HTTP/1; in HTTP/1 the connection ends then. The
// error is a *driver.Error with the Status, or wraps one. If the connection cannot
// be taken over, the answer is 500 and the error wraps http.ErrNotSupported, or the
// answer has been given and it wraps http.ErrHijacked.
//
// The connection is the caller's: net/http does not close it, not at
// Server.Shutdown either. The context of r ends when the handler returns, as
// always, so handlers that leave the connection to another goroutine should not
// leave it that context.
func (u *Upgrader) Upgrade(w http.ResponseWriter, r *http.Request) (*stream.Conn, error) {
	return u.upgrade(w, r, func(*driver.Driver) error { return nil })
}

// upgrade is Upgrade with a last check of the caller's.
func (u *Upgrader) upgrade(w http.ResponseWriter, r *http.Request, check func(*driver.Driver) error) (*stream.Conn, error) {
	d := u.newDriver(r)
	if err := u.judge(d, r, check); err != nil {
		return nil, refuse(w, r, d, err)
	}
	d.Response().Fields = append(d.Response().Fields, answerFields(w.Header())...)
	nc, buffered, err := take(w)
	switch {
	case errors.Is(err, http.ErrHijacked): // nothing can be answered
		return nil, fmt.Errorf("websocket: taking the connection over: %w", err)
	case err != nil:
		return nil, refuse(w, r, d, fmt.Errorf("taking the connection over: %w", err))
	}
	conn := stream.New(nc, d, u.Stream)
	conn.Unread(buffered)
	if err := conn.Handshake(r.Context()); err != nil {
		_ = conn.CloseNow()
		return nil, err
	}
	return conn, nil
}

// newDriver returns a driver that has checked r.
func (u *Upgrader) newDriver(r *http.Request) *driver.Driver {
	config := u.Config
	if u.Select != nil {
		var own driver.Config
		if config != nil {
			own = *config
		}
		own.Select = func(_ *driver.Request, offered []string) string { return u.Select(r, offered) }
		defer func() { own.Select = nil }() // it keeps r
		config = &own
	}
	return driver.FromRequest(request(r), config)
}

// judge returns why r is refused, or nil.
func (u *Upgrader) judge(d *driver.Driver, r *http.Request, check func(*driver.Driver) error) error {
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

// checkOrigin returns nil or why the page that makes the request may not.
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
