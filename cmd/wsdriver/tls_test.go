package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// writeCertificate writes a certificate for localhost and its key in PEM.
func writeCertificate(t *testing.T) (cert, key string) {
	t.Helper()
	c, err := selfSigned(hostsOf("127.0.0.1:0"))
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, kind string, b []byte) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	return write("cert.pem", "CERTIFICATE", c.Certificate[0]), write("key.pem", "PRIVATE KEY", der)
}

func TestTLS(t *testing.T) {
	cert, key := writeCertificate(t)
	other, _ := writeCertificate(t)
	url, stop := startServer(t, "-tls-cert", cert, "-tls-key", key, "-deflate", "-subprotocol", "a")
	if !strings.HasPrefix(url, "wss://127.0.0.1:") {
		t.Fatalf("listening on %q", url)
	}
	tests := []struct {
		name   string
		args   []string
		status int
		stderr string
	}{
		{"trusted", []string{"-tls-ca", cert, "-subprotocol", "a", url}, exitOK, "closed"},
		{"by name", []string{"-tls-ca", cert, strings.Replace(url, "127.0.0.1", "localhost", 1)}, exitOK, "closed"},
		{"insecure", []string{"-insecure", "-deflate", url}, exitOK, "closed"},
		{"hixie-76", []string{"-insecure", "-version", "hixie-76", url}, exitOK, "closed"},
		{"hixie-75", []string{"-insecure", "-version", "hixie-75", url}, exitOK, "closed"},
		{"unknown", []string{url}, exitFailed, "x509: "},
		{"another's", []string{"-tls-ca", other, url}, exitFailed, "x509: "},
		{"no TLS", []string{"-timeout", "5s", "ws" + strings.TrimPrefix(url, "wss")}, exitFailed, "wsdriver connect: "},
	}
	for _, test := range tests {
		want := ""
		if test.status == exitOK {
			want = "hello\n"
		}
		status, stdout, stderr := runConnect("hello\n", test.args...)
		if status != test.status || stdout != want || !strings.Contains(stderr, test.stderr) {
			t.Errorf("%s: status %d, %q, %q", test.name, status, stdout, stderr)
		}
	}
	if status := stop(); status != exitOK {
		t.Errorf("serve ended with %d", status)
	}
}

// TestSelfSigned gets the page over TLS and compares the certificate with the printed
// fingerprint.
func TestSelfSigned(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stdout, status := newOutput(), make(chan int, 1)
	go func() {
		status <- run(ctx, []string{"serve", "-addr", "127.0.0.1:0", "-tls-self-signed"}, nil, stdout, io.Discard)
	}()
	stdout.waitFor(t, "SHA-256 of the certificate: ")
	lines := strings.Split(stdout.String(), "\n")
	page := strings.TrimPrefix(lines[1], "page: ")
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	defer transport.CloseIdleConnections()
	res, err := (&http.Client{Transport: transport}).Get(page)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	res.Body.Close()
	if err != nil || res.StatusCode != 200 || !strings.Contains(string(body), "<title>wsdriver</title>") ||
		res.Header.Get("Cross-Origin-Opener-Policy") == "" {
		t.Errorf("%s: %s, %v, %v", page, res.Status, res.Header, err)
	}
	leaf := res.TLS.PeerCertificates[0]
	if want := "SHA-256 of the certificate: " + fingerprint(leaf.Raw); lines[2] != want {
		t.Errorf("%q was printed, not %q", lines[2], want)
	}
	if life := time.Until(leaf.NotAfter); life > selfSignedLife || leaf.PublicKeyAlgorithm != x509.ECDSA {
		t.Errorf("%v is valid for %v", leaf.PublicKeyAlgorithm, life)
	}
	cancel()
	if got := <-status; got != exitOK {
		t.Errorf("serve ended with %d", got)
	}
}

