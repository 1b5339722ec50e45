package main

import (
	"strings"
	"testing"
)

// TestDeflate sends repetitive lines over compressed connections.
func TestDeflate(t *testing.T) {
	lines := strings.Repeat(strings.Repeat("the same again ", 50)+"\n", 20)
	for _, server := range []string{"-deflate", "-deflate=server_max_window_bits=9,client_max_window_bits=10", "-versions=13"} {
		url, stop := startServer(t, server)
		for _, client := range []string{"-deflate", "-deflate=server_no_context_takeover, client_no_context_takeover", "-binary=false"} {
			status, stdout, stderr := runConnect(lines, client, url)
			if status != exitOK || stdout != lines {
				t.Errorf("serve %s, connect %s: status %d, %d of %d bytes, %s", server, client, status, len(stdout), len(lines), stderr)
			}
		}
		stop()
	}
}

func TestDeflateUsage(t *testing.T) {
	for value, want := range map[string]string{
		"nonsense":                     `parameter "nonsense" is not known`,
		"server_max_window_bits":       `parameter "server_max_window_bits" is not known`,
		"server_max_window_bits=7":     "server_max_window_bits=7 is not from 8 to 15",
		"client_max_window_bits=x":     "client_max_window_bits=x is not from 8 to 15",
		"server_no_context_takeover=9": `parameter "server_no_context_takeover=9" is not known`,
	} {
		status, _, stderr := runConnect("", "-deflate="+value, "ws://127.0.0.1:1/")
		if status != exitUsage || !strings.Contains(stderr, want) || !strings.Contains(stderr, "-deflate") {
			t.Errorf("-deflate=%s: status %d, %q", value, status, stderr)
		}
	}
}
