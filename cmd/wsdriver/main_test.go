package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sans-io/websocket-driver/adapters/netconn"
	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

// output is a standard stream that may be read while it is written to.
type output struct {
	mu   sync.Mutex
	buf  bytes.Buffer
	more chan struct{}
}

func newOutput() *output { return &output{more: make(chan struct{}, 1)} }

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	select {
	case o.more <- struct{}{}:
	default:
	}
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// waitFor waits until s has been written.
func (o *output) waitFor(t *testing.T, s string) {
	t.Helper()
	late := time.After(time.Minute)
	for !strings.Contains(o.String(), s) {
		select {
		case <-o.more:
		case <-late:
			t.Fatalf("%q, without %q", o.String(), s)
		}
	}
}

// startServer runs "wsdriver serve" and returns its URL. stop sends the signal and
// returns the exit status.
func startServer(t *testing.T, args ...string) (url string, stop func() int) {
	t.Helper()
	wstest.NoLeaks(t)
	ctx, cancel := context.WithCancel(context.Background())
	stdout, status := newOutput(), make(chan int, 1)
	args = append([]string{"serve", "-addr", "127.0.0.1:0"}, args...) // a later -addr replaces it
	go func() { status <- run(ctx, args, nil, stdout, io.Discard) }()
	stdout.waitFor(t, "\n")
	stop = sync.OnceValue(func() int {
		cancel()
		return <-status
	})
	t.Cleanup(func() {
		stop()
		http.DefaultClient.CloseIdleConnections()
	})
	line, _, _ := strings.Cut(stdout.String(), "\n")
	return strings.TrimPrefix(line, "listening on "), stop
}

// runConnect runs "wsdriver connect" with the input of a pipe. It does not wait after
// the input unless args say so.
func runConnect(stdin string, args ...string) (status int, stdout, stderr string) {
	var out, err bytes.Buffer
	status = run(context.Background(), append([]string{"connect", "-wait", "0"}, args...), strings.NewReader(stdin), &out, &err)
	return status, out.String(), err.String()
}

func TestPipes(t *testing.T) {
	url, stop := startServer(t, "-subprotocol", "a,b")
	many := strings.Repeat("line after line\n", 10000)
	for _, version := range []string{"13", "8", "hybi-7", "hixie-76", "hixie-75"} {
		tests := []struct {
			name, stdin, stdout string
			args                []string
			status              int
		}{
			{"one line", "hello\n", "hello\n", nil, 0},
			{"no input", "", "", nil, 0},
			{"no end of line", "eins\r\nzwei\n\ngrüße", "eins\nzwei\n\ngrüße\n", nil, 0},
			{"many lines", many, many, nil, 0},
			{"subprotocol", "x\n", "x\n", []string{"-subprotocol", "b", "-origin", "http://example.com", "-H", "X-A: b"}, 0},
			{"binary", "hi\n\xff\n", "0x6869\n0xff\n", []string{"-binary"}, 0},
			{"not UTF-8", "hi\n\xff\nho\n", "hi\nho\n", nil, 3},
		}
		for _, test := range tests {
			if test.name == "binary" && strings.HasPrefix(version, "hixie") {
				continue
			}
			status, stdout, stderr := runConnect(test.stdin, append(test.args, url+"path?x", "-version", version)...)
			if status != test.status || stdout != test.stdout || !strings.Contains(stderr, "closed") {
				t.Errorf("%s, %s: status %d, %d bytes of output %.100q, %q", version, test.name, status, len(stdout), stdout, stderr)
			}
		}
	}
	if status := stop(); status != 0 {
		t.Errorf("serve ended with %d", status)
	}
}

// TestWait: an answer that takes a while after the end of the input is printed.
func TestWait(t *testing.T) {
	for _, test := range []struct {
		name  string
		args  []string
		delay time.Duration
		want  string
	}{
		{"default", nil, 200 * time.Millisecond, "the answer\n"},
		{"longer", []string{"-wait", "1m"}, 200 * time.Millisecond, "the answer\n"}, // the server closes
		{"too short", []string{"-wait", "1ms"}, time.Minute, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			wstest.NoLeaks(t)
			l, err := netconn.Listen("tcp", "127.0.0.1:0", nil)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			go func() {
				c, err := l.Accept()
				if err != nil {
					return
				}
				defer c.CloseNow()
				c.ReadMessage(nil)
				timer := time.AfterFunc(test.delay, func() {
					c.WriteMessage(driver.Text, []byte("the answer"))
					c.WriteClose(driver.CodeNormal, "")
				})
				defer timer.Stop()
				c.ReadMessage(nil)
			}()
			var stdout, stderr bytes.Buffer
			args := append([]string{"connect", "ws://" + l.Addr().String()}, test.args...)
			status := run(context.Background(), args, strings.NewReader("q\n"), &stdout, &stderr)
			if status != 0 || stdout.String() != test.want {
				t.Errorf("status %d, %q, %q", status, &stdout, &stderr)
			}
		})
	}
}

