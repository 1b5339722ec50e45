package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"slices"
	"strings"
	"time"
)

// selfSignedLife is how long a certificate of -tls-self-signed is valid. Such
// certificates are for experiments only.
const selfSignedLife = 14 * 24 * time.Hour

// serverTLS holds the flags of serve for TLS.
type serverTLS struct {
	cert, key  string
	selfSigned bool
	config     *tls.Config // set by load, nil without flags
}

// serverTLS adds the flags.
func (c *command) serverTLS() *serverTLS {
	var f serverTLS
	c.StringVar(&f.cert, "tls-cert", "", "serve wss and https with the certificates of a PEM `file`")
	c.StringVar(&f.key, "tls-key", "", "the PEM `file` with the key of -tls-cert")
	c.BoolVar(&f.selfSigned, "tls-self-signed", false, "serve wss and https with a new self-signed certificate, and print its\nfingerprint")
	return &f
}

// load reads the files, or creates the certificate for a server that listens on addr.
func (f *serverTLS) load(addr string) (err error) {
	var certificate tls.Certificate
	switch {
	case f.selfSigned && (f.cert != "" || f.key != ""):
		return errors.New("flag -tls-self-signed: not allowed with -tls-cert and -tls-key")
	case f.cert != "" && f.key == "":
		return errors.New("flag -tls-cert: -tls-key is missing")
	case f.key != "" && f.cert == "":
		return errors.New("flag -tls-key: -tls-cert is missing")
	case f.cert != "":
		if certificate, err = tls.LoadX509KeyPair(f.cert, f.key); err != nil {
			return fmt.Errorf("flags -tls-cert and -tls-key: %w", err)
		}
	case f.selfSigned:
		if certificate, err = selfSigned(hostsOf(addr)); err != nil {
			return fmt.Errorf("flag -tls-self-signed: %w", err)
		}
	default:
		return nil
	}
	f.config = &tls.Config{Certificates: []tls.Certificate{certificate}, NextProtos: []string{"http/1.1"}}
	return nil
}

// hostsOf returns the names by which a server that listens on addr can be reached
// from this machine and possibly from others.
func hostsOf(addr string) []string {
	hosts := []string{"localhost", "127.0.0.1", "::1"}
	others := make([]string, 0, 2)
	if host, _, err := net.SplitHostPort(addr); err == nil && !strings.HasPrefix(addr, "unix:") {
		others = append(others, host)
	}
	if name, err := os.Hostname(); err == nil {
		others = append(others, name)
	}
	for _, host := range others {
		if host != "" && !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
	}
	return hosts
}

// selfSigned creates a certificate for hosts, which are names and IP addresses.
func selfSigned(hosts []string) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return tls.Certificate{}, err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: "wsdriver serve"},
		NotBefore:             now.Add(-time.Hour), // the client's clock may be slow
		NotAfter:              now.Add(selfSignedLife),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

// fingerprint returns the SHA-256 of a certificate as browsers show it.
func fingerprint(der []byte) string {
	sum := sha256.Sum256(der)
	return strings.ReplaceAll(fmt.Sprintf("% X", sum[:]), " ", ":")
}

// clientTLS holds the flags of connect for TLS.
type clientTLS struct {
	ca       string
	insecure bool
	config   *tls.Config // set by load, nil without flags
}

// clientTLS adds the flags.
func (c *command) clientTLS() *clientTLS {
	var f clientTLS
	c.StringVar(&f.ca, "tls-ca", "", "trust only the certificates of a PEM `file` for wss")
	c.BoolVar(&f.insecure, "insecure", false, "accept any certificate for wss; an attacker on the network can read and change\neverything")
	return &f
}

// load reads the file.
func (f *clientTLS) load() error {
	switch {
	case f.insecure && f.ca != "":
		return errors.New("flag -insecure: not allowed with -tls-ca")
	case f.insecure:
		f.config = &tls.Config{InsecureSkipVerify: true}
		return nil
	case f.ca == "":
		return nil
	}
	pem, err := os.ReadFile(f.ca)
	if err != nil {
		return fmt.Errorf("flag -tls-ca: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return fmt.Errorf("flag -tls-ca: no PEM certificate in %s", f.ca)
	}
	f.config = &tls.Config{RootCAs: roots}
	return nil
}
