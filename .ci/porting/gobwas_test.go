package porting

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsflate"
	"github.com/gobwas/ws/wsutil"

	"github.com/sans-io/websocket-driver/adapters/nethttp"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/extensions/deflate"
	"github.com/sans-io/websocket-driver/hybi/frame"
)

// TestGobwasServer: our client and a server of gobwas.
func TestGobwasServer(t *testing.T) {
	up := ws.HTTPUpgrader{Protocol: func(p string) bool { return p == "chat" }}
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, _, _, err := up.Upgrade(r, w)
		if err != nil {
			return
		}
		defer c.Close()
		for {
			p, op, err := wsutil.ReadClientData(c)
			if err != nil || wsutil.WriteServerMessage(c, op, p) != nil {
				return
			}
		}
	}))
	tryClient(t, url, nil)
}

// TestGobwasClient: our server and a client of gobwas.
func TestGobwasClient(t *testing.T) {
	url := ours(t, &nethttp.Upgrader{Config: &driver.Config{Subprotocols: []string{"chat"}}}, echo)
	d := ws.Dialer{Protocols: []string{"chat"}}
	c, _, hs, err := d.Dial(limit(t), url)
	must(t, err)
	defer c.Close()
	must(t, wsutil.WriteClientText(c, []byte("hello")))
	if p, err := wsutil.ReadServerText(c); string(p) != "hello" || err != nil || hs.Protocol != "chat" {
		t.Errorf("%q, %v, subprotocol %q", p, err, hs.Protocol)
	}
}

// TestGobwasFrames: frames encoded by either are the same, and read by the other.
func TestGobwasFrames(t *testing.T) {
	for _, n := range []int{0, 5, 125, 126, 65535, 65536} {
		payload := bytes.Repeat([]byte("x"), n)
		key := frame.Key(0x01020304)
		masked := bytes.Clone(payload)
		frame.MaskTo(masked, payload, key)
		ours := frame.Append(make([]byte, 0, frame.MaxHeader), frame.Header{Fin: true, Opcode: frame.Opcode(ws.OpText), Masked: true, Key: key, Length: uint64(n)})
		if err := frame.Check(ours[0], ours[1]); err != 0 {
			t.Error(err)
		}
		ours = append(ours, masked...)
		theirs := ws.MaskFrameWith(ws.NewTextFrame(payload), [4]byte{4, 3, 2, 1})
		if b := ws.MustCompileFrame(theirs); !bytes.Equal(ours, b) {
			t.Errorf("%d bytes: % x, not % x", n, ours[:min(n, 20)], b[:min(n, 20)])
		}
		h, size, err := frame.Parse(ours)
		if err != nil || h.Length != uint64(n) || h.Key != key || size != len(ours)-n {
			t.Errorf("%v, %d, %v", h, size, err)
		}
		frame.Mask(ours[size:], h.Key)
		if !bytes.Equal(ours[size:], payload) {
			t.Errorf("%d bytes are not unmasked", n)
		}
		back := frame.Encode(frame.Header{Fin: true, Opcode: frame.Ping}, payload[:min(n, frame.MaxControl)])
		if f, err := ws.ReadFrame(bytes.NewReader(back)); err != nil || f.Header.OpCode != ws.OpPing {
			t.Errorf("%v, %v", f.Header, err)
		}
	}
	if key := frame.Key(0x01020304).Rotate(1); key != 0x04010203 {
		t.Errorf("%#x", uint32(key))
	}
}

// TestGobwasDeflate: a message that wsflate has compressed.
func TestGobwasDeflate(t *testing.T) {
	text := strings.Repeat("compress me ", 100)
	f, err := wsflate.CompressFrame(ws.NewTextFrame([]byte(text)))
	must(t, err)
	d := openServer(t, &driver.Config{Extensions: []driver.Extension{&deflate.Extension{}}}, "Sec-WebSocket-Extensions: permessage-deflate")
	in := ws.MustCompileFrame(ws.MaskFrame(f))
	if _, ev := d.Parse(in); ev.Kind != driver.Text || string(ev.Data) != text {
		t.Errorf("%v %.20q, %v", ev.Kind, ev.Data, d.Err())
	}
}
