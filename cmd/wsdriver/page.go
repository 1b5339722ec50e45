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

// pageFiles is the page for browsers. It needs nothing from other servers.
//
//go:embed page
var pageFiles embed.FS

// contentTypes maps the extensions of pageFiles to content types.
var contentTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
}

// policy allows the page its own files and any WebSocket, and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self' ws: wss:; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// respond returns the response to a plain HTTP request. It returns nil, which leaves
// the response to the driver, for requests that are for a WebSocket or seem to be: if
// a proxy has removed the Connection field, 426 says more than the page.
func (s *server) respond(r *driver.Request) *driver.Response {
	if driver.IsWebSocket(r) || strings.EqualFold(r.Get("Upgrade"), "websocket") {
		return nil
	}
	response := s.route(r)
	response.Fields = append(response.Fields,
		driver.Field{Name: "Cache-Control", Value: "no-store"},
		driver.Field{Name: "X-Content-Type-Options", Value: "nosniff"})
	if r.Method == "HEAD" && response.Status != 204 {
		response.Fields = append(response.Fields, driver.Field{Name: "Content-Length", Value: strconv.Itoa(len(response.Body))})
		response.Body = nil
	}
	return response
}

// route returns what a plain request asks for.
func (s *server) route(r *driver.Request) *driver.Response {
	if r.Method != "GET" && r.Method != "HEAD" {
		response := plainText(405, fmt.Sprintf("Method %.20s is not allowed. Use GET or HEAD.\n", r.Method))
		response.Fields = append(response.Fields, driver.Field{Name: "Allow", Value: "GET, HEAD"})
		return response
	}
	u, err := url.ParseRequestURI(r.Target)
	if err != nil {
		return plainText(400, "The request target is not a path.\n")
	}
	switch u.Path {
	case "", "/":
		return file("index.html", isolated(r))
	case "/stats":
		return s.stats(u.Query().Get("id"))
	}
	if response := file(strings.TrimPrefix(u.Path, "/"), false); response != nil {
		return response
	}
	return plainText(404, "Not found. This is \"wsdriver serve\", a WebSocket echo server. Its page is at /\n"+
		"and a WebSocket can be opened at any path.\n")
}

// plainText returns a response for people.
func plainText(status int, text string) *driver.Response {
	return &driver.Response{
		Status: status,
		Fields: []driver.Field{{Name: "Content-Type", Value: "text/plain; charset=utf-8"}},
		Body:   []byte(text),
	}
}

// file returns one of pageFiles, or nil if there is none of that name. If isolated is
// set, browsers isolate the page and give it a clock of higher resolution.
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

// isolated reports whether browsers isolate a page of this server. If not, they
// ignore the fields that ask for it and log a warning.
func isolated(r *driver.Request) bool {
	host := r.Authority
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return r.Scheme == "wss" || host == "localhost" || ip != nil && ip.IsLoopback()
}
