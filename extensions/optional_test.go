package extensions

import (
	"testing"

	"github.com/sans-io/websocket-driver/driver/ws"
)

// holder is a Releaser and a Preparer.
type holder struct {
	xor
	released int
	sent     []string
}

func (h *holder) Release()                 { h.released++ }
func (h *holder) Form() Form               { return (*plus)(nil) }
func (h *holder) Sent(_ ws.Kind, p []byte) { h.sent = append(h.sent, string(p)) }

// plus is a Form that puts a + before messages and does not change empty ones.
type plus struct{}

func (*plus) Encode(dst []byte, _ ws.Kind, p []byte) ([]byte, bool, error) {
	if len(p) == 0 {
		return dst, false, nil
	}
	return append(append(dst, '+'), p...), true, nil
}

func TestRelease(t *testing.T) {
	h := &holder{}
	p := &Pipeline{}
	fragment := func(fin bool) {
		if _, err := p.Encode(nil, []byte("a"), fin); err != nil {
			t.Fatal(err)
		}
	}
	p.add(ext("none", 0), &xor{})
	p.Begin(ws.Text, 1)
	fragment(true)
	if p.Active() != 0 {
		t.Error("active without anything to release")
	}
	p.add(ext("holder", RSV1), h)
	p.Begin(ws.Text, -1)
	for want := range uint32(3) {
		if got := p.Active(); got != want {
			t.Errorf("active %d after %d fragments", got, want)
		}
		fragment(want == 2)
	}
	p.Release()
	if p.Active() != 0 || h.released != 1 {
		t.Errorf("active %d, %d released after Release", p.Active(), h.released)
	}
	p.active-- // as after very many messages
	if fragment(true); p.Active() == 0 {
		t.Error("the count wraps around to 0")
	}
	var none *Pipeline
	if none.Release(); none.Active() != 0 {
		t.Error("a nil Pipeline is active")
	}
}

func TestForm(t *testing.T) {
	h := &holder{}
	tests := []struct {
		name string
		p    *Pipeline
		form Form
		rsv  byte
		ok   bool
	}{
		{"nil", nil, nil, 0, true},
		{"no sessions", &Pipeline{}, nil, 0, true},
		{"one", &Pipeline{stages: []stage{{s: h}}, rsv: RSV1}, (*plus)(nil), RSV1, true},
		{"one that is not a Preparer", &Pipeline{stages: []stage{{s: &xor{}}}, rsv: RSV1}, nil, 0, false},
		{"two", &Pipeline{stages: []stage{{s: h}, {s: &holder{}}}, rsv: RSV1 | RSV2}, nil, 0, false},
	}
	for _, tt := range tests {
		form, rsv, ok := tt.p.Form()
		if form != tt.form || rsv != tt.rsv || ok != tt.ok {
			t.Errorf("%s: %v %#x %v, want %v %#x %v", tt.name, form, rsv, ok, tt.form, tt.rsv, tt.ok)
		}
	}
	if tests[2].p.Sent(ws.Text, []byte("a")); len(h.sent) != 1 || h.sent[0] != "a" {
		t.Errorf("Sent was called for %q", h.sent)
	}
}
