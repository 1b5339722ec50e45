package porting

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sans-io/websocket-driver/adapters/hub"
	"github.com/sans-io/websocket-driver/adapters/netconn"
	"github.com/sans-io/websocket-driver/adapters/nethttp"
	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
)

// pair returns both ends of a connection, which end with the test.
func pair(t *testing.T, c *driver.Config, client, server *stream.Options) (a, b *stream.Conn) {
	t.Helper()
	x, y := net.Pipe()
	d, err := driver.NewClient("ws://example.com/", c)
	must(t, err)
	a, b = stream.New(x, d, client), stream.New(y, driver.NewServer(c), server)
	done := make(chan error, 1)
	go func() { done <- b.Handshake(limit(t)) }()
	must(t, errors.Join(a.Handshake(limit(t)), <-done))
	t.Cleanup(func() {
		a.CloseNow()
		b.CloseNow()
	})
	return a, b
}

// TestHandshakeRows: what is decided before and during the upgrade.
func TestHandshakeRows(t *testing.T) {
	opened, refused := make(chan string, 1), make(chan error, 1)
	u := &nethttp.Upgrader{
		Config:  &driver.Config{HandshakeTimeout: time.Second, DropHandshake: true},
		Origins: []string{"https://*.example.com"},
		CheckOrigin: func(r *http.Request) error {
			if origin := driver.Origin(nethttp.Request(r)); origin == "https://evil.example" {
				return &driver.Error{Status: 403, Msg: "not you"}
			}
			return nil
		},
		Select: func(_ *http.Request, offered []string) string { return offered[len(offered)-1] },
		OnOpen: func(conn *stream.Conn) bool { opened <- conn.Subprotocol(); return true },
		OnRefuse: func(w http.ResponseWriter, _ *http.Request, err error) {
			refused <- err
			http.Error(w, "own page", 403)
		},
	}
	must(t, u.Check())
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !nethttp.IsWebSocket(r) || len(nethttp.Subprotocols(r)) != 2 {
			t.Errorf("%v: %v", r.Header, nethttp.Subprotocols(r))
		}
		if conn, err := u.Upgrade(w, r); err == nil {
			echo(conn)
		}
	}))
	conn := dial(t, url, &driver.Config{Subprotocols: []string{"a", "b"}})
	if got := <-opened; got != "b" || conn.Subprotocol() != "b" {
		t.Errorf("%q, %q", got, conn.Subprotocol())
	}
	_, err := netconn.Dial(limit(t), url, &driver.Config{Subprotocols: []string{"a", "b"}, Fields: []driver.Field{{Name: "Origin", Value: "https://evil.example"}}})
	var refusal *netconn.HandshakeError
	var reason *driver.Error
	if !errors.As(err, &refusal) || string(refusal.Response.Body) != "own page\n" || !errors.As(<-refused, &reason) || reason.Status != 403 {
		t.Errorf("%v, %v", err, reason)
	}
	if conn, err := nethttp.Upgrade(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil), nil); err == nil {
		t.Errorf("%v", conn)
	}
}

