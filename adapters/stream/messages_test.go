package stream_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

func TestMessages(t *testing.T) {
	close := func(code uint16) string { return frame(0x88, string([]byte{byte(code >> 8), byte(code)})) }
	big := frame(0x82, strings.Repeat("x", 131073))
	tests := map[string]struct {
		in   []any
		want []string
	}{
		"1000":         {[]any{frame(0x81, "one") + frame(0x82, "two") + close(1000)}, []string{"text one", "binary two"}},
		"1001":         {[]any{close(1001)}, nil},
		"no code":      {[]any{frame(0x88, "")}, nil},
		"4000":         {[]any{frame(0x81, "one") + close(4000)}, []string{"text one", "websocket: closed with 4000"}},
		"broken":       {[]any{"\x8f\x80\x00\x00\x00\x00"}, []string{"1002"}},
		"big":          {[]any{big + frame(0x81, "one") + close(1000)}, []string{"binary " + strings.Repeat("x", 131073), "text one"}},
		"a deadline":   {[]any{frame(0x01, "one "), os.ErrDeadlineExceeded, frame(0x80, "two") + close(1000)}, []string{"i/o timeout", "text one two"}},
		"after a pong": {[]any{frame(0x8a, "") + frame(0x81, "one") + close(1000)}, []string{"text one"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			wstest.NoLeaks(t)
			c := opened(t, newScript(test.in...), nil)
			defer c.CloseNow()
			var got []string
			for m, err := range c.Messages() {
				switch {
				case err == nil:
					got = append(got, strings.ToLower(m.Kind.String())+" "+string(m.Data))
					if len(m.Data) < 100 && cap(m.Data) > 128<<10 {
						t.Errorf("a buffer of %d bytes is kept", cap(m.Data))
					}
				case name == "broken" && strings.Contains(err.Error(), "1002"):
					got = append(got, "1002")
				default:
					got = append(got, err.Error())
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestMessagesBroken(t *testing.T) {
	wstest.NoLeaks(t)
	c := opened(t, newScript(frame(0x81, "one")+frame(0x81, "two")), nil)
	defer c.CloseNow()
	for range c.Messages() {
		break
	}
	wantMessage(t, c, driver.Text, "two")
}

func TestJSON(t *testing.T) {
	wstest.NoLeaks(t)
	a, b := wstest.TCP(t)
	client, server := open(t, a, b, nil, nil)
	type point struct{ X, Y int }
	if err := client.WriteJSON(point{1, 2}); err != nil {
		t.Fatal(err)
	}
	wantMessage(t, server, driver.Text, `{"X":1,"Y":2}`)
	if err := client.WriteJSON(make(chan int)); err == nil {
		t.Error("a channel was sent")
	}
	for _, text := range []string{`{"X":3}`, `{"X":3} {}`, `{"X":`, ``, `"text"`} {
		if err := client.WriteMessage(driver.Text, []byte(text)); err != nil {
			t.Fatal(err)
		}
		var p point
		if err := server.ReadJSON(&p); (err == nil) != (text == `{"X":3}`) || err != nil && !errors.Is(err, stream.ErrJSON) || p.Y != 0 {
			t.Errorf("%s: %v, %v", text, p, err)
		}
	}
	if err := client.WriteMessage(driver.Binary, []byte("{}")); err != nil {
		t.Fatal(err)
	}
	var p point
	if err := server.ReadJSON(&p); !errors.Is(err, stream.ErrJSON) {
		t.Errorf("a binary message: %v", err)
	}
	client.WriteClose(4000, "")
	var e *stream.CloseError
	if err := server.ReadJSON(&p); !errors.As(err, &e) || errors.Is(err, stream.ErrJSON) {
		t.Errorf("at the end: %v", err)
	}
}
