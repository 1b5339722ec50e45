package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/sans-io/websocket-driver/hybi/frame"
)

var (
	idleCount   = flag.Int("idle", 0, "measure the memory of so many idle connections instead (Linux)")
	idleOnly    = flag.String("idle-only", "", "with -idle: only servers whose name contains this")
	idleProfile = flag.String("idle-profile", "", "with -idle: write heap profiles of the servers to this folder; they cost memory themselves")
	idleServer  = flag.String("idle-serve", "", "be the server process of this name; -idle starts it")
)

// serverMode runs the mode of the flags that measure server processes, and then exits.
func serverMode(rounds int) {
	var err error
	switch {
	case *connectCount > 0:
		err = measureConnect(*connectCount, rounds)
	case *broadcastCount > 0:
		err = measureBroadcast(*broadcastCount, rounds)
	case *echoOnly != "":
		err = measureEcho(*echoOnly, rounds, *echoBudget)
	case *largeCount > 0:
		err = measureLarge(*largeCount, rounds)
	case *latencyRate > 0:
		err = measureLatency(*latencyRate, rounds)
	case *coreOnly != "":
		err = measureRows(*coreOnly, rounds)
	case *idleServer != "":
		err = serveIdle(*idleServer)
	case *idleCount > 0:
		err = measureIdle(*idleCount, *idleOnly)
	default:
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// memoryUse is the memory of a server process in bytes, after a garbage collection that
// has returned as much as possible to the system.
type memoryUse struct {
	RSS    int // resident, as the system says
	Heap   int // spans with live objects
	Stacks int // of goroutines
}

// process is a separate server process. It reads commands as lines, and answers each with
// a line.
type process struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

const (
	warmUp     = 100 // connections that come before the first measurement
	openAtOnce = 64
)

// measureIdle opens n connections to each of the servers and prints the cost of one for
// the server: right after the handshake, and after an echo.
func measureIdle(n int, only string) error {
	if err := raiseFileLimit(n + warmUp + 100); err != nil {
		return err
	}
	fmt.Printf("bytes for each of %d idle connections: resident memory, heap, goroutine stacks\n", n)
	fmt.Printf("%-28s %8s %8s %8s   %8s %8s %8s\n", "", "opened", "heap", "stacks", "echoed", "heap", "stacks")
	for _, s := range idleServers {
		if !strings.Contains(s.name, only) {
			continue
		}
		opened, echoed, err := measureServer(s, n)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		fmt.Printf("%-28s %8d %8d %8d   %8d %8d %8d\n", s.name,
			opened.RSS, opened.Heap, opened.Stacks, echoed.RSS, echoed.Heap, echoed.Stacks)
	}
	return nil
}

// measureServer returns the cost of a connection.
func measureServer(s idleLibrary, n int) (opened, echoed memoryUse, err error) {
	p, addr, err := startServer(s.name)
	if err != nil {
		return opened, echoed, err
	}
	defer p.stop()
	conns, err := openMany(addr, s.tls, warmUp)
	defer func() {
		for _, c := range conns {
			_ = c.Close()
		}
	}()
	if err == nil {
		err = echoAll(conns)
	}
	if err != nil {
		return opened, echoed, err
	}
	before, err := p.memory()
	if err != nil {
		return opened, echoed, err
	}
	more, err := openMany(addr, s.tls, n)
	conns = append(conns, more...)
	if err != nil {
		return opened, echoed, err
	}
	if opened, err = p.memory(); err != nil {
		return opened, echoed, err
	}
	if err := echoAll(more); err != nil {
		return opened, echoed, err
	}
	echoed, err = p.memory()
	return opened.each(before, n), echoed.each(before, n), err
}

// each returns the growth since before for each of n connections.
func (m memoryUse) each(before memoryUse, n int) memoryUse {
	return memoryUse{(m.RSS - before.RSS) / n, (m.Heap - before.Heap) / n, (m.Stacks - before.Stacks) / n}
}

func raiseFileLimit(want int) error {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return err
	}
	l.Cur = l.Max
	if l.Max < uint64(want) {
		return fmt.Errorf("%d open files are allowed, %d are needed", l.Max, want)
	}
	return syscall.Setrlimit(syscall.RLIMIT_NOFILE, &l)
}

func startServer(name string) (*process, string, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, "", err
	}
	cmd := exec.Command(exe, "-idle-serve", name, "-idle-profile", *idleProfile)
	if *idleProfile != "" {
		cmd.Env = append(os.Environ(), "GODEBUG=memprofilerate=512")
	}
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, "", err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, "", err
	}
	if err := cmd.Start(); err != nil {
		return nil, "", err
	}
	p := &process{cmd, in, bufio.NewReader(out)}
	addr, err := p.out.ReadString('\n')
	return p, strings.TrimSpace(addr), err
}

