package deflate

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sans-io/websocket-driver/driver/head"
	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/extensions"
)

// header returns one field for each value.
func header(values ...string) []head.Field {
	var f []head.Field
	for _, v := range values {
		f = append(f, head.Field{Name: extensions.FieldName, Value: v})
	}
	return f
}

// abbreviated expands header values such as "pmd; sn; cn; sb=10; cb".
var abbreviated = strings.NewReplacer("pmd", Name, "sn", serverNoContext, "cn", clientNoContext, "sb", serverBits, "cb", clientBits)

// spy keeps the session of its extension.
type spy struct {
	*Extension
	s *session
}

func (s *spy) Accept(offer []extensions.Param) ([]extensions.Param, extensions.Session, bool) {
	answer, made, ok := s.Extension.Accept(offer)
	if ok {
		s.s = made.(*session)
	}
	return answer, made, ok
}

func (s *spy) Activate(answer []extensions.Param) (extensions.Session, error) {
	made, err := s.Extension.Activate(answer)
	if err == nil {
		s.s = made.(*session)
	}
	return made, err
}

// String returns the result of the negotiation: the bits of the own messages and the
// window of the peer's messages, each with + under context takeover.
func (s *spy) String() string {
	plus := map[bool]string{true: "+"}
	return fmt.Sprintf("own %d%s peer %d%s", s.s.form.bits, plus[s.s.room > 0],
		s.s.window.size, plus[s.s.window.keep])
}