// TestListenerRows: a listener, and connections over TLS and one's own dialing.
func TestListenerRows(t *testing.T) {
	plain, err := netconn.Listen("tcp", "127.0.0.1:0", &driver.Config{Select: func(_ *driver.Request, offered []string) string { return strings.Join(offered, "") }})
	must(t, err)
	defer plain.Close()
	refused := make(chan error, 1)
	plain.Check = func(r *driver.Request) *driver.Response {
		if r.Get("X-Token") != "secret" {
			return &driver.Response{Status: 401}
		}
		return nil
	}
	plain.OnRefuse = func(_ *driver.Request, err error) { refused <- err }
	go acceptAll(plain)
	jar, err := cookiejar.New(nil)
	must(t, err)
	var dialed []string
	d := netconn.Dialer{
		Config: &driver.Config{Fields: []driver.Field{{Name: "X-Token", Value: "secret"}}, Subprotocols: []string{"a"}},
		Jar:    jar, MaxRedirects: 3, Proxy: netconn.NoProxy,
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			dialed = append(dialed, addr)
			return (&net.Dialer{}).DialContext(ctx, network, addr)
		},
	}
	conn, err := d.Dial(limit(t), "ws://"+plain.Addr().String())
	must(t, err)
	ask(t, conn, "hello")
	if len(dialed) != 1 || conn.LocalAddr().String() == conn.RemoteAddr().String() || conn.Transport() == nil || conn.Request().Get("X-Token") != "secret" {
		t.Errorf("%v, %v, %v", dialed, conn.LocalAddr(), conn.RemoteAddr())
	}
	must(t, conn.Close(limit(t), driver.CodeNormal, ""))
	if _, err := netconn.Dial(limit(t), "ws://"+plain.Addr().String(), nil); err == nil || <-refused == nil {
		t.Error("accepted without a token")
	}

	server := httptest.NewUnstartedServer(nil)
	server.StartTLS()
	server.Close() // its certificate remains
	inner, err := tls.Listen("tcp", "127.0.0.1:0", server.TLS)
	must(t, err)
	secure, err := netconn.NewListener(inner, nil)
	must(t, err)
	defer secure.Close()
	go acceptAll(secure)
	trust := server.Client().Transport.(*http.Transport).TLSClientConfig
	for _, d := range []netconn.Dialer{
		{TLS: trust, Proxy: netconn.ProxyFromEnvironment},
		{DialTLSContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			return (&tls.Dialer{Config: trust}).DialContext(ctx, network, addr)
		}},
	} {
		conn, err := d.Dial(limit(t), "wss://"+secure.Addr().String())
		must(t, err)
		ask(t, conn, "secret")
		must(t, conn.CloseNow())
	}
}

func acceptAll(l *netconn.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go echo(conn)
	}
}

// TestLimitRows: what is refused, and with which error.
func TestLimitRows(t *testing.T) {
	a, b := pair(t, &driver.Config{MaxMessage: driver.DefaultMaxMessage, MaxBuffered: 4}, nil,
		&stream.Options{Slow: stream.SlowDrop, ReadBuffer: 1 << 10, MinFragment: 1, WriteTimeout: time.Minute})
	for err, want := range map[error]error{
		b.WriteMessage(1, nil):                                 driver.ErrInvalid,
		b.WriteMessage(driver.Text, []byte("\xff")):            driver.ErrInvalidUTF8,
		b.WriteMessage(driver.Ping, make([]byte, 126)):         driver.ErrTooLong,
		errors.Join(b.Queue(2, nil), fill(b), b.Queue(3, nil)): driver.ErrFull,
	} {
		if !errors.Is(err, want) {
			t.Errorf("%v, not %v", err, want)
		}
	}
	must(t, a.SetReadDeadline(time.Now().Add(-time.Second)))
	must(t, a.SetWriteDeadline(time.Time{}))
	if _, _, err := a.ReadMessage(nil); err == nil {
		t.Error("a deadline that has passed")
	}

	a, b = pair(t, nil, nil, nil)
	b.Raw(func(d *driver.Driver) {
		d.SetMaxMessage(3)
		if !d.Server() || d.Config().MaxMessage != 0 {
			t.Error(d.Server(), d.Config())
		}
	})
	go a.WriteMessage(driver.Text, []byte("long"))
	go a.ReadMessage(nil)
	_, _, err := b.ReadMessage(nil)
	var end *stream.CloseError
	var violation *driver.Error
	if !errors.As(err, &end) || !errors.As(err, &violation) || violation.Code != driver.CodeMessageTooBig || end.Code != driver.CodeMessageTooBig || end.Reason == "" {
		t.Errorf("%v", err)
	}
	if err := b.WriteMessage(driver.Text, nil); !errors.Is(err, driver.ErrClosed) && !errors.Is(err, net.ErrClosed) {
		t.Errorf("after the end: %v", err)
	}
}

// fill queues more than MaxBuffered bytes.
func fill(c *stream.Conn) error {
	return errors.Join(c.Queue(driver.Text, []byte("1234")), c.Queue(driver.Text, []byte("5")))
}