func TestHosts(t *testing.T) {
	for addr, want := range map[string]string{"example.com:9001": "example.com", "192.0.2.7:0": "192.0.2.7", "[2001:db8::1]:0": "2001:db8::1", ":9001": "::1",
		"unix:socket": "localhost"} {
		hosts := hostsOf(addr)
		if !slices.Contains(hosts, want) || slices.Contains(hosts, "") || slices.Contains(hosts, "unix") {
			t.Errorf("%s: %q", addr, hosts)
		}
		c, err := selfSigned(hosts)
		if err != nil {
			t.Fatal(err)
		}
		leaf, err := x509.ParseCertificate(c.Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		for _, host := range append(hosts, "localhost", "127.0.0.1") {
			if err := leaf.VerifyHostname(host); err != nil {
				t.Errorf("%s: %v", addr, err)
			}
		}
	}
}

func TestAnnouncement(t *testing.T) {
	self, err := selfSigned(nil)
	if err != nil {
		t.Fatal(err)
	}
	tcp := func(ip string) net.Addr { return &net.TCPAddr{IP: net.ParseIP(ip), Port: 9001} }
	tests := []struct {
		addr net.Addr
		tls  *tls.Config
		want string
	}{
		{tcp("127.0.0.1"), nil, "listening on ws://127.0.0.1:9001/\npage: http://127.0.0.1:9001/\n"},
		{tcp("::"), nil, "listening on ws://[::]:9001/\npage: http://localhost:9001/\n"},
		{tcp("::1"), &tls.Config{Certificates: []tls.Certificate{self}}, "listening on wss://[::1]:9001/\npage: https://[::1]:9001/\n" +
			"SHA-256 of the certificate: " + fingerprint(self.Certificate[0]) + "\n"},
		{&net.UnixAddr{Name: "/tmp/s", Net: "unix"}, nil, "listening on unix:/tmp/s\n"},
		{&net.UnixAddr{Name: "s", Net: "unix"}, &tls.Config{Certificates: []tls.Certificate{self}}, "listening on unix:s\n" +
			"SHA-256 of the certificate: " + fingerprint(self.Certificate[0]) + "\n"},
	}
	for _, test := range tests {
		if got := announcement(test.addr, test.tls); got != test.want {
			t.Errorf("%q, not %q", got, test.want)
		}
	}
	if got := fingerprint([]byte("abc")); len(got) != 95 || !strings.HasPrefix(got, "BA:78:16:BF") {
		t.Errorf("the fingerprint is %q", got)
	}
}

func TestTLSUsage(t *testing.T) {
	cert, key := writeCertificate(t)
	_, otherKey := writeCertificate(t)
	tests := []struct{ args, stderr string }{
		{"serve|-tls-cert|" + cert, "flag -tls-cert: -tls-key is missing"},
		{"serve|-tls-key|" + key, "flag -tls-key: -tls-cert is missing"},
		{"serve|-tls-self-signed|-tls-cert|" + cert + "|-tls-key|" + key, "flag -tls-self-signed: not allowed with"},
		{"serve|-tls-self-signed|-tls-key|" + key, "flag -tls-self-signed: not allowed with"},
		{"serve|-tls-cert|" + cert + "|-tls-key|" + otherKey, "private key does not match public key"},
		{"serve|-tls-cert|" + key + "|-tls-key|" + key, "flags -tls-cert and -tls-key: "},
		{"serve|-tls-cert|missing|-tls-key|missing", "missing: no such file"},
		{"connect|wss://a|-insecure|-tls-ca|" + cert, "flag -insecure: not allowed with -tls-ca"},
		{"connect|wss://a|-tls-ca|missing", "missing: no such file"},
		{"connect|wss://a|-tls-ca|" + key, "no PEM certificate in "},
	}
	for _, test := range tests {
		var stdout, stderr bytes.Buffer
		status := run(context.Background(), strings.Split(test.args, "|"), strings.NewReader(""), &stdout, &stderr)
		if status != exitUsage || stdout.Len() > 0 || !strings.Contains(stderr.String(), test.stderr) {
			t.Errorf("%q: status %d, %q, %q", test.args, status, stdout.String(), stderr.String())
		}
	}
}
