package netconn_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sans-io/websocket-driver/adapters/netconn"
	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

// serve echoes on every connection that l accepts. The function returned closes
// l and waits for the end of all.
func serve(t *testing.T, l *netconn.Listener) {
	t.Helper()
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				if !errors.Is(err, net.ErrClosed) {
					t.Errorf("Accept: %v", err)
				}
				return
			}
			all.Go(func() { echo(conn) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		all.Wait()
	})
}

func echo(c *stream.Conn) {
	var buf []byte
	for {
		kind, p, err := c.ReadMessage(buf)
		if err != nil {
			return
		}
		buf = p
		if c.WriteMessage(kind, p) != nil {
			return
		}
	}
}

func listen(t *testing.T, c *driver.Config) *netconn.Listener {
	t.Helper()
	l, err := netconn.Listen("tcp", "127.0.0.1:0", c)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// exchange sends a message over c, wants it back and closes.
func exchange(t *testing.T, c *stream.Conn) {
	t.Helper()
	if err := c.WriteMessage(driver.Text, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	if kind, p, err := c.ReadMessage(nil); err != nil || kind != driver.Text || string(p) != "hello" {
		t.Fatalf("%v %q, %v", kind, p, err)
	}
	if err := c.Close(context.Background(), driver.CodeNormal, ""); err != nil {
		t.Fatal(err)
	}
}

func TestEveryVersion(t *testing.T) {
	wstest.NoLeaks(t)
	l := listen(t, &driver.Config{Versions: driver.AllVersions(), Subprotocols: []string{"b", "c"}})
	serve(t, l)
	for _, v := range driver.AllVersions() {
		c, err := netconn.Dial(context.Background(), "ws://"+l.Addr().String()+"/path?x=1",
			&driver.Config{Version: v, Subprotocols: []string{"b"}})
		if err != nil {
			t.Fatalf("%v: %v", v, err)
		}
		if c.Version() != v || c.Subprotocol() != "b" || c.Response().Status != 101 {
			t.Errorf("%v: version %v, subprotocol %q, response %v", v, c.Version(), c.Subprotocol(), c.Response())
		}
		exchange(t, c)
	}
}

// certificate makes a certificate for localhost and a pool that trusts it.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		DNSNames:     []string{"localhost"},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		IsCA:         true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

func TestTLS(t *testing.T) {
	wstest.NoLeaks(t)
	cert, pool := certificate(t)
	nl, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := newListener(t, tls.NewListener(nl, &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"h2", "http/1.1"}}),
		&driver.Config{Versions: driver.AllVersions()})
	scheme := make(chan string, 10)
	l.Check = func(r *driver.Request) *driver.Response {
		scheme <- r.Scheme
		return nil
	}
	serve(t, l)
	_, port, _ := net.SplitHostPort(l.Addr().String())
	for _, v := range driver.AllVersions() {
		d := netconn.Dialer{Config: &driver.Config{Version: v}, TLS: &tls.Config{RootCAs: pool}}
		c, err := d.Dial(context.Background(), "wss://localhost:"+port+"/")
		if err != nil {
			t.Fatalf("%v: %v", v, err)
		}
		if got := <-scheme; got != "wss" {
			t.Errorf("%v: scheme %q", v, got)
		}
		if got := c.Transport().(*tls.Conn).ConnectionState().NegotiatedProtocol; got != "http/1.1" {
			t.Errorf("%v: ALPN %q", v, got)
		}
		exchange(t, c)
	}
	if _, err := netconn.Dial(context.Background(), "wss://localhost:"+port+"/", nil); !errors.As(err, new(*tls.CertificateVerificationError)) {
		t.Errorf("an unknown certificate: %v", err)
	}
}

