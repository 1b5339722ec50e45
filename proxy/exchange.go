package proxy

import (
	"fmt"
	"io"
	"time"

	"github.com/sans-io/websocket-driver/driver/head"
	"github.com/sans-io/websocket-driver/driver/ws"
)

// phase is the state of the machine:
//
//	idle → answer → open
//	answer → skip → answer    a 407 that is answered on the same connection
//	answer → refusal → ended
//	any but open → ended
//
// Only step, or the call that a phase waits for, leaves the phase. The one event
// is returned on entering open or ended.
type phase uint8

const (
	phaseIdle     phase = iota // waits for Start
	phaseAnswer                // reads the head of an answer
	phaseSkip                  // skips the body of a 407 whose challenge is answered
	phaseRefusal               // reads the beginning of the body of a refusal
	phaseOpen                  // the tunnel is established
	phaseDetached              // and Detach has been called
	phaseEnded                 // terminal
)

// maxAnswers is the number of challenges answered in total, so that a proxy cannot
// prolong the exchange forever.
const maxAnswers = 4

// Exchange is the exchange with a proxy about one tunnel. It does no I/O and reads
// no clock. It is not safe for concurrent use.
type Exchange struct {
	cfg      *Config
	neg      *negotiation // nil after the event
	target   string
	response *head.Response
	retry    *Exchange
	err      error // why there is no tunnel
	cut      error // why the exchange ends once all input is used: EOF, the time limit
	out      ws.Queue
	in       []byte // input that IO has taken and Parse has not used
	deadline time.Time
	phase    phase
}

// negotiation is the state that is needed until the event. It holds the secrets.
type negotiation struct {
	fields        []head.Field
	authorization string // of the next request; "" for none
	hook          func(*Challenge) (string, error)
	scheme        string // of the last challenge answered; "" for none
	answers       int    // challenges answered

	parser  *head.Parser
	room    int       // bytes of heads allowed, including the final answer's
	renewed bool      // an answer to a challenge is queued, and there was no input since
	skipper skipper   // of the body of a 407 that is answered
	body    head.Body // of a refusal
}

// Start queues the CONNECT request. A second call returns [ws.ErrState].
func (p *Exchange) Start() error {
	if p.phase != phaseIdle {
		return fmt.Errorf("%w: second call of Start", ws.ErrState)
	}
	p.ask()
	return nil
}

// ask queues the request. All its parts have been checked.
func (p *Exchange) ask() {
	p.out.Buf, _ = head.AppendRequest(p.out.Buf, p.request())
	p.neg.room = p.cfg.maxHead()
	p.neg.parser = head.NewResponseParser(p.neg.room, 0)
	p.phase = phaseAnswer
}

// Parse takes input up to the one event and returns the number of bytes of b that
// it used. It does not modify or retain b.
//
// Open says that the tunnel is established; b[n:] belongs to the target. Close
// says that there is no tunnel, and Err says why; the Data of the event is the text
// of a [*ws.Error], and the caller owns it. With None all of b has been used,
// unless Needs has NeedAnswer: then n is 0. After Close all input is used and
// ignored.
func (p *Exchange) Parse(b []byte) (n int, ev ws.Event) {
	if len(p.in) > 0 && (p.waiting() || p.phase == phaseEnded) {
		n, ev = p.step(p.in)
		if p.in = p.in[n:]; len(p.in) == 0 || p.phase == phaseEnded {
			p.in = nil
		}
		if ev.Kind != ws.None {
			return 0, ev
		}
	}
	n, ev = p.step(b)
	if ev.Kind == ws.None && p.cut != nil && p.waiting() {
		p.cutOff()
		ev = p.event()
	}
	return n, ev
}

// step is the machine of phase. It takes input up to the event.
func (p *Exchange) step(b []byte) (n int, ev ws.Event) {
	for p.waiting() {
		was := p.phase
		switch p.phase {
		case phaseAnswer:
			n += p.readAnswer(b[n:])
		case phaseSkip:
			n += p.skipBody(b[n:])
		case phaseRefusal:
			n += p.readRefusal(b[n:])
		}
		if !p.waiting() {
			return n, p.event()
		}
		if p.phase == was && n == len(b) {
			return n, ws.Event{}
		}
	}
	if p.phase == phaseEnded {
		n = len(b)
	}
	return n, ws.Event{}
}

