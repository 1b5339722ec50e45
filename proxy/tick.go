package proxy

import (
	"fmt"
	"time"

	"github.com/sans-io/websocket-driver/driver/ws"
)

// limited reports whether the time limit applies.
func (p *Conn) limited() bool {
	return p.waiting() && p.cut == nil && p.cfg.timeout() > 0
}

// Tick tells what time it is. Config.Timeout starts at the first Tick after
// Start, so it is never early; when it has passed, Parse(nil) gives a Close
// event.
func (p *Conn) Tick(now time.Time) {
	switch {
	case !p.limited():
	case p.deadline.IsZero():
		p.deadline = now.Add(p.cfg.timeout())
	case !now.Before(p.deadline):
		p.cut = &ws.Error{Code: ws.CodeAbnormal, Msg: fmt.Sprintf("the proxy took longer than %v", p.cfg.timeout())}
	}
}

// NextTick returns when Tick should be called; ok is false when no limit runs. When
// the limit waits for its start, at is a time that has passed, the zero Time: call
// Tick at once.
func (p *Conn) NextTick() (at time.Time, ok bool) { return p.deadline, p.limited() }