// TestWaitSignal: a signal ends the waiting.
func TestWaitSignal(t *testing.T) {
	url, _ := startServer(t)
	ctx, cancel := context.WithCancel(context.Background())
	stdout, stderr, status := newOutput(), newOutput(), make(chan int, 1)
	go func() {
		status <- run(ctx, []string{"connect", "-wait", "10m", url}, strings.NewReader("hello\n"), stdout, stderr)
	}()
	stdout.waitFor(t, "hello\n")
	cancel()
	if got := <-status; got != 0 {
		t.Errorf("status %d, %q", got, stderr)
	}
}

// TestUnix serves on a Unix socket, with and without TLS.
func TestUnix(t *testing.T) {
	for scheme, flag := range map[string]string{"ws": "-ping=1m", "wss": "-tls-self-signed"} {
		path := filepath.Join(t.TempDir(), "s")
		addr, stop := startServer(t, "-addr", "unix:"+path, flag)
		if addr != "unix:"+path {
			t.Errorf("listening on %q", addr)
		}
		status, stdout, stderr := runConnect("hello\n", "-insecure", "-unix", path, scheme+"://localhost/chat")
		if status != 0 || stdout != "hello\n" {
			t.Errorf("%s: status %d, %q, %q", scheme, status, stdout, stderr)
		}
		if status := stop(); status != 0 {
			t.Errorf("serve ended with %d", status)
		}
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the socket is still there: %v", err)
		}
	}
}

