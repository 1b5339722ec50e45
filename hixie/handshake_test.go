package hixie

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/sans-io/websocket-driver/driver/head"
	"github.com/sans-io/websocket-driver/driver/ws"
)

// parseRequest reads a request head as a server does.
func parseRequest(t *testing.T, lines ...string) *head.Request {
	t.Helper()
	p := head.NewRequestParser(0, 0)
	if _, done, err := p.Parse([]byte(strings.Join(lines, "\r\n") + "\r\n\r\n")); err != nil || !done {
		t.Fatalf("head: %v, %v", done, err)
	}
	return p.Request()
}

// parseResponse reads a response head as a client does.
func parseResponse(t *testing.T, lines ...string) *head.Response {
	t.Helper()
	p := head.NewResponseParser(0, 0)
	if _, done, err := p.Parse([]byte(strings.Join(lines, "\r\n") + "\r\n\r\n")); err != nil || !done {
		t.Fatalf("head: %v, %v", done, err)
	}
	return p.Response()
}

// requests are the handshakes of draft-75 and draft-76, section 1.2.
var requests = map[ws.Version][]string{
	ws.Hixie75: {
		"GET /demo?x=1 HTTP/1.1",
		"Upgrade: WebSocket",
		"Connection: Upgrade",
		"Host: example.com",
		"Origin: http://example.com",
		"WebSocket-Protocol: sample",
	},
	ws.Hixie76: {
		"GET /demo?x=1 HTTP/1.1",
		"Upgrade: WebSocket",
		"Connection: Upgrade",
		"Host: example.com",
		"Origin: http://example.com",
		"Sec-WebSocket-Protocol: sample",
		"Sec-WebSocket-Key1: 4 @1  46546xW%0l 1 5",
		"Sec-WebSocket-Key2: 12998 5 Y3 1  .P00",
	},
}

// responses are the answers to requests.
var responses = map[ws.Version][]string{
	ws.Hixie75: {
		"HTTP/1.1 101 Web Socket Protocol Handshake",
		"Upgrade: WebSocket",
		"Connection: Upgrade",
		"WebSocket-Origin: http://example.com",
		"WebSocket-Location: ws://example.com/demo?x=1",
		"WebSocket-Protocol: sample",
	},
	ws.Hixie76: {
		"HTTP/1.1 101 WebSocket Protocol Handshake",
		"Upgrade: WebSocket",
		"Connection: Upgrade",
		"Sec-WebSocket-Origin: http://example.com",
		"Sec-WebSocket-Location: ws://example.com/demo?x=1",
		"Sec-WebSocket-Protocol: sample",
	},
}

// edit returns lines with the one that starts with prefix replaced by with;
// an empty prefix adds, and no with removes.
func edit(lines []string, prefix string, with ...string) []string {
	if prefix == "" {
		return append(slices.Clone(lines), with...)
	}
	for i, line := range lines {
		if strings.HasPrefix(line, prefix) {
			return slices.Replace(slices.Clone(lines), i, i+1, with...)
		}
	}
	panic("no line " + prefix)
}