// TestTLSWriteDeadline: a write deadline expires in the middle of a message over TLS,
// and the connection stays usable.
func TestTLSWriteDeadline(t *testing.T) {
	wstest.NoLeaks(t)
	cert, pool := certificate(t)
	nl, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	config := &driver.Config{MaxMessage: -1}
	l := newListener(t, tls.NewListener(nl, &tls.Config{Certificates: []tls.Certificate{cert}}), config)
	defer l.Close()
	served := make(chan *stream.Conn, 1)
	go func() {
		c, _ := l.Accept()
		served <- c
	}()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	d := netconn.Dialer{Config: config, TLS: &tls.Config{RootCAs: pool}}
	client, err := d.Dial(context.Background(), "wss://localhost:"+port+"/")
	if err != nil {
		t.Fatal(err)
	}
	server := <-served
	client.SetWriteDeadline(time.Now().Add(time.Millisecond))
	big := strings.Repeat("x", 16<<20)
	if err := client.WriteMessage(driver.Text, []byte(big)); err == nil {
		t.Error("16 MiB written without a reader")
	}
	client.SetWriteDeadline(time.Time{})
	done := make(chan error, 1)
	go func() { done <- client.WriteMessage(driver.Text, []byte("small")) }()
	for _, want := range []string{big, "small"} {
		if _, p, err := server.ReadMessage(nil); err != nil || string(p) != want {
			t.Fatalf("%d bytes, %v", len(p), err)
		}
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	client.CloseNow()
	server.CloseNow()
}

func TestRefused(t *testing.T) {
	wstest.NoLeaks(t)
	l := listen(t, &driver.Config{Versions: []driver.Version{driver.Hybi13}})
	l.Check = func(r *driver.Request) *driver.Response {
		if r.Target == "/secret" {
			return &driver.Response{Status: 401, Fields: []driver.Field{{Name: "WWW-Authenticate", Value: "Basic"}}, Body: []byte("who are you")}
		}
		return nil
	}
	serve(t, l)
	tests := []struct {
		path   string
		config *driver.Config
		status int
		body   string
	}{
		{"/secret", nil, 401, "who are you"},
		{"/", &driver.Config{Version: driver.Hybi8}, 426, "websocket: version hybi-8 is not served\n"},
		{"/", &driver.Config{Version: driver.Hixie76}, 426, "version hixie-76 is not served\n"},
	}
	for _, test := range tests {
		_, err := netconn.Dial(context.Background(), "ws://user:pass@"+l.Addr().String()+test.path, test.config)
		var he *netconn.HandshakeError
		var e *driver.Error
		if !errors.As(err, &he) || !errors.As(err, &e) {
			t.Fatalf("%s: %v", test.path, err)
		}
		if e.Status != test.status || he.Response.Status != test.status ||
			strings.TrimPrefix(string(he.Response.Body), "websocket: ") != strings.TrimPrefix(test.body, "websocket: ") {
			t.Errorf("%s: %v; %d %q", test.path, err, he.Response.Status, he.Response.Body)
		}
		if strings.Contains(err.Error(), "pass") {
			t.Errorf("%s: the error shows the password: %v", test.path, err)
		}
	}
	res, err := http.Get("http://" + l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(res.Body)
	res.Body.Close()
	if res.StatusCode != 426 || !strings.Contains(string(body), "WebSocket") {
		t.Errorf("plain request: %s %q", res.Status, body)
	}
}

// TestOrigins: pages of other hosts are refused unless they are listed. Check
// sees them before.
func TestOrigins(t *testing.T) {
	wstest.NoLeaks(t)
	tests := []struct {
		origin  string
		origins []string
		status  int
	}{
		{"", nil, 101},
		{"http://own.test", nil, 101},
		{"http://other.test", nil, 403},
		{"http://other.test", []string{"*.test"}, 101},
		{"http://other.test:443", []string{"http://other.test:443/page"}, 101},
		{"http://[::1]:3000", []string{"http://[::1]:3000"}, 101},
		{"http://checked.test", []string{"*"}, 404},
	}
	for _, test := range tests {
		l := listen(t, nil)
		l.Origins = test.origins
		l.Check = func(r *driver.Request) *driver.Response {
			if strings.Contains(r.Get("Origin"), "checked") {
				return &driver.Response{Status: 404}
			}
			return nil
		}
		serve(t, l)
		config := &driver.Config{Fields: []driver.Field{{Name: "Host", Value: "own.test"}}}
		if test.origin != "" {
			config.Fields = append(config.Fields, driver.Field{Name: "Origin", Value: test.origin})
		}
		conn, err := netconn.Dial(context.Background(), "ws://"+l.Addr().String(), config)
		status := 101
		var refused *netconn.HandshakeError
		if errors.As(err, &refused) {
			status = refused.Response.Status
		} else if err != nil {
			t.Fatal(err)
		} else {
			exchange(t, conn)
		}
		if status != test.status {
			t.Errorf("origin %q with %q: status %d, not %d", test.origin, test.origins, status, test.status)
		}
	}
}

// TestInvalidOrigins: a pattern that matches nothing is found by Accept, at every
// call until Close.
func TestInvalidOrigins(t *testing.T) {
	wstest.NoLeaks(t)
	l := listen(t, nil)
	l.Origins = []string{"example.com", "https:/example.com"}
	for range 2 {
		if _, err := l.Accept(); !errors.Is(err, driver.ErrInvalid) || !strings.Contains(err.Error(), `"https:/example.com"`) {
			t.Errorf("Accept: %v", err)
		}
	}
	l.Close()
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept after Close: %v", err)
	}
}

// TestSlowClients: silent clients do not keep others from connecting, and Close ends
// all of them.
func TestSlowClients(t *testing.T) {
	wstest.NoLeaks(t)
	l := listen(t, nil)
	serve(t, l)
	for range 20 {
		nc, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		io.WriteString(nc, "GET / HT")
	}
	c, err := netconn.Dial(context.Background(), "ws://"+l.Addr().String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	exchange(t, c)
}

func TestMaxHandshakes(t *testing.T) {
	wstest.NoLeaks(t)
	l := listen(t, &driver.Config{HandshakeTimeout: 50 * time.Millisecond})
	l.MaxHandshakes = 1
	serve(t, l)
	nc, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	if _, err := bufio.NewReader(nc).ReadByte(); err != io.EOF { // the place is free again
		t.Errorf("%v", err)
	}
	for { // on a busy machine the time may be too short for this end, too
		c, err := netconn.Dial(context.Background(), "ws://"+l.Addr().String(), nil)
		if err == nil {
			exchange(t, c)
			return
		}
	}
}

// TestClosedListener closes with connections in every state.
func TestClosedListener(t *testing.T) {
	wstest.NoLeaks(t)
	l := listen(t, &driver.Config{CloseTimeout: 100 * time.Millisecond})
	first := make(chan error, 1)
	go func() {
		c, err := l.Accept()
		if err == nil {
			err = c.CloseNow()
		}
		first <- err
	}()
	if c, err := netconn.Dial(context.Background(), "ws://"+l.Addr().String(), nil); err != nil {
		t.Fatal(err)
	} else {
		c.CloseNow()
	}
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	waiting, err := netconn.Dial(context.Background(), "ws://"+l.Addr().String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer waiting.CloseNow()
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept after Close: %v", err)
	}
	var end *stream.CloseError
	if _, _, err := waiting.ReadMessage(nil); !errors.As(err, &end) || end.Code != driver.CodeGoingAway {
		t.Errorf("the connection that was not accepted: %v", err)
	}
	if _, err := netconn.Dial(context.Background(), "ws://"+l.Addr().String(), nil); err == nil {
		t.Error("connected to a closed listener")
	}
}

func TestDialErrors(t *testing.T) {
	wstest.NoLeaks(t)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	for _, scheme := range []string{"ws", "wss"} {
		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		_, err := netconn.Dial(ctx, scheme+"://"+silent.Addr().String(), nil)
		if !errors.Is(err, context.DeadlineExceeded) && !strings.Contains(err.Error(), "timeout") {
			t.Errorf("%s: %v", scheme, err)
		}
		cancel()
		_, err = netconn.Dial(context.Background(), scheme+"://"+silent.Addr().String(), &driver.Config{HandshakeTimeout: time.Millisecond})
		if err == nil {
			t.Errorf("%s: connected to a server that says nothing", scheme)
		}
	}
	for _, url := range []string{"http://localhost/", "ws://", "ws://localhost/#x", "ws://user:secret@local host/", ":"} {
		if _, err := netconn.Dial(context.Background(), url, nil); !errors.Is(err, driver.ErrInvalid) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", url, err)
		}
	}
	gone := listen(t, nil)
	addr := gone.Addr().String()
	gone.Close()
	var op *net.OpError
	if _, err := netconn.Dial(context.Background(), "ws://user:secret@"+addr, nil); !errors.As(err, &op) || strings.Contains(err.Error(), "secret") {
		t.Errorf("without a listener: %v", err)
	}
}

// newListener is netconn.NewListener for settings without a mistake.
func newListener(t *testing.T, l net.Listener, c *driver.Config) *netconn.Listener {
	t.Helper()
	nl, err := netconn.NewListener(l, c)
	if err != nil {
		t.Fatal(err)
	}
	return nl
}