// TestHookRows: pings, pongs and close frames, seen and answered by the application.
func TestHookRows(t *testing.T) {
	var seen []string
	note := func(kind string) func(*stream.Conn, []byte) {
		return func(c *stream.Conn, p []byte) {
			if seen = append(seen, kind+string(p)); kind == "ping " {
				c.WriteMessage(driver.Pong, p)
			}
		}
	}
	traced := make(chan driver.Code, 1)
	a, b := pair(t, &driver.Config{HoldPongs: true, HoldClose: true, PingInterval: time.Hour, IdleTimeout: 2 * time.Hour}, nil, &stream.Options{
		OnPing: note("ping "), OnPong: note("pong "),
		OnPeerClose: func(c *stream.Conn, code driver.Code, reason string) { seen = append(seen, code.String()+" "+reason) },
		Trace:       &stream.Trace{Closed: func(_ *stream.Conn, code driver.Code, _ error) { traced <- code }},
	})
	gone := make(chan bool)
	b.AfterDone(func() { close(gone) })
	go func() {
		a.WriteMessage(driver.Ping, []byte("1"))
		a.WriteMessage(driver.Pong, []byte("2"))
		a.WriteClose(driver.CodeServiceRestart, "later")
	}()
	go a.ReadMessage(nil)
	if _, _, err := b.ReadMessage(nil); err == nil || b.State() != driver.StatePeerClosed {
		t.Errorf("%v, %v", err, b.State())
	}
	must(t, b.WriteClose(driver.CodeNormal, ""))
	if want := "ping 1, pong 2, 1012 (service restart) later"; strings.Join(seen, ", ") != want {
		t.Errorf("%q, not %q", seen, want)
	}
	<-gone
	if code := <-traced; code != driver.CodeServiceRestart {
		t.Errorf("traced %v", code)
	}
}

// TestFrameRows: messages frame by frame.
func TestFrameRows(t *testing.T) {
	a, b := pair(t, &driver.Config{Frames: true, FragmentSize: 4}, nil, nil)
	go a.Raw(func(d *driver.Driver) {
		d.Fragment(driver.Text, []byte("one"), false)
		d.Fragment(driver.Continuation, []byte("two"), true)
	})
	for _, want := range []string{"one", "two"} {
		if kind, p, final, err := b.ReadFrame(nil); string(p) != want || final != (kind == driver.Continuation) || err != nil {
			t.Errorf("%v %q %v, %v", kind, p, final, err)
		}
	}
	b.CloseRead()
}

