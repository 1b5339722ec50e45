package proxy

import (
	"fmt"
	"time"

	"github.com/sans-io/websocket-driver/driver/ws"
)

// limited reports whether the time limit applies.
func (p *Exchange) limited() bool {
	return p.waiting() && p.cut == nil && p.cfg.timeout() > 0
}

// Tick tells the exchange the time. Config.Timeout starts at the first Tick after
// Start, so it never expires early. When it has expired, Parse(nil) returns a Close
// event.
func (p *Exchange) Tick(now time.Time) {
	switch {
	case !p.limited():
	case p.deadline.IsZero():
		p.deadline = now.Add(p.cfg.timeout())
	case !now.Before(p.deadline):
		p.cut = &ws.Error{Code: ws.CodeAbnormal, Msg: fmt.Sprintf("the proxy took longer than %v", p.cfg.timeout())}
	}
}

// NextTick returns when Tick is due. ok is false if no limit runs. If the limit
// waits for its start, at is the zero Time, which has passed: Tick is due now.
func (p *Exchange) NextTick() (at time.Time, ok bool) { return p.deadline, p.limited() }