func TestAccept(t *testing.T) {
	none := Params{}
	tests := []struct {
		rule   string
		limits Params
		offer  string // fields are separated by |
		answer string // "" if all is declined
		sides  string
	}{
		// No limits: the server confirms what is offered.
		{"RFC 7692 7.1", none, "pmd", "pmd", "own 15+ peer 32768+"},
		{"RFC 7692 7.1.1.1", none, "pmd; sn", "pmd; sn", "own 15 peer 32768+"},
		{"RFC 7692 7.1.1.2", none, "pmd; cn", "pmd; cn", "own 15+ peer 32768"},
		{"RFC 7692 7.1", none, "pmd; sn; cn", "pmd; sn; cn", "own 15 peer 32768"},
		{"RFC 7692 7.1", none, "pmd; cn; sn", "pmd; sn; cn", "own 15 peer 32768"},
		{"RFC 7692 7.1.2.1", none, "pmd; sb=8", "pmd; sb=8", "own 8+ peer 32768+"},
		{"RFC 7692 7.1.2.1", none, "pmd; sb=9", "pmd; sb=9", "own 9+ peer 32768+"},
		{"RFC 7692 7.1.2.1", none, "pmd; sb=14", "pmd; sb=14", "own 14+ peer 32768+"},
		{"RFC 7692 7.1.2.1", none, "pmd; sb=15", "pmd; sb=15", "own 15+ peer 32768+"},
		{"RFC 7692 7.1.2.1", none, `pmd; sb="10"`, "pmd; sb=10", "own 10+ peer 32768+"},
		{"RFC 7692 7.1.2.2", none, "pmd; cb", "pmd", "own 15+ peer 32768+"},
		{"RFC 7692 7.1.2.2", none, "pmd; cb=15", "pmd", "own 15+ peer 32768+"},
		{"RFC 7692 7.1.2.2", none, "pmd; cb=14", "pmd; cb=14", "own 15+ peer 16384+"},
		{"RFC 7692 7.1.2.2", none, "pmd; cb=8", "pmd; cb=8", "own 15+ peer 256+"},
		{"RFC 7692 7.1", none, "pmd; sn; cn; sb=12; cb=11", "pmd; sn; cn; sb=12; cb=11", "own 12 peer 2048"},
		{"RFC 7692 7.1", none, "pmd; cb=11; sb=12; cn; sn", "pmd; sn; cn; sb=12; cb=11", "own 12 peer 2048"},

		// Invalid offers are declined.
		{"RFC 7692 7.1", none, "pmd; x", "", ""},
		{"RFC 7692 7.1.1.1", none, "pmd; x=1; sn", "", ""},
		{"RFC 7692 7.1", none, "pmd; SN", "", ""},
		{"RFC 7692 7.1", none, "pmd; Server_no_context_takeover", "", ""},
		{"RFC 7692 7.1.1.1", none, "pmd; sn; sn", "", ""},
		{"RFC 7692 7.1", none, "pmd; cn; sn; cn", "", ""},
		{"RFC 7692 7.1.2.1", none, "pmd; sb=10; sb=10", "", ""},
		{"RFC 7692 7.1.2.1", none, "pmd; sb=10; sb=11", "", ""},
		{"RFC 7692 7.1.2.2", none, "pmd; cb; cb", "", ""},
		{"RFC 7692 7.1.2.2", none, "pmd; cb; cb=10", "", ""},
		{"RFC 7692 7.1.1.1", none, "pmd; sn=1", "", ""},
		{"RFC 7692 7.1.1.1", none, "pmd; sn=true", "", ""},
		{"RFC 7692 7.1.1.2", none, "pmd; cn=0", "", ""},
		{"RFC 7692 7.1.2.1", none, "pmd; sb", "", ""},
		{"RFC 7692 7.1.2.1", none, "pmd; sb=7", "", ""},
		{"RFC 7692 7.1.2.1", none, "pmd; sb=16", "", ""},
		{"RFC 7692 7.1.2.1", none, "pmd; sb=0", "", ""},
		{"RFC 7692 7.1.2.1", none, "pmd; sb=-8", "", ""},
		{"RFC 7692 7.1.2.1", none, "pmd; sb=08", "", ""},
		{"RFC 7692 7.1.2.1", none, "pmd; sb=010", "", ""},
		{"RFC 7692 7.1.2.1", none, "pmd; sb=10.0", "", ""},
		{"RFC 7692 7.1.2.1", none, "pmd; sb=0x0a", "", ""},
		{"RFC 7692 7.1.2.1", none, "pmd; sb=ten", "", ""},
		{"RFC 7692 7.1.2.1", none, "pmd; sb=99999999999999999999", "", ""},
		{"RFC 7692 7.1.2.2", none, "pmd; cb=7", "", ""},
		{"RFC 7692 7.1.2.2", none, "pmd; cb=16", "", ""},
		{"RFC 7692 7.1.2.2", none, "pmd; cb=09", "", ""},
		{"RFC 7692 7.1.2.2", none, "pmd; cb=x", "", ""},
		{"RFC 7692 7.1", none, "PMD", "", ""},
		{"RFC 7692 7.1", none, "permessage-bzip2", "", ""},
		{"RFC 7692 7.1", none, "x-webkit-deflate-frame", "", ""},

		// Several offers: the first valid one.
		{"RFC 7692 5", none, "pmd; x, pmd", "pmd", "own 15+ peer 32768+"},
		{"RFC 7692 5", none, "pmd; sb=10, pmd", "pmd; sb=10", "own 10+ peer 32768+"},
		{"RFC 7692 5", none, "pmd; sb=99, pmd; sb=10, pmd", "pmd; sb=10", "own 10+ peer 32768+"},
		{"RFC 7692 5", none, "pmd; sb=99 | pmd; cb | pmd; sn", "pmd", "own 15+ peer 32768+"},
		{"RFC 7692 5", none, "foo; bar, pmd; sn", "pmd; sn", "own 15 peer 32768+"},
		{"RFC 7692 5", none, "pmd, pmd; sn; cn", "pmd", "own 15+ peer 32768+"},

		// No context takeover because the server requires it.
		{"RFC 7692 7.1.1.1", Params{ServerNoContextTakeover: true}, "pmd", "pmd; sn", "own 15 peer 32768+"},
		{"RFC 7692 7.1.1.1", Params{ServerNoContextTakeover: true}, "pmd; sn", "pmd; sn", "own 15 peer 32768+"},
		{"RFC 7692 7.1.1.2", Params{ClientNoContextTakeover: true}, "pmd", "pmd; cn", "own 15+ peer 32768"},
		{"RFC 7692 7.1", Params{ClientNoContextTakeover: true}, "pmd; sn", "pmd; sn; cn", "own 15 peer 32768"},

		// A limit of the server's own window: the smaller one, stated even if
		// nothing was offered.
		{"RFC 7692 7.1.2.1", Params{ServerMaxWindowBits: 10}, "pmd", "pmd; sb=10", "own 10+ peer 32768+"},
		{"RFC 7692 7.1.2.1", Params{ServerMaxWindowBits: 10}, "pmd; sb=12", "pmd; sb=10", "own 10+ peer 32768+"},
		{"RFC 7692 7.1.2.1", Params{ServerMaxWindowBits: 10}, "pmd; sb=10", "pmd; sb=10", "own 10+ peer 32768+"},
		{"RFC 7692 7.1.2.1", Params{ServerMaxWindowBits: 10}, "pmd; sb=9", "pmd; sb=9", "own 9+ peer 32768+"},
		{"RFC 7692 7.1.2.1", Params{ServerMaxWindowBits: 15}, "pmd", "pmd", "own 15+ peer 32768+"},
		{"RFC 7692 7.1.2.1", Params{ServerMaxWindowBits: 15}, "pmd; sb=15", "pmd; sb=15", "own 15+ peer 32768+"},
		{"RFC 7692 7.1.2.1", Params{ServerMaxWindowBits: 1}, "pmd", "pmd; sb=8", "own 8+ peer 32768+"},
		{"RFC 7692 7.1.2.1", Params{ServerMaxWindowBits: 99}, "pmd", "pmd", "own 15+ peer 32768+"},

		// A limit of the client's window: only if the client offers it.
		{"RFC 7692 7.1.2.2", Params{ClientMaxWindowBits: 10}, "pmd", "", ""},
		{"RFC 7692 7.1", Params{ClientMaxWindowBits: 10}, "pmd; cn; sn", "", ""},
		{"RFC 7692 7.1.2.2", Params{ClientMaxWindowBits: 10}, "pmd; cb", "pmd; cb=10", "own 15+ peer 1024+"},
		{"RFC 7692 7.1.2.2", Params{ClientMaxWindowBits: 10}, "pmd; cb=12", "pmd; cb=10", "own 15+ peer 1024+"},
		{"RFC 7692 7.1.2.2", Params{ClientMaxWindowBits: 10}, "pmd; cb=10", "pmd; cb=10", "own 15+ peer 1024+"},
		{"RFC 7692 7.1.2.2", Params{ClientMaxWindowBits: 10}, "pmd; cb=9", "pmd; cb=9", "own 15+ peer 512+"},
		{"RFC 7692 7.1", Params{ClientMaxWindowBits: 10}, "pmd, pmd; cb; sn", "pmd; sn; cb=10", "own 15 peer 1024+"},
		{"RFC 7692 7.1.2.2", Params{ClientMaxWindowBits: 15}, "pmd", "pmd", "own 15+ peer 32768+"},
		{"RFC 7692 7.1.2.2", Params{ClientMaxWindowBits: 15}, "pmd; cb", "pmd", "own 15+ peer 32768+"},
		{"RFC 7692 7.1.2.2", Params{ClientMaxWindowBits: -1}, "pmd; cb=9", "pmd; cb=9", "own 15+ peer 512+"},

		// Everything together.
		{"RFC 7692 7.1", Params{true, true, 9, 9}, "pmd; cb", "pmd; sn; cn; sb=9; cb=9", "own 9 peer 512"},
		{"RFC 7692 7.1", Params{true, true, 9, 9}, "pmd; sb=8; cb=8", "pmd; sn; cn; sb=8; cb=8", "own 8 peer 256"},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%s %+v %s", tt.rule, tt.limits, tt.offer), func(t *testing.T) {
			e := &spy{Extension: &Extension{Params: tt.limits}}
			lines := strings.Split(abbreviated.Replace(tt.offer), " | ")
			answer, _, err := extensions.Accept([]extensions.Extension{e}, header(lines...))
			if err != nil {
				t.Fatal(err)
			}
			if want := abbreviated.Replace(tt.answer); answer != want {
				t.Fatalf("answer %q, want %q", answer, want)
			}
			if answer == "" {
				return
			}
			if e.String() != tt.sides {
				t.Errorf("%v, want %v", e, tt.sides)
			}
			// A client with this offer accepts the answer.
			if o, err := parse(mustParams(t, tt.offer), true); err == nil {
				a, _ := parse(mustParams(t, tt.answer), false)
				if err := a.fits(o); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// mustParams returns the parameters of a single offer in short form.
func mustParams(t *testing.T, s string) []extensions.Param {
	t.Helper()
	offers, err := extensions.ParseHeader(header(abbreviated.Replace(s)))
	if err != nil {
		return []extensions.Param{{Name: "unreadable"}}
	}
	if len(offers) > 1 {
		return []extensions.Param{{Name: "several"}}
	}
	return offers[0].Params
}

func TestOffer(t *testing.T) {
	t.Run("RFC 7692 12.1 name", func(t *testing.T) {
		if got := (&Extension{}).Name(); got != "permessage-deflate" {
			t.Error(got)
		}
	})
	tests := []struct {
		e    *Extension
		want string
	}{
		{&Extension{}, "pmd; cb"},
		{&Extension{Params: Params{ClientMaxWindowBits: -1}}, "pmd"},
		{&Extension{Params: Params{ClientMaxWindowBits: 15}}, "pmd; cb=15"},
		{&Extension{Params: Params{ClientMaxWindowBits: 3}}, "pmd; cb=8"},
		{&Extension{Params: Params{ServerMaxWindowBits: 15}}, "pmd; sb=15; cb"},
		{&Extension{Params: Params{ServerMaxWindowBits: 100}}, "pmd; sb=15; cb"},
		{&Extension{Params: Params{ServerMaxWindowBits: -1}}, "pmd; cb"},
		{&Extension{Params: Params{true, true, 10, 9}}, "pmd; sn; cn; sb=10; cb=9"},
		{
			&Extension{Params: Params{ServerMaxWindowBits: 9}, Fallback: []Params{{ServerNoContextTakeover: true}, {ClientMaxWindowBits: -1}}},
			"pmd; sb=9; cb, pmd; sn; cb, pmd",
		},
	}
	for _, tt := range tests {
		t.Run("RFC 7692 7.1 "+tt.want, func(t *testing.T) {
			got, err := extensions.OfferHeader([]extensions.Extension{tt.e})
			if want := abbreviated.Replace(tt.want); got != want || err != nil {
				t.Errorf("got %q and %v, want %q", got, err, want)
			}
		})
	}
}

func TestSet(t *testing.T) {
	tests := []struct {
		rule, name, value string
		want              Params
		err               string
	}{
		{"RFC 7692 7.1.1.1", serverNoContext, "", Params{ServerNoContextTakeover: true}, ""},
		{"RFC 7692 7.1.1.2", clientNoContext, "", Params{ClientNoContextTakeover: true}, ""},
		{"RFC 7692 7.1.2.1", serverBits, "10", Params{ServerMaxWindowBits: 10}, ""},
		{"RFC 7692 7.1.2.2", clientBits, "8", Params{ClientMaxWindowBits: 8}, ""},
		{"RFC 7692 7.1.2.2", clientBits, "", Params{}, ""},
		{"RFC 7692 7.1.1.1", serverNoContext, "1", Params{}, `sn has the value "1"`},
		{"RFC 7692 7.1.2.1", serverBits, "", Params{}, `sb is "", not a number from 8 to 15`},
		{"RFC 7692 7.1.2.1", serverBits, "16", Params{}, `sb is "16", not a number from 8 to 15`},
		{"RFC 7692 7.1.2.2", clientBits, "08", Params{}, `cb is "08", not a number from 8 to 15`},
		{"RFC 7692 7.1", "window", "8", Params{}, `"window" is unknown`},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%s %s=%s", tt.rule, tt.name, tt.value), func(t *testing.T) {
			var p Params
			err := p.Set(tt.name, tt.value)
			if p != tt.want || (err != nil) != (tt.err != "") {
				t.Errorf("%+v, %v", p, err)
			}
			if want := "websocket: invalid argument: parameter " + abbreviated.Replace(tt.err); err != nil && (err.Error() != want || !errors.Is(err, ws.ErrInvalid)) {
				t.Errorf("%v, want %s", err, want)
			}
		})
	}
}

func TestActivate(t *testing.T) {
	none := []Params{{}}
	plain := Params{ClientMaxWindowBits: -1}
	tests := []struct {
		rule   string
		offers []Params
		answer string
		sides  string
		err    string
	}{
		{"RFC 7692 7.1", none, "pmd", "own 15+ peer 32768+", ""},
		{"RFC 7692 7.1.1.1", none, "pmd; sn", "own 15+ peer 32768", ""},
		{"RFC 7692 7.1.1.2", none, "pmd; cn", "own 15 peer 32768+", ""},
		{"RFC 7692 7.1.2.1", none, "pmd; sb=8", "own 15+ peer 256+", ""},
		{"RFC 7692 7.1", none, "pmd; sb=15; cb=15", "own 15+ peer 32768+", ""},
		{"RFC 7692 7.1.2.2", none, "pmd; cb=8", "own 8+ peer 32768+", ""},
		{"RFC 7692 7.1.2.2", none, `pmd; cb="9"`, "own 9+ peer 32768+", ""},
		{"RFC 7692 7.1", none, "pmd; cb=9; sb=10; cn; sn", "own 9 peer 1024", ""},

		// What no answer may contain.
		{"RFC 7692 7.1.2.2", none, "pmd; cb", "", `parameter cb is "", not a number from 8 to 15`},
		{"RFC 7692 7.1.2.1", none, "pmd; sb", "", `parameter sb is "", not a number from 8 to 15`},
		{"RFC 7692 7.1.2.2", none, "pmd; cb=16", "", `parameter cb is "16", not a number from 8 to 15`},
		{"RFC 7692 7.1.2.1", none, "pmd; sb=7", "", `parameter sb is "7", not a number from 8 to 15`},
		{"RFC 7692 7.1.2.1", none, "pmd; sb=08", "", `parameter sb is "08", not a number from 8 to 15`},
		{"RFC 7692 7.1.1.1", none, "pmd; sn=1", "", `parameter sn has the value "1"`},
		{"RFC 7692 7.1.1.2", none, "pmd; cn=x", "", `parameter cn has the value "x"`},
		{"RFC 7692 7.1.1.1", none, "pmd; sn; sn", "", `parameter sn appears twice`},
		{"RFC 7692 7.1.2.2", none, "pmd; cb=9; cb=9", "", `parameter cb appears twice`},
		{"RFC 7692 7.1", none, "pmd; foo", "", `parameter "foo" is unknown`},
		{"RFC 7692 7.1.1.2", none, "pmd; foo=1; cn", "", `parameter "foo" is unknown`},

		// What does not match the offer.
		{"RFC 7692 7.1.2.2", []Params{plain}, "pmd", "own 15+ peer 32768+", ""},
		{"RFC 7692 7.1", []Params{plain}, "pmd; sn; cn; sb=9", "own 15 peer 512", ""},
		{"RFC 7692 7.1.2.2", []Params{plain}, "pmd; cb=15", "", "answer has cb, which was not offered"},
		{"RFC 7692 7.1.1.1", []Params{{ServerNoContextTakeover: true}}, "pmd; sn", "own 15+ peer 32768", ""},
		{"RFC 7692 7.1.1.1", []Params{{ServerNoContextTakeover: true}}, "pmd", "", "answer lacks sn, which was offered"},
		{"RFC 7692 7.1.2.1", []Params{{ServerMaxWindowBits: 10}}, "pmd; sb=10", "own 15+ peer 1024+", ""},
		{"RFC 7692 7.1.2.1", []Params{{ServerMaxWindowBits: 10}}, "pmd; sb=9", "own 15+ peer 512+", ""},
		{"RFC 7692 7.1.2.1", []Params{{ServerMaxWindowBits: 10}}, "pmd; sb=11", "", "answer has sb 11, above 10, which was offered"},
		{"RFC 7692 7.1.2.1", []Params{{ServerMaxWindowBits: 10}}, "pmd", "", "answer has sb 15, above 10, which was offered"},
		{"RFC 7692 7.1.2.1", []Params{{ServerMaxWindowBits: 15}}, "pmd", "own 15+ peer 32768+", ""},
		{"RFC 7692 7.1.2.2", []Params{{ClientMaxWindowBits: 10}}, "pmd; cb=11", "", "answer has cb 11, above 10, which was offered"},

		// Promises of the offer apply whatever the answer is.
		{"RFC 7692 7.1.1.2", []Params{{ClientNoContextTakeover: true}}, "pmd", "own 15 peer 32768+", ""},
		{"RFC 7692 7.1.2.2", []Params{{ClientMaxWindowBits: 10}}, "pmd", "own 10+ peer 32768+", ""},
		{"RFC 7692 7.1.2.2", []Params{{ClientMaxWindowBits: 10}}, "pmd; cb=9", "own 9+ peer 32768+", ""},

		// Fallback: the first offer that fits.
		{"RFC 7692 5", []Params{{ServerMaxWindowBits: 10}, {}}, "pmd", "own 15+ peer 32768+", ""},
		{"RFC 7692 5", []Params{{ServerMaxWindowBits: 10}, {ClientNoContextTakeover: true}}, "pmd", "own 15 peer 32768+", ""},
		{"RFC 7692 5", []Params{{ServerMaxWindowBits: 10}, {ServerNoContextTakeover: true}}, "pmd; sb=9", "own 15+ peer 512+", ""},
		{"RFC 7692 5", []Params{{ServerMaxWindowBits: 10}, {ServerNoContextTakeover: true}}, "pmd", "", "answer has sb 15, above 10, which was offered"},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%s %+v %s", tt.rule, tt.offers, tt.answer), func(t *testing.T) {
			e := &spy{Extension: &Extension{Params: tt.offers[0], Fallback: tt.offers[1:]}}
			p, err := extensions.Activate([]extensions.Extension{e}, header(abbreviated.Replace(tt.answer)))
			if err != nil {
				want := fmt.Sprintf("websocket: extension %q %s", Name, abbreviated.Replace(tt.err))
				if diff := cmp.Diff(want, err.Error()); diff != "" {
					t.Error(diff)
				}
				return
			}
			if tt.err != "" {
				t.Fatalf("no error, want %q", tt.err)
			}
			if e.String() != tt.sides {
				t.Errorf("%v, want %v", e, tt.sides)
			}
			if p.RSV() != extensions.RSV1 {
				t.Errorf("RSV bits %#x", p.RSV())
			}
		})
	}
}
