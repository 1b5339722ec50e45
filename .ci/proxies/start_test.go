package proxies

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/md5"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// user and password are those of proxies with authorization.
const user, password = "alice", "pass word:1"

// identity is a certificate for the servers and the https proxy, and the pool
// that trusts it.
type identity struct {
	cert tls.Certificate
	pool *x509.CertPool

	certPEM, keyPEM []byte
}

func newIdentity(t *testing.T) *identity {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		DNSNames:     []string{"server.test"},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		IsCA:         true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	id := &identity{
		pool:    x509.NewCertPool(),
		certPEM: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		keyPEM:  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}),
	}
	id.pool.AppendCertsFromPEM(id.certPEM)
	if id.cert, err = tls.X509KeyPair(id.certPEM, id.keyPEM); err != nil {
		t.Fatal(err)
	}
	return id
}

// folder is where a proxy finds its settings and writes its files. Everybody may
// write there: started by root, squid becomes another user.
type folder string

func newFolder(t *testing.T) folder {
	t.Helper()
	dir, err := os.MkdirTemp("", "proxies")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	return folder(dir)
}

func (f folder) path(name string) string { return filepath.Join(string(f), name) }

func (f folder) write(t *testing.T, name, content string) string {
	t.Helper()
	if err := os.WriteFile(f.path(name), []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return f.path(name)
}

// freeAddr returns an address that is free at the moment.
func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// process is a proxy that runs.
type process struct {
	cmd    *exec.Cmd
	output bytes.Buffer
	ended  chan struct{}
}

// start runs a proxy until the end of the test, and returns when it listens on
// all addrs.
func start(t *testing.T, name string, args []string, addrs ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(name, args...), ended: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = &p.output, &p.output
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // with its helpers
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	go func() {
		p.cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
		<-p.ended
	})
	for _, addr := range addrs {
		p.await(t, addr)
	}
	return p
}

// await returns when p listens on addr.
func (p *process) await(t *testing.T, addr string) {
	t.Helper()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	limit := time.After(30 * time.Second)
	for {
		if nc, err := net.Dial("tcp", addr); err == nil {
			nc.Close()
			return
		}
		select {
		case <-again.C:
		case <-p.ended:
			t.Fatalf("%s has ended:\n%s", p.cmd.Path, &p.output)
		case <-limit:
			syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
			<-p.ended
			t.Fatalf("%s does not listen on %s:\n%s", p.cmd.Path, addr, &p.output)
		}
	}
}

// startSquid starts squid with an http and an https port. auth is "", "basic" or
// "digest". It knows server.test, which is 127.0.0.1, and blocked.test, which it
// refuses.
func startSquid(t *testing.T, id *identity, auth string) (httpAddr, httpsAddr string) {
	t.Helper()
	dir := newFolder(t)
	httpAddr, httpsAddr = freeAddr(t), freeAddr(t)
	lines := []string{
		"http_port " + httpAddr,
		"https_port " + httpsAddr + " tls-cert=" + dir.write(t, "cert.pem", string(id.certPEM)) + " tls-key=" + dir.write(t, "key.pem", string(id.keyPEM)),
		"hosts_file " + dir.write(t, "hosts", "127.0.0.1 server.test blocked.test\n"),
		"pid_filename " + dir.path("pid"),
		"cache_log " + dir.path("cache.log"),
		"coredump_dir " + string(dir),
		"access_log none",
		"cache deny all",
		"pinger_enable off",
		"max_filedescriptors 4096",
		"shutdown_lifetime 0 seconds",
		"visible_hostname proxy.test",
		"acl blocked dstdomain blocked.test",
		"http_access deny blocked",
	}
	switch auth {
	case "":
		lines = append(lines, "http_access allow all")
	case "basic":
		hash, err := exec.Command("openssl", "passwd", "-apr1", password).Output()
		if err != nil {
			t.Fatalf("openssl passwd: %v", err)
		}
		file := dir.write(t, "passwords", user+":"+string(hash))
		lines = append(lines, "auth_param basic program /usr/lib/squid/basic_ncsa_auth "+file, "auth_param basic realm proxies")
	case "digest":
		hash := md5.Sum([]byte(user + ":proxies:" + password))
		file := dir.write(t, "passwords", fmt.Sprintf("%s:proxies:%x\n", user, hash))
		lines = append(lines, "auth_param digest program /usr/lib/squid/digest_file_auth -c "+file, "auth_param digest realm proxies")
	}
	if auth != "" {
		lines = append(lines, "acl known proxy_auth REQUIRED", "http_access allow known", "http_access deny all")
	}
	conf := dir.write(t, "squid.conf", strings.Join(lines, "\n")+"\n")
	service := "ws" + strings.NewReplacer(".", "", ":", "").Replace(httpAddr) // its shared memory is named after it
	start(t, "/usr/sbin/squid", []string{"-N", "-n", service, "-f", conf, "-d", "1"}, httpAddr, httpsAddr)
	return httpAddr, httpsAddr
}

// startTinyproxy starts tinyproxy. It refuses blocked.test.
func startTinyproxy(t *testing.T, auth bool) (addr string, p *process) {
	t.Helper()
	dir := newFolder(t)
	addr = freeAddr(t)
	host, port, _ := net.SplitHostPort(addr)
	conf := fmt.Sprintf("Listen %s\nPort %s\nAllow 127.0.0.1\nMaxClients 1000\nTimeout 600\nLogLevel Error\nLogFile %q\nPidFile %q\nFilter %q\nFilterExtended On\n",
		host, port, dir.path("log"), dir.path("pid"), dir.write(t, "filter", `blocked\.test`+"\n"))
	if auth {
		conf += "BasicAuth " + user + " " + tinyPassword + "\n"
	}
	return addr, start(t, "tinyproxy", []string{"-d", "-c", dir.write(t, "conf", conf)}, addr)
}

// tinyPassword is used by startTinyproxy instead of password: the grammar of its settings
// allows no more than this.
const tinyPassword = "password1"

// startMicrosocks starts a SOCKS5 server.
func startMicrosocks(t *testing.T, auth bool) (addr string) {
	t.Helper()
	addr = freeAddr(t)
	host, port, _ := net.SplitHostPort(addr)
	args := []string{"-i", host, "-p", port}
	if auth {
		args = append(args, "-u", user, "-P", password)
	}
	start(t, "microsocks", args, addr)
	return addr
}