// event returns the one event of an exchange that has ended.
func (p *Exchange) event() ws.Event {
	if p.phase == phaseOpen {
		return ws.Event{Kind: ws.Open}
	}
	ev := ws.Event{Kind: ws.Close, Code: ws.CodeAbnormal}
	if e, ok := p.err.(*ws.Error); ok {
		ev.Code, ev.Data = e.Code, []byte(e.Msg)
	}
	return ev
}

// waiting reports whether the exchange waits for the proxy.
func (p *Exchange) waiting() bool {
	return p.phase == phaseAnswer || p.phase == phaseSkip || p.phase == phaseRefusal
}

// readAnswer reads the head of an answer and skips interim answers (RFC 9110,
// section 15.2).
func (p *Exchange) readAnswer(b []byte) int {
	p.neg.renewed = p.neg.renewed && len(b) == 0
	n, done, err := p.neg.parser.Parse(b)
	if err != nil {
		p.end(err)
		return n
	}
	if !done {
		return n
	}
	r := p.neg.parser.Response()
	switch {
	case r.Status == 101: // RFC 9110, section 7.8: the request had no Upgrade
		p.response = r
		p.end(ws.Violation("status 101 in answer to CONNECT"))
	case r.Status < 200:
		if p.neg.room -= len(p.neg.parser.Raw()); p.neg.room == 0 {
			p.end(ws.Violation("%d bytes of interim answers without a final answer", p.cfg.maxHead()))
			break
		}
		p.neg.parser = head.NewResponseParser(p.neg.room, 0)
	case r.Status < 300: // Content-Length and Transfer-Encoding are ignored (RFC 9110, section 9.3.6)
		p.response, p.phase, p.neg = r, phaseOpen, nil
	case r.Status == 407:
		p.response = r
		p.challenged()
	default:
		p.response = r
		p.refused()
	}
	return n
}

// refused begins to read the body of a refusal.
func (p *Exchange) refused() {
	p.neg.body = head.NewBody(p.response)
	p.phase = phaseRefusal
}

// challenged answers a 407, on this connection if it persists.
func (p *Exchange) challenged() {
	authorization, err := p.neg.authorize(p)
	if err != nil {
		p.end(fmt.Errorf("proxy: answering the challenge: %w", err))
		return
	}
	if authorization == "" {
		p.refused()
		return
	}
	p.neg.authorization = authorization
	skipper, ok := newSkipper(p.response)
	if !ok || !persists(p.response) {
		p.moveOn()
		return
	}
	p.neg.skipper, p.phase = skipper, phaseSkip
}

// skipBody skips the body of a 407 and then asks again.
func (p *Exchange) skipBody(b []byte) int {
	n, verdict := p.neg.skipper.skip(b)
	switch verdict {
	case bodyOver:
		p.neg.renewed = true
		p.ask()
	case bodyLost:
		p.moveOn()
	}
	return n
}

func (p *Exchange) readRefusal(b []byte) int {
	n, done := p.response.CollectBody(&p.neg.body, b)
	if done {
		p.end(p.refusal())
	}
	return n
}

func (p *Exchange) refusal() *ws.Error {
	return &ws.Error{Code: ws.CodeAbnormal, Status: p.response.Status,
		Msg: "proxy refused a tunnel to " + p.target + " with " + p.response.Refusal()}
}

// moveOn ends the exchange because the answer to the 407 needs another connection.
func (p *Exchange) moveOn() {
	x := p.neg
	p.retry = &Exchange{cfg: p.cfg, target: p.target, neg: &negotiation{
		fields: x.fields, authorization: x.authorization, hook: x.hook, scheme: x.scheme, answers: x.answers,
	}}
	p.end(&ws.Error{Code: ws.CodeAbnormal, Status: 407,
		Msg: "proxy requires a new connection for the answer to its challenge (status 407)"})
}

