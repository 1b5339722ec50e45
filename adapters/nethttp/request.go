package nethttp

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/sans-io/websocket-driver/driver"
)

// IsWebSocket reports whether r asks for a WebSocket, in any version: see
// driver.IsWebSocket. A handler may use it to serve pages and WebSockets on one path.
func IsWebSocket(r *http.Request) bool { return driver.IsWebSocket(Request(r)) }

// Subprotocols returns the subprotocols that r offers, in order of preference, or nil if r
// is not a valid WebSocket request.
func Subprotocols(r *http.Request) (offered []string) {
	driver.FromRequest(Request(r), &driver.Config{
		Versions: driver.AllVersions(),
		Select: func(_ *driver.Request, names []string) string {
			offered = names
			return ""
		},
	})
	return offered
}

// Request returns r as the driver takes it, for driver.FromRequest and
// driver.CheckOrigin. It contains the fields that net/http has taken out of the header,
// Host and Transfer-Encoding.
func Request(r *http.Request) *driver.Request {
	q := &driver.Request{
		Method:    r.Method,
		Target:    r.RequestURI,
		Major:     r.ProtoMajor,
		Minor:     r.ProtoMinor,
		Fields:    append([]driver.Field{{Name: "Host", Value: r.Host}}, fields(r.Header)...), // net/http removes Host
		Authority: r.Host,
	}
	for _, coding := range r.TransferEncoding { // net/http removes Transfer-Encoding, too
		q.Fields = append(q.Fields, driver.Field{Name: "Transfer-Encoding", Value: coding})
	}
	if r.TLS != nil {
		q.Scheme = "https"
	}
	return q
}

// fields returns the fields of h, sorted by name.
func fields(h http.Header) []driver.Field {
	all := make([]driver.Field, 0, len(h))
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, value := range h[name] {
			all = append(all, driver.Field{Name: name, Value: value})
		}
	}
	return all
}

// responseFields returns the fields of h that are sent with a 101. A handler cannot
// set those of the handshake and of the connection, and there is no content.
func responseFields(h http.Header) []driver.Field {
	return slices.DeleteFunc(fields(h), func(f driver.Field) bool {
		switch name := strings.ToLower(f.Name); name {
		case "connection", "keep-alive", "trailer", "transfer-encoding", "upgrade":
			return true
		default:
			return strings.HasPrefix(name, "content-") || strings.HasPrefix(name, "sec-websocket-") ||
				strings.HasPrefix(name, "websocket-") || strings.HasPrefix(f.Name, http.TrailerPrefix)
		}
	})
}

// takeOver takes over the connection of w. It returns the bytes that net/http has
// read from it already.
func takeOver(w http.ResponseWriter) (net.Conn, []byte, error) {
	nc, rw, err := http.NewResponseController(w).Hijack()
	if errors.Is(err, http.ErrNotSupported) {
		err = fmt.Errorf("%T has neither Hijack nor Unwrap: %w", w, err)
	}
	if err != nil {
		return nil, nil, err
	}
	buffered, err := peek(rw.Reader)
	if err == nil {
		err = nc.SetDeadline(time.Time{})
	}
	if err != nil {
		_ = nc.Close()
		return nil, nil, fmt.Errorf("%w: %w", http.ErrHijacked, err)
	}
	return nc, buffered, nil
}

// peek returns a copy of what r has buffered.
func peek(r *bufio.Reader) ([]byte, error) {
	p, err := r.Peek(r.Buffered())
	return bytes.Clone(p), err
}

// refusal returns the error for a request that is refused with an HTTP status.
func refusal(status int, format string, args ...any) *driver.Error {
	return &driver.Error{Code: driver.CodeProtocolError, Status: status, Msg: fmt.Sprintf(format, args...)}
}

// refuse answers r with the response for err and returns err, wrapped in the
// *driver.Error of the response. An error that has none is the server's fault: the
// response is 500 and does not contain its text.
//
// The connection ends with the response. Otherwise frames that a proxy forwards
// because it takes the request for accepted would be read as requests by net/http.
func (u *Upgrader) refuse(w http.ResponseWriter, r *http.Request, d *driver.Driver, err error) error {
	if e := (*driver.Error)(nil); !errors.As(err, &e) {
		err = fmt.Errorf("%w: %w", refusal(http.StatusInternalServerError, "the server is misconfigured"), err)
	}
	if e := d.Refuse(err); e != nil {
		return e
	}
	h, response := w.Header(), d.Response()
	for _, f := range response.Fields {
		if !isContent(f.Name) {
			h.Set(f.Name, f.Value)
		}
	}
	if r.ProtoMajor == 1 {
		h["Connection"] = []string{"close"} // net/http looks only at the first value, and only for close
		if h.Get("Upgrade") != "" {         // RFC 9110, section 7.8
			h.Add("Connection", "Upgrade")
		}
	}
	if u.OnRefuse != nil {
		own := &answer{ResponseWriter: w}
		if u.OnRefuse(own, r, err); own.written {
			return err
		}
	}
	for _, f := range response.Fields {
		if isContent(f.Name) {
			h.Set(f.Name, f.Value)
		}
	}
	w.WriteHeader(response.Status)
	_, _ = w.Write(response.Body)
	return err
}

// isContent reports whether a field describes the content of a response.
func isContent(name string) bool {
	return strings.HasPrefix(strings.ToLower(name), "content-")
}

// answer notes whether something has been written.
type answer struct {
	http.ResponseWriter
	written bool
}

func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

func (a *answer) WriteHeader(status int) {
	a.written = a.written || status >= 200
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(p []byte) (int, error) {
	a.written = true
	return a.ResponseWriter.Write(p)
}
