package driver_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sans-io/websocket-driver/driver"
)

// TestAncestorHixie76HeadFirst sends the head of the answer before the 8 bytes
// have come, and the digest when they do.
func TestAncestorHixie76HeadFirst(t *testing.T) {
	d := driver.NewServer(&driver.Config{Versions: driver.AllVersions()})
	want(t, d, request76(), "Connect")
	if err := d.Start(); err != nil {
		t.Fatal(err)
	}
	wantOut(t, d, lines("HTTP/1.1 101 WebSocket Protocol Handshake", "Upgrade: WebSocket", "Connection: Upgrade",
		"Sec-WebSocket-Origin: http://example.com", "Sec-WebSocket-Location: ws://example.com/demo"))
	want(t, d, hixieBody[:7])
	wantOut(t, d, "")
	if d.State() != driver.StateConnecting {
		t.Errorf("state %v before the last byte", d.State())
	}
	want(t, d, hixieBody[7:]+"\x00hi\xff", "Open", "Text hi")
	wantOut(t, d, hixieDigest)
}

// TestAncestorHixieKinds: only text, and no keep-alive.
func TestAncestorHixieKinds(t *testing.T) {
	for _, request := range []string{request75(), request76()} {
		d := openServer(t, &driver.Config{Versions: driver.AllVersions(), FragmentSize: 1}, request)
		wantErr(t, d.Binary(nil), driver.ErrUnsupported)
		wantErr(t, d.Ping(nil), driver.ErrUnsupported)
		wantErr(t, d.Pong(nil), driver.ErrUnsupported)
		wantErr(t, d.Fragment(driver.Binary, nil, true), driver.ErrUnsupported)
		wantOut(t, d, "")
		_ = d.Fragment(driver.Text, []byte("a\xc3"), false)
		wantErr(t, d.Text([]byte("x")), driver.ErrState)
		_ = d.Fragment(driver.Text, []byte("\xa4b"), true)
		_ = d.Text([]byte("abc")) // FragmentSize has no effect
		wantOut(t, d, "\x00aäb\xff\x00abc\xff")
		want(t, d, "\x00a\xffb\xc3\xff", "Text a") // the \xff ends the text; the rest is a frame of type 0x62
	}
}

// TestAncestorHixieReplaces turns invalid UTF-8 into U+FFFD; MaxMessage counts
// after it.
func TestAncestorHixieReplaces(t *testing.T) {
	d := openServer(t, &driver.Config{Versions: driver.AllVersions(), MaxMessage: 7}, request75())
	want(t, d, "\x00a\x80b\xc3c\xff", "Close 1009")
	d = openServer(t, &driver.Config{Versions: driver.AllVersions(), MaxMessage: 7}, request75())
	want(t, d, "\x00a\x80bc\xff\x00\x80\x80a\xff", "Text a\uFFFDbc", "Text \uFFFD\uFFFDa")
}

// TestAncestorSendsBeforeOpen keeps what is sent early, in order, and lets it
// leave right after the handshake.
func TestAncestorSendsBeforeOpen(t *testing.T) {
	d := driver.NewServer(nil)
	early := func() {
		t.Helper()
		for _, err := range []error{d.Text([]byte("one")), d.Ping([]byte("two")), d.Fragment(driver.Binary, []byte("thr"), false),
			d.Fragment(driver.Binary, []byte("ee"), true)} {
			if err != nil {
				t.Error(err)
			}
		}
	}
	early()
	want(t, d, request13(), "Connect")
	if err := d.Close(driver.CodeInternalError, "four"); err != nil {
		t.Error(err)
	}
	wantErr(t, d.Text(nil), driver.ErrClosed)
	wantErr(t, d.Close(driver.CodeNormal, ""), driver.ErrClosed)
	if d.Buffered() != 0 {
		t.Errorf("%d bytes wait before Start", d.Buffered())
	}
	if err := d.Start(); err != nil {
		t.Fatal(err)
	}
	want(t, d, masked(opFin|opText, "not lost")+masked(opFin|opClose, closing(1011, "")), "Open", "Text not lost", "Close 1011")
	wantOut(t, d, response13()+plain(opFin|opText, "one")+plain(opFin|opPing, "two")+plain(opBinary, "thr")+
		plain(opFin, "ee")+plain(opFin|opClose, closing(1011, "four")))
}