func TestServerHandshake(t *testing.T) {
	tests := []struct {
		rule     string
		versions []ws.Version
		prefix   string
		with     []string
		msg      string
	}{
		{rule: "any other field", versions: both, with: []string{"Cookie: a=b"}},
		{rule: "76 1.3 an opaque origin", versions: both, prefix: "Origin", with: []string{"Origin: null"}},
		{rule: "76 5.1 an absolute target", versions: both, prefix: "GET", with: []string{"GET ws://example.com/ HTTP/1.1"}, msg: "request target does not start with a slash"},
		{rule: "76 5.1 no host", versions: both, prefix: "Host", with: []string{"Host:"}, msg: "no Host"},
		{rule: "76 5.1 no Origin", versions: both, prefix: "Origin", msg: "0 Origin fields, not 1"},
		{rule: "76 5.1 two Origins", versions: both, with: []string{"origin: http://x"}, msg: "2 Origin fields, not 1"},
		{rule: "76 5.1 an empty Origin", versions: both, prefix: "Origin", with: []string{"Origin:"}, msg: "Origin is empty"},
		{rule: "76 5.2 no first key", versions: only76, prefix: "Sec-WebSocket-Key1", msg: "0 Sec-WebSocket-Key1 fields, not 1"},
		{rule: "76 5.2 no second key", versions: only76, prefix: "Sec-WebSocket-Key2", msg: "0 Sec-WebSocket-Key2 fields, not 1"},
		{rule: "76 5.2 two second keys", versions: only76, with: []string{"Sec-WebSocket-Key2: 1 2"}, msg: "2 Sec-WebSocket-Key2 fields, not 1"},
		{rule: "76 5.2 step 5: no spaces", versions: only76, prefix: "Sec-WebSocket-Key1", with: []string{"Sec-WebSocket-Key1: 123"}, msg: "Sec-WebSocket-Key1 has no spaces"},
		{rule: "76 5.2 step 4: no digits", versions: only76, prefix: "Sec-WebSocket-Key2", with: []string{"Sec-WebSocket-Key2:"}, msg: "Sec-WebSocket-Key2 has no digits"},
	}
	for _, test := range tests {
		for _, v := range test.versions {
			t.Run(fmt.Sprintf("%s/%v", test.rule, v), func(t *testing.T) {
				r := parseRequest(t, edit(requests[v], test.prefix, test.with...)...)
				_, err := NewServerHandshake(r, v)
				if test.msg == "" {
					if err != nil {
						t.Errorf("%s: %v", test.with, err)
					}
					return
				}
				if diff := cmp.Diff(error(ws.Refusal(400, "%s", test.msg)), err); diff != "" {
					t.Errorf("%s:\n%s", test.with, diff)
				}
			})
		}
	}
}

func TestOffered(t *testing.T) {
	tests := []struct {
		lines []string // their names lack the Sec- of draft-76
		want  []string
		msg   string // after the name of the field
	}{
		{},
		{lines: []string{"WebSocket-Protocol:"}},
		{lines: []string{"WebSocket-Protocol: a"}, want: []string{"a"}},
		{lines: []string{"WebSocket-Protocol: a b,c ,\td"}, want: []string{"a", "b", "c", "d"}},
		{lines: []string{"WebSocket-Protocol: a", "WebSocket-protocol: b{}"}, want: []string{"a", "b{}"}},
		{lines: []string{"WebSocket-Protocol: a \xC3\xA4"}, msg: " holds the byte 0xc3"},
	}
	for _, test := range tests {
		for _, v := range both {
			lines, name := slices.Clone(test.lines), "WebSocket-Protocol"
			if v == ws.Hixie76 {
				name = "Sec-" + name
				for i := range lines {
					lines[i] = "Sec-" + lines[i]
				}
			}
			r := parseRequest(t, append(slices.Clone(requests[v][:4]), lines...)...)
			got, err := offeredSubprotocols(r, v)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%v, %q:\n%s", v, lines, diff)
			}
			var want error
			if test.msg != "" {
				want = &ws.Error{Code: ws.CodeProtocolError, Status: 400, Msg: name + test.msg}
			}
			if diff := cmp.Diff(want, err); diff != "" {
				t.Errorf("%v, %q:\n%s", v, lines, diff)
			}
		}
	}
}

