package old

import (
	"bufio"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// limit is how long a peer may take: so long that only one that hangs gets there.
const limit = 5 * time.Minute

// The commands of the peers: see run.
var (
	java    = []string{"java", "-cp", os.Getenv("OLD_CLASSES")}
	perl    = []string{"perl"}
	python2 = []string{os.Getenv("PYTHON27"), "-u"}
)

func command(start []string, args ...string) []string {
	return append(start[:len(start):len(start)], args...)
}

const all = "" // all steps

// The servers, with the versions that they speak and the flags of the client for each.
// What a server lacks is in the table of README.md.
var servers = []struct {
	name     string
	command  []string
	versions map[string]string
}{
	{"Netty", command(java, "NettyServer"), map[string]string{
		"13": all, "8": all, "7": all,
		"hixie-76": "-without text-long,large,traffic",
	}},
	{"Java-WebSocket", command(java, "JavaWebSocketServer"), map[string]string{
		"13":       "-without refuse,refuse-body,close-server-no-code",
		"8":        "-without refuse,refuse-body,close-server-no-code",
		"7":        "-without refuse,refuse-body,close-server-no-code",
		"hixie-76": "-hangs-up -without refuse,refuse-body,text-edges,text-empty,text-long,large,traffic,close-client,close-then-messages",
	}},
	{"Protocol::WebSocket", command(perl, "perl/server.pl"), map[string]string{
		"13": all, "8": all, "7": all, "hixie-76": all,
	}},
	{"Tornado", command(python2, "python2/server.py"), map[string]string{
		"hixie-76": "-without subprotocol",
	}},
}

// The clients, with the versions that they speak.
var clients = []struct {
	name     string
	command  []string
	versions []string
}{
	{"Netty", command(java, "NettyClient"), []string{"13", "8", "7", "hixie-76"}},
	{"Java-WebSocket", command(java, "JavaWebSocketClient"), []string{"13", "8", "hixie-76", "hixie-75"}},
	{"Protocol::WebSocket", command(perl, "perl/client.pl"), []string{"13", "8", "hixie-76", "hixie-75"}},
	{"websocket-client", command(python2, "python2/client.py"), []string{"hixie-76"}},
}

// program returns a command that is killed when the test ends, with its output.
func program(t *testing.T, command ...string) (*exec.Cmd, *bufio.Scanner, *strings.Builder) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	var errors strings.Builder
	cmd.Stderr = &errors
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	killed := time.AfterFunc(limit, func() { cmd.Process.Kill() })
	t.Cleanup(func() { killed.Stop() })
	return cmd, bufio.NewScanner(out), &errors
}

var url = regexp.MustCompile(`ws://[^\s/]+/`)

// serving starts a server and returns its URL.
func serving(t *testing.T, command ...string) (*exec.Cmd, string) {
	t.Helper()
	cmd, out, errors := program(t, command...)
	for out.Scan() {
		if u := url.FindString(out.Text()); u != "" {
			go func() {
				for out.Scan() { // what else it says
				}
			}()
			return cmd, u
		}
	}
	t.Fatalf("%q has printed no URL: %s", command, errors)
	return nil, ""
}

func TestServers(t *testing.T) {
	for _, server := range servers {
		t.Run(server.name, func(t *testing.T) {
			t.Parallel()
			_, u := serving(t, server.command...)
			for version, flags := range server.versions {
				t.Run(version, func(t *testing.T) {
					args := append([]string{"-url", u, "-version", version}, strings.Fields(flags)...)
					out, err := exec.CommandContext(t.Context(), os.Getenv("CLIENT"), args...).CombinedOutput()
					if err != nil {
						t.Errorf("%v\n%s", err, out)
					}
				})
			}
		})
	}
}

func TestClients(t *testing.T) {
	for _, client := range clients {
		for _, version := range client.versions {
			t.Run(client.name+"/"+version, func(t *testing.T) {
				t.Parallel()
				server, u := serving(t, os.Getenv("WSDRIVER"), "serve", "-addr", "127.0.0.1:0",
					"-versions", version, "-subprotocol", "b", "-ping", "1s")
				cmd, out, errors := program(t, command(client.command, u, version)...)
				if out.Scan() && out.Text() == "waiting" {
					server.Process.Signal(syscall.SIGTERM)
				} else {
					server.Process.Kill()
				}
				if err := cmd.Wait(); err != nil {
					t.Errorf("client: %v\n%s", err, errors)
				}
				if err := server.Wait(); err != nil {
					t.Errorf("server: %v", err)
				}
			})
		}
	}
}

// TestServersHixie75: what these servers answer in hixie-75 is not what the draft
// prescribes byte for byte (section 4.1), and is refused.
func TestServersHixie75(t *testing.T) {
	wants := map[string]string{
		"Netty":               "does not start with Upgrade: WebSocket and Connection: Upgrade",
		"Java-WebSocket":      "does not start with Upgrade: WebSocket and Connection: Upgrade",
		"Protocol::WebSocket": `reason is "WebSocket Protocol Handshake", not "Web Socket Protocol Handshake"`,
	}
	for _, server := range servers {
		want, ok := wants[server.name]
		if !ok {
			continue
		}
		_, u := serving(t, server.command...)
		out, err := exec.CommandContext(t.Context(), os.Getenv("CLIENT"), "-url", u, "-version", "hixie-75", "-only", "text").CombinedOutput()
		if err == nil || !strings.Contains(string(out), want) {
			t.Errorf("%s: %v, %q does not contain %q", server.name, err, out, want)
		}
	}
}
