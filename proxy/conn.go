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
// Each phase is left from step, or by the call that it waits for; the one event
// comes with entering open or ended.
type phase uint8

const (
	phaseIdle     phase = iota // waits for Start
	phaseAnswer                // collects the head of an answer
	phaseSkip                  // skips the body of a 407 whose challenge is answered
	phaseRefusal               // collects the beginning of a refusal's body
	phaseOpen                  // the tunnel stands
	phaseDetached              // and what IO had taken has been handed on
	phaseEnded                 // nothing happens any more
)

// maxAnswers is how many challenges are answered in all, so that a proxy does
// not keep the exchange going for ever.
const maxAnswers = 4

// Conn is the exchange with a proxy about one tunnel. It does no I/O and reads
// no clock; it is not safe for concurrent use.
type Conn struct {
	cfg      *Config
	ex       *exchange // nil after the event
	target   string
	response *head.Response
	retry    *Conn
	err      error // why there is no tunnel
	cut      error // why the exchange ends once all input is used up: EOF, the time limit
	out      ws.Queue
	in       []byte // what IO has taken and Parse has not dealt with
	deadline time.Time
	phase    phase
}

// exchange is what is needed until the event. It holds the secrets.
type exchange struct {
	fields        []head.Field
	authorization string // of the next request; "": none
	hook          func(*Challenge) (string, error)
	scheme        string // of the last challenge that was answered; "": none was
	answers       int    // how many were answered

	parser  *head.Parser
	room    int  // how many bytes of heads may come, up to the end of the final answer's
	renewed bool // an answer to a challenge has been queued, and nothing has come since
	body    body // of a 407 that is skipped
}

// Start queues the CONNECT request. The error is [ws.ErrState] if it had been
// called before.
func (p *Conn) Start() error {
	if p.phase != phaseIdle {
		return fmt.Errorf("%w: Start twice", ws.ErrState)
	}
	p.ask()
	return nil
}

// ask queues the request. All parts of it have been checked.
func (p *Conn) ask() {
	p.out.Buf, _ = head.AppendRequest(p.out.Buf, p.request())
	p.ex.room = p.cfg.maxHead()
	p.ex.parser = head.NewResponseParser(p.ex.room, 0)
	p.phase = phaseAnswer
}

// Parse takes input up to the one event and returns how many bytes of b it has
// used. It neither changes b nor keeps a reference to it.
//
// With Open the tunnel stands, and b[n:] belongs to the target. With Close there
// is none, and Err says why; the event's Data is the text of a [*ws.Error], and
// the caller owns it. With None all of b is used up, unless Paused reports true:
// then n is 0. After Close all input is used up and ignored.
func (p *Conn) Parse(b []byte) (n int, ev ws.Event) {
	if len(p.in) > 0 && !p.Paused() {
		n, ev = p.step(p.in)
		if p.in = p.in[n:]; len(p.in) == 0 || p.phase == phaseEnded {
			p.in = nil
		}
		if ev.Kind != ws.None {
			return 0, ev
		}
	}
	n, ev = p.step(b)
	if ev.Kind == ws.None && p.Pending() {
		p.cutOff()
		ev = p.event()
	}
	return n, ev
}

