package head

import (
	"errors"
	"strings"
	"testing"

	"github.com/sans-io/websocket-driver/driver/ws"
)

func TestParseURL(t *testing.T) {
	u, err := ParseURL("WSS://u:p@[::1]:8443/a?b", "ws", "wss")
	if err != nil || u.Scheme != "wss" || u.Host != "[::1]:8443" || u.RequestURI() != "/a?b" || u.User.String() != "u:p" {
		t.Errorf("%v, %v", u, err)
	}
	const secret = "s3cret"
	for raw, want := range map[string]string{
		"http://x/":                         `scheme "http", not ws or wss`,
		"x":                                 `scheme ""`,
		"ws:///":                            "without a host",
		"ws://:80/":                         "without a host",
		"ws://x/#":                          "fragment",
		"ws://x/#a":                         "fragment",
		"ws://x/%zz":                        "%zz",
		"ws://u:" + secret + "@x:port/":     "malformed URL with user information",
		"ws://u:%zz" + secret + "@x/":       "malformed URL with user information",
		"http://u:" + secret + "@x/":        `scheme "http"`,
		"ws://u:" + secret + "@/":           "without a host",
		"ws://u:" + secret + "@x/#fragment": "fragment",
	} {
		_, err := ParseURL(raw, "ws", "wss")
		if !errors.Is(err, ws.ErrUnsupported) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", raw, err, want)
		} else if strings.Contains(err.Error(), secret) {
			t.Errorf("%s: the error shows it: %v", raw, err)
		}
	}
}