// TestHubRows: one message to many, and their end.
func TestHubRows(t *testing.T) {
	var all hub.Registry
	var rooms hub.Rooms[string]
	a, b := pair(t, nil, nil, nil)
	if !all.Add(b) || !rooms.Join("kitchen", b) {
		t.Error("not added")
	}
	sent, left, err := hub.Broadcast(rooms.Members("kitchen"), driver.Text, []byte("soup"))
	if sent != 1 || len(left) > 0 || err != nil {
		t.Error(sent, left, err)
	}
	var m *hub.Prepared
	m, err = hub.NewPrepared(driver.Text, []byte("more soup"))
	must(t, err)
	m.Broadcast(all.All())
	var p *driver.Prepared
	p, err = driver.NewPrepared(driver.Text, []byte("enough"))
	must(t, err)
	go b.WritePrepared(p)
	for _, want := range []string{"soup", "more soup", "enough"} {
		_, got, err := a.ReadMessage(nil)
		must(t, err)
		if string(got) != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
	go io.Copy(io.Discard, a.NetConn(driver.Binary))
	must(t, all.Shutdown(limit(t), driver.CodeGoingAway, "closed"))
}

// TestDriverRows: the state machine alone.
func TestDriverRows(t *testing.T) {
	var buffers driver.Buffers
	d := openServer(t, &driver.Config{Buffers: buffers, Subprotocols: []string{"b"}}, "Sec-WebSocket-Protocol: a, b")
	if d.Subprotocol() != "b" || d.Extensions() != "" || d.Version() != driver.Version(13) || d.State() != driver.State(1) || d.Request().Target != "/" {
		t.Error(d.Subprotocol(), d.Extensions(), d.Version(), d.State())
	}
	must(t, errors.Join(d.Text([]byte("t")), d.Ping(nil), d.Close(driver.CodeNormal, "bye")))
	if out := string(d.Take(nil)); out != "\x81\x01t\x89\x00\x88\x05\x03\xe8bye" {
		t.Errorf("%q", out)
	}
	_, ev := d.Parse([]byte("\x88\x82\x00\x00\x00\x00\x03\xe8"))
	if ev.Kind != driver.Kind(driver.Close) || ev.Code != driver.Code(1000) {
		t.Errorf("%v", ev)
	}
	for name, refuse := range map[string]func(*driver.Driver) error{
		"401": func(d *driver.Driver) error { return d.Refuse(&driver.Error{Status: 401}) },
		"402": func(d *driver.Driver) error { return d.Reject(402, nil, []byte("pay")) },
	} {
		d := driver.NewServer(nil)
		d.Parse([]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
		must(t, refuse(d))
		if out := string(d.Take(nil)); !strings.HasPrefix(out, "HTTP/1.1 "+name) {
			t.Errorf("%q", out)
		}
	}
}

// TestCodes: the close codes.
func TestCodes(t *testing.T) {
	for code, want := range map[driver.Code]int{
		driver.CodeNormal: 1000, driver.CodeGoingAway: 1001, driver.CodeProtocolError: 1002, driver.CodeUnsupportedData: 1003,
		driver.CodeNoStatus: 1005, driver.CodeAbnormal: 1006, driver.CodeInvalidPayload: 1007, driver.CodePolicyViolation: 1008,
		driver.CodeMessageTooBig: 1009, driver.CodeMandatoryExtension: 1010, driver.CodeInternalError: 1011,
		driver.CodeServiceRestart: 1012, driver.CodeTryAgainLater: 1013, driver.CodeTLSHandshake: 1015,
	} {
		if int(code) != want {
			t.Errorf("%v is not %d", code, want)
		}
	}
}

// TestAncestorRows: what the npm packages have, and no Go library.
func TestAncestorRows(t *testing.T) {
	cfg := &driver.Config{Versions: driver.AllVersions(), MaxFrame: 1 << 20, PongTimeout: time.Second, CloseTimeout: time.Second}
	must(t, cfg.Check())
	d := driver.NewServer(cfg)
	d.IO().Write([]byte("GET /demo HTTP/1.1\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nHost: example.com\r\nOrigin: http://example.com\r\n\r\n"))
	if ev := d.Messages().Next(); ev.Kind != driver.Connect || !driver.IsWebSocket(d.Request()) || d.Request().Scheme != "" {
		t.Errorf("%v, %+v", ev, d.Request())
	}
	must(t, d.Start())
	for ev := range d.Events([]byte("\x00hixie\xff")) {
		if ev.Kind == driver.Text && string(ev.Data) != "hixie" {
			t.Errorf("%q", ev.Data)
		}
	}
	if err := errors.Join(d.Binary(nil), d.Pong(nil)); !errors.Is(err, errors.ErrUnsupported) || d.Response() != nil {
		t.Errorf("%v, %v", err, d.Response())
	}

	var states []string
	url := serve(t, new(nethttp.Upgrader).Protocols(nethttp.Protocol{Name: "chat", Serve: func(c *stream.Conn, _ *http.Request) { echo(c) }}))
	dialer := netconn.Dialer{Config: &driver.Config{Subprotocols: []string{"chat"}}, Stream: &stream.Options{Trace: &stream.Trace{
		State: func(_ *stream.Conn, s driver.State) { states = append(states, s.String()) }}}}
	conn, err := dialer.Dial(limit(t), url)
	must(t, err)
	ask(t, conn, "hello")
	must(t, errors.Join(conn.Queue(driver.Text, nil), conn.Flush()))
	if conn.Buffered() != 0 || conn.Version() != 13 || conn.Err() != nil {
		t.Error(conn.Buffered(), conn.Version(), conn.Err())
	}
	must(t, conn.Close(limit(t), driver.CodeNormal, ""))
	if got := strings.Join(states, " "); got != "open closing closed" || conn.Err() == nil {
		t.Errorf("%s, %v", got, conn.Err())
	}

	l, err := netconn.Listen("tcp", "127.0.0.1:0", nil)
	must(t, err)
	accepted, err := netconn.AcceptWith(nil, &http.Cookie{Name: "seen", Value: "1"})
	must(t, err)
	l.Check = func(*driver.Request) *driver.Response { return accepted }
	go acceptAll(l)
	conn, err = netconn.Dial(limit(t), "ws://"+l.Addr().String(), nil)
	must(t, err)
	if got := conn.Response().Get("Set-Cookie"); got != "seen=1" {
		t.Errorf("%q", got)
	}
	must(t, errors.Join(conn.CloseNow(), l.Close()))
}
