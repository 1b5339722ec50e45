//go:build !js

package driver_test

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// asServer, set in the environment, makes this program serve on its standard
// input and output.
const asServer = "SERVE_WEBSOCKET"

func TestMain(m *testing.M) {
	if os.Getenv(asServer) == "" {
		os.Exit(m.Run())
	}
	stdio := struct {
		io.Reader
		io.Writer
	}{os.Stdin, os.Stdout}
	if err := serve(stdio); err != nil {
		os.Exit(1)
	}
}

// A child process that serves on its standard input and output.
func Example_process() {
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), asServer+"=1")
	stdin, err := child.StdinPipe()
	if err != nil {
		fmt.Println(err)
		return
	}
	stdout, err := child.StdoutPipe()
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := child.Start(); err != nil {
		fmt.Println(err)
		return
	}
	stdio := struct {
		io.Reader
		io.Writer
	}{stdout, stdin}
	fmt.Println(ask(stdio, "over stdin and stdout"))
	stdin.Close()
	fmt.Println(child.Wait())
	// Output:
	// over stdin and stdout <nil>
	// <nil>
}

// A unix socket by hand.
func Example_unixSocket() {
	dir, err := os.MkdirTemp("", "ws")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer l.Close()
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		serve(conn)
		conn.Close()
	}()
	conn, err := net.Dial("unix", l.Addr().String())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close()
	fmt.Println(ask(conn, "over a unix socket"))
	// Output: over a unix socket <nil>
}
