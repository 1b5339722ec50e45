// Package hijack makes WebSockets of net/http requests, in every version.
package hijack

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
)

// Upgrader holds the settings for Upgrade. The zero Upgrader works.
type Upgrader struct {
	// Config is for the driver.
	Config *driver.Config

	// Stream is for the connection that Upgrade returns.
	Stream *stream.Options
}

// Upgrade accepts the WebSocket request r. c may be nil. See Upgrader.Upgrade.
func Upgrade(w http.ResponseWriter, r *http.Request, c *driver.Config) (*stream.Conn, error) {
	return (&Upgrader{Config: c}).Upgrade(w, r)
}

// Upgrade accepts the WebSocket request r, takes the connection over from net/http
// and returns when it is open. What the server has already read of it, and its
// deadlines, do not get lost in between. Fields of w are not sent: Config.Fields
// and Config.Cookies are.
//
// A request that is refused has been answered through w, and the connection goes
// on with HTTP or not as net/http decides; the error is a *driver.Error with the
// Status.
//
// Nothing checks Origin: a server that trusts cookies has to do it before, since
// browsers let any page connect (RFC 6455, section 10.2).
func (u *Upgrader) Upgrade(w http.ResponseWriter, r *http.Request) (*stream.Conn, error) {
	if r.ProtoMajor != 1 {
		return nil, refuse(w, &driver.Response{Status: http.StatusHTTPVersionNotSupported},
			&driver.Error{Code: driver.CodeProtocolError, Status: http.StatusHTTPVersionNotSupported,
				Msg: fmt.Sprintf("WebSocket over %s is not supported", r.Proto)})
	}
	d := driver.FromRequest(request(r), u.Config)
	if err := d.Err(); err != nil {
		return nil, refuse(w, d.Response(), err)
	}
	nc, buffered, err := take(w)
	if err != nil {
		return nil, refuse(w, &driver.Response{Status: http.StatusInternalServerError},
			fmt.Errorf("websocket: taking the connection over: %w", err))
	}
	conn := stream.New(nc, d, u.Stream)
	conn.Unread(buffered)
	if err := conn.Handshake(r.Context()); err != nil {
		_ = conn.CloseNow()
		return nil, err
	}
	return conn, nil
}

// take takes the connection over, with what net/http has read of it.
func take(w http.ResponseWriter) (net.Conn, []byte, error) {
	nc, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil, nil, err
	}
	buffered, err := peek(rw.Reader)
	if err == nil {
		err = nc.SetDeadline(time.Time{})
	}
	if err != nil {
		_ = nc.Close()
		return nil, nil, err
	}
	return nc, buffered, nil
}

// peek returns a copy of what r holds.
func peek(r *bufio.Reader) ([]byte, error) {
	p, err := r.Peek(r.Buffered())
	return bytes.Clone(p), err
}

// request is r in the words of the driver.
func request(r *http.Request) *driver.Request {
	names := make([]string, 0, len(r.Header))
	n := 1
	for name, values := range r.Header {
		names = append(names, name)
		n += len(values)
	}
	slices.Sort(names)
	q := &driver.Request{
		Method:    r.Method,
		Target:    r.RequestURI,
		Major:     r.ProtoMajor,
		Minor:     r.ProtoMinor,
		Fields:    make([]driver.Field, 0, n),
		Authority: r.Host,
	}
	if r.TLS != nil {
		q.Scheme = "https"
	}
	q.Fields = append(q.Fields, driver.Field{Name: "Host", Value: r.Host}) // net/http takes it out
	for _, name := range names {
		for _, value := range r.Header[name] {
			q.Fields = append(q.Fields, driver.Field{Name: name, Value: value})
		}
	}
	return q
}

// refuse sends the answer to a request that is refused, and returns err.
func refuse(w http.ResponseWriter, answer *driver.Response, err error) error {
	for _, f := range answer.Fields {
		w.Header().Add(f.Name, f.Value)
	}
	w.WriteHeader(answer.Status)
	_, _ = w.Write(answer.Body)
	return err
}