// TestServerResponse compares the bytes, as old clients do.
func TestServerResponse(t *testing.T) {
	for _, v := range both {
		r := parseRequest(t, requests[v]...)
		h := serverOf(t, r, v)
		write := func(subprotocol string, fields ...head.Field) string {
			t.Helper()
			resp, err := h.Response(subprotocol, "", fields)
			if err != nil {
				t.Fatal(err)
			}
			b, err := head.AppendResponse(nil, resp)
			if err != nil {
				t.Fatal(err)
			}
			return string(b)
		}
		full := strings.Join(responses[v], "\r\n") + "\r\n"
		if diff := cmp.Diff(full+"\r\n", write("sample")); diff != "" {
			t.Errorf("%v:\n%s", v, diff)
		}
		if diff := cmp.Diff(full+"Set-Cookie: a=b\r\n\r\n", write("sample", head.Field{Name: "Set-Cookie", Value: "a=b"})); diff != "" {
			t.Errorf("%v:\n%s", v, diff)
		}
		short := strings.Join(responses[v][:5], "\r\n") + "\r\n\r\n"
		if diff := cmp.Diff(short, write("")); diff != "" {
			t.Errorf("%v:\n%s", v, diff)
		}
		for _, scheme := range []string{"https", "wss"} {
			r.Scheme = scheme
			if diff := cmp.Diff(strings.Replace(short, "ws:", "wss:", 1), write("")); diff != "" {
				t.Errorf("%v, %s:\n%s", v, scheme, diff)
			}
		}
		r.Scheme = ""
		resp, err := h.Response("", "", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Scheme = "wss" // known late
		h.Refresh(resp)
		if b, _ := head.AppendResponse(nil, resp); string(b) != strings.Replace(short, "ws:", "wss:", 1) {
			t.Errorf("%v, refreshed: %s", v, b)
		}
		for _, s := range []string{"a b", "a,b", "a\r\nb", "\x7F", "ä"} {
			if _, err := h.Response(s, "", nil); !errors.Is(err, ws.ErrInvalid) {
				t.Errorf("subprotocol %q: %v", s, err)
			}
		}
	}
}

// serverOf returns the handshake of a good request.
func serverOf(t *testing.T, r *head.Request, v ws.Version) *ServerHandshake {
	t.Helper()
	h, err := NewServerHandshake(r, v)
	if err != nil {
		t.Fatal(err)
	}
	return &h
}

// TestServerDigest is the example of draft-76, section 1.2.
func TestServerDigest(t *testing.T) {
	h := serverOf(t, parseRequest(t, requests[ws.Hixie76]...), ws.Hixie76)
	if got, want := h.Digest([]byte("^n:ds[4U")), "8jKS'y:G*Co,Wxa-"; string(got) != want || h.BodyLength() != 8 {
		t.Errorf("%q, want %q, for %d bytes", got, want, h.BodyLength())
	}
	h = serverOf(t, parseRequest(t, requests[ws.Hixie75]...), ws.Hixie75)
	if h.BodyLength() != 0 || h.Digest(nil) != nil {
		t.Errorf("draft-75: %d bytes after the head of the request, %q after that of the response", h.BodyLength(), h.Digest(nil))
	}
}

// clientOf returns the handshake that o makes.
func clientOf(t *testing.T, o Offer) *ClientHandshake {
	t.Helper()
	h, err := NewClientHandshake(o)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// TestClientRequest compares the bytes; the random reader is all zeros.
func TestClientRequest(t *testing.T) {
	zeros := func() io.Reader { return strings.NewReader(strings.Repeat("\x00", 1000)) }
	keys := []string{"Sec-WebSocket-Key1: ! 0", "Sec-WebSocket-Key2: ! 0"}
	start := []string{"GET /demo?x=1 HTTP/1.1", "Upgrade: WebSocket", "Connection: Upgrade"}
	tests := []struct {
		name         string
		secure       bool
		host, origin string
		subprotocols []string
		fields       []head.Field
		want         []string // after start; names lack Sec-
		after        []string // after the keys
	}{
		{name: "plain", host: "example.com", want: []string{"Host: example.com", "Origin: http://example.com"}},
		{name: "port", host: "example.com:8080", want: []string{"Host: example.com:8080", "Origin: http://example.com:8080"}},
		{name: "secure", secure: true, host: "example.com", want: []string{"Host: example.com", "Origin: https://example.com"}},
		{name: "capitals", host: "Example.COM", origin: "HTTP://Other.example", want: []string{"Host: example.com", "Origin: http://other.example"}},
		{
			name:         "all",
			host:         "[::1]:81",
			origin:       "null",
			subprotocols: []string{"a", "b"},
			fields:       []head.Field{{Name: "Cookie", Value: "c=d"}},
			want:         []string{"Host: [::1]:81", "Origin: null", "WebSocket-Protocol: a b"},
			after:        []string{"Cookie: c=d"},
		},
	}
	for _, test := range tests {
		for _, v := range both {
			fields := test.fields
			if test.origin != "" {
				fields = append(slices.Clone(fields), head.Field{Name: "origin", Value: test.origin})
			}
			h := clientOf(t, Offer{Version: v, Secure: test.secure, Host: test.host, Target: "/demo?x=1",
				Subprotocols: test.subprotocols, Fields: fields, Rand: zeros()})
			got, err := head.AppendRequest(nil, h.Request())
			if err != nil {
				t.Fatal(err)
			}
			lines := slices.Concat(start, test.want)
			wantBody := ""
			if v == ws.Hixie76 {
				for i, line := range lines {
					if strings.HasPrefix(line, "WebSocket-") {
						lines[i] = "Sec-" + line
					}
				}
				lines = append(lines, keys...)
				wantBody = strings.Repeat("\x00", 8)
			}
			lines = append(lines, test.after...)
			if diff := cmp.Diff(strings.Join(lines, "\r\n")+"\r\n\r\n", string(got)); diff != "" {
				t.Errorf("%s, %v:\n%s", test.name, v, diff)
			}
			if string(h.Body()) != wantBody {
				t.Errorf("%s, %v: body %q", test.name, v, h.Body())
			}
			if (h.Digest() != nil) != (v == ws.Hixie76) {
				t.Errorf("%s, %v: digest %q", test.name, v, h.Digest())
			}
		}
	}
}

func TestClientRequestErrors(t *testing.T) {
	if _, err := NewClientHandshake(Offer{Version: ws.Hixie76, Host: "x", Target: "/", ExtendedConnect: true}); !errors.Is(err, ws.ErrUnsupported) {
		t.Errorf("extended CONNECT: %v", err)
	}
	broken := errors.New("broken")
	for n := range 100 {
		random := io.MultiReader(strings.NewReader(strings.Repeat("x", n)), iotest.ErrReader(broken))
		if _, err := NewClientHandshake(Offer{Version: ws.Hixie76, Host: "x", Target: "/", Rand: random}); !errors.Is(err, broken) {
			t.Errorf("%d random bytes: %v", n, err)
		}
	}
	if body := clientOf(t, Offer{Version: ws.Hixie76, Host: "x", Target: "/"}).Body(); len(body) != 8 {
		t.Errorf("without a reader: %d bytes", len(body))
	}
}

func TestCheckResponse(t *testing.T) {
	long := strings.Repeat("x", 100)
	tests := []struct {
		versions     []ws.Version
		prefix, with string // names lack Sec-; remove if with is "-"
		msg          string
	}{
		{versions: both},
		{versions: both, with: "Set-Cookie: a=b"},
		{versions: only76, prefix: "Connection", with: "connection: UPGRADE"},
		{versions: only76, prefix: "HTTP", with: "HTTP/1.1 101 Switching Protocols"},
		{versions: only75, prefix: "HTTP", with: "HTTP/1.1 101 Switching Protocols", msg: `reason is "Switching Protocols", not "Web Socket Protocol Handshake"`},
		{versions: only75, prefix: "Connection", with: "Connection: upgrade", msg: "response does not start with Upgrade: WebSocket and Connection: Upgrade"},
		{versions: only75, prefix: "Upgrade", with: "-", msg: "response does not start with Upgrade: WebSocket and Connection: Upgrade"},
		{versions: only76, prefix: "Upgrade", with: "-", msg: "0 Upgrade fields, not 1"},
		{versions: only76, prefix: "Connection", with: "-", msg: "0 Connection fields, not 1"},
		{versions: only76, prefix: "Upgrade", with: "Upgrade: websocket"}, // as Netty writes it
		{versions: only75, prefix: "Upgrade", with: "Upgrade: websocket", msg: "response does not start with Upgrade: WebSocket and Connection: Upgrade"},
		{versions: only76, prefix: "Upgrade", with: "Upgrade: " + long, msg: fmt.Sprintf("Upgrade is %q..., not %q", long[:64], "WebSocket")},
		{versions: only76, prefix: "Connection", with: "Connection: keep-alive, Upgrade", msg: `Connection is "keep-alive, Upgrade", not "Upgrade"`},
		{versions: both, with: "Upgrade: WebSocket", msg: "2 Upgrade fields, not 1"},
		{versions: both, with: "Connection: Upgrade", msg: "2 Connection fields, not 1"},
		{versions: both, prefix: "WebSocket-Origin", with: "-", msg: "0 WebSocket-Origin fields, not 1"},
		{versions: both, prefix: "WebSocket-Origin", with: "WebSocket-Origin: http://Example.com", msg: `WebSocket-Origin is "http://Example.com", not "http://example.com"`},
		{versions: both, prefix: "WebSocket-Location", with: "-", msg: "0 WebSocket-Location fields, not 1"},
		{versions: both, prefix: "WebSocket-Location", with: "WebSocket-Location: wss://example.com/demo?x=1", msg: "WebSocket-Location is not the URL of the request"},
		{versions: both, with: "WebSocket-Location: ws://example.com/demo?x=1", msg: "2 WebSocket-Location fields, not 1"},
		{versions: both, prefix: "WebSocket-Protocol", with: "-", msg: "0 WebSocket-Protocol fields, not 1"},
		{versions: both, with: "WebSocket-Protocol: sample", msg: "2 WebSocket-Protocol fields, not 1"},
		{versions: both, prefix: "WebSocket-Protocol", with: "WebSocket-Protocol: Sample", msg: `WebSocket-Protocol is "Sample", which was not offered`},
	}
	for _, test := range tests {
		for _, v := range test.versions {
			sec := func(s string) string {
				if v == ws.Hixie76 && strings.HasPrefix(s, "WebSocket-") {
					return "Sec-" + s
				}
				return s
			}
			h := clientOf(t, Offer{Version: v, Host: "example.com", Target: "/demo?x=1", Subprotocols: []string{"other", "sample"}})
			lines := responses[v]
			switch {
			case test.with == "-":
				lines = edit(lines, sec(test.prefix))
			case test.with != "":
				lines = edit(lines, sec(test.prefix), sec(test.with))
			}
			got, err := h.CheckResponse(parseResponse(t, lines...))
			if test.msg == "" {
				if err != nil || got != "sample" {
					t.Errorf("%v, %s: %q, %v", v, test.with, got, err)
				}
				continue
			}
			msg := sec(test.msg)
			if v == ws.Hixie76 {
				msg = strings.Replace(msg, " WebSocket-", " Sec-WebSocket-", 1)
			}
			want := &ws.Error{Code: ws.CodeProtocolError, Msg: msg}
			if diff := cmp.Diff(error(want), err); diff != "" {
				t.Errorf("%v, %s:\n%s", v, test.with, diff)
			}
		}
	}
}

// TestUnaskedSubprotocol checks that a server cannot choose what was not
// offered.
func TestUnaskedSubprotocol(t *testing.T) {
	for _, v := range both {
		h := clientOf(t, Offer{Version: v, Host: "example.com", Target: "/demo?x=1"})
		if _, err := h.CheckResponse(parseResponse(t, responses[v]...)); err == nil {
			t.Errorf("%v: chose a subprotocol", v)
		}
		if s, err := h.CheckResponse(parseResponse(t, responses[v][:5]...)); s != "" || err != nil {
			t.Errorf("%v: %q, %v", v, s, err)
		}
	}
}

// TestRoundTrip runs clients against servers, over the bytes of the heads.
func TestRoundTrip(t *testing.T) {
	random := rand.NewChaCha8([32]byte{2})
	for i := range 1000 {
		v := both[i%2]
		secure := i%3 == 0
		c := clientOf(t, Offer{Version: v, Secure: secure, Host: "example.com:81", Target: "/x?y", Subprotocols: []string{"a", "b"}, Rand: random})
		b, err := head.AppendRequest(nil, c.Request())
		if err != nil {
			t.Fatal(err)
		}
		r := parseRequest(t, strings.TrimSuffix(string(b), "\r\n\r\n"))
		if secure {
			r.Scheme = "wss"
		}
		h := serverOf(t, r, v)
		if all := h.Subprotocols(); !slices.Equal(all, []string{"a", "b"}) {
			t.Fatalf("offered %q", all)
		}
		resp, err := h.Response("b", "", nil)
		if err != nil {
			t.Fatal(err)
		}
		if b, err = head.AppendResponse(nil, resp); err != nil {
			t.Fatal(err)
		}
		s, err := c.CheckResponse(parseResponse(t, strings.TrimSuffix(string(b), "\r\n\r\n")))
		if s != "b" || err != nil {
			t.Fatalf("subprotocol %q, %v", s, err)
		}
		if want := c.Digest(); !bytes.Equal(want, h.Digest(c.Body())) {
			t.Fatalf("digest % x", want)
		}
	}
}