// TestQueuedThenHixie ends the connection if a message that was sent before the
// version was known cannot leave.
func TestQueuedThenHixie(t *testing.T) {
	d := driver.NewServer(&driver.Config{Versions: driver.AllVersions()})
	if err := d.Binary([]byte("x")); err != nil {
		t.Fatal(err)
	}
	want(t, d, request75(), "Connect")
	if err := d.Start(); err != nil {
		t.Fatal(err)
	}
	want(t, d, "", "Open", "Close 1006")
	peerError(t, d)
}

// TestAncestorSameChunk takes bytes after the handshake as frames.
func TestAncestorSameChunk(t *testing.T) {
	d := driver.NewServer(nil)
	in := request13() + masked(opFin|opText, "a") + masked(opFin|opText, "b")
	var got []string
	for ev := range d.Events([]byte(in)) {
		if ev.Kind == driver.Connect {
			if err := d.Start(); err != nil {
				t.Fatal(err)
			}
		}
		got = append(got, ev.Kind.String()+string(ev.Data))
	}
	if diff := cmp.Diff([]string{"Connect", "Open", "Texta", "Textb"}, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// TestAncestorKeepAliveToken accepts what Firefox sends as Connection.
func TestAncestorKeepAliveToken(t *testing.T) {
	openServer(t, nil, strings.Replace(request13(), "Connection: Upgrade", "Connection: keep-alive, Upgrade", 1))
}

// TestServerAnswer holds the bytes of an answer with everything in it.
func TestServerAnswer(t *testing.T) {
	c := &driver.Config{
		Subprotocols: []string{"soap", "chat"},
		Fields:       []driver.Field{{Name: "Server", Value: "caf\xe9"}},
		Cookies:      []driver.Field{{Name: "a", Value: "1; Path=/; HttpOnly"}, {Name: "b", Value: "2"}},
	}
	d := driver.NewServer(c)
	want(t, d, request13("Sec-WebSocket-Protocol: chat", "Sec-WebSocket-Protocol: x, soap", "X-Old: \xff\x80"), "Connect")
	if got := d.Request().Get("x-old"); got != "\xff\x80" {
		t.Errorf("field X-Old is %q", got)
	}
	if err := d.Start(); err != nil {
		t.Fatal(err)
	}
	wantOut(t, d, response13("Sec-WebSocket-Protocol: soap", "Server: caf\xe9", "Set-Cookie: a=1; Path=/; HttpOnly", "Set-Cookie: b=2"))
}

// TestAncestorHixie76Length: clients of draft-76 may announce the 8 bytes that follow
// the head, as Netty's and Perl's do (section 4.1).
func TestAncestorHixie76Length(t *testing.T) {
	d := openServer(t, &driver.Config{Versions: driver.AllVersions()}, request76("Content-Length: 8"))
	if d.Version() != driver.Hixie76 {
		t.Errorf("version %v", d.Version())
	}
	want(t, d, hello(driver.Hixie76), "Text hello")
}

// TestSelect lets the Config choose the subprotocol.
func TestSelect(t *testing.T) {
	pick := func(name string) *driver.Config {
		return &driver.Config{Select: func(r *driver.Request, offered []string) string {
			if diff := cmp.Diff([]string{"a", "b"}, offered); diff != "" || r.Target != "/chat" {
				t.Errorf("Select is given %s for %s", diff, r.Target)
			}
			return name
		}}
	}
	request := request13("Sec-WebSocket-Protocol: a, b")
	if d := openServer(t, pick("b"), request); d.Subprotocol() != "b" {
		t.Errorf("subprotocol %q, want b", d.Subprotocol())
	}
	if d := openServer(t, pick(""), request); d.Subprotocol() != "" {
		t.Errorf("subprotocol %q, want none", d.Subprotocol())
	}
	d := driver.NewServer(pick("c"))
	want(t, d, request, "Close 1006")
	wantErr(t, d.Err(), driver.ErrInvalid)
	if out := string(d.Take(nil)); !strings.HasPrefix(out, "HTTP/1.1 500 ") || strings.Contains(out, `"c"`) {
		t.Errorf("answer to a request that the Config fails: %q", out)
	}
}

// TestRefusals holds what a server refuses by itself, without a Connect event.
func TestRefusals(t *testing.T) {
	replace := func(old, new string) string { return strings.Replace(request13(), old, new, 1) }
	tests := []struct {
		rule, in string
		status   int
	}{
		{"4.2.1 item 1: HTTP/1.0", replace("HTTP/1.1", "HTTP/1.0"), 400},
		{"4.2.1 item 1: POST", replace("GET", "POST"), 405},
		{"4.2.1 item 2: no Host", replace("Host: example.com\r\n", ""), 400},
		{"RFC 9112 3.2: two Hosts", request13("Host: example.com"), 400},
		{"4.2.1 item 5: no key", replace("Sec-WebSocket-Key: "+sampleKey+"\r\n", ""), 400},
		{"11.3.1 two keys", request13("Sec-WebSocket-Key: " + sampleKey), 400},
		{"4.2.1 item 5: a short key", replace(sampleKey, "c2hvcnQ="), 400},
		{"4.2.1 item 5: a key that is not base64", replace(sampleKey, "*"), 400},
		{"9.1 malformed extensions", request13("Sec-WebSocket-Extensions: a;;b"), 400},
		{"4.1 item 10: bad subprotocols", request13("Sec-WebSocket-Protocol: a b"), 400},
		{"4.1 item 10: a subprotocol twice", request13("Sec-WebSocket-Protocol: a, a"), 400},
		{"RFC 9112 6.3: a body", request13("Content-Length: 2"), 400},
		{"RFC 9112 6.3: a chunked body", request13("Transfer-Encoding: chunked"), 400},
		{"4.2.1 no HTTP", "hello\r\n\r\n", 400},
		{"4.2.1 TLS", "\x16\x03\x01", 400},
		{"4.2.1 item 1: HTTP/2.0", replace("HTTP/1.1", "HTTP/2.0"), 505},
		{"RFC 6585 5: a long head", request13("X: " + strings.Repeat("x", 16<<10)), 431},
		{"hixie-75 5.1 no Origin", strings.Replace(request75(), "Origin: http://example.com\r\n", "", 1), 400},
		{"hixie-76 5.2 no second key", strings.Replace(request76(), "Key2", "Key3", 1), 400},
		{"hixie-76 4.1 another length than 8", request76("Content-Length: 9"), 400},
		{"hixie-76 4.1 the length twice", request76("Content-Length: 8", "Content-Length: 8"), 400},
		{"hixie-75 5.1 a body", request75("Content-Length: 8"), 400},
		{"4.2.1 a body of 8 bytes", request13("Content-Length: 8"), 400},
		{"4.4 version 6", replace("Version: 13", "Version: 6"), 426},
	}
	for _, test := range tests {
		t.Run(test.rule, func(t *testing.T) {
			d := driver.NewServer(&driver.Config{Versions: driver.AllVersions()})
			want(t, d, test.in, "Close 1002")
			if e := peerError(t, d); e.Status != test.status || !isOver(d) || d.State() != driver.StateClosed {
				t.Errorf("%v: status %d, done %v, state %v", e, e.Status, isOver(d), d.State())
			}
			out := string(d.Take(nil))
			if !strings.HasPrefix(out, fmt.Sprintf("HTTP/1.1 %d ", test.status)) || !strings.Contains(out, "\r\nContent-Length: ") {
				t.Errorf("response %q", out)
			}
			if r := d.Response(); r == nil || r.Status != test.status {
				t.Errorf("Response %+v", r)
			}
		})
	}
}

// TestReject answers a request with what the caller says.
func TestReject(t *testing.T) {
	pause := func(in string) *driver.Driver {
		d := driver.NewServer(nil)
		want(t, d, in, "Connect")
		return d
	}
	d := pause(request13())
	wantErr(t, d.Reject(101, nil, nil), driver.ErrInvalid)
	wantErr(t, d.Reject(600, nil, nil), driver.ErrInvalid)
	wantErr(t, d.Reject(403, []driver.Field{{Name: "X", Value: "a\r\nSet-Cookie: b"}}, nil), driver.ErrInvalid)
	wantOut(t, d, "")
	if err := d.Reject(401, []driver.Field{{Name: "WWW-Authenticate", Value: "Basic"}}, []byte("no")); err != nil {
		t.Fatal(err)
	}
	wantErr(t, d.Reject(403, nil, nil), driver.ErrState)
	wantErr(t, d.Start(), driver.ErrState)
	wantErr(t, d.Text(nil), driver.ErrClosed)
	want(t, d, masked(opFin|opText, "ignored"), "Close 1006")
	wantOut(t, d, lines("HTTP/1.1 401 Unauthorized", "WWW-Authenticate: Basic", "Content-Length: 2", "Connection: close")+"no")
	if e := peerError(t, d); e.Status != 401 || !isOver(d) || d.Response().Status != 401 {
		t.Errorf("status %d, done %v", e.Status, isOver(d))
	}

	d = pause("GET / HTTP/1.0\r\n\r\n") // a plain request may be rejected too
	if err := d.Reject(204, []driver.Field{{Name: "Connection", Value: "keep-alive"}}, nil); err != nil {
		t.Fatal(err)
	}
	wantOut(t, d, lines("HTTP/1.1 204 No Content", "Connection: keep-alive"))

	d = pause("GET / HTTP/1.0\r\n\r\n")
	wantErr(t, d.Reject(204, nil, []byte("a body that 204 cannot have")), driver.ErrInvalid)
	wantErr(t, d.Reject(304, nil, []byte("nor 304")), driver.ErrInvalid)
}

// TestFromRequest checks at once and queues nothing before Start.
func TestFromRequest(t *testing.T) {
	request := func(more ...driver.Field) *driver.Request {
		return &driver.Request{Method: "GET", Target: "/chat", Major: 1, Minor: 1, Authority: "example.com",
			Fields: append([]driver.Field{{Name: "Upgrade", Value: "websocket"}, {Name: "Connection", Value: "Upgrade"},
				{Name: "Sec-WebSocket-Key", Value: sampleKey}}, more...)}
	}
	v13 := driver.Field{Name: "Sec-WebSocket-Version", Value: "13"}
	d := driver.FromRequest(request(v13), nil)
	if d.Err() != nil || d.Response().Status != 101 || d.Buffered() != 0 || !isPaused(d) || d.State() != driver.StateConnecting {
		t.Errorf("err %v, response %+v, %d bytes", d.Err(), d.Response(), d.Buffered())
	}
	want(t, d, "")
	if err := d.Start(); err != nil {
		t.Fatal(err)
	}
	wantErr(t, d.Start(), driver.ErrState)
	want(t, d, masked(opFin|opText, "a"), "Open", "Text a")
	wantOut(t, d, response13())

	d = driver.FromRequest(request(driver.Field{Name: "Sec-WebSocket-Version", Value: "99"}), nil)
	if e := peerError(t, d); e.Status != 426 || d.Response().Status != 426 || !isPaused(d) || d.Buffered() != 0 {
		t.Errorf("status %d, response %+v", e.Status, d.Response())
	}
	var e *driver.Error
	if err := d.Start(); !errors.As(err, &e) || e.Status != 426 {
		t.Errorf("Start: %v", err)
	}
	if err := d.Reject(400, nil, nil); err != nil || d.Response().Status != 400 {
		t.Errorf("Reject: %v, response %+v", err, d.Response())
	}

	d = driver.FromRequest(&driver.Request{Method: "GET", Target: "/", Major: 1, Minor: 1}, nil)
	if e := peerError(t, d); e.Status == 0 || d.Start() == nil {
		t.Errorf("no WebSocket request: %v", e)
	}
	d = driver.FromRequest(request(v13), &driver.Config{Fields: []driver.Field{{Name: "Upgrade", Value: "x"}}})
	if wantErr(t, d.Err(), driver.ErrInvalid); d.Response().Status != 500 || strings.Contains(string(d.Response().Body), "Upgrade") {
		t.Errorf("response to the fault of the Config: %+v", d.Response())
	}
}

// TestConnectRefusal: HTTP/2 knows no Upgrade field and nothing is queued.
func TestConnectRefusal(t *testing.T) {
	r := &driver.Request{Method: "CONNECT", Protocol: "websocket", Scheme: "https", Authority: "example.com", Target: "/", Major: 2,
		Fields: []driver.Field{{Name: "sec-websocket-version", Value: "14"}}}
	d := driver.FromRequest(r, nil)
	want := &driver.Response{Major: 2, Status: 426, Body: []byte("version \"14\" is not served\n"), Fields: []driver.Field{
		{Name: "Sec-WebSocket-Version", Value: "13, 8, 7"}, {Name: "Content-Type", Value: "text/plain; charset=utf-8"}}}
	if diff := cmp.Diff(want, d.Response()); diff != "" {
		t.Errorf("response (-want +got):\n%s", diff)
	}
	wantErr(t, d.Reject(200, nil, nil), driver.ErrInvalid)
	if err := d.Reject(403, nil, []byte("no")); err != nil || d.Buffered() != 0 || d.Response().Status != 403 {
		t.Errorf("Reject: %v, %d bytes, response %+v", err, d.Buffered(), d.Response())
	}
	for _, version := range []string{"8", "7"} {
		r.Fields[0].Value = version
		if e := peerError(t, driver.FromRequest(r, nil)); e.Status != 400 {
			t.Errorf("version %s by extended CONNECT: status %d", version, e.Status)
		}
	}
}

// TestRequestKept: after Open the request can be read again, and on a client the
// response, unless Config.DropHandshake is set.
func TestRequestKept(t *testing.T) {
	for _, drop := range []bool{false, true} {
		s := openServer(t, &driver.Config{DropHandshake: drop}, request13("X-Room: 7"))
		c := openClient(t, &driver.Config{DropHandshake: drop})
		r, own, answer := s.Request(), c.Request(), c.Response()
		if s.Response() != nil {
			t.Errorf("the server keeps %v", s.Response())
		}
		if drop {
			if r != nil || own != nil || answer != nil {
				t.Errorf("dropped: %v, %v, %v", r, own, answer)
			}
			continue
		}
		if own == nil || own.Target != "/chat" || own.Get("Sec-WebSocket-Key") != sampleKey {
			t.Errorf("the client's request %+v", own)
		}
		if r == nil || r.Method != "GET" || r.Target != "/chat" || r.Get("X-Room") != "7" || r.Authority != "example.com" || r.Scheme != "" {
			t.Errorf("request %+v", r)
		}
		if answer == nil || answer.Status != 101 || answer.Get("Upgrade") != "websocket" {
			t.Errorf("response %+v", answer)
		}
		if again := s.Request(); again == r {
			t.Error("the request is kept parsed")
		}
	}
	s := driver.NewServer(nil)
	want(t, s, request13(), "Connect")
	s.Request().Scheme = "wss"
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	want(t, s, "", "Open")
	if r := s.Request(); r.Scheme != "wss" {
		t.Errorf("scheme %q, not wss", r.Scheme)
	}
	s = driver.FromRequest(parsed(t, request13("X-Room: 7")), nil)
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	want(t, s, "", "Open")
	if r := s.Request(); r == nil || r.Get("X-Room") != "7" || s.Response() != nil {
		t.Errorf("after FromRequest %+v, %v", r, s.Response())
	}
	r := parsed(t, request13("X-Room: 7"))
	r.Fields = r.Fields[1:] // no Host, which only our parser demands
	s = driver.FromRequest(r, nil)
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	want(t, s, "", "Open")
	if r := s.Request(); r == nil || r.Get("X-Room") != "7" {
		t.Errorf("after FromRequest without a Host %+v", r)
	}
}

// TestHandshakeCut ends with 1006 when the transport ends in the handshake.
func TestHandshakeCut(t *testing.T) {
	for _, in := range []string{"", "GET / HT"} {
		d := driver.NewServer(nil)
		want(t, d, in)
		d.EOF()
		want(t, d, "", "Close 1006")
		if d.Err() != io.ErrUnexpectedEOF || !isOver(d) {
			t.Errorf("err %v, done %v", d.Err(), isOver(d))
		}
		wantOut(t, d, "")
	}
}
