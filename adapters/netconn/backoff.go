package netconn

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
)

// Backoff holds the settings of Dialer.Connections.
type Backoff struct {
	// Min is the longest first pause, 1 s by default. A pause has a random length
	// from zero to a limit, which begins with Min and doubles after each attempt, so
	// that clients that have lost a server do not return all at once (RFC 6455,
	// section 7.2.3). A connection that was open for as long as the limit makes it
	// Min again.
	Min time.Duration

	// Max bounds the limit. Default 1 min. It must not be less than Min.
	Max time.Duration

	// Retry, if not nil, reports in place of Retryable whether another attempt
	// follows one that failed with err.
	Retry func(err error) bool
}

// The defaults of Backoff.
const (
	defaultBackoffMin = time.Second
	defaultBackoffMax = time.Minute
)

// maxRetryAfter bounds how long a server may make a client wait.
const maxRetryAfter = time.Hour

// Retryable reports whether Dial may succeed later although it has failed with err.
// That is not so if an argument or a setting is wrong, nor if the server or a proxy
// has refused with 400, 401, 403, 404, 407 or 426.
func Retryable(err error) bool {
	if errors.Is(err, driver.ErrInvalid) || errors.Is(err, driver.ErrUnsupported) {
		return false
	}
	var refusal *driver.Error
	if errors.As(err, &refusal) {
		switch refusal.Status {
		case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound,
			http.StatusProxyAuthRequired, http.StatusUpgradeRequired:
			return false
		}
	}
	return true
}

// Connections connects to a ws or wss URL again and again. It yields each connection,
// and makes the next when the body of the loop has ended for the one before. When the
// body ends, also by break or return, its connection is closed as by CloseNow. So the
// body normally reads until an error:
//
//	for conn, err := range dialer.Connections(ctx, "wss://example.com/") {
//		if err != nil {
//			log.Print(err) // another attempt follows if err is Retryable
//			continue
//		}
//		serve(conn)
//	}
//
// Connections yields the error of each attempt that fails, with a nil *stream.Conn.
// The loop ends after an error that is not Retryable, or that Backoff.Retry does not
// accept. Before another attempt Connections pauses as Backoff says, and after a
// refusal with a Retry-After field (RFC 9110, section 10.2.3) in addition for the time
// that the field gives, at most an hour.
//
// When ctx ends, the connection is closed as by CloseNow, and the loop ends without
// an error.
func (d *Dialer) Connections(ctx context.Context, url string) iter.Seq2[*stream.Conn, error] {
	return func(yield func(*stream.Conn, error) bool) {
		b, err := d.Backoff.complete()
		if err != nil {
			yield(nil, err)
			return
		}
		for limit := b.Min; ctx.Err() == nil; limit += min(limit, b.Max-limit) {
			conn, err := d.Dial(ctx, url)
			if err == nil {
				opened := time.Now()
				if !lend(ctx, conn, yield) {
					return
				}
				if time.Since(opened) >= limit {
					limit = b.Min
				}
			} else if ctx.Err() != nil || !yield(nil, err) || !b.Retry(err) {
				return
			}
			sleep(ctx, retryAfter(err)+rand.N(limit))
		}
	}
}

// complete returns b with its defaults. The error wraps driver.ErrInvalid.
func (b Backoff) complete() (Backoff, error) {
	if b.Max == 0 {
		b.Max = max(b.Min, defaultBackoffMax)
	}
	if b.Min == 0 {
		b.Min = min(b.Max, defaultBackoffMin)
	}
	if b.Min < 0 || b.Max < b.Min {
		return b, fmt.Errorf("%w: Backoff from %v to %v", driver.ErrInvalid, b.Min, b.Max)
	}
	if b.Retry == nil {
		b.Retry = Retryable
	}
	return b, nil
}

// lend passes conn to yield, and closes it after that and when ctx ends.
func lend(ctx context.Context, conn *stream.Conn, yield func(*stream.Conn, error) bool) bool {
	defer conn.CloseNow()
	stop := context.AfterFunc(ctx, func() { _ = conn.CloseNow() })
	defer stop()
	return yield(conn, nil)
}

// sleep returns after a time or when ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// retryAfter returns how long the response of a refusal asks to wait, or 0.
func retryAfter(err error) time.Duration {
	var response *driver.Response
	if refused := (*HandshakeError)(nil); errors.As(err, &refused) {
		response = refused.Response
	} else if blocked := (*ProxyError)(nil); errors.As(err, &blocked) {
		response = blocked.Response
	}
	if response == nil {
		return 0
	}
	value := response.Get("Retry-After")
	if seconds, err := strconv.ParseUint(value, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(min(seconds, uint64(maxRetryAfter/time.Second))) * time.Second
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(response.Get("Date")) // the clocks may differ
	if err != nil {
		now = time.Now()
	}
	return min(max(at.Sub(now), 0), maxRetryAfter)
}
