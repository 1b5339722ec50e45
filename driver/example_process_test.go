//go:build !js

package driver_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
)

// stdio is the standard input and output of a process as one transport.
type stdio struct {
	io.Reader
	io.WriteCloser
}

// asServer, set in the environment, makes this program call serveStdio in place of
// its main function.
const asServer = "SERVE_WEBSOCKET"

// serveStdio is the child: it serves on its standard input and output, to which it
// must write nothing else.
func serveStdio() error {
	conn := stream.New(stdio{os.Stdin, os.Stdout}, driver.NewServer(nil), nil)
	if err := conn.Handshake(context.Background()); err != nil {
		return err
	}
	for m, err := range conn.Messages() {
		if err != nil {
			return err
		}
		if err := conn.WriteMessage(m.Kind, m.Data); err != nil {
			return err
		}
	}
	return nil
}

// askChild sends one message to a child process and returns the answer.
func askChild(child *exec.Cmd, question string) (string, error) {
	stdin, err := child.StdinPipe()
	if err != nil {
		return "", err
	}
	stdout, err := child.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := child.Start(); err != nil {
		return "", err
	}
	d, err := driver.NewClient("ws://localhost/", nil)
	if err != nil {
		return "", err
	}
	conn := stream.New(stdio{stdout, stdin}, d, nil)
	defer conn.CloseNow()
	if err := conn.Handshake(context.Background()); err != nil {
		return "", err
	}
	if err := conn.WriteMessage(driver.Text, []byte(question)); err != nil {
		return "", err
	}
	_, answer, err := conn.ReadMessage(nil)
	if err != nil {
		return "", err
	}
	return string(answer), conn.Close(context.Background(), driver.CodeNormal, "")
}

// A child process that serves on its standard input and output.
func Example_process() {
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), asServer+"=1")
	fmt.Println(askChild(child, "over stdin and stdout"))
	fmt.Println(child.Wait())
	// Output:
	// over stdin and stdout <nil>
	// <nil>
}
