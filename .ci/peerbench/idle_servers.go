package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"slices"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
	gorilla "github.com/gorilla/websocket"
	"github.com/lxzan/gws"

	"github.com/sans-io/websocket-driver/adapters/netconn"
	"github.com/sans-io/websocket-driver/adapters/nethttp"
	"github.com/sans-io/websocket-driver/adapters/stream"
)

// idleLibrary is a server that echoes, written as the library's users write it:
// one goroutine for each connection that is not the handler of net/http, where
// the library allows that.
type idleLibrary struct {
	name  string
	tls   bool
	serve func(net.Listener) error
}

var idleServers = []idleLibrary{
	{"this, netconn", false, serveNetconn(echoStream)},
	{"this, netconn, TLS", true, serveNetconn(echoStream)},
	{"this, nethttp detached", false, serveHTTP((&nethttp.Upgrader{}).Detached(acceptDetached))},
	{"this, nethttp detached, TLS", true, serveHTTP((&nethttp.Upgrader{}).Detached(acceptDetached))},
	{"this, nethttp handler", false, serveHTTP((&nethttp.Upgrader{}).Handler(handleNetHTTP))},
	{"no library, Read of 1 byte", false, serveBare},
	{"gobwas", false, serveGobwas},
	{"gobwas, TLS", true, serveGobwas},
	{"gws", false, serveHTTP(http.HandlerFunc(handleGWS))},
	{"gws, TLS", true, serveHTTP(http.HandlerFunc(handleGWS))},
	{"gorilla", false, serveHTTP(http.HandlerFunc(handleGorilla))},
	{"gorilla, TLS", true, serveHTTP(http.HandlerFunc(handleGorilla))},
	{"coder", false, serveHTTP(http.HandlerFunc(handleCoder))},
	{"coder, TLS", true, serveHTTP(http.HandlerFunc(handleCoder))},
}

// serveIdle is the server process. It prints its address, and its memory for each line of
// standard input.
func serveIdle(name string) error {
	var library idleLibrary
	for _, s := range slices.Concat(idleServers, echoServers, broadcastServers, largeServers) {
		if s.name == name {
			library = s
		}
	}
	if library.serve == nil {
		return fmt.Errorf("no server %q", name)
	}
	if err := raiseFileLimit(0); err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	addr := l.Addr()
	if library.tls {
		cert, err := certificate()
		if err != nil {
			return err
		}
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"http/1.1"}})
	}
	go func() {
		err := library.serve(l)
		fmt.Fprintln(os.Stderr, name, err)
		os.Exit(1)
	}()
	fmt.Println(addr)
	payload := makePayload("ascii", broadcastSize)
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		if in.Text() == "broadcast" {
			broadcast(payload)
			fmt.Println("sent")
			continue
		}
		m, err := readMemory()
		if err != nil {
			return err
		}
		if err := json.NewEncoder(os.Stdout).Encode(m); err != nil {
			return err
		}
	}
	if *idleProfile != "" {
		f, err := os.Create(filepath.Join(*idleProfile, name+".heap"))
		if err != nil {
			return err
		}
		defer f.Close()
		return pprof.WriteHeapProfile(f)
	}
	return nil
}

// readMemory collects garbage twice, so that pools are emptied too.
func readMemory() (m memoryUse, err error) {
	runtime.GC()
	debug.FreeOSMemory()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	m.Heap, m.Stacks = int(s.HeapInuse), int(s.StackInuse)
	m.RSS, err = statusOf("self", "VmRSS")
	return m, err
}

// certificate makes one that signs itself.
func certificate() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	t := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(24 * time.Hour), DNSNames: []string{"example.com"}}
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}

// serveHTTP serves with net/http.
func serveHTTP(handle http.Handler) func(net.Listener) error {
	return func(l net.Listener) error { return http.Serve(l, handle) }
}

// serveNetconn serves with netconn.
func serveNetconn(serve func(*stream.Conn)) func(net.Listener) error {
	return func(l net.Listener) error {
		listener, err := netconn.NewListener(l, nil)
		if err != nil {
			return err
		}
		for {
			conn, err := listener.Accept()
			if err != nil {
				return err
			}
			go serve(conn)
		}
	}
}