// TestControlCharacters: nothing that a server sends changes a terminal. A pipe gets
// messages unchanged.
func TestControlCharacters(t *testing.T) {
	const hostile = "a\x1b[2J\r\a\u009b\u202e\tb\n世界 👩‍🚀"
	const harmless = `a\x1b[2J\r\a\u009b\u202e` + "\tb\n世界 👩‍🚀"
	l, err := netconn.Listen("tcp", "127.0.0.1:0", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	l.Check = func(r *driver.Request) *driver.Response {
		if r.Target == "/refused" {
			return &driver.Response{Status: 403, Body: []byte(hostile)}
		}
		return nil
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.WriteMessage(driver.Text, []byte(hostile))
			c.Close(context.Background(), 4000, hostile)
		}
	}()
	url := "ws://" + l.Addr().String()
	status, stdout, stderr := runConnect("", url)
	if status != 3 || stdout != hostile+"\n" || stderr != "closed with 4000: "+harmless+"\n" {
		t.Errorf("status %d, %q, %q", status, stdout, stderr)
	}
	if status, _, stderr := runConnect("", url+"/refused"); status != 1 || !strings.HasSuffix(stderr, "\n"+harmless+"\n") {
		t.Errorf("refused: status %d, %q", status, stderr)
	}
	conn, err := netconn.Dial(context.Background(), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	(&terminal{conn: conn, kind: driver.Text, escape: true, stderr: &errs}).run(context.Background(), strings.NewReader(""), &out)
	if out.String() != harmless+"\n" || errs.String() != "closed with 4000: "+harmless+"\n" {
		t.Errorf("terminal: %q, %q", &out, &errs)
	}
}

func TestIsTerminal(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	if isTerminal(w) || isTerminal(new(bytes.Buffer)) {
		t.Error("a pipe is a terminal")
	}
	device, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer device.Close()
	if !isTerminal(device) {
		t.Error("a device is not a terminal")
	}
}

// TestSignals ends the server while clients of all versions are connected.
func TestSignals(t *testing.T) {
	url, stop := startServer(t)
	type client struct {
		status chan int
		stderr *output
	}
	var clients []client
	for _, v := range driver.AllVersions() {
		c := client{make(chan int, 1), newOutput()}
		clients = append(clients, c)
		stdin, typed := io.Pipe()
		defer typed.Close()
		stdout := newOutput()
		go func() {
			c.status <- run(context.Background(), []string{"connect", "-version", v.String(), url}, stdin, stdout, c.stderr)
		}()
		io.WriteString(typed, "hello\n")
		stdout.waitFor(t, "hello\n")
	}
	if status := stop(); status != 0 {
		t.Errorf("serve ended with %d", status)
	}
	for i, v := range driver.AllVersions() {
		want := "closed with 1001 (going away)"
		if v.IsHixie() {
			want = "closed"
		}
		if status := <-clients[i].status; status != 0 || !strings.Contains(clients[i].stderr.String(), want) {
			t.Errorf("%v: status %d, %q", v, status, clients[i].stderr.String())
		}
	}
}

// TestSignalToClient ends a client whose input stays open.
func TestSignalToClient(t *testing.T) {
	url, _ := startServer(t)
	for _, v := range driver.AllVersions() {
		ctx, cancel := context.WithCancel(context.Background())
		stdin, typed := io.Pipe()
		stdout, stderr, status := newOutput(), newOutput(), make(chan int, 1)
		go func() { status <- run(ctx, []string{"connect", "-version", v.String(), url}, stdin, stdout, stderr) }()
		io.WriteString(typed, "hello\n")
		stdout.waitFor(t, "hello\n")
		cancel()
		if got := <-status; got != 0 {
			t.Errorf("%v: status %d, %q", v, got, stderr)
		}
		typed.Close()
	}
}

// TestExitStatus: servers end the connection in several ways.
func TestExitStatus(t *testing.T) {
	tests := []struct {
		name   string
		end    func(c *stream.Conn)
		status int
		stderr string
	}{
		{"normal", func(c *stream.Conn) { c.Close(context.Background(), driver.CodeNormal, "bye") }, 0, "closed with 1000 (normal closure): bye\n"},
		{"no code", func(c *stream.Conn) { c.Close(context.Background(), driver.CodeNoStatus, "") }, 0, "closed with 1005 (no status received)\n"},
		{"own code", func(c *stream.Conn) { c.Close(context.Background(), 4000, "so there") }, 3, "closed with 4000: so there\n"},
		{"cut off", func(c *stream.Conn) { c.CloseNow() }, 3, "closed with 1006 (abnormal closure): unexpected EOF\n"},
		{"too long", func(c *stream.Conn) {
			c.WriteMessage(driver.Binary, make([]byte, 101))
			c.Close(context.Background(), driver.CodeNormal, "")
		}, 3, "closed with 1009 (message too big): "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			l, err := netconn.Listen("tcp", "127.0.0.1:0", nil)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			go func() {
				if c, err := l.Accept(); err == nil {
					test.end(c)
				}
			}()
			stdin, typed := io.Pipe() // stays open
			defer typed.Close()
			var stdout, stderr bytes.Buffer
			status := run(context.Background(), []string{"connect", "-max-message", "100", "ws://" + l.Addr().String()}, stdin, &stdout, &stderr)
			if status != test.status || !strings.HasPrefix(stderr.String(), test.stderr) {
				t.Errorf("status %d, %q", status, stderr.String())
			}
		})
	}
}

func TestNotConnected(t *testing.T) {
	url, _ := startServer(t, "-versions", "13,8")
	host := strings.TrimPrefix(url, "ws://")
	closed, err := netconn.Listen("tcp", "127.0.0.1:0", nil)
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	tests := []struct {
		name   string
		args   []string
		stderr string
	}{
		{"refused", []string{"-version", "hixie-76", "ws://user:secret@" + host}, "handshake refused with status 426 (Upgrade Required)"},
		{"no server", []string{"ws://user:secret@" + closed.Addr().String()}, "connection refused"},
		{"no TLS", []string{"wss://user:secret@" + host}, "tls: "},
	}
	for _, test := range tests {
		status, stdout, stderr := runConnect("", append(test.args, "-H", "Authorization: secret")...)
		if status != 1 || stdout != "" || !strings.Contains(stderr, test.stderr) || strings.Contains(stderr, "secret") {
			t.Errorf("%s: status %d, %q, %q", test.name, status, stdout, stderr)
		}
	}
	silent, err := netconn.Listen("tcp", "127.0.0.1:0", nil) // without Accept
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	status, _, stderr := runConnect("", "-timeout", "1ms", "ws://"+silent.Addr().String())
	if status != 1 || !strings.Contains(stderr, "-timeout") {
		t.Errorf("timeout: status %d, %q", status, stderr)
	}
}

