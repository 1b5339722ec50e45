package main

import (
	"embed"
	"fmt"
	"net"
	"net/url"
	"path"
	"strconv"
	"strings"

	"github.com/sans-io/websocket-driver/driver"
)

// pageFiles is the page that a browser gets, which needs nothing from elsewhere.
//
//go:embed page
var pageFiles embed.FS

// contentTypes are those of pageFiles.
var contentTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
}

// policy lets the page use its own files and open any WebSocket, and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self' ws: wss:; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// answer is the answer to a plain HTTP request; nil leaves it to the driver, for
// requests that want a WebSocket, or seem to: where a proxy has taken away the
// Connection field, 426 tells more than the page.
func (s *server) answer(r *driver.Request) *driver.Response {
	if driver.IsWebSocket(r) || strings.EqualFold(r.Get("Upgrade"), "websocket") {
		return nil
	}
	a := s.route(r)
	a.Fields = append(a.Fields,
		driver.Field{Name: "Cache-Control", Value: "no-store"},
		driver.Field{Name: "X-Content-Type-Options", Value: "nosniff"})
	if r.Method == "HEAD" && a.Status != 204 {
		a.Fields = append(a.Fields, driver.Field{Name: "Content-Length", Value: strconv.Itoa(len(a.Body))})
		a.Body = nil
	}
	return a
}

// route finds what a plain request asks for.
func (s *server) route(r *driver.Request) *driver.Response {
	if r.Method != "GET" && r.Method != "HEAD" {
		a := plainText(405, fmt.Sprintf("%.20s is not for here: GET and HEAD are.\n", r.Method))
		a.Fields = append(a.Fields, driver.Field{Name: "Allow", Value: "GET, HEAD"})
		return a
	}
	u, err := url.ParseRequestURI(r.Target)
	if err != nil {
		return plainText(400, "The request target is no path.\n")
	}
	switch u.Path {
	case "", "/":
		return file("index.html", isolated(r))
	case "/stats":
		return s.stats(u.Query().Get("id"))
	}
	if a := file(strings.TrimPrefix(u.Path, "/"), false); a != nil {
		return a
	}
	return plainText(404, "There is nothing here. This is \"wsdriver serve\", a WebSocket echo server: its page is at /\n"+
		"and any path takes a WebSocket.\n")
}

// plainText returns an answer for people.
func plainText(status int, text string) *driver.Response {
	return &driver.Response{
		Status: status,
		Fields: []driver.Field{{Name: "Content-Type", Value: "text/plain; charset=utf-8"}},
		Body:   []byte(text),
	}
}

// file returns one of pageFiles, nil if there is none of that name. Isolated, it
// is told to browsers as a page of its own, to which they give a finer clock.
func file(name string, isolated bool) *driver.Response {
	body, err := pageFiles.ReadFile("page/" + name)
	if err != nil {
		return nil
	}
	fields := []driver.Field{
		{Name: "Content-Type", Value: contentTypes[path.Ext(name)]},
		{Name: "Content-Security-Policy", Value: policy},
		{Name: "Referrer-Policy", Value: "no-referrer"},
	}
	if isolated {
		fields = append(fields,
			driver.Field{Name: "Cross-Origin-Opener-Policy", Value: "same-origin"},
			driver.Field{Name: "Cross-Origin-Embedder-Policy", Value: "require-corp"})
	}
	return &driver.Response{Status: 200, Fields: fields, Body: body}
}

// isolated reports whether browsers isolate a page of this server: elsewhere they
// ignore the fields for it, and complain.
func isolated(r *driver.Request) bool {
	host := r.Authority
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return r.Scheme == "wss" || host == "localhost" || ip != nil && ip.IsLoopback()
}