// cutOff ends the exchange for the reason in cut.
func (p *Exchange) cutOff() {
	switch {
	case p.phase == phaseRefusal: // the refusal says more than the end of its body
		p.end(p.refusal())
	case p.phase == phaseSkip, p.neg.renewed && p.cut == io.ErrUnexpectedEOF:
		p.moveOn() // some proxies close a connection that they declared persistent
	default:
		p.end(p.cut)
	}
}

// end ends the exchange without a tunnel and releases what is no longer needed.
func (p *Exchange) end(err error) {
	p.err, p.phase = err, phaseEnded
	p.neg, p.out = nil, ws.Queue{}
}

// EOF says that the transport has ended. If the exchange has not ended, Parse(nil)
// returns a Close event after all input received before.
func (p *Exchange) EOF() {
	if p.cut == nil {
		p.cut = io.ErrUnexpectedEOF
	}
}

// Retry returns the exchange to continue with over a new connection to the proxy,
// if the proxy answered 407, the challenge can be answered, and the old connection
// cannot carry the answer. Start it like any other. Before the Close event, and
// after any other end, Retry returns nil. Every call returns the same Exchange.
func (p *Exchange) Retry() *Exchange { return p.retry }

// Detach hands over the transport when the tunnel is established. It returns the
// input that IO has taken after the answer of the proxy, which belongs to the
// target. The caller owns the slice. Detach returns nil if there is none, and at
// any other time.
func (p *Exchange) Detach() []byte {
	if p.phase != phaseOpen {
		return nil
	}
	rest := p.in
	p.in, p.phase = nil, phaseDetached
	return rest
}

// Take returns all buffered output. The caller owns it. If there was any,
// spare[:0] becomes the new buffer, and the caller must not use it until a later
// Take returns it.
func (p *Exchange) Take(spare []byte) []byte { return p.out.Take(spare) }

// Buffered returns the length of the buffered output in bytes.
func (p *Exchange) Buffered() int { return p.out.Len() }

// Target returns the host and port of the target as sent in the request:
// "example.com:443", "[::1]:80".
func (p *Exchange) Target() string { return p.target }

// State returns StateConnecting until the event, then StateOpen or StateClosed.
func (p *Exchange) State() ws.State {
	switch p.phase {
	case phaseOpen, phaseDetached:
		return ws.StateOpen
	case phaseEnded:
		return ws.StateClosed
	}
	return ws.StateConnecting
}

// Response returns the last answer of the proxy that was not interim, or nil. A
// refusal includes up to 1 KiB of the body. The caller owns the Response after the
// event. It does not come from the target, and unless the connection to the proxy
// is encrypted it may come from anyone on the path.
func (p *Exchange) Response() *head.Response { return p.response }

// Err returns why there is no tunnel: a [*ws.Error], with the Status if the proxy
// refused; an error that wraps the error of Config.Challenge; or
// io.ErrUnexpectedEOF if the transport ended first. It is nil during the exchange
// and after Open.
func (p *Exchange) Err() error { return p.err }

// Needs returns what the exchange needs now. The needs are those of package driver:
//
//   - ws.NeedInput: input from the proxy, or Tick at NextTick
//   - ws.NeedFetch: Parse(nil), which may return an event
//   - ws.NeedAnswer: Start or, after Open, Detach; no input is taken until then
//   - ws.NeedOutput: Take; it is independent of the others
//   - ws.NeedFinish: the Close event has been returned; close the transport
//
// It is 0 after Detach: the transport is the caller's.
func (p *Exchange) Needs() ws.Need {
	var n ws.Need
	if p.out.Len() > 0 {
		n = ws.NeedOutput
	}
	switch {
	case p.phase == phaseDetached:
		return 0
	case p.phase == phaseEnded:
		return ws.NeedFinish
	case !p.waiting():
		n |= ws.NeedAnswer
	case p.cut != nil || len(p.in) > 0:
		n |= ws.NeedFetch
	default:
		n |= ws.NeedInput
	}
	return n
}
