package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"path"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sans-io/websocket-driver/adapters/netconn"
	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/extensions/deflate"
)

// request makes a plain HTTP request and returns the response and its body.
func request(t *testing.T, method, url string, fields ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequest(method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(fields); i += 2 {
		r.Header.Set(fields[i], fields[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

func TestPlainRequests(t *testing.T) {
	url, _ := startServer(t)
	url = "http" + strings.TrimPrefix(url, "ws")
	tests := []struct {
		method, path string
		fields       []string
		status       int
		contentType  string
		body         string
	}{
		{"GET", "", nil, 200, "text/html; charset=utf-8", "<!DOCTYPE html>"},
		{"HEAD", "", nil, 200, "text/html; charset=utf-8", ""},
		{"GET", "?a=b", nil, 200, "text/html; charset=utf-8", "<!DOCTYPE html>"},
		{"GET", "", []string{"Connection", "Upgrade", "Upgrade", "h2c"}, 200, "text/html; charset=utf-8", "<!DOCTYPE html>"},
		{"GET", "page.js", nil, 200, "text/javascript; charset=utf-8", "WebSocket"},
		{"GET", "icon.svg", nil, 200, "image/svg+xml", "<svg"},
		{"GET", "favicon.ico", nil, 404, "text/plain; charset=utf-8", "at /\n"},
		{"GET", "../serve.go", nil, 404, "text/plain; charset=utf-8", "at /\n"},
		{"HEAD", "nothing", nil, 404, "text/plain; charset=utf-8", ""},
		{"POST", "", nil, 405, "text/plain; charset=utf-8", "POST"},
		{"DELETE", "nothing", nil, 405, "text/plain; charset=utf-8", "DELETE"},
		{"GET", "stats", nil, 204, "", ""},
		{"HEAD", "stats?id=" + strings.Repeat("0", idLength), nil, 204, "", ""},
		{"GET", "", []string{"Upgrade", "WebSocket"}, 426, "", ""},
		{"POST", "", []string{"Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "13"}, 405, "", ""},
	}
	for _, test := range tests {
		res, body := request(t, test.method, url+test.path, test.fields...)
		if res.StatusCode != test.status || test.contentType != "" && res.Header.Get("Content-Type") != test.contentType ||
			!strings.Contains(body, test.body) || test.method == "HEAD" && body != "" {
			t.Errorf("%s %q: %s, %v, %.100q", test.method, test.path, res.Status, res.Header, body)
		}
		switch {
		case test.status == 405 && len(test.fields) == 0 && res.Header.Get("Allow") != "GET, HEAD":
			t.Errorf("%s %q: Allow is %q", test.method, test.path, res.Header.Get("Allow"))
		case test.status == 200 && !strings.Contains(res.Header.Get("Content-Security-Policy"), "default-src 'none'"):
			t.Errorf("%s %q: the policy is %q", test.method, test.path, res.Header.Get("Content-Security-Policy"))
		case test.status != 204 && res.ContentLength <= 0 && test.status != 426:
			t.Errorf("%s %q: Content-Length is %d", test.method, test.path, res.ContentLength)
		}
	}
}

// TestPageFiles checks that the page follows its policy: each file has a content type,
// and the HTML contains neither scripts nor styles.
func TestPageFiles(t *testing.T) {
	entries, err := pageFiles.ReadDir("page")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if contentTypes[path.Ext(e.Name())] == "" {
			t.Errorf("%s has no content type", e.Name())
		}
		b, err := pageFiles.ReadFile("page/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, bad := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "style=", "<style", "onclick=", "<script>"} {
			if strings.Contains(string(b), bad) {
				t.Errorf("%s has %q", e.Name(), bad)
			}
		}
	}
}

// TestIsolated checks that the page is isolated where browsers allow it.
func TestIsolated(t *testing.T) {
	for authority, want := range map[string]bool{
		"localhost:9001": true, "127.0.0.1": true, "127.0.0.1:9001": true, "[::1]:9001": true, "[::1]": true,
		"192.0.2.1:9001": false, "example.com": false, "": false,
	} {
		if got := isolated(&driver.Request{Authority: authority}); got != want {
			t.Errorf("%q: %v", authority, got)
		}
		if !isolated(&driver.Request{Authority: authority, Scheme: "wss"}) {
			t.Errorf("%q over TLS: false", authority)
		}
	}
}

// numbers are those of /stats for one direction.
type numbers struct{ Messages, Payload, Wire int64 }

// TestStats compares the numbers with the bytes of frames (RFC 6455, section 5.2).
func TestStats(t *testing.T) {
	url, _ := startServer(t, "-deflate")
	page := "http" + strings.TrimPrefix(url, "ws")
	stats := func(id string) (received, sent numbers, ok bool) {
		t.Helper()
		res, body := request(t, "GET", page+"stats?id="+id)
		if res.StatusCode == 204 {
			return received, sent, false
		}
		var both struct{ Received, Sent *numbers }
		both.Received, both.Sent = &received, &sent
		if err := json.Unmarshal([]byte(body), &both); err != nil || res.Header.Get("Content-Type") != "application/json" {
			t.Fatalf("%q: %v", body, err)
		}
		return received, sent, true
	}
	dial := func(query string, extensions ...driver.Extension) *stream.Conn {
		t.Helper()
		conn, err := netconn.Dial(context.Background(), url+"any/path?"+query, &driver.Config{Extensions: extensions})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.CloseNow() })
		return conn
	}
	echo := func(conn *stream.Conn, text string) {
		t.Helper()
		if err := conn.WriteMessage(driver.Text, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if _, p, err := conn.ReadMessage(nil); err != nil || string(p) != text {
			t.Fatalf("%.100q, %v", p, err)
		}
	}

	const id = "0123456789abcdef0123456789abcdef"
	conn := dial("room=1&id=" + id)
	echo(conn, "hello")
	echo(conn, strings.Repeat("x", 1000))
	received, sent, ok := stats(id)
	if diff := cmp.Diff([]numbers{{2, 1005, 6 + 5 + 8 + 1000}, {2, 1005, 2 + 5 + 4 + 1000}}, []numbers{received, sent}); diff != "" || !ok {
		t.Errorf("%v, %s", ok, diff)
	}

	squeezed := dial("id="+strings.Repeat("f", idLength), &deflate.Extension{})
	echo(squeezed, strings.Repeat("x", 1000))
	received, sent, ok = stats(strings.Repeat("f", idLength))
	if !ok || received.Payload != 1000 || received.Wire > 100 || received.Wire < 10 || sent.Payload != 1000 || sent.Wire > 100 || sent.Wire < 6 {
		t.Errorf("compressed: %v, %v, %v", ok, received, sent)
	}

	for _, bad := range []string{"", "1234", strings.Repeat("g", idLength), strings.Repeat("A", idLength), strings.Repeat("0", idLength+1)} {
		echo(dial("id="+bad), "hello")
		if _, _, ok := stats(bad); ok {
			t.Errorf("id %q was accepted", bad)
		}
	}

	if err := conn.Close(context.Background(), driver.CodeNormal, ""); err != nil {
		t.Fatal(err)
	}
}

// TestIDs checks that an id ends with the last connection that chose it.
func TestIDs(t *testing.T) {
	s := &server{ids: make(map[string]*connection)}
	first, second, nameless := &connection{id: "a"}, &connection{id: "a"}, &connection{}
	for _, c := range []*connection{first, second, nameless} {
		s.register(c)
	}
	s.unregister(first)
	if s.ids["a"] != second {
		t.Error("the second connection with an id is not found after the end of the first")
	}
	s.unregister(second)
	s.unregister(nameless)
	if len(s.ids) > 0 {
		t.Errorf("%d ids are left", len(s.ids))
	}
}