func TestUsage(t *testing.T) {
	tests := []struct {
		args   string // separated by |
		status int
		stdout string
		stderr string
	}{
		{"", 2, "", "Usage:"},
		{"help", 0, "wsdriver connect", ""},
		{"-h", 0, "wsdriver serve", ""},
		{"help|serve", 0, "-versions", ""},
		{"help|connect", 0, "-subprotocol", ""},
		{"serve|-h", 0, "-max-message", ""},
		{"connect|--help", 0, "-origin", ""},
		{"version", 0, "wsdriver ", ""},
		{"-version", 0, "wsdriver ", ""},
		{"--version", 0, "wsdriver ", ""},
		{"help|version", 0, "wsdriver ", ""},
		{"listen", 2, "", `"listen"`},
		{"help|listen", 2, "", `"listen"`},
		{"serve|-nonsense", 2, "", "-nonsense"},
		{"serve|there", 2, "", `"there"`},
		{"serve|-versions|13,12", 2, "", "-versions"},
		{"serve|-max-message|x", 2, "", "-max-message"},
		{"serve|-max-message|0", 2, "", "-max-message"},
		{"serve|-ping|-1s", 2, "", "-ping"},
		{"serve|-subprotocol|a b", 2, "", "-subprotocol"},
		{"serve|-addr|nowhere", 1, "", "-addr"},
		{"serve|-addr|unix:", 2, "", "-addr"},
		{"connect", 2, "", "the URL is missing\n"},
		{"connect|ws://a|ws://secret@b", 2, "", "2 arguments, want one URL\n"},
		{"connect|localhost:9001", 2, "", "ws://"},
		{"connect|localhost", 2, "", "ws://"},
		{"connect|localhost/chat?secret", 2, "", "ws://"},
		{"connect|ws://a|-wait|-1s", 2, "", "-wait"},
		{"connect|http://user:secret@a", 2, "", `"http"`},
		{"connect|ws://user:secret/@a", 2, "", "URL"},
		{"connect|ws://user:secret@a#b", 2, "", "URL"},
		{"connect|ws://a|-version|14", 2, "", "-version"},
		{"connect|ws://a|-H|secret", 2, "", "-H"},
		{"connect|ws://a|-H|A: secret\x00", 2, "", "-H"},
		{"connect|ws://a|-H|Sec-WebSocket-Key: secret", 2, "", "-H"},
		{"connect|ws://a|-origin|a\nb", 2, "", "-origin"},
		{"connect|ws://a|-subprotocol|a,a", 2, "", "-subprotocol"},
		{"connect|ws://a|-timeout|-1s", 2, "", "-timeout"},
		{"connect|ws://a|-max-message|-2", 2, "", "-max-message"},
		{"connect|ws://a|-binary|-version|hixie-75", 2, "", "-binary"},
	}
	for _, test := range tests {
		args := strings.Split(test.args, "|")
		if test.args == "" {
			args = nil
		}
		var stdout, stderr bytes.Buffer
		status := run(context.Background(), args, strings.NewReader(""), &stdout, &stderr)
		if status != test.status || !strings.Contains(stdout.String(), test.stdout) || !strings.Contains(stderr.String(), test.stderr) {
			t.Errorf("%q: status %d, %q, %q", test.args, status, stdout.String(), stderr.String())
		}
		if test.stdout == "" && stdout.Len() > 0 || test.stderr == "" && stderr.Len() > 0 || strings.Contains(stderr.String(), "secret") {
			t.Errorf("%q: %q, %q", test.args, stdout.String(), stderr.String())
		}
	}
}

// TestBrokenOutput: the output cannot be written.
func TestBrokenOutput(t *testing.T) {
	url, _ := startServer(t)
	var stderr bytes.Buffer
	status := run(context.Background(), []string{"connect", url}, strings.NewReader("hello\n"), brokenPipe{}, &stderr)
	if status != 3 || !strings.Contains(stderr.String(), "broken pipe") {
		t.Errorf("status %d, %q", status, stderr.String())
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }
