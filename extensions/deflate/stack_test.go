package deflate

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/ws"
	"github.com/sans-io/websocket-driver/extensions"
)

// stamp is an extension of a third party: it appends a byte to messages and marks them
// with RSV2.
type stamp struct {
	before byte
	held   bool
}

func (*stamp) Name() string              { return "x-stamp" }
func (*stamp) RSV() byte                 { return extensions.RSV2 }
func (*stamp) Offer() []extensions.Offer { return []extensions.Offer{{Name: "x-stamp"}} }

func (s *stamp) Accept(offer []extensions.Param) ([]extensions.Param, extensions.Session, bool) {
	return nil, &stamp{}, len(offer) == 0
}

func (s *stamp) Activate([]extensions.Param) (extensions.Session, error) { return &stamp{}, nil }

func (s *stamp) Begin(ws.Kind, int) bool { return true }

func (s *stamp) Encode(dst, src []byte, fin bool) ([]byte, error) {
	dst = append(dst, src...)
	if fin {
		dst = append(dst, '!')
	}
	return dst, nil
}

// Decode holds back one byte until another follows.
func (s *stamp) Decode(dst, src []byte, fin bool) (nd, ns int, err error) {
	for nd < len(dst) && ns < len(src) {
		if s.held {
			dst[nd] = s.before
			nd++
		}
		s.before, s.held = src[ns], true
		ns++
	}
	if fin && ns == len(src) && nd < len(dst) {
		if !s.held || s.before != '!' {
			return nd, ns, &ws.Error{Code: 1008, Msg: "no stamp"}
		}
		s.held = false
	}
	return nd, ns, nil
}

// TestStack runs deflate together with another extension, in both orders.
func TestStack(t *testing.T) {
	text := prose(rand.New(rand.NewPCG(1, 1)), 20000)
	for _, first := range []bool{false, true} {
		exts := []driver.Extension{&Extension{}, &stamp{}}
		if first {
			exts[0], exts[1] = exts[1], exts[0]
		}
		cfg := &driver.Config{Extensions: exts}
		server, client := &peer{Driver: driver.NewServer(cfg)}, &peer{}
		var err error
		if client.Driver, err = driver.NewClient("ws://example.com/", cfg); err != nil {
			t.Fatal(err)
		}
		client.Start()
		server.feed(client.Take(nil))
		server.Start()
		server.feed(nil)
		m, err := driver.NewPrepared(driver.Text, text[:3000], server.Variant())
		if err != nil {
			t.Fatal(err)
		}
		server.Text(text)
		server.Text(text[:10])
		server.SendPrepared(m)
		server.Fragment(driver.Text, text[:5000], false)
		server.Fragment(driver.Text, text[5000:], true)
		if n := server.Buffered(); n > len(text) {
			t.Errorf("%d bytes: not compressed", n)
		}
		wire := server.Take(nil)
		for len(wire) > 0 {
			n := min(len(wire), 777)
			client.feed(wire[:n])
			wire = wire[n:]
		}
		want := []string{"Text " + brief(text), "Text " + brief(text[:10]), "Text " + brief(text[:3000]), "Text " + brief(text)}
		if diff := cmp.Diff(want, client.got); diff != "" {
			t.Errorf("%s: %s", server.Extensions(), diff)
		}
	}
}