// memory asks the server for its memory.
func (p *process) memory() (m memoryUse, err error) {
	if _, err := io.WriteString(p.in, "memory\n"); err != nil {
		return m, err
	}
	line, err := p.out.ReadBytes('\n')
	if err != nil {
		return m, err
	}
	return m, json.Unmarshal(line, &m)
}

// stop ends the server.
func (p *process) stop() {
	_ = p.in.Close()
	_ = p.cmd.Wait()
}

// openMany makes n WebSocket connections.
func openMany(addr string, secure bool, n int) ([]net.Conn, error) {
	conns := make([]net.Conn, n)
	err := each(n, func(i int) (err error) {
		conns[i], err = openOne(addr, secure)
		return err
	})
	made := conns[:0]
	for _, c := range conns {
		if c != nil {
			made = append(made, c)
		}
	}
	return made, err
}

func openOne(addr string, secure bool) (net.Conn, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	if secure {
		conn = tls.Client(conn, &tls.Config{InsecureSkipVerify: true})
	}
	const request = "GET / HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
	if _, err := io.WriteString(conn, request); err != nil {
		return conn, err
	}
	answer, err := http.ReadResponse(bufio.NewReaderSize(conn, 512), nil)
	if err != nil {
		return conn, err
	}
	if answer.StatusCode != http.StatusSwitchingProtocols {
		return conn, fmt.Errorf("the handshake was answered with %s", answer.Status)
	}
	return conn, nil
}

// echoAll sends a message on each of the connections and awaits it back.
func echoAll(conns []net.Conn) error {
	payload := []byte("hello, are you still there?")
	want := frame.Encode(frame.Header{Fin: true, Opcode: frame.Text}, payload)
	return each(len(conns), func(i int) error {
		if _, err := conns[i].Write(maskedFrame(payload)); err != nil {
			return err
		}
		got := make([]byte, len(want))
		if _, err := io.ReadFull(conns[i], got); err != nil {
			return err
		}
		if !bytes.Equal(got, want) {
			return fmt.Errorf("echo of %x: %x", want, got)
		}
		return nil
	})
}

// each calls f for 0 to n-1, openAtOnce of them at a time, and returns the first
// error.
func each(n int, f func(int) error) error {
	var wg sync.WaitGroup
	var once sync.Once
	var first error
	slots := make(chan struct{}, openAtOnce)
	for i := range n {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			if err := f(i); err != nil {
				once.Do(func() { first = err })
			}
		})
	}
	wg.Wait()
	return first
}

// statusOf returns an amount of memory that the system knows of a process, in bytes: VmRSS
// is what is resident, VmHWM the most of it so far. pid may be "self".
func statusOf(pid, name string) (int, error) {
	status, err := os.ReadFile("/proc/" + pid + "/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, name+":"); ok {
			kB, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rest), " kB"))
			return kB << 10, err
		}
	}
	return 0, fmt.Errorf("no %s in the status of process %s", name, pid)
}