func acceptDetached(http.ResponseWriter, *http.Request) (func(*stream.Conn), error) {
	return echoStream, nil
}

func handleNetHTTP(conn *stream.Conn, _ *http.Request) { echoStream(conn) }

func echoStream(conn *stream.Conn) {
	defer conn.CloseNow()
	for {
		kind, p, err := conn.ReadMessage(nil)
		if err != nil {
			return
		}
		if err := conn.WriteMessage(kind, p); err != nil {
			return
		}
	}
}

// serveBare is the lower bound: a goroutine for each connection, in Read of its net.Conn.
// It supports neither HTTP nor WebSocket, only what is sent here.
func serveBare(l net.Listener) error {
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		go echoBare(conn)
	}
}

func echoBare(conn net.Conn) {
	defer conn.Close()
	for {
		var first [1]byte
		if _, err := conn.Read(first[:]); err != nil {
			return
		}
		if answerBare(conn, first[0]) != nil {
			return
		}
	}
}

// answerBare reads the rest of a request or of a short message, and answers.
func answerBare(conn net.Conn, first byte) error {
	p := barePool.Get().(*[1024]byte)
	defer barePool.Put(p)
	if first == 'G' {
		for n := 0; !bytes.HasSuffix(p[:n], []byte("\r\n\r\n")); {
			m, err := conn.Read(p[n:])
			if err != nil {
				return err
			}
			n += m
		}
		_, err := io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\n\r\n")
		return err
	}
	if _, err := io.ReadFull(conn, p[1:6]); err != nil {
		return err
	}
	n := int(p[1] & 0x7f)
	if _, err := io.ReadFull(conn, p[6:6+n]); err != nil {
		return err
	}
	for i := range n {
		p[6+i] ^= p[2+i&3]
	}
	p[4], p[5] = first, byte(n)
	_, err := conn.Write(p[4 : 6+n])
	return err
}

var barePool = sync.Pool{New: func() any { return new([1024]byte) }}

func serveGobwas(l net.Listener) error {
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			if _, err := ws.Upgrade(conn); err != nil {
				_ = conn.Close()
				return
			}
			go echoGobwas(conn)
		}()
	}
}

func echoGobwas(conn net.Conn) {
	defer conn.Close()
	for {
		p, op, err := wsutil.ReadClientData(conn)
		if err != nil {
			return
		}
		if err := wsutil.WriteServerMessage(conn, op, p); err != nil {
			return
		}
	}
}

type gwsEcho struct{ gws.BuiltinEventHandler }

func (gwsEcho) OnMessage(c *gws.Conn, m *gws.Message) {
	defer m.Close()
	_ = c.WriteMessage(m.Opcode, m.Bytes())
}

var gwsUpgrader = gws.NewUpgrader(gwsEcho{}, &gws.ServerOption{CheckUtf8Enabled: true})

func handleGWS(w http.ResponseWriter, r *http.Request) {
	if conn, err := gwsUpgrader.Upgrade(w, r); err == nil {
		go conn.ReadLoop()
	}
}

var gorillaUpgrader gorilla.Upgrader

func handleGorilla(w http.ResponseWriter, r *http.Request) {
	if conn, err := gorillaUpgrader.Upgrade(w, r, nil); err == nil {
		go echoGorilla(conn)
	}
}

func echoGorilla(conn *gorilla.Conn) {
	defer conn.Close()
	for {
		kind, p, err := conn.ReadMessage()
		if err != nil {
			return
		}
		if err := conn.WriteMessage(kind, p); err != nil {
			return
		}
	}
}

func handleCoder(w http.ResponseWriter, r *http.Request) {
	if conn, err := websocket.Accept(w, r, nil); err == nil {
		go echoCoder(conn)
	}
}

func echoCoder(conn *websocket.Conn) {
	defer conn.CloseNow()
	conn.SetReadLimit(-1)
	ctx := context.Background()
	for {
		kind, p, err := conn.Read(ctx)
		if err != nil {
			return
		}
		if err := conn.Write(ctx, kind, p); err != nil {
			return
		}
	}
}
