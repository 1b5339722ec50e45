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

// request is r in the words of the driver.
func request(r *http.Request) *driver.Request {
	q := &driver.Request{
		Method:    r.Method,
		Target:    r.RequestURI,
		Major:     r.ProtoMajor,
		Minor:     r.ProtoMinor,
		Fields:    append([]driver.Field{{Name: "Host", Value: r.Host}}, fields(r.Header)...), // net/http takes Host out
		Authority: r.Host,
	}
	for _, coding := range r.TransferEncoding { // which net/http takes out, too
		q.Fields = append(q.Fields, driver.Field{Name: "Transfer-Encoding", Value: coding})
	}
	if r.TLS != nil {
		q.Scheme = "https"
	}
	return q
}

// fields returns the fields of h, by name.
func fields(h http.Header) []driver.Field {
	all := make([]driver.Field, 0, len(h))
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, value := range h[name] {
			all = append(all, driver.Field{Name: name, Value: value})
		}
	}
	return all
}

// answerFields returns the fields of h that go with a 101. Those of the handshake
// and of the connection are not the handler's to set, and there is no content.
func answerFields(h http.Header) []driver.Field {
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

// take takes the connection over, with what net/http has read of it.
func take(w http.ResponseWriter) (net.Conn, []byte, error) {
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

// peek returns a copy of what r holds.
func peek(r *bufio.Reader) ([]byte, error) {
	p, err := r.Peek(r.Buffered())
	return bytes.Clone(p), err
}

// refusal is an error that says how a request is answered.
func refusal(status int, format string, args ...any) *driver.Error {
	return &driver.Error{Code: driver.CodeProtocolError, Status: status, Msg: fmt.Sprintf(format, args...)}
}

// refuse answers a request with what err stands for, and returns err with the
// *driver.Error that says so: a mistake of the server's is 500, without its text.
//
// The connection ends with the response: a proxy that takes every such request for
// accepted would pass on frames, and net/http would read them as requests.
func refuse(w http.ResponseWriter, r *http.Request, d *driver.Driver, err error) error {
	if e := (*driver.Error)(nil); !errors.As(err, &e) {
		err = fmt.Errorf("%w: %w", refusal(http.StatusInternalServerError, "the server is misconfigured"), err)
	}
	if e := d.Refuse(err); e != nil {
		return e
	}
	h := w.Header()
	for _, f := range d.Response().Fields {
		h.Set(f.Name, f.Value)
	}
	if r.ProtoMajor == 1 {
		h["Connection"] = []string{"close"} // net/http looks at the first value, and only for that
		if h.Get("Upgrade") != "" {         // RFC 9110, section 7.8
			h.Add("Connection", "Upgrade")
		}
	}
	w.WriteHeader(d.Response().Status)
	_, _ = w.Write(d.Response().Body)
	return err
}
