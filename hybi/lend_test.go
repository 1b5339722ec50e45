package hybi

import (
	"strings"
	"testing"

	"github.com/sans-io/websocket-driver/driver/wstest"
	"github.com/sans-io/websocket-driver/extensions"
)

// lender is a repeat that lends buffers of up to most bytes, 0 for any number. What
// comes back is scribbled over.
type lender struct {
	repeat
	most int
	lent map[*byte]bool // buffers that have not come back, by their first byte
}

func (l *lender) Activate([]extensions.Param) (extensions.Session, error) { return l, nil }
func (l *lender) Accept([]extensions.Param) ([]extensions.Param, extensions.Session, bool) {
	return nil, l, true
}

func (l *lender) Lend(n int) []byte {
	if l.most > 0 && n > l.most {
		return nil
	}
	b := make([]byte, n)
	if l.lent == nil {
		l.lent = map[*byte]bool{}
	}
	l.lent[&b[0]] = true
	return b[:0]
}

func (l *lender) Return(b []byte) {
	b = b[:cap(b)]
	delete(l.lent, &b[0])
	for i := range b {
		b[i] = 0xa5
	}
}

// Between messages all that was lent has come back.
func TestLent(t *testing.T) {
	roles(func(cfg Config) {
		for _, message := range []string{"\x03a", strings.Repeat("\xffa", 100)} {
			l := &lender{most: 20000}
			cfg.Pipeline = pipeline(t, l)
			c, _ := newConn(cfg)
			in := encode(cfg.Server, runs(opText, message, 1)...)
			for range 3 {
				records := gather(wstest.Feed(c, in[:len(in)-1]))
				if len(l.lent) > 1 {
					t.Errorf("%s: %d buffers are lent inside a message", describe(cfg), len(l.lent))
				}
				records = gather(append(records, wstest.Feed(c, in[len(in)-1:])...))
				if len(records) != 1 || !records[0].Final || len(l.lent) > 0 || c.buf != nil {
					t.Errorf("%s: %d events, then %d buffers are lent", describe(cfg), len(records), len(l.lent))
				}
			}
		}
	})
}
