package netconn

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/sans-io/websocket-driver/driver"
)

// AcceptWith returns a response for Listener.Check that accepts the request and adds
// fields and cookies to the answer. The error wraps driver.ErrInvalid if one of them
// cannot be sent, as is the case for a field of the handshake itself, such as
// Sec-WebSocket-Accept: Config.Subprotocols and Config.Extensions determine those.
func AcceptWith(fields []driver.Field, cookies ...*http.Cookie) (*driver.Response, error) {
	fields = slices.Clone(fields)
	for _, c := range cookies {
		if err := c.Valid(); err != nil {
			return nil, fmt.Errorf("%w: %w", driver.ErrInvalid, err)
		}
		fields = append(fields, driver.Field{Name: "Set-Cookie", Value: c.String()})
	}
	r := &driver.Response{Status: http.StatusSwitchingProtocols, Fields: fields}
	if err := checkAcceptance(r); err != nil {
		return nil, err
	}
	return r, nil
}

// checkAcceptance returns the first mistake in a response of Check that accepts.
func checkAcceptance(r *driver.Response) error {
	if len(r.Body) > 0 {
		return fmt.Errorf("%w: a body with status 101", driver.ErrInvalid)
	}
	return (&driver.Config{Fields: r.Fields}).Check()
}

// rejection is the error for a request that Check refuses.
type rejection struct{ response *driver.Response }

func (e *rejection) Error() string { return e.Unwrap().Error() }

func (e *rejection) Unwrap() error {
	return &driver.Error{
		Code:   driver.CodeAbnormal,
		Status: e.response.Status,
		Msg:    fmt.Sprintf("rejected with status %d", e.response.Status),
	}
}

// check calls Check and compares the origin. It returns the fields to add to the
// answer, or why r is to be refused.
func (l *Listener) check(r *driver.Request) ([]driver.Field, error) {
	var fields []driver.Field
	if l.Check != nil {
		switch response := l.Check(r); {
		case response == nil:
		case response.Status != http.StatusSwitchingProtocols:
			return nil, &rejection{response}
		default:
			if err := checkAcceptance(response); err != nil {
				return nil, fmt.Errorf("response of Check: %w", err)
			}
			fields = response.Fields
		}
	}
	if driver.IsWebSocket(r) { // Handshake refuses all others
		return fields, driver.CheckOrigin(r, l.Origins)
	}
	return fields, nil
}
