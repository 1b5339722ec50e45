package netconn_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sans-io/websocket-driver/adapters/netconn"
	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
)

// scripted is a server that answers the nth attempt with the nth of the answers, and
// further ones with the last: "open" accepts, "hang" says nothing, "" does not let
// connect, and all else is sent as it is.
type scripted struct {
	answers  []string
	attempts []time.Time
}

var errNoServer = errors.New("no server")

func (s *scripted) dial(context.Context, string, string) (net.Conn, error) {
	answer := s.answers[min(len(s.attempts), len(s.answers)-1)]
	s.attempts = append(s.attempts, time.Now())
	if answer == "" {
		return nil, errNoServer
	}
	client, server := net.Pipe()
	go func() {
		defer server.Close()
		switch answer {
		case "hang":
		case "open":
			conn := stream.New(server, driver.NewServer(nil), nil)
			conn.Handshake(context.Background())
			conn.ReadMessage(nil)
		default:
			var head []byte
			for b := []byte{0}; !bytes.HasSuffix(head, []byte("\r\n\r\n")); head = append(head, b...) {
				if _, err := server.Read(b); err != nil {
					return
				}
			}
			io.WriteString(server, answer)
		}
		io.Copy(io.Discard, server)
	}()
	return client, nil
}

// refusal returns the answer with a status and fields.
func refusal(status int, fields string) string {
	return fmt.Sprintf("HTTP/1.1 %d No\r\nContent-Length: 0\r\n%s\r\n", status, fields)
}

// pauses runs Connections against s until it ends, or has made n attempts. A
// connection is open for the time of lives.
func (s *scripted) pauses(t *testing.T, n int, b netconn.Backoff, lives time.Duration) ([]time.Duration, []error) {
	t.Helper()
	var all []time.Duration
	var errs []error
	d := netconn.Dialer{DialContext: s.dial, Proxy: netconn.NoProxy, Backoff: b}
	ended := time.Now()
	for conn, err := range d.Connections(t.Context(), "ws://server.test/") {
		all = append(all, s.attempts[len(s.attempts)-1].Sub(ended))
		errs = append(errs, err)
		if (conn == nil) != (err != nil) {
			t.Fatalf("%v, %v", conn, err)
		}
		if conn != nil {
			time.Sleep(lives)
		}
		if len(s.attempts) == n {
			break
		}
		ended = time.Now()
	}
	return all, errs
}

// TestBackoff: the limit of the pauses doubles up to Max, and a connection that has
// lived resets it.
func TestBackoff(t *testing.T) {
	const second, minute = time.Second, time.Minute
	tests := []struct {
		name    string
		backoff netconn.Backoff
		answers []string
		lives   time.Duration
		limits  []time.Duration
	}{
		{"defaults", netconn.Backoff{}, []string{""}, 0,
			[]time.Duration{0, second, 2 * second, 4 * second, 8 * second, 16 * second, 32 * second, minute, minute}},
		{"settings", netconn.Backoff{Min: 3 * minute, Max: 10 * minute}, []string{""}, 0,
			[]time.Duration{0, 3 * minute, 6 * minute, 10 * minute, 10 * minute}},
		{"a low maximum", netconn.Backoff{Max: 1}, []string{""}, 0, []time.Duration{0, 1, 1, 1}},
		{"a high minimum", netconn.Backoff{Min: 1 << 62}, []string{""}, 0, []time.Duration{0, 1 << 62}},
		{"refusals", netconn.Backoff{}, []string{refusal(503, "")}, 0, []time.Duration{0, second, 2 * second, 4 * second}},
		{"connections that do not live", netconn.Backoff{}, []string{"open"}, second / 2,
			[]time.Duration{0, second, 2 * second, 4 * second}},
		{"connections that live", netconn.Backoff{}, []string{"open"}, second,
			[]time.Duration{0, second, 2 * second, 4 * second}},
		{"connections that live long", netconn.Backoff{}, []string{"", "", "open", "open", ""}, minute,
			[]time.Duration{0, second, 2 * second, second, second, 2 * second}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			most := make([]time.Duration, len(test.limits))
			for range 64 {
				synctest.Test(t, func(t *testing.T) {
					s := &scripted{answers: test.answers}
					all, _ := s.pauses(t, len(most), test.backoff, test.lives)
					for i, pause := range all {
						most[i] = max(most[i], pause)
					}
				})
			}
			for i, limit := range test.limits {
				if most[i] > limit || most[i] < limit/2 { // one of 64 is in the upper half
					t.Errorf("the longest pause before attempt %d is %v; the limit is %v", i+1, most[i], limit)
				}
			}
		})
	}
}