// step is the machine of phase. It takes input up to the event.
func (p *Conn) step(b []byte) (n int, ev ws.Event) {
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

// event is the one event, of an exchange that is over.
func (p *Conn) event() ws.Event {
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
func (p *Conn) waiting() bool {
	return p.phase == phaseAnswer || p.phase == phaseSkip || p.phase == phaseRefusal
}

// readAnswer collects the head of an answer. Interim answers are skipped (RFC
// 9110, section 15.2).
func (p *Conn) readAnswer(b []byte) int {
	p.ex.renewed = p.ex.renewed && len(b) == 0
	n, done, err := p.ex.parser.Parse(b)
	if err != nil {
		p.end(err)
		return n
	}
	if !done {
		return n
	}
	r := p.ex.parser.Response()
	switch {
	case r.Status == 101: // RFC 9110, section 7.8: nobody has asked for it
		p.response = r
		p.end(&ws.Error{Code: ws.CodeProtocolError, Msg: "status 101 as the answer to CONNECT"})
	case r.Status < 200:
		if p.ex.room -= len(p.ex.parser.Raw()); p.ex.room == 0 {
			p.end(&ws.Error{Code: ws.CodeProtocolError, Msg: fmt.Sprintf("%d bytes of interim answers and no other", p.cfg.maxHead())})
			break
		}
		p.ex.parser = head.NewResponseParser(p.ex.room, 0)
	case r.Status < 300: // a length or coding means nothing here (RFC 9110, section 9.3.6)
		p.response, p.phase, p.ex = r, phaseOpen, nil
	case r.Status == 407:
		p.response = r
		p.challenged()
	default:
		p.response, p.phase = r, phaseRefusal
	}
	return n
}

// challenged answers a 407, on this connection if that goes on.
func (p *Conn) challenged() {
	authorization, err := p.ex.authorize(p)
	if err != nil {
		p.end(fmt.Errorf("proxy: answering its challenge: %w", err))
		return
	}
	if authorization == "" {
		p.phase = phaseRefusal
		return
	}
	p.ex.authorization = authorization
	body, ok := delimitedBody(p.response)
	if !ok || !persists(p.response) {
		p.moveOn()
		return
	}
	p.ex.body, p.phase = body, phaseSkip
}

// skipBody skips the body of a 407, and asks again.
func (p *Conn) skipBody(b []byte) int {
	n, verdict := p.ex.body.skip(b)
	switch verdict {
	case bodyOver:
		p.ex.renewed = true
		p.ask()
	case bodyLost:
		p.moveOn()
	}
	return n
}

func (p *Conn) readRefusal(b []byte) int {
	n, done := p.response.CollectBody(b)
	if done {
		p.end(p.refusal())
	}
	return n
}

func (p *Conn) refusal() *ws.Error {
	return &ws.Error{Code: ws.CodeAbnormal, Status: p.response.Status,
		Msg: "proxy refuses a tunnel to " + p.target + " with " + p.response.Refusal()}
}

// moveOn ends the exchange: there is an answer to the 407, and it needs another
// connection.
func (p *Conn) moveOn() {
	ex := p.ex
	p.retry = &Conn{cfg: p.cfg, target: p.target, ex: &exchange{
		fields: ex.fields, authorization: ex.authorization, hook: ex.hook, scheme: ex.scheme, answers: ex.answers,
	}}
	p.end(&ws.Error{Code: ws.CodeAbnormal, Status: 407,
		Msg: "proxy wants the answer to its challenge (status 407) on a new connection"})
}

// cutOff ends the exchange for the reason in cut.
func (p *Conn) cutOff() {
	switch {
	case p.phase == phaseRefusal: // the refusal says more than the end of its body
		p.end(p.refusal())
	case p.phase == phaseSkip, p.ex.renewed && p.cut == io.ErrUnexpectedEOF:
		p.moveOn() // the proxy has said that the connection goes on; some close it all the same
	default:
		p.end(p.cut)
	}
}

// end ends the exchange without a tunnel, and lets go of what is not needed
// after that.
func (p *Conn) end(err error) {
	p.err, p.phase = err, phaseEnded
	p.ex, p.out = nil, ws.Queue{}
}

// EOF says that the transport ends here. If the exchange is not over, Parse(nil)
// gives a Close event behind what has been received before.
func (p *Conn) EOF() {
	if p.cut == nil {
		p.cut = io.ErrUnexpectedEOF
	}
}

// Retry returns the exchange that goes on over a new connection to the proxy:
// the proxy has answered 407, the challenge could be answered, and the old
// connection cannot carry the answer. Start it as any other. It is nil before
// the Close event and for every other end. Every call returns the same.
func (p *Conn) Retry() *Conn { return p.retry }

// Detach hands the transport on once the tunnel stands: it returns what IO had
// taken beyond the proxy's answer, which belongs to the target. The caller owns
// it. It returns nil if there is nothing, and at any other time.
func (p *Conn) Detach() []byte {
	if p.phase != phaseOpen {
		return nil
	}
	rest := p.in
	p.in, p.phase = nil, phaseDetached
	return rest
}

// Take returns all bytes that wait to be sent; the caller owns them. spare[:0]
// becomes the new buffer, if anything was taken: the caller does not touch it
// until it comes back from a later Take.
func (p *Conn) Take(spare []byte) []byte { return p.out.Take(spare) }

// Buffered returns the number of bytes that wait to be taken.
func (p *Conn) Buffered() int { return p.out.Len() }

// Target returns the host and port of the tunnel's other end as they stand in
// the request: "example.com:443", "[::1]:80".
func (p *Conn) Target() string { return p.target }

// State returns StateConnecting until the event, then StateOpen or StateClosed.
func (p *Conn) State() ws.State {
	switch p.phase {
	case phaseOpen, phaseDetached:
		return ws.StateOpen
	case phaseEnded:
		return ws.StateClosed
	}
	return ws.StateConnecting
}

// Response returns the last answer of the proxy that was not interim, nil if
// there was none; of a refusal with up to 1 KiB of the body. It is the caller's
// after the event. Nothing of it comes from the target, and without TLS to the
// proxy anybody may have written it.
func (p *Conn) Response() *head.Response { return p.response }

// Err returns why there is no tunnel: a [*ws.Error], with the Status if the
// proxy has refused, the error of Config.Challenge wrapped, or
// io.ErrUnexpectedEOF where the transport ended first. It is nil while the
// exchange goes on and after Open.
func (p *Conn) Err() error { return p.err }

// Paused reports whether no input is taken: before Start, and when the tunnel
// stands.
func (p *Conn) Paused() bool { return !p.waiting() && p.phase != phaseEnded }

// Pending reports whether an event waits that no input is needed for: Parse(nil)
// fetches it. EOF or Tick has caused it. What IO.Write has taken does not count.
func (p *Conn) Pending() bool { return p.cut != nil && p.waiting() }

// Done reports whether the Close event has come, so that the transport may be
// closed. After Open the transport is the caller's and Done stays false.
func (p *Conn) Done() bool { return p.phase == phaseEnded }
