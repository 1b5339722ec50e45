package netconn

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
)

// open performs the handshakes on nc and passes the connection to Accept or Handler.
// As long as the peer is to act, the connection counts for MaxHandshakes.
func (l *Listener) open(nc net.Conn) {
	from := sourceOf(nc.RemoteAddr(), l.Proxies)
	h := l.handshakes.add(l.ctx, from)
	defer h.end()
	tc, isTLS := nc.(handshaker)
	if isTLS && handshakeTLS(h.ctx, tc, l.config) != nil {
		_ = nc.Close()
		return
	}
	conn := stream.New(nc, driver.NewServer(l.config), l.Stream)
	r, err := conn.ReadRequest(h.ctx)
	switch {
	case err != nil:
		l.refused(h, conn, err)
	case l.plain != nil && !driver.IsWebSocket(r):
		l.plain.serve(nc, conn)
	case !l.admit(h):
		_ = conn.CloseNow()
	default:
		if isTLS {
			r.Scheme = "wss"
		}
		l.serve(conn, r, from)
	}
}

// admit waits for a place among the requests that the application is to handle, and
// ends h. It reports false if h was dropped instead or l closed.
func (l *Listener) admit(h *handshake) bool {
	select {
	case l.pending <- struct{}{}:
	case <-h.ctx.Done():
		return false
	}
	if !h.end() {
		l.leave()
		return false
	}
	return true
}

// leave gives up the place of admit.
func (l *Listener) leave() { <-l.pending }

// serve answers the request r, which has been admitted, and passes the connection to
// Accept if it is open.
func (l *Listener) serve(conn *stream.Conn, r *driver.Request, from netip.Prefix) {
	fields, err := l.check(r)
	h := l.handshakes.add(context.Background(), from) // the client is to take the answer
	defer h.end()
	if err == nil {
		err = l.accept(h.ctx, conn, fields)
	}
	if err != nil {
		l.leave()
		l.refuse(h, conn, err)
		return
	}
	h.end()
	defer l.leave()
	if l.OnOpen != nil && !l.OnOpen(conn) || !l.deliver(result{conn: conn}) { // for the client it is open
		_ = conn.Close(context.Background(), driver.CodeGoingAway, "")
	}
}

// accept accepts the request of conn with additional fields. It does not end with l:
// the result must be known once the answer is being sent.
func (l *Listener) accept(ctx context.Context, conn *stream.Conn, fields []driver.Field) error {
	ctx, cancel := limited(ctx, l.config)
	defer cancel()
	conn.Raw(func(d *driver.Driver) {
		if response := d.Response(); response != nil { // else it is not for a WebSocket
			response.Fields = append(response.Fields, fields...)
		}
	})
	return conn.Handshake(ctx)
}

// refuse refuses the request of conn because of err, if Handshake has not done so.
func (l *Listener) refuse(h *handshake, conn *stream.Conn, err error) {
	stop := context.AfterFunc(h.ctx, func() { _ = conn.CloseNow() })
	defer stop()
	stopWith := context.AfterFunc(l.ctx, h.cancel)
	defer stopWith()
	if rejected := (*rejection)(nil); errors.As(err, &rejected) {
		r := rejected.response
		if invalid := conn.Reject(r.Status, r.Fields, r.Body); errors.Is(invalid, driver.ErrInvalid) {
			err = fmt.Errorf("response of Check: %w", invalid)
		}
	}
	_ = conn.Refuse(err) // fails if the request has been answered
	l.refused(h, conn, err)
}

// refused reports err if a request was refused because of it, and closes conn when
// the refusal has been sent.
func (l *Listener) refused(h *handshake, conn *stream.Conn, err error) {
	var e *driver.Error
	if l.OnRefuse != nil && (errors.As(err, &e) && e.Status != 0 || errors.Is(err, driver.ErrInvalid)) {
		l.OnRefuse(conn.Request(), err)
	}
	_ = conn.Close(h.ctx, driver.CodeNormal, "")
}