// TestRetryAfter: the time that a server asks for is waited in addition.
func TestRetryAfter(t *testing.T) {
	const limit = time.Second // of the random part
	const date = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:50:37 GMT\r\n"
	tests := []struct {
		name, fields string
		want         time.Duration
	}{
		{"seconds", "Retry-After: 120\r\n", 2 * time.Minute},
		{"many seconds", "Retry-After: 7200\r\n", time.Hour},
		{"very many seconds", "Retry-After: 99999999999999999999999\r\n", time.Hour},
		{"date", "Retry-After: Sat, 01 Jan 2000 00:05:00 GMT\r\n", 5 * time.Minute}, // where a bubble begins
		{"date by the server's clock", date, time.Minute},
		{"past date", "Retry-After: Sun, 06 Nov 1994 08:50:37 GMT\r\n", 0},
		{"far date", "Retry-After: Fri, 31 Dec 2100 23:59:59 GMT\r\n", time.Hour},
		{"negative", "Retry-After: -5\r\n", 0},
		{"neither", "Retry-After: soon\r\n", 0},
		{"none", "", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &scripted{answers: []string{refusal(503, test.fields)}}
				all, _ := s.pauses(t, 2, netconn.Backoff{}, 0)
				if got := all[1] - test.want; got < 0 || got >= limit {
					t.Errorf("paused for %v, not %v and a random part", all[1], test.want)
				}
			})
		})
	}
}

// TestRetry: which failures end the loop.
func TestRetry(t *testing.T) {
	always := func(error) bool { return true }
	never := func(error) bool { return false }
	tests := []struct {
		name   string
		answer string
		retry  func(error) bool
		want   int // attempts, at most 3
	}{
		{"no server", "", nil, 3},
		{"no answer", "hang", nil, 3},
		{"no HTTP", "SSH-2.0\r\n\r\n", nil, 3},
		{"301", refusal(301, "Location: /\r\n"), nil, 3},
		{"400", refusal(400, ""), nil, 1},
		{"401", refusal(401, ""), nil, 1},
		{"403", refusal(403, ""), nil, 1},
		{"404", refusal(404, ""), nil, 1},
		{"426", refusal(426, ""), nil, 1},
		{"429", refusal(429, ""), nil, 3},
		{"500", refusal(500, ""), nil, 3},
		{"403, told otherwise", refusal(403, ""), always, 3},
		{"500, told otherwise", refusal(500, ""), never, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &scripted{answers: []string{test.answer}}
				_, errs := s.pauses(t, 3, netconn.Backoff{Retry: test.retry}, 0)
				if len(s.attempts) != test.want || len(errs) != test.want {
					t.Errorf("%d attempts, %d errors, not %d: %v", len(s.attempts), len(errs), test.want, errs)
				}
			})
		})
	}
}

func TestInvalidBackoff(t *testing.T) {
	const url = "ws://server.test/"
	for name, d := range map[string]struct {
		netconn.Dialer
		url string
	}{
		"negative Min":  {netconn.Dialer{Backoff: netconn.Backoff{Min: -1}}, url},
		"negative Max":  {netconn.Dialer{Backoff: netconn.Backoff{Max: -1}}, url},
		"Max below Min": {netconn.Dialer{Backoff: netconn.Backoff{Min: 2, Max: 1}}, url},
		"URL":           {netconn.Dialer{}, "https://server.test/"},
		"Config":        {netconn.Dialer{Config: &driver.Config{Subprotocols: []string{"a b"}}}, url},
	} {
		n := 0
		for conn, err := range d.Connections(t.Context(), d.url) {
			n++
			if conn != nil || !errors.Is(err, driver.ErrInvalid) {
				t.Errorf("%s: %v, %v", name, conn, err)
			}
		}
		if n != 1 {
			t.Errorf("%s: %d errors", name, n)
		}
	}
}

// TestConnectionsEnd: the end of the body, a break and the end of the context close
// the connection, and the context also ends an attempt and a pause.
func TestConnectionsEnd(t *testing.T) {
	tests := []struct {
		name   string
		answer string
		body   func(cancel func()) (next bool)
		want   int // steps of the loop
	}{
		{"body", "open", func(func()) bool { return true }, 3},
		{"break", "open", func(func()) bool { return false }, 1},
		{"context", "open", func(cancel func()) bool { cancel(); return true }, 1},
		{"context, in a pause", "", func(cancel func()) bool { time.AfterFunc(1, cancel); return true }, 1},
		{"context, in an attempt", "hang",
			func(cancel func()) bool { time.AfterFunc(5*time.Second, cancel); return true }, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // all goroutines must end
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				s := &scripted{answers: []string{test.answer}}
				d := netconn.Dialer{DialContext: s.dial, Proxy: netconn.NoProxy}
				var last *stream.Conn
				steps := 0
				for conn, err := range d.Connections(ctx, "ws://server.test/") {
					if last != nil {
						<-last.Done()
					}
					if (conn == nil) != (err != nil) {
						t.Fatalf("%v, %v", conn, err)
					}
					last = conn
					steps++
					if !test.body(cancel) || steps == 3 {
						break
					}
				}
				if last != nil {
					<-last.Done()
				}
				if steps != test.want {
					t.Errorf("%d steps, not %d", steps, test.want)
				}
			})
		})
	}
}

// TestContextEndsReading: the body, which reads, ends with the context.
func TestContextEndsReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		s := &scripted{answers: []string{"open"}}
		d := netconn.Dialer{DialContext: s.dial, Proxy: netconn.NoProxy}
		for conn, err := range d.Connections(ctx, "ws://server.test/") {
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := conn.ReadMessage(nil); !errors.Is(err, net.ErrClosed) {
				t.Errorf("%v", err)
			}
		}
		if len(s.attempts) != 1 {
			t.Errorf("%d attempts", len(s.attempts))
		}
	})
}
